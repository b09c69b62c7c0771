/** What a killed push leaves behind, and what strangers could make of it. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A busy disk may take its time. */
const WRITTEN_MS = 10_000;

/** A blob in the state, with the fields that are tampered with. */
export interface StateLayer {
  Digest: string;
  BytesWritten: number;
  TotalBytes: number;
  Checksum: string;
  Location?: string;
}

/** One repository in the state. */
export interface StatePlace {
  Registry: string;
  Repository: string;
  UploadedLayers: Record<string, StateLayer>;
}

/** A state file's content. */
export interface State {
  SchemaVersion: number;
  Image: string;
  ImageDigest: string;
  LastCheckpoint: string;
  Places: StatePlace[];
}

/**
 * Path of the only state below a home.
 * @throws {Error} with what there is otherwise
 */
export async function stateFile(home: string): Promise<string> {
  const folder = join(home, '.idpbuilder', 'resume');
  const names = await readdir(folder);
  const [only, ...others] = names.filter((name) => name.endsWith('.json'));
  if (only === undefined || others.length > 0) throw new Error(`there is ${names.join(', ')}`);
  return join(folder, only);
}

/** Waits until an upload that is under way is written down. */
export async function untilWritten(home: string): Promise<void> {
  const deadline = Date.now() + WRITTEN_MS;
  for (;;) {
    try {
      uploadOf(await readState(home));
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(20);
  }
}

async function readState(home: string): Promise<State> {
  return JSON.parse(await readFile(await stateFile(home), 'utf8')) as State;
}

/** Changes the state of a killed push. */
export async function editState(home: string, edit: (state: State) => void): Promise<void> {
  const state = await readState(home);
  edit(state);
  await writeFile(await stateFile(home), JSON.stringify(state));
}

/**
 * The blob that was under way.
 * @throws {Error} when there is none
 */
export function uploadOf({ Places }: State): StateLayer & { Location: string } {
  for (const { UploadedLayers } of Places) {
    for (const layer of Object.values(UploadedLayers)) {
      if (layer.Location !== undefined) return layer as StateLayer & { Location: string };
    }
  }
  throw new Error(`no upload is under way in ${JSON.stringify(Places)}`);
}

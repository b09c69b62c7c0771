import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { digestOf, type Digest } from '../../../src/oci/digest.ts';
import type { ResumeLayer, ResumeState } from '../../../src/state/resume-schema.ts';
import type { StatePlaces } from '../../../src/state/store.ts';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A folder in which the pushes of one test remember things. */
export class State {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'push-state-'));
  readonly places: StatePlaces & { readonly resumeDirectory: string; readonly recordFile: string } =
    {
      resumeDirectory: path.join(this.directory, 'resume'),
      recordFile: path.join(this.directory, 'record.sqlite'),
    };

  /** The resume state; undefined where there is none. */
  read(): ResumeState | undefined {
    const file = this.#file();
    return file === undefined ? undefined : (JSON.parse(readFileSync(file, 'utf8')) as ResumeState);
  }

  /** What is written down of a blob, in whichever place. */
  layer(digest: Digest): ResumeLayer | undefined {
    const places = this.read()?.Places ?? [];
    return places.map(({ UploadedLayers }) => UploadedLayers[digest]).find(Boolean);
  }

  /** Writes something else down of a blob, as a stranger would. */
  edit(digest: Digest, change: (layer: Writable<ResumeLayer>) => void): void {
    const state = this.read();
    const layer = state?.Places.map((place) => place.UploadedLayers[digest]).find(Boolean);
    if (!layer) throw new Error(`nothing is remembered of ${digest}`);
    change(layer);
    this.write(state as ResumeState);
  }

  /** Has the state say that so many bytes were sent, and these. */
  pretend(digest: Digest, sent: Buffer): void {
    this.edit(digest, (layer) => {
      layer.BytesWritten = sent.length;
      layer.Checksum = digestOf(sent);
    });
  }

  write(state: ResumeState): void {
    writeFileSync(this.#file() ?? '', JSON.stringify(state));
  }

  /** Names of the files that are there. */
  files(): readonly string[] {
    return readdirSync(this.directory, { recursive: true }).map(String).toSorted();
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #file(): string | undefined {
    try {
      const names = readdirSync(this.places.resumeDirectory);
      const name = names.find((each) => each.endsWith('.json'));
      return name === undefined ? undefined : path.join(this.places.resumeDirectory, name);
    } catch {
      return undefined;
    }
  }
}

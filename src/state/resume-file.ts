import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { writeFileAtomically } from '../util/atomic-file.ts';
import { messageOf, systemCode } from '../util/errors.ts';
import { parseResumeState, RESUME_LIMITS, type ResumeState } from './resume-schema.ts';

/** What a file holds: a state, or the reason why it cannot be used; neither where it says nothing. */
export interface ResumeRead {
  readonly state?: ResumeState;
  /** half a sentence: `it is cut off` */
  readonly reason?: string;
}

/**
 * A link may lead to anybody's file, and opening a pipe would wait for somebody to write to it.
 * Where the system has no such flags, there are hardly any of these.
 */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

async function readBounded(path: string): Promise<Buffer | undefined> {
  const handle = await open(path, OPEN_FLAGS);
  try {
    if (!(await handle.stat()).isFile()) return undefined;
    const chunks: Buffer[] = [];
    const end = RESUME_LIMITS.fileBytes;
    const stream = handle.createReadStream({ start: 0, end, autoClose: false });
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } finally {
    await handle.close();
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON's own messages show a piece of the file, which may be anybody's. */
function parse(text: string): ResumeRead {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const whole = text.trimEnd().endsWith('}');
    return { reason: whole ? 'it is not JSON' : 'it is cut off' };
  }
  if (!isObject(value)) return { reason: 'it is not a resume state' };
  const { SchemaVersion: version } = value;
  if (typeof version === 'number' && version > 1) return { reason: `it is of version ${version}` };
  const old =
    version === undefined && ['ImageDigest', 'UploadedLayers'].some((name) => name in value);
  // The first form of this file does not say where anything has arrived.
  if (old) return {};
  const state = parseResumeState(value);
  return typeof state === 'string' ? { reason: state } : { state };
}

/**
 * Reads a resume file, of which nothing is believed: it may have been cut off, or written by
 * another version or a stranger. It never throws, and what it returns is within `RESUME_LIMITS`.
 */
export async function readResumeFile(path: string): Promise<ResumeRead> {
  try {
    const bytes = await readBounded(path);
    if (!bytes) return { reason: 'it is not a file' };
    if (bytes.length > RESUME_LIMITS.fileBytes) return { reason: 'it is too large' };
    return parse(bytes.toString('utf8'));
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return {};
    return { reason: `it cannot be read (${code ?? messageOf(error)})` };
  }
}

/** A state as it is written down. */
export function formatResumeState(state: ResumeState): string {
  return `${JSON.stringify(state)}\n`;
}

/**
 * Writes a resume file at once or not at all, for nobody but its owner to read.
 * @throws the system's error
 */
export async function writeResumeFile(path: string, state: ResumeState): Promise<void> {
  await writeFileAtomically(path, formatResumeState(state), 0o600);
}

/**
 * What may leave this machine: in some registries the address of an upload is all it takes to write
 * to it. An upload that cannot be named is left out altogether, for nobody can go on with it.
 */
export function shareableState(state: ResumeState): ResumeState {
  const Places = state.Places.map((place) => {
    const layers = Object.entries(place.UploadedLayers).filter(
      ([, { Location, Shareable }]) => Location === undefined || Shareable === true,
    );
    return { ...place, UploadedLayers: Object.fromEntries(layers) };
  });
  return { ...state, Places };
}

import { algorithmOf, shortDigest, type Digest } from '../oci/digest.ts';
import { readResumeFile } from './resume-file.ts';
import { isFinished, type ResumeLayer, type ResumePlace } from './resume-schema.ts';
import { RESUME_MAX_AGE_MS } from './resume-sweep.ts';

/** An upload that nobody goes on with. */
export interface AbandonedUpload {
  readonly registry: string;
  readonly repository: string;
  /** as it was written down, by whomever: not to be trusted with a login */
  readonly location: string;
}

/** What an earlier run of the same push has left. Bytes, and ms since 1970. */
export interface FoundState {
  readonly since: number;
  readonly blobs: number;
  readonly bytes: number;
}

/** What is to be made of a resume file. */
export interface Judgement {
  /** undefined when there is nothing to go on with */
  readonly found?: FoundState;
  readonly places: readonly ResumePlace[];
  readonly abandoned: readonly AbandonedUpload[];
  /** why it is not gone on with, a sentence; undefined when it is, or when there is none */
  readonly note?: string;
}

const DAY_MS = 24 * 3_600_000;

function layersOf(places: readonly ResumePlace[]): readonly ResumeLayer[] {
  return places.flatMap(({ UploadedLayers }) => Object.values(UploadedLayers));
}

function uploadsOf(places: readonly ResumePlace[]): readonly AbandonedUpload[] {
  return places.flatMap(({ Registry: registry, Repository: repository, UploadedLayers }) =>
    Object.values(UploadedLayers).flatMap(({ Location: location }) =>
      location === undefined ? [] : [{ registry, repository, location }],
    ),
  );
}

function summary(places: readonly ResumePlace[], since: number): FoundState | undefined {
  const layers = layersOf(places).filter(
    (layer) => layer.Location !== undefined || isFinished(layer),
  );
  if (layers.length === 0) return undefined;
  return {
    since,
    blobs: layers.filter(isFinished).length,
    bytes: layers.reduce((sum, { BytesWritten }) => sum + BytesWritten, 0),
  };
}

/** Why a state of that time is not used; undefined: it is. */
function timeNote(since: number, now: number): string | undefined {
  const age = now - since;
  if (age >= -DAY_MS && age <= RESUME_MAX_AGE_MS) return undefined;
  const days = Math.floor(age / DAY_MS);
  const when = age < 0 ? 'of a time that is still to come' : `${days} days old`;
  return `The resume state is ${when}: starting over.`;
}

function otherNote(image: Digest): string {
  const short = `${algorithmOf(image)}:${shortDigest(image)}…`;
  return `The interrupted push was of another image (${short}): its state is not used. Layers in common are found in the registry.`;
}

/**
 * Reads a resume file and decides what a push of this image makes of it. Never throws.
 * @param now ms since 1970
 */
export async function judgeResumeFile(
  file: string,
  image: Digest,
  now: number,
): Promise<Judgement> {
  const { state, reason } = await readResumeFile(file);
  if (!state) {
    const note = `The resume state ${file} cannot be used: ${reason}; starting over.`;
    return { places: [], abandoned: [], ...(reason === undefined ? {} : { note }) };
  }
  const { ImageDigest: other, LastCheckpoint, Places: places } = state;
  const since = Date.parse(LastCheckpoint);
  const note = other === image ? timeNote(since, now) : otherNote(other);
  if (note !== undefined) return { places: [], abandoned: uploadsOf(places), note };
  const found = summary(places, since);
  return { places, abandoned: [], ...(found ? { found } : {}) };
}

import type { OpenedSource } from '../image/source.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isForeignLayer } from '../oci/media-types.ts';
import type { PushEventBody } from '../util/events.ts';
import { PushError, type Stage } from '../util/errors.ts';
import { inStage, type PushContext } from './context.ts';
import { loadImage } from './image.ts';
import type { LoadedImage } from './loaded.ts';
import { planPush, type PushPlan } from './plan.ts';
import { Standing } from './standing.ts';
import { check } from './stages/check.ts';
import { publish, type PublishedPlace } from './stages/publish.ts';
import { upload } from './stages/upload.ts';

/** What a push has come to. */
export interface PushResult {
  readonly plan: PushPlan;
  /**
   * the manifest or index all tags point at; undefined in a dry run whose layers are not compressed
   * yet, and where each platform has its own
   */
  readonly root?: Descriptor;
  /** false when registries that may fail have failed */
  readonly complete: boolean;
}

/**
 * An error that does not know its stage belongs to the one it comes out of. Sources, whose errors
 * speak of opening, are read in every stage.
 */
function located(error: unknown, stage: Stage): unknown {
  if (!(error instanceof PushError)) return error;
  const known = error.stage !== undefined && error.stage !== 'open';
  return known ? error : Object.assign(error, { stage });
}

/**
 * The pipeline: open → plan → upload by digest → publish tags.
 * What it finds out it emits; what it comes to it returns; what stops it it throws.
 */
export async function push(context: PushContext): Promise<PushResult> {
  let current: Stage = 'open';
  const stage = <T>(name: Stage, work: () => Promise<T>): Promise<T> => {
    context.signal.throwIfAborted();
    current = name;
    return inStage(context, name, work);
  };
  const { request, emit, signal } = context;
  const onNote = (message: string): unknown => emit({ type: 'note', message });
  let sources: readonly OpenedSource[] = [];
  try {
    const image = await stage('open', async () => {
      sources = await context.openSources(signal);
      return loadImage(sources, { ...request, signal, onNote });
    });
    const plan = planPush(image, request);
    emit(planned(plan, request.push));
    const known = { plan, complete: true, ...(plan.root ? { root: plan.root } : {}) };
    if (!request.push) {
      await stage('plan', () => check(context, plan));
      return known;
    }
    await stage('plan', () => checkSource(image, request.foreignLayers));
    const standing = new Standing(context);
    const filled = await stage('upload', () => upload(context, image, plan, standing));
    const published = await stage('publish', () => publish(context, filled, standing));
    const { complete } = standing;
    const [root, ...others] = new Map(
      filled.map((one) => [one.root.descriptor.digest, one.root.descriptor]),
    ).values();
    if (others.length > 0) published.forEach((one) => onNote(platformNote(one)));
    return { ...known, complete, ...(root && others.length === 0 ? { root } : {}) };
  } catch (error) {
    // What was waiting when the signal came only knows that it was aborted, not why.
    throw located(context.signal.aborted ? context.signal.reason : error, current);
  } finally {
    for (const source of sources) await source.close();
  }
}

/** One of several digests, and the tags it got. */
function platformNote({ filled, tags }: PublishedPlace): string {
  const { registry, repository } = filled.place;
  const { digest } = filled.root.descriptor;
  return `${registry}/${repository}@${digest} is ${tags.join(', ') || 'one of the platforms'}`;
}

/** What the source lacks is found out before anything is sent, as far as a look can tell. */
async function checkSource({ content, blobs }: LoadedImage, foreignLayers: boolean): Promise<void> {
  for (const blob of blobs) {
    if (foreignLayers || !isForeignLayer(blob.mediaType)) await content.check(blob);
  }
}

function planned(plan: PushPlan, push: boolean): PushEventBody {
  const { places, blobs, bytes, manifests } = plan;
  const pending = blobs.filter(({ digest }) => digest === undefined).length;
  const counts = { blobs: blobs.length, bytes, manifests, pending };
  return { type: 'planned', places, ...counts, dryRun: !push };
}

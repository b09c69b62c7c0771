import type { OpenedSource } from '../image/source.ts';
import type { Platform } from '../oci/platform.ts';
import type { Reference } from '../oci/reference.ts';
import type { Connection } from '../registry/connection.ts';
import type { Clock } from '../util/clock.ts';
import type { Stage } from '../util/errors.ts';
import type { Emit } from '../util/events.ts';
import type { Edits } from './edit.ts';
import type { ManifestStrategy } from './image.ts';
import type { PushMemory } from './memory.ts';
import type { Ancestry } from './tags/forward.ts';
import type { TagPolicyRule } from './tags/policy.ts';

/**
 * Which registries have to get the image. `all`: every one that is not optional, or no tag moves
 * anywhere. `any`: one is enough, and each gets all of its tags or none. `best-effort`: one is
 * enough, and each gets the tags it takes.
 */
export type RequireRegistries = 'all' | 'any' | 'best-effort';

/** What is to be pushed, and how. */
export interface PushRequest {
  readonly targets: readonly Reference[];
  readonly platforms: readonly Platform[];
  readonly strategy: ManifestStrategy;
  readonly edits: Edits;
  /** what is added to tags where each platform has its own */
  readonly suffix: string;
  readonly foreignLayers: boolean;
  /** false: stop after the plan, write nothing */
  readonly push: boolean;
  /** what may become of tags that name another image; `move` where no rule fits */
  readonly tagPolicies: readonly TagPolicyRule[];
  readonly requireRegistries: RequireRegistries;
  /** registries without which the push goes on, whatever is required */
  readonly optionalRegistries: ReadonlySet<string>;
}

/** What the stages of a push work with; made by the composition root. */
export interface PushContext {
  readonly request: PushRequest;
  /** opens every source; whoever asks closes them */
  readonly openSources: (signal: AbortSignal) => Promise<readonly OpenedSource[]>;
  /** one connection per registry, made when it is first asked for */
  readonly connect: (registry: string, signal: AbortSignal) => Promise<Connection>;
  /** what earlier pushes left; undefined where nothing is remembered */
  readonly memory?: PushMemory | undefined;
  /** knows how commits follow each other; undefined where nobody can be asked */
  readonly ancestry?: Ancestry | undefined;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Runs one stage between its two events. */
export async function inStage<T>(
  { emit, clock }: Pick<PushContext, 'emit' | 'clock'>,
  stage: Stage,
  work: () => Promise<T>,
): Promise<T> {
  const started = clock.now();
  const id = emit({ type: 'stage-started', stage });
  const result = await work();
  emit({ type: 'stage-finished', stage, durationMs: clock.now() - started }, id);
  return result;
}

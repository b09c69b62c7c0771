import { afterEach } from '@jest/globals';
import {
  startRegistry,
  type RuleId,
  type RegistryOptions,
  type StrictRegistry,
} from '../../support/registry/index.ts';
import { Layout } from './layout.ts';
import { State } from './state.ts';

export { labelled, named, type Facts } from './labelled.ts';
export { bytesOf, Layout } from './layout.ts';
export { run, type Run, type RunRequest } from './run.ts';
export { State } from './state.ts';

/**
 * What is stopped while its answer is on the way is cancelled, too: whether the registry has ended
 * it by then, nobody can know.
 */
export const MAY_BE_TOO_LATE: readonly RuleId[] = ['upload-session-finished'];

export interface Bench {
  /** a registry that is stopped after the test */
  readonly registry: (options?: RegistryOptions) => Promise<StrictRegistry>;
  /** a layout that is removed after the test */
  readonly layout: () => Layout;
  /** a folder for what pushes remember that is removed after the test */
  readonly state: () => State;
  /** something else to tidy up after the test */
  readonly after: (work: () => unknown) => void;
}

/** What tests need, and its tidying up: call it once in each file. */
export function bench(): Bench {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  });
  return {
    registry: async (options) => {
      const registry = await startRegistry(options);
      cleanups.push(() => registry.stop());
      return registry;
    },
    layout: () => {
      const layout = new Layout();
      cleanups.push(() => layout.remove());
      return layout;
    },
    state: () => {
      const state = new State();
      cleanups.push(() => state.remove());
      return state;
    },
    after: (work) => cleanups.push(work),
  };
}

import { asPushError, messageOf, PushError, type ErrorCode } from '../util/errors.ts';
import type { PushContext } from './context.ts';

/** What can be a registry's own failure. A damaged source or a full disk is nobody's but ours. */
const OWN_FAILURES: ReadonlySet<ErrorCode> = new Set([
  'AUTHENTICATION',
  'NETWORK',
  'REGISTRY',
  'TIMEOUT',
  'POLICY',
]);

/** Keeps count of the registries that have failed, and knows which of them may. */
export class Standing {
  readonly #context: Pick<PushContext, 'request' | 'emit' | 'signal'>;
  readonly #failed = new Map<string, unknown>();

  constructor(context: Pick<PushContext, 'request' | 'emit' | 'signal'>) {
    this.#context = context;
  }

  /** True when a push goes on without this registry. */
  mayFail(registry: string): boolean {
    const { requireRegistries, optionalRegistries } = this.#context.request;
    return requireRegistries !== 'all' || optionalRegistries.has(registry);
  }

  hasFailed(registry: string): boolean {
    return this.#failed.has(registry);
  }

  /** True as long as every registry is well. */
  get complete(): boolean {
    return this.#failed.size === 0;
  }

  /**
   * A registry has failed: says so, if the push goes on without it.
   * @throws the error, when the push must not go on
   */
  fail(registry: string, thrown: unknown): void {
    const { request, emit, signal } = this.#context;
    signal.throwIfAborted();
    const error = asPushError(thrown);
    const own = OWN_FAILURES.has(error.code) && error.stage !== 'open';
    if (!own || !this.mayFail(registry)) throw thrown;
    if (this.#failed.has(registry)) return;
    this.#failed.set(registry, thrown);
    const why = request.optionalRegistries.has(registry)
      ? 'it is optional'
      : `require-registries is ${request.requireRegistries}`;
    const message = messageOf(thrown);
    emit({ type: 'registry-failed', registry, message });
    const hint = error instanceof PushError && error.hint ? ` → ${error.hint}` : '';
    emit({ type: 'warning', message: `Pushed without ${registry}, for ${why}: ${message}${hint}` });
  }

  /**
   * A push that arrived nowhere is a failure, whatever is required.
   * @param registries all there are
   * @throws the first failure when all of them have failed
   */
  requireOne(registries: Iterable<string>): void {
    const all = [...new Set(registries)];
    if (all.length === 0 || !all.every((registry) => this.#failed.has(registry))) return;
    const [first] = this.#failed.values();
    throw first;
  }
}

/**
 * Starts all `works` at once. When one fails the others are told to stop, and are waited for, so
 * that nothing goes on behind the caller's back; then the first failure is thrown.
 */
export async function allOrNothing<T>(
  works: readonly ((signal: AbortSignal) => Promise<T>)[],
  signal?: AbortSignal,
): Promise<T[]> {
  const siblings = new AbortController();
  const combined = signal ? AbortSignal.any([signal, siblings.signal]) : siblings.signal;
  let failed = false;
  let first: unknown;
  const results = await Promise.allSettled(
    works.map(async (work) => {
      try {
        combined.throwIfAborted();
        return await work(combined);
      } catch (error) {
        if (!failed) {
          failed = true;
          first = error;
          siblings.abort(error);
        }
        throw error;
      }
    }),
  );
  if (failed) throw signal?.aborted ? (signal.reason as Error) : (first as Error);
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

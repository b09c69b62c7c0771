/** How long a push may tidy up after it was told to stop, milliseconds. */
const GRACE_MS = 900;
/** What a shell reports for a process that a signal ended. */
const INTERRUPTED = 130;

/** Ctrl-C, a runner that cancels, a terminal that is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * An AbortSignal that SIGINT, SIGTERM and SIGHUP abort. Who does not come to an end within a second is
 * ended: a runner kills after 7.5 s, and a person has pressed Ctrl-C for a reason.
 */
export function cancelOnSignals(): { readonly signal: AbortSignal; readonly stop: () => void } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort(new DOMException('The push was cancelled.', 'AbortError'));
    timer = setTimeout(() => process.exit(INTERRUPTED), GRACE_MS);
    timer.unref();
  };
  for (const signal of SIGNALS) process.on(signal, cancel);
  return {
    signal: controller.signal,
    stop: () => {
      clearTimeout(timer);
      for (const signal of SIGNALS) process.off(signal, cancel);
    },
  };
}

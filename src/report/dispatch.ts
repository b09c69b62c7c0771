import type { PushEvent } from '../util/events.ts';

/** One kind of event. */
export type EventOf<Type extends PushEvent['type']> = Extract<PushEvent, { type: Type }>;

/** What to do with the events somebody cares for; all others pass unseen. */
export type EventHandlers<Result> = {
  readonly [Type in PushEvent['type']]?: (event: EventOf<Type>) => Result;
};

/** Hands an event to the handler for its type. */
export function dispatch<Result>(
  handlers: EventHandlers<Result>,
  event: PushEvent,
): Result | undefined {
  // The key is the event's own type, which the compiler cannot follow through the index.
  const handle = handlers[event.type] as ((event: PushEvent) => Result) | undefined;
  return handle?.(event);
}

import { asPushError, PushError } from '../../util/errors.ts';
import type { Settled } from './take-back.ts';

const MAX_NAMES = 10;

function names(settled: readonly Settled[]): string {
  const all = settled.map(({ name }) => name);
  const more = all.length - MAX_NAMES;
  return all.slice(0, MAX_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function count(number: number): string {
  return number === 1 ? '1 tag' : `${number} tags`;
}

/**
 * The error of a push that was refused in the middle of its tags: the refusal itself, and in what
 * state everything is now. Where no tag had moved yet it is the refusal and nothing else.
 */
export function transactionError(thrown: unknown, settled: readonly Settled[]): PushError {
  const refusal = asPushError(thrown);
  const left = settled.filter(({ status }) => status === 'left');
  const unknown = settled.filter(({ status }) => status === 'unknown');
  const back = settled.filter(({ status }) => status === 'restored' || status === 'removed');
  if (left.length + unknown.length + back.length === 0) return refusal;
  const parts = [
    ...(back.length > 0 ? [`${count(back.length)} moved before that and taken back`] : []),
    ...(left.length > 0
      ? [`${count(left.length)} moved and could not be taken back: ${names(left)}`]
      : []),
    ...(unknown.length > 0 ? [`not known what became of ${names(unknown)}`] : []),
  ];
  return new PushError(`${refusal.message} (${parts.join('; ')})`, {
    code: 'REGISTRY',
    stage: 'publish',
    ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
    cause: refusal,
  });
}

import { configError } from '../util/errors.ts';
import { shown } from './shown.ts';

/** How many letters must change to make one word of the other (Levenshtein). */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}

/** The known name somebody probably meant; undefined when none is close. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const wanted = given.slice(0, 40).toLowerCase().replaceAll('_', '-');
  let best: { name: string; cost: number } | undefined;
  for (const name of known) {
    const cost = distance(wanted, name);
    if (best === undefined || cost < best.cost) best = { name, cost };
  }
  return best && best.cost <= Math.max(1, Math.floor(wanted.length / 3)) ? best.name : undefined;
}

/** ` (did you mean tags?)`, or nothing. */
export function didYouMean(given: string, known: readonly string[], prefix = ''): string {
  const name = nearest(given, known);
  return name === undefined ? '' : ` (did you mean ${prefix}${name}?)`;
}

// More names than this are no help in a sentence.
const FEW = 8;

/** @throws PushError about the first name that is not known */
export function refuseUnknown(
  names: readonly string[],
  known: readonly string[],
  where: string,
): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const all = known.length <= FEW ? ` (expected one of ${known.join(', ')})` : '';
  const help = didYouMean(unknown, known) || all;
  throw configError(`${where}: unknown setting ${shown(unknown)}${help}`);
}

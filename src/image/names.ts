import { formatReference, parseReference } from '../oci/reference.ts';
import { printable } from '../util/text.ts';

/** At most so many names are listed in one sentence. */
const LISTED = 10;

/** Spelled out as Docker understands it: `app` is docker.io/library/app:latest. */
function canonicalName(name: string): string {
  try {
    const reference = parseReference(name);
    const complete = reference.tag || reference.digest;
    return formatReference(complete ? reference : { ...reference, tag: 'latest' });
  } catch {
    // Not every name in a layout is an image reference: then it is only equal to itself.
    return name;
  }
}

/** True when both mean one image, however short they are written. */
export function sameName(left: string, right: string): boolean {
  return left === right || canonicalName(left) === canonicalName(right);
}

/** Names to choose from, for the end of an error message. */
export function listNames(names: Iterable<string>): string {
  const all = [...new Set(names)].map((name) => printable(name, 200));
  const rest = all.length - LISTED;
  return all.slice(0, LISTED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

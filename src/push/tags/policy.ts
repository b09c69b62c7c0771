/** What may become of a tag that names another image. */
export type TagPolicy = 'move' | 'never-move' | 'forward';

/** A policy for the tags that a pattern fits; `*` in it stands for any text. */
export interface TagPolicyRule {
  readonly pattern: string;
  readonly policy: TagPolicy;
}

/** True when the whole text fits; time is bounded by the product of both lengths. */
function fits(pattern: string, text: string): boolean {
  let [at, star, resume] = [0, -1, 0];
  let position = 0;
  while (position < text.length) {
    if (pattern[at] === '*') {
      [star, resume] = [at, position];
      at += 1;
    } else if (pattern[at] === text[position]) {
      at += 1;
      position += 1;
    } else if (star >= 0) {
      // The last star takes one character more.
      resume += 1;
      [at, position] = [star + 1, resume];
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}

/** The policy for a tag: the first rule that fits, else `move`. */
export function policyFor(rules: readonly TagPolicyRule[], tag: string): TagPolicy {
  return rules.find(({ pattern }) => fits(pattern, tag))?.policy ?? 'move';
}

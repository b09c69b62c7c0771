import { FormatError } from '../oci/format-error.ts';
import type { TagPolicy, TagPolicyRule } from '../push/tags/policy.ts';
import { shown } from './shown.ts';
import { splitList, value } from './values.ts';
import { isMap } from './yaml.ts';

const POLICIES: readonly string[] = ['move', 'never-move', 'forward'] satisfies TagPolicy[];
const EXPECTED =
  'expected move, never-move or forward, or PATTERN: POLICY for some tags, for example latest: forward';

function isPolicy(text: string): text is TagPolicy {
  return POLICIES.includes(text);
}

function readRule(entry: string): TagPolicyRule {
  // A tag holds no colon, a policy neither.
  const colon = entry.lastIndexOf(':');
  const pattern = colon < 0 ? '*' : entry.slice(0, colon).trim();
  const policy = entry.slice(colon + 1).trim();
  if (!isPolicy(policy)) throw new FormatError(`${shown(entry)} is not a tag policy (${EXPECTED})`);
  if (!/^[\w.*-]{1,128}$/.test(pattern)) {
    throw new FormatError(
      `${shown(pattern)} fits no tag (expected letters, digits, ".", "_", "-" and "*" for any text)`,
    );
  }
  return { pattern, policy };
}

/** The entries of a YAML list: texts, or maps as `- latest: forward` is one. */
function entriesOf(given: unknown): readonly string[] | undefined {
  if (typeof given === 'string') return splitList(given);
  if (Array.isArray(given)) {
    const entries = given.map(entriesOf);
    return entries.includes(undefined) ? undefined : entries.flatMap((entry) => entry ?? []);
  }
  if (!isMap(given)) return undefined;
  const pairs = Object.entries(given);
  return pairs.every(([, policy]) => typeof policy === 'string')
    ? pairs.map(([pattern, policy]) => `${pattern}: ${policy as string}`)
    : undefined;
}

/** Rules by pattern, or one policy for all tags; the first that fits holds. */
export const tagPolicies = value('a list of tag policies', (given) =>
  entriesOf(given)?.map(readRule),
);

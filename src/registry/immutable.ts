import { RegistryError } from './error.ts';

// ECR: 400 TAG_INVALID or ImageTagAlreadyExistsException, "already exists … cannot be overwritten";
// Harbor: 412; Docker Hub: denied, "immutable"; GAR: "tag immutability".
const WORDS = /immutab|cannot be overwritten/i;
const CODES = /^(?:ImageTagAlreadyExists\w*)$/;

/** True when a refused tag is refused because it is immutable. */
export function saysImmutable({ status, problems, codes }: RegistryError): boolean {
  return (
    status === 412 ||
    codes.some((code) => CODES.test(code)) ||
    (status < 500 && problems.some(({ message }) => WORDS.test(message)))
  );
}

/** The refusal to move a tag that the registry makes immutable, whatever it says it with. */
export class ImmutableTagError extends RegistryError {
  override readonly name = 'ImmutableTagError';
}

/** One clear error for such a refusal; undefined when the tag was refused for something else. */
export function asImmutableTag(
  registry: string,
  repository: string,
  tag: string,
  refusal: RegistryError,
): ImmutableTagError | undefined {
  if (!saysImmutable(refusal)) return undefined;
  const codes = refusal.codes.length > 0 ? ` ${refusal.codes.join(', ')}` : '';
  return new ImmutableTagError(
    `The tag ${tag} in ${registry}/${repository} cannot be moved: the registry makes it immutable (status ${refusal.status}${codes}).`,
    refusal,
    {
      code: 'REGISTRY',
      hint: 'Push under another tag, or change the rule for immutable tags in the registry.',
      cause: refusal,
    },
  );
}

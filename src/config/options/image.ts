import { CLI_ONLY, defineOptions, EVERYWHERE } from '../option.ts';
import { tagPolicies } from '../tag-policies.ts';
import { choice, flag, list, oneSource, platforms } from '../values.ts';

/** What is pushed, and to which names. */
export const IMAGE_OPTIONS = defineOptions({
  source: {
    ...EVERYWHERE,
    group: 'Image',
    schema: oneSource,
    placeholder: 'SOURCE',
    help: 'The image to push: oci:DIR[:REF], oci-archive:FILE[:REF], docker-archive:FILE[:REF], docker-daemon:NAME:TAG, docker://HOST/REPO:TAG (or @DIGEST), or the path of a layout or archive.',
  },
  tags: {
    ...EVERYWHERE,
    group: 'Image',
    schema: list,
    placeholder: 'TAG',
    short: 't',
    repeatable: true,
    help: 'The references to push to, separated by newlines or commas as docker/metadata-action prints them; a name without a tag means latest, one without a host is completed by registry, else it is at Docker Hub.',
  },
  'tag-policy': {
    ...EVERYWHERE,
    group: 'Image',
    schema: tagPolicies,
    placeholder: 'POLICY',
    repeatable: true,
    default: 'move',
    help: 'What may become of a tag that names another image: move, never-move (an error, before any tag is moved) or forward (never back to an older version or commit; it stays where that cannot be told); one for all, or several as PATTERN: POLICY, separated by newlines or commas, of which the first that fits holds (latest: forward, *.*.*: never-move).',
  },
  'require-registries': {
    ...EVERYWHERE,
    group: 'Image',
    schema: choice('all', 'any', 'best-effort'),
    placeholder: 'WHICH',
    default: 'all',
    help: 'Which registries have to get the image: all (or no tag is moved anywhere; those with optional: true in the config may fail), any (one is enough, and each gets all of its tags or none) or best-effort (one is enough, and each gets the tags it takes); what failed then is a warning.',
  },
  push: {
    ...EVERYWHERE,
    group: 'Image',
    schema: flag,
    default: 'true',
    help: 'With false, everything is planned, checked and reported, and nothing is written.',
  },
  'dry-run': {
    ...CLI_ONLY,
    group: 'Image',
    schema: flag,
    help: 'The same as --no-push.',
  },
  platforms: {
    ...EVERYWHERE,
    group: 'Image',
    schema: platforms,
    placeholder: 'OS/ARCH',
    repeatable: true,
    help: 'Only these platforms of the source, separated by newlines or commas (linux/amd64, linux/arm/v7); everything it holds when not given.',
  },
  compression: {
    ...EVERYWHERE,
    group: 'Image',
    schema: choice('gzip', 'zstd'),
    placeholder: 'KIND',
    default: 'gzip',
    help: 'How layers are compressed that the source holds uncompressed: gzip or zstd.',
  },
  'foreign-layers': {
    ...EVERYWHERE,
    group: 'Image',
    schema: flag,
    default: 'false',
    help: 'Also upload layers whose publisher asks not to redistribute them, instead of keeping them as references.',
  },
});

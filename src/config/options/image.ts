import { CLI_ONLY, defineOptions, EVERYWHERE } from '../option.ts';
import { annotations } from '../annotations.ts';
import { choice, flag, list, platforms, sources } from '../values.ts';

/** What is pushed, and to which names. */
export const IMAGE_OPTIONS = defineOptions({
  source: {
    ...EVERYWHERE,
    group: 'Image',
    schema: sources,
    placeholder: 'SOURCE',
    repeatable: true,
    help: 'The image to push: oci:DIR[:REF], oci-archive:FILE[:REF], docker-archive:FILE[:REF], docker-daemon:NAME:TAG, docker://HOST/REPO:TAG (or @DIGEST), or the path of a layout or archive; several, one per line and of any of these kinds, are merged into one image of several platforms.',
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
    help: 'Only these platforms of the source, separated by newlines or commas (linux/amd64, linux/arm/v7), and an error where one is missing; everything it holds when not given.',
  },
  'manifest-strategy': {
    ...EVERYWHERE,
    group: 'Image',
    schema: choice('auto', 'merge'),
    placeholder: 'KIND',
    default: 'auto',
    help: 'What becomes of the platforms: auto pushes one platform as its manifest, several sources as one index and a source that is an index as it is; merge always makes an index.',
  },
  attestations: {
    ...EVERYWHERE,
    group: 'Image',
    schema: choice('keep', 'drop'),
    placeholder: 'keep|drop',
    default: 'keep',
    help: 'What becomes of the provenance and SBOMs that BuildKit adds to an index (its unknown/unknown entries): they are kept, or left out.',
  },
  annotations: {
    ...EVERYWHERE,
    group: 'Image',
    schema: annotations,
    placeholder: 'KEY=VALUE',
    repeatable: true,
    help: 'Annotations to add, one per line as docker/metadata-action prints them: key=value with index: or manifest: before it (the manifest of each platform when neither); what is annotated has another digest then.',
  },
  format: {
    ...EVERYWHERE,
    group: 'Image',
    schema: choice('keep', 'oci', 'docker'),
    placeholder: 'KIND',
    default: 'keep',
    help: 'The format of manifests and indexes: as they are, or converted to that of OCI or Docker (manifest lists), which changes their digests; what a format cannot express is an error.',
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

import type { ErrorCode } from '../util/errors.ts';

/** What the action gives to later steps, in order. */
export const OUTPUTS = {
  digest:
    'The digest of the manifest or index that was pushed; empty while unknown, and where each platform has its own.',
  image:
    'The image as name@digest, by the name of the first tag that has it; empty when nothing was pushed.',
  tags: 'The references that were published, one per line; of a dry run those that would be.',
  registries:
    'What became of the image in each registry, as a JSON list of registry, repository, status (pushed, partial, failed or planned), digest, tags (tag, status, digest, reason) and error.',
  report: 'The path of the JSON report.',
  'bytes-uploaded': 'Bytes of blobs that were sent.',
  'bytes-skipped': 'Bytes of blobs that were already there or were mounted.',
  'bytes-resumed': 'Bytes that an interrupted push had sent, of blobs that this one finished.',
  'exit-code': 'The exit code, 0 for success; set on failure too.',
} as const;

export type OutputName = keyof typeof OUTPUTS;

/** What each kind of failure means; the numbers are those of EXIT_CODES. */
export const EXIT_CODE_MEANINGS: Readonly<Record<ErrorCode, string>> = {
  GENERAL: 'An option, a file or something unforeseen is wrong, or the push was cancelled.',
  AUTHENTICATION: 'The registry refused the login, or wants one.',
  NETWORK: 'The registry could not be reached.',
  IMAGE: 'The source is missing, damaged or not an image.',
  REGISTRY: 'The registry answered with an error.',
  TIMEOUT: 'The push took too long or stood still.',
  POLICY: 'A policy refused the image.',
};

/** Environment variables that stand for no single option. */
export const OTHER_VARIABLES: readonly (readonly [string, string])[] = [
  [
    'RUNNER_DEBUG',
    'With 1, the same as verbose; GitHub sets it when a job is re-run for debugging.',
  ],
  ['HTTPS_PROXY, HTTP_PROXY, NO_PROXY', 'The proxy to use, and for which hosts not to.'],
  ['DOCKER_CONFIG, REGISTRY_AUTH_FILE', 'Where the logins of docker, podman and skopeo are.'],
  ['DOCKER_HOST', 'The daemon of a docker-daemon: source.'],
];

/** Commands for `--help`. */
export const EXAMPLES: readonly (readonly [string, string])[] = [
  [
    'Push an OCI layout',
    'idpbuilder-push oci:./image ghcr.io/octo/app:1.2.3 ghcr.io/octo/app:latest',
  ],
  [
    'See what a push would do',
    'idpbuilder-push --dry-run image.tar registry.example/octo/app:1.2.3',
  ],
  [
    'Copy from one registry to another',
    'idpbuilder-push docker://docker.io/library/alpine:3.22 localhost:5000/alpine:3.22',
  ],
  [
    'Merge two images into one of two platforms',
    'idpbuilder-push docker-archive:amd64.tar oci:./arm64 ghcr.io/octo/app:1.2.3',
  ],
  [
    'Log in with a password that no process list shows',
    'idpbuilder-push -u octo --password-stdin app.tar gitea.example:8443/octo/app:1 < password.txt',
  ],
];

import { CLI_ONLY, defineOptions, TRUSTED } from '../option.ts';
import { flag, logins, registry, secretText, text } from '../values.ts';

/** Where the registry is, who we are there, and what is trusted. All of it binds to one host. */
export const REGISTRY_OPTIONS = defineOptions({
  registry: {
    ...TRUSTED,
    group: 'Registry',
    schema: registry,
    placeholder: 'HOST',
    env: 'IDPBUILDER_REGISTRY_URL',
    help: 'The registry (host, host:port or URL) that the login, insecure, plain-http and ca-file are for, by default the one of the first tag; it also completes tags without a host.',
  },
  username: {
    ...TRUSTED,
    group: 'Registry',
    schema: text,
    placeholder: 'NAME',
    short: 'u',
    env: 'IDPBUILDER_REGISTRY_USER',
    help: 'The user name for that registry; it goes with the password of the same place.',
  },
  password: {
    ...TRUSTED,
    group: 'Registry',
    schema: secretText,
    placeholder: 'PASSWORD',
    env: 'IDPBUILDER_REGISTRY_PASSWORD',
    secret: true,
    help: 'The password or token for that registry; without one, what docker, podman, skopeo or oras logged in to is used.',
  },
  'password-stdin': {
    ...CLI_ONLY,
    group: 'Registry',
    schema: flag,
    help: 'Read the password from standard input.',
  },
  'registry-auth': {
    ...TRUSTED,
    group: 'Registry',
    schema: logins,
    placeholder: 'YAML',
    secret: true,
    help: 'Logins for several registries: a YAML list of registry, username and password, as docker/login-action takes it.',
  },
  'github-token': {
    ...TRUSTED,
    group: 'Registry',
    schema: secretText,
    placeholder: 'TOKEN',
    secret: true,
    actionDefault: '${{ github.token }}',
    help: 'The token used for ghcr.io where no other login is found.',
  },
  insecure: {
    ...TRUSTED,
    group: 'Registry',
    schema: flag,
    default: 'false',
    env: 'IDPBUILDER_REGISTRY_INSECURE',
    help: 'Accept any certificate of that registry, and plain HTTP where it does not speak TLS.',
  },
  'plain-http': {
    ...TRUSTED,
    group: 'Registry',
    schema: flag,
    default: 'false',
    help: 'Speak HTTP without TLS to that registry; a registry written as http://… means the same.',
  },
  'ca-file': {
    ...TRUSTED,
    group: 'Registry',
    schema: text,
    placeholder: 'FILE',
    help: 'A PEM file of certificate authorities to trust for that registry, besides the usual ones.',
  },
});

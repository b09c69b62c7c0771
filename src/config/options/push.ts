import { CLI_ONLY, defineOptions, EVERYWHERE } from '../option.ts';
import { duration, flag, rawText, text, wholeNumber } from '../values.ts';

/** How the push behaves, and what it says. */
export const PUSH_OPTIONS = defineOptions({
  timeout: {
    ...EVERYWHERE,
    group: 'Push',
    schema: duration,
    placeholder: 'TIME',
    env: 'IDPBUILDER_PUSH_TIMEOUT',
    help: 'The limit for the whole push (30s, 10m, 1h30m or seconds); without one, or with 0, only a push on which nothing moves for 5 minutes is ended.',
  },
  'retry-attempts': {
    ...EVERYWHERE,
    group: 'Push',
    schema: wholeNumber(1, 100),
    placeholder: 'N',
    default: '10',
    env: 'IDPBUILDER_PUSH_RETRY_ATTEMPTS',
    help: 'How often one request is sent at most when the registry or the network fails, 1 to 100.',
  },
  config: {
    action: true,
    cli: true,
    config: 'no',
    group: 'Push',
    schema: rawText,
    placeholder: 'FILE|YAML',
    help: 'More settings as YAML text or the path of a YAML file: these options by name, and registries with settings by host; a file inside the workspace cannot set logins, certificates or insecure.',
  },
  quiet: {
    ...EVERYWHERE,
    group: 'Output',
    schema: flag,
    default: 'false',
    short: 'q',
    env: 'IDPBUILDER_PUSH_QUIET',
    help: 'Print nothing but errors and the result.',
  },
  verbose: {
    ...EVERYWHERE,
    group: 'Output',
    schema: flag,
    default: 'false',
    short: 'v',
    env: 'IDPBUILDER_PUSH_VERBOSE',
    help: 'Print every request; on with RUNNER_DEBUG=1.',
  },
  report: {
    ...CLI_ONLY,
    group: 'Output',
    schema: text,
    placeholder: 'FILE',
    help: 'Write the report of the push to this file as JSON.',
  },
  version: {
    ...CLI_ONLY,
    group: 'Output',
    schema: flag,
    help: 'Print the version and exit.',
  },
  help: {
    ...CLI_ONLY,
    group: 'Output',
    schema: flag,
    short: 'h',
    help: 'Print this help and exit.',
  },
});

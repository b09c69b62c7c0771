import type { Config } from '../config/config.ts';
import type { Environment } from '../config/layers.ts';
import type { StatePlaces } from '../state/store.ts';
import type { RetryPolicy } from '../util/backoff.ts';
import type { EventSink } from '../util/events.ts';

/** What a shell (the action, the command line) lends to a push. */
export interface Host {
  readonly env: Environment;
  /** the user's home directory: Docker's configuration is below it */
  readonly home: string;
  /** the user's number, where the system has one: podman keeps logins below /run/containers */
  readonly uid?: number | undefined;
  /** folder of the checkout, whose files are not trusted with credentials */
  readonly workspace?: string | undefined;
  /** where large temporary files go */
  readonly tempDirectory: string;
  /** makes sure that a secret never shows in what is printed */
  readonly mask: (secret: string) => void;
  /** takes known secrets out of a text, before anything changes its spelling */
  readonly redact?: (text: string) => string;
  /** watch the push: progress, log lines */
  readonly sinks: readonly EventSink[];
  /** how long to wait between attempts where nobody announces a wait; patiently by default */
  readonly backoff?: Pick<RetryPolicy, 'baseMs' | 'maxMs'>;
  /** where the push may keep what it remembers; without it nothing is remembered */
  readonly state?: (config: Config) => StatePlaces;
  /** for User-Agent: `action` or `cli` */
  readonly kind: 'action' | 'cli' | 'library';
}

import type { Environment } from '../config/layers.ts';
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
  /** watch the push: progress, log lines */
  readonly sinks: readonly EventSink[];
  /** for User-Agent: `action` or `cli` */
  readonly kind: 'action' | 'cli' | 'library';
}

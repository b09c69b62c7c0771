import { readFile } from 'node:fs/promises';
import { writeFileAtomically } from '../util/atomic-file.ts';

/** What is known of the entries of this run, by the main step, the post step and further steps. */
export interface CacheSession {
  /** the run it is about */
  readonly run: string;
  /** number of the last entry of the state */
  readonly sequence: number;
  /**
   * What the newest entry of the state says: a fingerprint, empty for nothing; undefined after a
   * save of which nobody knows how it ended.
   */
  readonly kept?: string | undefined;
  /** people were told already that the Actions cache cannot be used */
  readonly warned: boolean;
  /** the service did not answer, or not as it should */
  readonly down: boolean;
}

function isSession(value: unknown): value is CacheSession {
  if (typeof value !== 'object' || value === null) return false;
  const { run, sequence, kept, warned, down } = value as Partial<
    Record<keyof CacheSession, unknown>
  >;
  return (
    typeof run === 'string' &&
    Number.isSafeInteger(sequence) &&
    (kept === undefined || typeof kept === 'string') &&
    typeof warned === 'boolean' &&
    typeof down === 'boolean'
  );
}

/** What an earlier step of the same run has written down, else a beginning. Never throws. */
export async function readSession(file: string, run: string): Promise<CacheSession> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (isSession(value) && value.run === run) return value;
  } catch {
    // There is none yet, or a killed step has left half of it.
  }
  return { run, sequence: 0, kept: '', warned: false, down: false };
}

/** @throws the system's error */
export async function writeSession(file: string, session: CacheSession): Promise<void> {
  await writeFileAtomically(file, JSON.stringify(session));
}

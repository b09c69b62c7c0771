/** What went wrong, as the exit code tells it (names of the old `idpbuilder push` command). */
export type ErrorCode =
  'GENERAL' | 'AUTHENTICATION' | 'NETWORK' | 'IMAGE' | 'REGISTRY' | 'TIMEOUT' | 'POLICY';

/** Exit codes of the action and the CLI; 0 is success. */
export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  GENERAL: 1,
  AUTHENTICATION: 2,
  NETWORK: 3,
  IMAGE: 4,
  REGISTRY: 5,
  TIMEOUT: 6,
  POLICY: 7,
};

/** The stage of a push an error belongs to. */
export type Stage =
  'config' | 'open' | 'plan' | 'verify' | 'scan' | 'upload' | 'sign' | 'publish' | 'report';

export interface PushErrorOptions {
  readonly code: ErrorCode;
  readonly stage?: Stage;
  /** whether the same request may succeed later without anyone changing anything */
  readonly retryable?: boolean;
  /** one sentence: what the reader should do next */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The one error type that reaches people: a sentence, a code and a way out. */
export class PushError extends Error {
  override readonly name: string = 'PushError';
  readonly code: ErrorCode;
  readonly stage: Stage | undefined;
  readonly retryable: boolean;
  readonly hint: string | undefined;

  constructor(message: string, options: PushErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.stage = options.stage;
    this.retryable = options.retryable ?? false;
    this.hint = options.hint;
  }
}

/** An option, environment variable or config field with a value that cannot be used. */
export function configError(message: string, hint?: string, cause?: unknown): PushError {
  return new PushError(message, {
    code: 'GENERAL',
    stage: 'config',
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The source is missing, damaged or not an image. */
export function imageError(message: string, hint?: string, cause?: unknown): PushError {
  return new PushError(message, {
    code: 'IMAGE',
    stage: 'open',
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return Error.isError(thrown) ? thrown.message : String(thrown);
}

/** The `code` of a system error (`ENOENT`, `ECONNREFUSED`, …), also when wrapped as a cause. */
export function systemCode(thrown: unknown): string | undefined {
  for (let error = thrown, depth = 0; Error.isError(error) && depth < 5; depth += 1) {
    if ('code' in error && typeof error.code === 'string' && !(error instanceof PushError)) {
      return error.code;
    }
    error = error.cause;
  }
  return undefined;
}

/** Anything thrown, as the error people see; what is already one passes unchanged. */
export function asPushError(thrown: unknown): PushError {
  if (thrown instanceof PushError) return thrown;
  return new PushError(messageOf(thrown), { code: 'GENERAL', cause: thrown });
}

/** True when work ended because it was told to, not because it failed. */
export function isAbort(thrown: unknown): boolean {
  return (
    Error.isError(thrown) && (thrown.name === 'AbortError' || systemCode(thrown) === 'ABORT_ERR')
  );
}

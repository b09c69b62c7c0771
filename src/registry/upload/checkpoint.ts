import type { Digest } from '../../oci/digest.ts';

/** How far an upload had come when it was last written down. */
export interface UploadCheckpoint {
  /** where the session answers; opaque, and in some registries all it takes to write */
  readonly location: string;
  /** bytes that were handed to the network */
  readonly bytesWritten: number;
  /** digest of these first bytes */
  readonly checksum: Digest;
}

/**
 * Remembers the upload of one blob into one repository, so that another process can go on with it.
 * What it returns is a hint: whoever uses it asks the registry. It never throws.
 */
export interface UploadMemory {
  /** What an earlier run left; undefined where there is nothing, or after `forget`. */
  earlier(): UploadCheckpoint | undefined;
  /**
   * A session was opened. Resolves when that is written down, so that whatever is sent into it can
   * be found again; waits for a moment at most, and not for who is told to stop.
   * @param checksum of no bytes
   */
  opened(location: URL, checksum: () => Digest, signal?: AbortSignal): Promise<void>;
  /**
   * The session stands at so many bytes. Called with every piece of the blob: what is too soon to
   * be written down costs nothing.
   * @param checksum of the first `bytes` bytes; only called where it is written down
   */
  reached(location: URL, bytes: number, checksum: () => Digest): void;
  /** True where another process finds the session that was reached last, or the earlier one. */
  keeps(): boolean;
  /** The session is of no use any more. */
  forget(): void;
}

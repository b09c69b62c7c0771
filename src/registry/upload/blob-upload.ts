import type { Descriptor } from '../../oci/descriptor.ts';
import type { BlobOutcome, Emit } from '../../util/events.ts';
import type { Connection } from '../connection.ts';
import type { BlobContent } from './blob-reader.ts';
import type { UploadMemory } from './checkpoint.ts';

/** One blob and the repository it is to be in. */
export interface BlobUpload {
  readonly connection: Connection;
  readonly repository: string;
  readonly descriptor: Descriptor;
  readonly content: BlobContent;
  /** repository of the same registry that is believed to hold the blob */
  readonly mountFrom?: string | undefined;
  /** remembers how far it has come, for another process to go on with */
  readonly memory?: UploadMemory | undefined;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/** How a blob came to be in the repository. */
export interface BlobResult {
  readonly outcome: BlobOutcome;
  /** bytes that an earlier run had sent */
  readonly resumedBytes?: number;
}

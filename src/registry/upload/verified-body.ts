import type { RequestBody } from '../../http/transport.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { hasherFor, type Digest } from '../../oci/digest.ts';
import { imageError } from '../../util/errors.ts';

/** Reads a blob for an upload. */
export type OpenContent = (
  descriptor: Descriptor,
  from?: number,
  signal?: AbortSignal,
) => AsyncIterable<Uint8Array>;

/**
 * A blob as a request body that is hashed while it is sent. The last piece is held back until the
 * digest is known to be right: a source that changed or is corrupt fails here, before the registry
 * could commit anything, with the blob's name and code IMAGE.
 * @param onBytes told of every piece handed to the socket, in bytes
 */
export function verifiedBody(
  descriptor: Descriptor,
  open: OpenContent,
  onBytes: (bytes: number) => void,
): RequestBody {
  return {
    size: descriptor.size,
    async *open(signal) {
      const hash = hasherFor(descriptor.digest);
      let held: Uint8Array | undefined;
      let size = 0;
      for await (const chunk of open(descriptor, 0, signal)) {
        if (chunk.length === 0) continue;
        size += chunk.length;
        // Before anything is let go: what is held may be all that was announced.
        if (size > descriptor.size) break;
        if (held) {
          yield held;
          onBytes(held.length);
        }
        hash.update(chunk);
        held = chunk;
      }
      check(descriptor, size, `${descriptor.digest.split(':')[0]}:${hash.digest('hex')}` as Digest);
      if (held) {
        yield held;
        onBytes(held.length);
      }
    },
  };
}

function check(descriptor: Descriptor, size: number, digest: Digest): void {
  if (size !== descriptor.size) {
    const relation = size < descriptor.size ? 'shorter' : 'longer';
    throw imageError(
      `The source is corrupt: blob ${descriptor.digest} is ${relation} than the ${descriptor.size} bytes its manifest gives.`,
      'Build or save the image again.',
    );
  }
  if (digest !== descriptor.digest) {
    throw imageError(
      `The source is corrupt: the bytes of blob ${descriptor.digest} hash to ${digest}.`,
      'Build or save the image again; nothing wrong was stored in the registry.',
    );
  }
}

import { createHash } from 'node:crypto';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { ContentReader } from '../../../src/image/source.ts';

/** A blob with the descriptor that names it. */
export interface Blob {
  readonly bytes: Buffer;
  readonly descriptor: Descriptor;
}

/** Bytes that look random and are the same in every run. */
export function blobOf(size: number, seed = 'blob'): Blob {
  const blocks: Buffer[] = [];
  for (let have = 0; have < size; have += 64) {
    blocks.push(createHash('sha512').update(`${seed}/${have}`).digest());
  }
  const bytes = Buffer.concat(blocks).subarray(0, size);
  const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size } };
}

/** How a source gives what it has, for one `open`. */
export interface Manner {
  /** bytes per chunk (default 16 KiB) */
  readonly chunk?: number;
  /** awaited before the chunk at this offset is given */
  readonly gate?: (offset: number) => Promise<void> | undefined;
  /** thrown where the bytes from here on would come */
  readonly breaks?: { readonly at: number; readonly error: Error };
  /** ends here, as if that had been all */
  readonly ends?: number;
  /** bytes after the last one */
  readonly more?: number;
}

export interface FakeSource extends ContentReader {
  /** the offsets it was opened at, in order */
  readonly opens: number[];
  /** how many streams are open now */
  readonly running: () => number;
  /** bytes given so far */
  readonly given: () => number;
}

/** A source over blobs in memory, whose chunks are buffers that are used again as the contract has it. */
export function fakeSource(
  blobs: readonly Blob[],
  manner: (count: number) => Manner = () => ({}),
): FakeSource {
  const opens: number[] = [];
  let running = 0;
  let given = 0;
  async function* stream(
    { digest }: Descriptor,
    from: number,
    { chunk = 16 * 1024, gate, breaks, ends, more = 0 }: Manner,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    const bytes = blobs.find(({ descriptor }) => descriptor.digest === digest)?.bytes;
    if (!bytes) throw new Error(`no such blob: ${digest}`);
    const all = more > 0 ? Buffer.concat([bytes, Buffer.alloc(more)]) : bytes.subarray(0, ends);
    const buffers = Array.from({ length: 4 }, () => Buffer.alloc(chunk));
    running += 1;
    try {
      for (let offset = from, turn = 0; offset < all.length; turn += 1) {
        await gate?.(offset);
        signal?.throwIfAborted();
        if (breaks && offset >= breaks.at) throw breaks.error;
        const limit = breaks ? Math.min(all.length, breaks.at) : all.length;
        const length = Math.min(chunk, limit - offset);
        const buffer = buffers[turn % 4]!;
        all.copy(buffer, 0, offset, offset + length);
        offset += length;
        given += length;
        yield buffer.subarray(0, length);
      }
    } finally {
      running -= 1;
      for (const buffer of buffers) buffer.fill(0xff);
    }
  }
  return {
    opens,
    running: () => running,
    given: () => given,
    open: (descriptor, from = 0, signal) => {
      opens.push(from);
      return stream(descriptor, from, manner(opens.length), signal);
    },
  };
}

/** A gate that lets nothing through before it is told how far. */
export function createGate(): {
  readonly gate: (offset: number) => Promise<void> | undefined;
  readonly open: (until?: number) => void;
} {
  let limit = 0;
  let waiting: { readonly offset: number; readonly pass: () => void }[] = [];
  return {
    gate: (offset) => {
      if (offset < limit) return undefined;
      return new Promise((pass) => {
        waiting.push({ offset, pass });
      });
    },
    open: (until = Infinity) => {
      limit = until;
      const through = waiting.filter(({ offset }) => offset < until);
      waiting = waiting.filter(({ offset }) => offset >= until);
      for (const { pass } of through) pass();
    },
  };
}

/** Reads everything, each chunk copied as it comes. */
export async function readFully(
  content: ContentReader,
  descriptor: Descriptor,
  from = 0,
  signal?: AbortSignal,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content.open(descriptor, from, signal)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** A reader that takes a step when it is told to. */
export function stepper(
  content: ContentReader,
  descriptor: Descriptor,
  from = 0,
  signal?: AbortSignal,
) {
  const iterator = content.open(descriptor, from, signal)[Symbol.asyncIterator]();
  const chunks: Buffer[] = [];
  const step = async (): Promise<boolean> => {
    const { done, value } = await iterator.next();
    if (done === true) return false;
    chunks.push(Buffer.from(value));
    return true;
  };
  return {
    step,
    /** everything that is left */
    rest: async (): Promise<Buffer> => {
      while (await step());
      return Buffer.concat(chunks);
    },
    leave: async () => iterator.return?.(),
    bytes: () => Buffer.concat(chunks),
  };
}

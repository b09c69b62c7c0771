import { readStart } from './file-range.ts';

/** What the first bytes of a file say about it; `plain`: nothing, as with an uncompressed tar. */
export type Packing = 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'plain';

const MAGIC: readonly (readonly [Packing, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  // a skippable frame, with which pzstd and estargz-like zstd:chunked files may begin
  ['zstd', [0x50, 0x2a, 0x4d, 0x18]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
];

/** Bytes needed to tell. */
const LENGTH = 6;

/** Tells compressed content by its magic bytes. */
export function packingOf(start: Uint8Array): Packing {
  const found = MAGIC.find(([, magic]) => magic.every((byte, index) => start[index] === byte));
  return found?.[0] ?? 'plain';
}

/**
 * Tells how a file, or what begins at `offset` inside it, is compressed.
 * @throws PushError IMAGE when it cannot be read
 */
export async function sniff(file: string, offset = 0): Promise<Packing> {
  return packingOf(await readStart(file, LENGTH, offset));
}

/** A tar writer for what the test images need: regular files, one fixed time, no owner. */
import { createReadStream, statSync } from 'node:fs';

const BLOCK = 512;
/** Seconds since 1970 that every entry gets: two runs give the same bytes. */
export const EPOCH = Number(process.env.SOURCE_DATE_EPOCH || 1704067200);

/**
 * @typedef {object} Entry
 * @property {string} name at most 100 bytes: nothing here needs longer ones
 * @property {string} [file] where the content is, or
 * @property {Uint8Array | string} [content] the content itself, or
 * @property {number} [size] in bytes, together with
 * @property {AsyncIterable<Uint8Array> | Iterable<Uint8Array>} [chunks] the content, that long
 */

/**
 * The bytes of a tar file.
 * @param {Iterable<Entry>} entries
 */
export async function* tarOf(entries) {
  for (const entry of entries) {
    const { size, chunks } = contentOf(entry);
    yield header(entry.name, size);
    yield* chunks;
    const rest = size % BLOCK;
    if (rest > 0) yield Buffer.alloc(BLOCK - rest);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function contentOf({ file, content, size, chunks }) {
  if (file !== undefined) return { size: statSync(file).size, chunks: createReadStream(file) };
  if (chunks !== undefined) return { size, chunks };
  const bytes = Buffer.from(content);
  return { size: bytes.length, chunks: bytes.length > 0 ? [bytes] : [] };
}

function header(name, size) {
  if (Buffer.byteLength(name) > 100) throw new Error(`name too long for this tar: ${name}`);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100);
  const octal = (value, at, length) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, length, 'latin1');
  octal(0o644, 100, 8);
  octal(0, 108, 8); // uid
  octal(0, 116, 8); // gid
  octal(size, 124, 12);
  octal(EPOCH, 136, 12);
  block.write('        ', 148, 8); // the checksum counts as spaces while it is computed
  block.write('0', 156, 1); // a regular file
  block.write('ustar\u000000', 257, 8, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
  return block;
}

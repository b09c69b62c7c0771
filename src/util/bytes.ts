/** A stream that is not as long as was promised. */
export class LengthError extends Error {
  override readonly name = 'LengthError';
}

/**
 * A stream of known length in one piece. Each chunk is copied as it comes: its buffer may be used
 * again soon.
 * @param size bytes there have to be; not one more is kept
 * @throws LengthError
 */
export async function readAll(chunks: AsyncIterable<Uint8Array>, size: number): Promise<Buffer> {
  const all = Buffer.alloc(size);
  let length = 0;
  for await (const chunk of chunks) {
    if (length + chunk.length > size) throw new LengthError(`more than ${size} bytes`);
    all.set(chunk, length);
    length += chunk.length;
  }
  if (length < size) throw new LengthError(`${length} instead of ${size} bytes`);
  return all;
}

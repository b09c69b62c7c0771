/**
 * All of a stream in one piece. Each chunk is copied as it comes: its buffer may be used again for
 * the next but one. The caller has bounded the stream.
 */
export async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Uint8Array[] = [];
  for await (const chunk of chunks) copies.push(new Uint8Array(chunk));
  return Buffer.concat(copies);
}

import type { Handler, Transport } from './transport.ts';

const DEFAULT_MAX_RESPONSE_BYTES = 8 * 1024 * 1024;
const EMPTY = new Uint8Array(0);

async function readBounded(body: AsyncIterable<Uint8Array>, maximum: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early destroys the stream, and with it the connection of a server without end.
  for await (const chunk of body) {
    chunks.push(chunk.subarray(0, maximum - size));
    size += chunk.length;
    if (size >= maximum) break;
  }
  return Buffer.concat(chunks);
}

/**
 * The innermost handler, and the one place where a response's body is consumed: every body, HEAD's
 * and errors' too, is read to its bound here, so that nothing above can leak a connection.
 */
export function exchange(transport: Transport): Handler {
  return async (request) => {
    const { status, headers, body } = await transport.send(request);
    if (request.stream && status >= 200 && status < 300) {
      return { status, headers, body: EMPTY, stream: body };
    }
    const maximum = request.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES;
    return { status, headers, body: await readBounded(body, maximum) };
  };
}

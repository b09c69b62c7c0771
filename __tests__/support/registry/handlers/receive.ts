import type { Context } from '../context.ts';
import { Interrupted } from '../exchange.ts';
import type { Exchange } from '../exchange.ts';
import type { UploadSession } from '../sessions.ts';

/** Takes a body into a session; when it is cut, does what this registry does then. */
export async function receive(
  context: Context,
  exchange: Exchange,
  session: UploadSession,
  digest?: string,
): Promise<void> {
  session.beginChunk(digest);
  try {
    for await (const chunk of exchange.body()) session.append(chunk);
  } catch (error) {
    if (error instanceof Interrupted) afterCut(context, exchange, session);
    throw error;
  }
}

function afterCut(context: Context, exchange: Exchange, session: UploadSession): void {
  const { onCut } = context.options.features;
  session.unsure = true;
  if (onCut === 'drop-chunk') session.dropChunk();
  if (onCut === 'drop-session') context.sessions.drop(session, 'gone');
  const whole = exchange.header('content-range') === undefined;
  if (exchange.route.kind === 'blob-upload-put' && whole) session.cutPut = true;
}

import type { Context } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { algorithmOf } from '../grammar.ts';
import { contentLocation } from '../location.ts';
import type { UploadSession } from '../sessions.ts';

/** Ends a session with its blob, if that has the digest claimed for it, and answers. */
export async function commit(
  context: Context,
  exchange: Exchange,
  session: UploadSession,
  digest: string,
): Promise<void> {
  const { repo } = session;
  const actual = session.digest(algorithmOf(digest));
  session.endedOn = exchange.deliverable ? exchange.connection.number : undefined;
  if (actual !== digest) {
    // What a client sends again after a cut is wrong for another reason, and has its own rule.
    if (!session.cutPut) exchange.violate('blob-digest-mismatch', `bytes have ${actual}`);
    context.sessions.drop(session, 'gone');
    await exchange.fail(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
    return;
  }
  session.state = 'committed';
  context.recorder.committedBytes += session.offset;
  if (context.store.putBlob(repo, digest, session.content)) context.recorder.duplicateUploads += 1;
  await exchange.reply(201, {
    location: contentLocation(context, exchange, `/v2/${repo}/blobs/${digest}`),
    'docker-content-digest': digest,
    'content-length': 0,
  });
}

import { call, pushScope, type Connection } from '../registry/connection.ts';
import { sessionUrl } from '../registry/upload/resume.ts';
import { startUpload } from '../registry/upload/start.ts';

/**
 * Whether the address of an upload is worthless without a login, so that it may be kept where others
 * can read it. Some registries sign these addresses, and whoever has one may write.
 *
 * Found out by trying: another upload is opened, its address is asked without a login, and it is
 * given back. The one that is under way is left alone, for registries take questions about an upload
 * that is being written amiss. Where no login was ever asked for, everybody may write anyway.
 * @returns false also where it cannot be found out
 */
export async function areSessionUrlsHarmless(
  connection: Connection,
  repository: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (connection.challenged?.() === false) return true;
  const { anonymous } = connection;
  if (!anonymous) return false;
  try {
    const session = await startUpload(connection, repository, signal);
    try {
      const url = sessionUrl(session.location.href, repository, connection);
      if (!url) return false;
      const scopes = [pushScope(repository)];
      const answer = await call(
        { ...connection, send: anonymous },
        { method: 'GET', url, scopes, retry: 'never', signal },
      );
      return answer.status === 401 || answer.status === 403;
    } finally {
      await session.cancel();
    }
  } catch {
    return false;
  }
}

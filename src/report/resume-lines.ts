import { shortDigest, type Digest } from '../oci/digest.ts';
import type { PushEvent } from '../util/events.ts';
import { formatBytes } from '../util/text.ts';
import { dispatch, type EventHandlers } from './dispatch.ts';
import { hadSent, resumingLine } from './resume-text.ts';
import { savedByResuming, sentBytes } from './saved.ts';

/**
 * Tells that an interrupted push goes on; what that saved is in the lines of the places.
 * @param verbose also where each blob goes on
 */
export function createResumeLines(verbose: boolean): (event: PushEvent) => readonly string[] {
  const sizes = new Map<Digest, number>();
  let hoped = false;
  let saved = 0;
  let sent = 0;
  const handlers: EventHandlers<readonly string[]> = {
    resuming: (event) => {
      hoped = hadSent(event);
      return [resumingLine(event)];
    },
    'blob-started': ({ digest, size }) => {
      if (verbose) sizes.set(digest, size);
      return [];
    },
    'blob-resumed': ({ digest, bytes, registry, repository }) => {
      if (!verbose) return [];
      const size = sizes.get(digest);
      const at = `${formatBytes(bytes)}${size === undefined ? '' : ` of ${formatBytes(size)}`}`;
      return [`${shortDigest(digest)}  resumed at ${at} in ${registry}/${repository}`];
    },
    'blob-finished': (event) => {
      saved += savedByResuming(event);
      sent += sentBytes(event);
      return [];
    },
    'stage-finished': ({ stage }) => {
      // It was announced, so people look for what it has come to; unless all was there anyway.
      const useless = hoped && stage === 'upload' && saved === 0 && sent > 0;
      return useless ? ['nothing that the interrupted push had sent could be used'] : [];
    },
  };
  return (event) => dispatch(handlers, event) ?? [];
}

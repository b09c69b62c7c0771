import { formatBytes } from '../util/text.ts';
import { HINT_WORDS, OUTCOME_WORDS } from './counts.ts';
import type { BlobReport, PlaceReport, PushReport } from './push-report.ts';
import { formatAgo, hadSent } from './resume-text.ts';
import type { SavedReport } from './saved.ts';

const SAVED_WORDS: Readonly<Record<keyof SavedReport, string>> = {
  exists: OUTCOME_WORDS.exists,
  mounted: OUTCOME_WORDS.mounted,
  record: HINT_WORDS.record,
  resumed: OUTCOME_WORDS.resumed,
};

const ORDER: readonly (keyof SavedReport)[] = ['exists', 'mounted', 'resumed', 'record'];

/** Bytes that a place got without this push sending them. */
export function notSentTo({ bytesSkipped, bytesResumed }: PlaceReport): number {
  return bytesSkipped + bytesResumed;
}

/** How a blob came to be there, and who knew that it need not be sent. */
export function outcomeCell({ outcome, resumedBytes = 0, hint }: BlobReport): string {
  const word = OUTCOME_WORDS[outcome];
  if (resumedBytes > 0) return `${word} at ${formatBytes(resumedBytes)}`;
  return hint ? `${word} (${HINT_WORDS[hint]})` : word;
}

/** `Not sent again: 1.20 GiB (800.0 MiB already there, 200.0 MiB mounted)`, without the zeros. */
function notSentLine({ saved, resume }: PushReport): string[] {
  const kinds = ORDER.filter((kind) => saved[kind] > 0);
  if (kinds.length === 0) return [];
  const total = kinds.reduce((sum, kind) => sum + saved[kind], 0);
  // All of it is what the interrupted push had sent: the line above says so.
  if (total === resume?.bytesSaved) return [];
  const parts = kinds.map((kind) => `${formatBytes(saved[kind])} ${SAVED_WORDS[kind]}`);
  const [only] = kinds.length === 1 ? kinds : [];
  const from = only ? SAVED_WORDS[only] : parts.join(', ');
  return [`- ♻️ Not sent again: ${formatBytes(total)} (${from})`];
}

/** What came of an interrupted push that was found. */
function resumeLine({ resume, status, bytesUploaded }: PushReport): string[] {
  if (!resume) return [];
  const interrupted = `interrupted ${formatAgo(resume.ageMs)}`;
  if (resume.bytesSaved > 0) {
    const saved = `saved ${formatBytes(resume.bytesSaved)}`;
    return [`- ⏩ Went on with the push that was ${interrupted}: ${saved}`];
  }
  // Of a push that has failed nobody knows what it would still have used, and one that found
  // everything there had no use for it.
  if (status !== 'success' || !hadSent(resume) || bytesUploaded === 0) return [];
  return [`- ⏩ A push was ${interrupted}, but nothing it had sent could be used`];
}

/** What did not have to be sent, and why, as items of a list. */
export function savedLines(report: PushReport): string[] {
  return [...resumeLine(report), ...notSentLine(report)];
}

import { shortDigest } from '../oci/digest.ts';
import { formatBytes, formatDuration } from '../util/text.ts';
import { firstOf, formatOutcomes, plural, tagWord } from './counts.ts';
import { code, codeBlock, details, escapeText, table } from './markdown.ts';
import type { PlanView } from './plan-text.ts';
import type { PlaceReport, PlaceStatus, PushReport, TagReport } from './push-report.ts';
import { notSentTo, outcomeCell, savedLines } from './summary-saved.ts';

const MAX_ROWS = 50;
const MAX_TAGS = 20;
const MAX_PLACES = 50;

function nameOf(place: PlaceReport): string {
  return `${place.registry}/${place.repository}`;
}

// A number and its unit belong on one line, however narrow the column.
function together(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** One `docker pull` line per place, to be copied. */
export function pullCommands(report: PushReport): string | undefined {
  const digest = report.image?.digest;
  if (!digest || report.places.length === 0) return undefined;
  // Only what has platforms is an image; of an artifact the name is all that helps.
  const pull = (report.image?.platforms.length ?? 0) > 0 ? 'docker pull ' : '';
  const places = report.places.filter(({ status }) => status !== 'failed');
  if (places.length === 0) return undefined;
  const lines = places.map((place) => `${pull}${nameOf(place)}@${digest}`);
  return codeBlock(lines.slice(0, MAX_PLACES), 'sh');
}

/** Digest, platforms, size, source and time. */
export function facts(report: PushReport, withSize = true): string {
  const { image } = report;
  const platforms = (image?.platforms ?? []).map((platform) => escapeText(platform, 100));
  const size = image && withSize && `${plural(image.blobs, 'blob')}, ${formatBytes(image.size)}`;
  const parts = [
    // First our own words: a platform named "- x" would make the line a list.
    `${size ? `${size} from` : 'From'} ${code(report.source)}`,
    ...(platforms.length > 0 ? [firstOf(platforms, MAX_TAGS, ', ')] : []),
    formatDuration(report.durationMs),
  ];
  const digest = image?.digest ? [`Digest ${code(image.digest)}`] : [];
  return [...digest, parts.join(' · ')].join('\n\n');
}

/** True when at least one tag was pointed at the image and may be so now. */
export function anyPublished(report: PushReport): boolean {
  return report.places.some(({ tags }) =>
    tags.some(({ status }) => status === 'published' || status === 'left' || status === 'unknown'),
  );
}

function tagsCell(tags: readonly TagReport[], mixed: boolean): string {
  if (tags.length === 0) return 'by digest only';
  // Where no tag was moved one sentence says so for all of them.
  const cells = tags.map(({ tag, status }) => {
    const word = status === 'not-moved' && !mixed ? undefined : tagWord(status);
    return word === undefined ? code(tag) : `${code(tag)} (${word})`;
  });
  return firstOf(cells, MAX_TAGS, ' ');
}

function blobsCell({ blobs, manifests }: PlaceReport): string {
  if (blobs.length > 0) return formatOutcomes(blobs.map((blob) => blob.outcome));
  return (manifests?.existing ?? 0) > 0 ? 'all already there' : '–';
}

const PLACE_WORDS: Readonly<Record<PlaceStatus, string>> = {
  pushed: '✅ pushed',
  partial: '⚠️ in part',
  failed: '❌ failed',
  planned: 'planned',
};

/** True when a push has succeeded without some of its places, or some of their tags. */
export function isIncomplete(report: PushReport): boolean {
  return report.places.some(({ status }) => status === 'partial' || status === 'failed');
}

/** What is where now; of a dry run: where it would go. */
export function placesTable(report: PushReport): string | undefined {
  if (report.places.length === 0) return undefined;
  const planned = report.status === 'planned';
  const mixed = anyPublished(report);
  // A first push sends everything: a column of zeros would tell nobody anything.
  const withSaved = report.places.some((place) => notSentTo(place) > 0);
  // Where all places fared alike, the title has said it.
  const withResult = new Set(report.places.map(({ status }) => status)).size > 1;
  const columns = ['Registry', 'Repository', 'Tags', ...(withResult ? ['Result'] : [])];
  const more = ['Blobs', '>Sent', ...(withSaved ? ['>Not sent again'] : []), '>Time'];
  const rows = report.places.map((place) => {
    const result = withResult ? [PLACE_WORDS[place.status]] : [];
    const tags = tagsCell(place.tags, mixed);
    const name = [code(place.registry), code(place.repository), tags, ...result];
    if (planned) return name;
    const time = place.durationMs === undefined ? '–' : together(formatDuration(place.durationMs));
    const saved = withSaved ? [together(formatBytes(notSentTo(place)))] : [];
    const sent = together(formatBytes(place.bytesUploaded));
    return [...name, blobsCell(place), sent, ...saved, time];
  });
  return table(planned ? columns : [...columns, ...more], rows, MAX_PLACES);
}

function layersOf(place: PlaceReport): string {
  const rows = [...place.blobs]
    .sort((left, right) => right.size - left.size)
    .map((blob) => [
      code(shortDigest(blob.digest)),
      together(formatBytes(blob.size)),
      outcomeCell(blob),
      together(formatDuration(blob.durationMs)),
    ]);
  return details(
    `Layers and configs in ${nameOf(place)} (${rows.length})`,
    table(['Digest', '>Size', 'Outcome', '>Time'], rows, MAX_ROWS),
  );
}

/** One folded table of layers per place, largest first. */
export function layers(report: PushReport): string | undefined {
  const places = report.places.filter((place) => place.blobs.length > 0);
  return places.slice(0, MAX_PLACES).map(layersOf).join('\n\n') || undefined;
}

/** The layers that a dry run would have pushed. */
export function plannedLayers(plan: PlanView): string {
  const rows = [...plan.blobs]
    .sort((left, right) => right.size - left.size)
    .map(({ digest, size, mediaType }) => [
      digest ? code(shortDigest(digest)) : 'to be compressed',
      together(formatBytes(size)),
      code(mediaType, 100),
    ]);
  return details(
    `Layers and configs (${rows.length})`,
    table(['Digest', '>Size', 'Media type'], rows, MAX_ROWS),
  );
}

function waitLines(report: PushReport): string[] {
  const registries = [...new Set((report.waits ?? []).map((wait) => wait.registry))];
  return registries.map((registry) => {
    const waitedMs = report.places.find((place) => place.registry === registry)?.waitedMs;
    const reasons = (report.waits ?? [])
      .filter((wait) => wait.registry === registry)
      .map(({ reason, times }) => `${escapeText(reason)}${times > 1 ? `, ${times} times` : ''}`);
    const time = waitedMs === undefined ? '' : ` ${formatDuration(waitedMs)}`;
    return `- ⏳ waited${time} for ${code(registry)}: ${firstOf(reasons, 5, '; ')}`;
  });
}

/** What was saved, waits and warnings, and of a dry run what it saw, as a list. */
export function notes(report: PushReport): string | undefined {
  const warnings = report.warnings.map((warning) => `- ⚠️ ${escapeText(warning, 500)}`);
  const seen = report.status === 'planned' ? (report.notes ?? []) : [];
  const found = seen.map((note) => `- 🔎 ${escapeText(note, 500)}`);
  return (
    [...found, ...savedLines(report), ...waitLines(report), ...warnings].join('\n') || undefined
  );
}

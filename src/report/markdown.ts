import { printable } from '../util/text.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

// Everything that starts a Markdown construct inside a line. Entities and not backslashes: they
// also hold inside HTML (`<summary>`, `<code>`) and a table row cannot be split at one.
const SPECIAL = /[&<>"'\\`*_~[\]|$]/g;

// GitHub looks for these in the finished page, where an entity is a plain character again, so the
// word itself is interrupted by a character without width: @name, #12, GH-12, https://, www.
const AUTOLINK = /@|#|\bGH(?=-\d)|:(?=\/\/)|\bwww(?=\.)|\b(?:mailto|xmpp)(?=:)/gi;

/** One line that may be shown: without control characters, but otherwise as it was. */
export function cleanLine(text: string, maximum?: number): string {
  // The runner reads no commands in a summary, and what is copied from it must be exact.
  return printable(text, maximum).replaceAll('\u200a', '');
}

/** Text from anywhere as text in Markdown or HTML: no link, mention, markup or second line. */
export function escapeText(text: string, maximum?: number): string {
  return cleanLine(text, maximum)
    .replace(AUTOLINK, (found) => `${found}\u200b`)
    .replace(SPECIAL, (char) => ENTITIES[char] ?? `&#${char.charCodeAt(0)};`);
}

/** Text as inline code, safe in tables too: a code span where its characters allow one. */
export function code(text: string, maximum?: number): string {
  const line = cleanLine(text, maximum);
  if (/^[\w.:/@+,-]+$/.test(line)) return `\`${line}\``;
  return line === '' ? '' : `<code>${escapeText(line, maximum)}</code>`;
}

/** Lines as a code block whose fence is longer than any row of backticks in it. */
export function codeBlock(lines: readonly string[], language = ''): string {
  const body = lines.map((line) => cleanLine(line, 2000));
  const longest = Math.max(2, ...body.flatMap((line) => line.match(/`+/g) ?? []).map(lengthOf));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}${language}`, ...body, fence].join('\n');
}

function lengthOf(text: string): number {
  return text.length;
}

/** A table; cells must be escaped already. A column named `>Bytes` is aligned to the right. */
export function table(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  maximumRows: number = Number.POSITIVE_INFINITY,
): string {
  const right = columns.map((column) => column.startsWith('>'));
  const lines = [
    columns.map((column, index) => (right[index] ? column.slice(1) : column)),
    right.map((isRight) => (isRight ? '--:' : '---')),
    ...rows.slice(0, maximumRows),
  ].map((cells) => `| ${cells.join(' | ')} |`);
  const more = rows.length - maximumRows;
  return lines.join('\n') + (more > 0 ? `\n\n… and ${more} more` : '');
}

/** A section that is folded until somebody opens it. `title` is text from anywhere. */
export function details(title: string, body: string): string {
  return `<details>\n<summary>${escapeText(title)}</summary>\n\n${body}\n\n</details>`;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

/** Cuts Markdown at the end of a line so that its UTF-8 form has at most `maximum` bytes. */
export function limitBytes(markdown: string, maximum: number): string {
  const bytes = Buffer.from(markdown, 'utf8');
  if (bytes.length <= maximum) return markdown;
  const closing = '\n\n</details>';
  const ending = '\n\n… shortened: the report holds everything.\n';
  const room = Math.max(0, maximum - Buffer.byteLength(closing + ending));
  // A line feed is one byte that occurs in no longer character: a cut there is always whole.
  const cut = bytes.subarray(0, Math.max(0, bytes.lastIndexOf(0x0a, room))).toString('utf8');
  const open = count(cut, '<details>') > count(cut, '</details>');
  return cut + (open ? closing : '') + ending;
}

import { FormatError } from '../oci/format-error.ts';
import { shown } from './shown.ts';
import { value } from './values.ts';

/** Annotations by where they go. */
export interface Annotations {
  readonly index: Readonly<Record<string, string>>;
  readonly manifest: Readonly<Record<string, string>>;
}

const EXPECTED =
  'expected lines of key=value, each with index: or manifest: before it as docker/metadata-action prints them';

/** `index`, `manifest` or both with a comma between them, a colon, then key=value. */
const LINE = /^(?:(?<levels>[a-z-]+(?:,[a-z-]+)*):)?(?<key>[^\s=:,]+)=(?<text>.*)$/;

function readLine(line: string): { levels: readonly string[]; key: string; text: string } {
  const { levels = 'manifest', key = '', text = '' } = LINE.exec(line)?.groups ?? {};
  if (key === '') throw new FormatError(`${shown(line)} is no annotation (${EXPECTED})`);
  const all = levels.split(',');
  const other = all.find((level) => level !== 'index' && level !== 'manifest');
  if (other === undefined) return { levels: all, key, text };
  throw new FormatError(
    `${shown(line)}: annotations cannot be put on ${shown(other)} (${EXPECTED})`,
  );
}

/**
 * Annotations in lines; without a prefix they are the manifests', as buildx has it. The last line
 * for a key wins.
 */
export const annotations = value('a list of annotations', (given): Annotations | undefined => {
  const texts: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (!texts.every((one) => typeof one === 'string')) return undefined;
  const lines = texts.flatMap((one) => one.split(/[\n\r]/)).map((line) => line.trim());
  const read = lines.filter((line) => line !== '').map(readLine);
  const of = (level: string): Record<string, string> =>
    Object.fromEntries(
      read.filter(({ levels }) => levels.includes(level)).map(({ key, text }) => [key, text]),
    );
  return { index: of('index'), manifest: of('manifest') };
});

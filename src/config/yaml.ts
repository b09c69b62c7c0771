import { configError, type PushError } from '../util/errors.ts';

// More than any hand-written file needs; a bound, because the text may come from anyone.
const LARGEST = 1024 * 1024;

/** A sentence without the text itself: `yaml`'s own messages quote lines, and lines hold passwords. */
function malformed(where: string, at?: { readonly line: number; readonly col: number }): PushError {
  const place = at ? ` at line ${at.line}, column ${at.col}` : '';
  return configError(`${where}: this is not valid YAML${place} (expected name: value lines)`);
}

/**
 * Parses YAML into strings, lists and maps. Scalars stay the text that was written (the failsafe
 * schema), so that a password of digits keeps its leading zeros and every option is read by one
 * schema, wherever it comes from.
 * @param where what is parsed, for messages
 */
export async function parseYaml(text: string, where: string): Promise<unknown> {
  if (text.length > LARGEST) {
    throw configError(`${where}: the YAML is larger than 1 MiB (expected a few lines of settings)`);
  }
  // Loaded only now: most pushes have no YAML, and start-up is what every push pays.
  const { LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: 'failsafe',
    prettyErrors: false,
    lineCounter: lines,
    logLevel: 'silent',
  });
  const [error] = document.errors;
  if (error?.code === 'DUPLICATE_KEY') {
    const { line } = lines.linePos(error.pos[0]);
    throw configError(`${where}: a name is given twice at line ${line} (expected each name once)`);
  }
  if (error) throw malformed(where, lines.linePos(error.pos[0]));
  try {
    return document.toJS() as unknown;
  } catch {
    // an alias without its anchor, or too many of them
    throw malformed(where);
  }
}

/** True for what YAML calls a map. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

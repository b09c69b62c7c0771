/**
 * Workflow commands on standard output. The toolkit could write them, but loading it costs as much
 * as all the rest of our start, and masking comes first. The escaping is the runner's:
 * https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
 */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** The title of our annotations. */
export const TITLE = 'idpbuilder push';

/** Has the runner replace `secret` by *** in everything that is printed from now on. */
export function maskCommand(secret: string): string {
  return `::add-mask::${escapeData(secret)}`;
}

/** An annotation on the run: at most ten of a kind are shown per step. */
export function annotation(level: 'warning' | 'error', title: string, message: string): string {
  return `::${level} title=${escapeProperty(title)}::${escapeData(message)}`;
}

/** Query parameters that are the same for everybody; all others may carry state or secrets. */
const PUBLIC_PARAMETERS = new Set([
  'digest',
  'mount',
  'from',
  'tag',
  'n',
  'last',
  'service',
  'scope',
  'artifactType',
]);

/** A URL that may be printed: no user info, and only harmless query parameters keep their values. */
export function redactUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  shown.hash = '';
  for (const name of new Set(shown.searchParams.keys())) {
    if (!PUBLIC_PARAMETERS.has(name)) shown.searchParams.set(name, '…');
  }
  // The URL class would print %3A and %E2%80%A6, which nobody wants to read in a log.
  return decodeURIComponentSafely(shown.href);
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

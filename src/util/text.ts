const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes for people, in binary units: `4.2 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${UNITS[unit]}`;
}

/** Milliseconds for people: `340 ms`, `12.3 s`, `4m 07s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}m ${String(whole % 60).padStart(2, '0')}s`;
}

// oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

// Zero-width and direction characters, soft hyphens, and tags (a second, unseen alphabet).
const INVISIBLE =
  /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

/**
 * Makes text from a server or an image safe to print: one line, no control or direction
 * characters, and nothing that a workflow runner reads as a command (`::x::`, `##[x]`).
 */
export function printable(text: string, maximum = 300): string {
  const oneLine = text
    .replace(CONTROL, ' ')
    .replace(INVISIBLE, '')
    .replace(/:(?=:)/g, ':\u200a')
    .replaceAll('##[', '#\u200a#[')
    .trim();
  return oneLine.length > maximum ? `${oneLine.slice(0, maximum)}…` : oneLine;
}

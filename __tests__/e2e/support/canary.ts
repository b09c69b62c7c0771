/** A password that shows wherever it leaks, however it was escaped, encoded or cut on the way. */
import type { Login } from '../../support/services/index.ts';

const FIRST = 0x21;
const LAST = 0x7e;
/** Shorter pieces turn up by themselves. */
const PIECE = 16;

function everyCharacter(): string {
  const codes = Array.from({ length: LAST - FIRST + 1 }, (_, at) => FIRST + at);
  const text = String.fromCharCode(...codes);
  // The space is in the middle: at an end it would be trimmed where a runner passes it on.
  return `${text.slice(0, 40)} ${text.slice(40)}`;
}

/** Every printable character of ASCII. */
export const CANARY: Login = { user: 'canary', password: everyCharacter() };

/** Just as telling, and wrong. */
export const WRONG_CANARY: Login = {
  user: 'canary',
  password: everyCharacter().split('').toReversed().join(''),
};

/** Everything that a password may look like in a text. */
function forms({ user, password }: Login): string[] {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return [
    password,
    base64(password),
    base64(`${user}:${password}`),
    encodeURIComponent(password),
    JSON.stringify(password).slice(1, -1),
    password.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    password.replaceAll('%', '%25'),
  ];
}

/** The pieces of a login that a text shows: none, one hopes. */
export function leaksOf(login: Login, text: string): string[] {
  const pieces = new Set(
    forms(login).flatMap((form) =>
      Array.from({ length: form.length - PIECE + 1 }, (_, at) => form.slice(at, at + PIECE)),
    ),
  );
  return [...pieces].filter((piece) => text.includes(piece));
}

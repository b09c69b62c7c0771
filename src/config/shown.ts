import { printable } from '../util/text.ts';

/** A value somebody wrote, short and safe to print; never used for secrets. */
export function shown(given: unknown): string {
  if (typeof given === 'string') {
    const withoutLogin = given.replace(/\/\/[^/]*@/g, '//***@');
    return `"${printable(withoutLogin, 80)}"`;
  }
  if (Array.isArray(given)) return 'a list';
  return typeof given === 'object' && given !== null ? 'a map' : String(given);
}

/** Lets a suite that lacks a real component say so by name. */
import { describe } from '@jest/globals';
import { missing } from './tools.ts';

/**
 * `describe` where everything needed is there; else the suite is reported as skipped, with the
 * name of what is missing in its title.
 */
export function describeWith(needs: readonly string[], title: string, suite: () => void): void {
  const lacking = missing(needs);
  if (lacking.length === 0) describe(title, suite);
  else describe.skip(`${title} [skipped: ${lacking.join(', ')} missing]`, suite);
}

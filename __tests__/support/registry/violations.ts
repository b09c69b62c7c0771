import { RULES } from './rules.ts';
import type { RuleId } from './rules.ts';

/** One broken rule: which, by what request, and what exactly was wrong. */
export interface Violation {
  readonly rule: RuleId;
  readonly request: string;
  readonly detail: string;
}

/** Prints a violation as one line. */
export function describeViolation({ rule, request, detail }: Violation): string {
  const about = detail === '' ? '' : ` [${detail}]`;
  return `${rule}: ${RULES[rule]} ${request}${about}`;
}

/** Collects what went wrong; the test asks for it at the end. */
export class Violations {
  readonly #allowed: ReadonlySet<RuleId>;
  readonly #strict: boolean;
  #list: Violation[] = [];

  constructor(strict: boolean, allowed: readonly RuleId[]) {
    this.#strict = strict;
    this.#allowed = new Set(allowed);
  }

  /** Everything so far, in the order in which it happened. */
  get list(): readonly Violation[] {
    return this.#list;
  }

  /** Notes a violation, unless this registry was told to allow it. */
  add(rule: RuleId, request: string, detail = ''): void {
    if (this.#strict && !this.#allowed.has(rule)) this.#list.push({ rule, request, detail });
  }

  /** Everything, after which only the first `keep` entries stay noted. */
  takeBack(keep: number): Violation[] {
    const all = this.#list;
    this.#list = all.slice(0, keep);
    return all;
  }

  clear(): void {
    this.#list = [];
  }
}

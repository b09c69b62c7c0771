import type * as Sqlite from 'node:sqlite';

function isAboutSqlite(warning: unknown, kind: unknown): boolean {
  return kind === 'ExperimentalWarning' && /^SQLite\b/.test(String(warning));
}

/**
 * Node's own SQLite, loaded when it is first asked for; later calls return the same module.
 * Node before 24.15 greets it with an ExperimentalWarning, which says nothing to those who push:
 * that one is not printed.
 * @throws Error where this Node was built without SQLite
 */
export async function loadSqlite(): Promise<typeof Sqlite> {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with `process` and put back
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (!isAboutSqlite(warning, rest[0])) Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    // All in one go: with import() other warnings could come up before ours is over.
    const sqlite = process.getBuiltinModule('node:sqlite') as typeof Sqlite | undefined;
    if (sqlite) return sqlite;
  } finally {
    process.emitWarning = emitWarning;
  }
  throw new Error('this Node has no SQLite');
}

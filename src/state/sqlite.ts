import type * as Sqlite from 'node:sqlite';

/**
 * Node's own SQLite, loaded when it is first asked for; later calls return the same module.
 * @throws Error where this Node was built without SQLite
 */
export async function loadSqlite(): Promise<typeof Sqlite> {
  // Not import(): test runners and bundlers do not all know what `node:sqlite` is.
  const sqlite = process.getBuiltinModule('node:sqlite') as typeof Sqlite | undefined;
  if (sqlite) return sqlite;
  throw new Error('this Node has no SQLite');
}

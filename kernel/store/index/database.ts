/** What is used of better-sqlite3, which has no types of its own. All of it throws. */
export interface Statement {
  run(...values: readonly unknown[]): {readonly lastInsertRowid: number | bigint};
  all(...values: readonly unknown[]): readonly unknown[];
  get(...values: readonly unknown[]): unknown;
}

/** A database that is open. */
export interface Database {
  prepare(sql: string): Statement;
  exec(sql: string): unknown;
  pragma(text: string, options?: {readonly simple: boolean}): unknown;
  close(): unknown;
}

/** Opens a file, or `:memory:`. `timeout`: milliseconds for which it waits for others. */
export type OpenDatabase = new (path: string, options: {readonly timeout: number}) => Database;

let loading: Promise<OpenDatabase | undefined> | undefined;

/** better-sqlite3, which is optional; undefined where it is not installed, or its native part does not load here. */
export function loadSqlite(): Promise<OpenDatabase | undefined> {
  return (loading ??= load());
}

async function load(): Promise<OpenDatabase | undefined> {
  // Not named in the call, as it has no types.
  const name = 'better-sqlite3';
  try {
    const {default: Sqlite} = (await import(name)) as {readonly default: OpenDatabase};
    // The native part is loaded by the first database.
    new Sqlite(':memory:', {timeout: 0}).close();
    return Sqlite;
  } catch {
    return undefined;
  }
}

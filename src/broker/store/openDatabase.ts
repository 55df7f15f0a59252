// Opens SQLite connections. The library is asked for at the moment of use, so that a runtime
// without it can still start the program and be told in a sentence that it is too old.
import type { DatabaseSync, DatabaseSyncOptions } from 'node:sqlite';

/** Opens a database file; the real one, or one of a test that fails at will. */
export type OpenDatabase = (path: string, options: DatabaseSyncOptions) => DatabaseSync;

/** Opens a database file. @throws what SQLite says, or that the runtime has no SQLite. */
export function openDatabase(path: string, options: DatabaseSyncOptions): DatabaseSync {
  const sqlite = process.getBuiltinModule('node:sqlite');
  return new sqlite.DatabaseSync(path, options);
}

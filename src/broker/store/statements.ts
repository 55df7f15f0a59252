// Prepared statements of a connection, made once each. Preparing costs more than running.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

const statements = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

/** The prepared statement of a fixed SQL text; values are always bound, never put into the text. */
export function statement(db: DatabaseSync, sql: string): StatementSync {
  let known = statements.get(db);
  if (!known) { known = new Map(); statements.set(db, known); }
  let prepared = known.get(sql);
  if (!prepared) { prepared = db.prepare(sql); known.set(sql, prepared); }
  return prepared;
}

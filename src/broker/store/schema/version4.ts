// The fourth version of the SQLite ledger: responses that went around the broker and were imported, a data set
// and a chain of their own with sums by the quarter hour. No other row changes.
import type { DatabaseSync } from 'node:sqlite';
import { chainStart } from '../../../domain/rowTexts.ts';
import { appendOnly } from './version1.ts';

const tables = `
CREATE TABLE imports (
  sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL, imported_at_ms INTEGER NOT NULL, workspace_id TEXT NOT NULL,
  client TEXT NOT NULL, client_version TEXT, thread_id TEXT, model TEXT, response_id TEXT, source TEXT NOT NULL,
  input_tokens INTEGER NOT NULL, cached_input_tokens INTEGER NOT NULL, cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL, cost INTEGER CHECK (cost >= 0), price TEXT,
  prev_hash TEXT NOT NULL, hash TEXT NOT NULL, CHECK ((cost IS NULL) = (price IS NULL))
) STRICT;
CREATE INDEX imports_by_time ON imports (at_ms);
CREATE TABLE import_sums (
  dimension TEXT NOT NULL, key TEXT NOT NULL, bucket INTEGER NOT NULL,
  requests INTEGER NOT NULL, input INTEGER NOT NULL, cached INTEGER NOT NULL, cache_write INTEGER NOT NULL, output INTEGER NOT NULL,
  reasoning INTEGER NOT NULL, cost INTEGER NOT NULL, unpriced INTEGER NOT NULL,
  PRIMARY KEY (dimension, bucket, key)
) STRICT, WITHOUT ROWID;
-- Whether the broker saw a response itself is asked for each that is imported.
CREATE INDEX usage_by_response ON usage_events (response_id) WHERE response_id IS NOT NULL;
DROP TRIGGER checkpoints_not_updated;
UPDATE checkpoints SET content = json_set(content, '$.heads.imports', json_object('rows', 0, 'hash', '${chainStart}'));
CREATE TRIGGER checkpoints_not_updated BEFORE UPDATE ON checkpoints BEGIN SELECT RAISE(ABORT, 'a checkpoint is never changed'); END;
UPDATE meta SET value = '4' WHERE name = 'readable_from';
`;

/** Brings a ledger of the third version to the fourth. */
export function toVersion4(db: DatabaseSync): void {
  db.exec(tables + appendOnly('imports'));
}

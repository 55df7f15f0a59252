// The third version of the SQLite ledger: rollups lie in the order of time and are summed by the day too, so
// that reports and proofs of a long history stay quick. No row of the data sets changes; checkpoints of
// older audits are dropped.
import type { DatabaseSync } from 'node:sqlite';
import type { RollupDimension } from '../../../domain/rollups.ts';
import { fillRollups } from '../rollupTable.ts';

/** What usage was summed by in this version. */
const dimensions: readonly RollupDimension[] = ['total', 'model', 'asked', 'workspace', 'client', 'thread', 'kind'];

const sums = `requests INTEGER NOT NULL, input INTEGER NOT NULL, cached INTEGER NOT NULL, cache_write INTEGER NOT NULL, output INTEGER NOT NULL,
  reasoning INTEGER NOT NULL, cost INTEGER NOT NULL, estimated INTEGER NOT NULL, unpriced INTEGER NOT NULL,
  measured INTEGER NOT NULL, covered INTEGER NOT NULL, estimated_input INTEGER NOT NULL, estimated_output INTEGER NOT NULL,
  measured_input INTEGER NOT NULL, measured_output INTEGER NOT NULL, input_error INTEGER NOT NULL, output_error INTEGER NOT NULL`;

const tables = `
DROP TABLE rollups;
CREATE TABLE rollups (
  dimension TEXT NOT NULL, key TEXT NOT NULL, bucket INTEGER NOT NULL,
  ${sums},
  PRIMARY KEY (bucket, dimension, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX rollups_by_key ON rollups (dimension, key, bucket);
CREATE TABLE rollup_days (
  dimension TEXT NOT NULL, key TEXT NOT NULL, day INTEGER NOT NULL,
  ${sums},
  PRIMARY KEY (day, dimension, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX rollup_days_by_key ON rollup_days (dimension, key, day);
-- Grants that have something left are kept in memory.
DROP INDEX grants_left;
DROP INDEX entries_by_grant;
CREATE INDEX entries_by_grant ON entries (grant_id, kind) WHERE attempt_id IS NULL;
-- What a checkpoint keeps of each grant is more than it was: the next audit looks at everything once.
DROP TABLE checkpoints;
CREATE TABLE checkpoints (sequence INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, content TEXT NOT NULL) STRICT;
UPDATE meta SET value = '3' WHERE name = 'readable_from';
-- Rows up to here were booked by rules that gave expired credits, debts and several refunds in another way.
INSERT INTO meta (name, value) SELECT 'older_rules_until', json_object('entries', (SELECT COALESCE(MAX(sequence), 0) FROM entries),
  'charges', (SELECT COALESCE(MAX(sequence), 0) FROM charges), 'directives', (SELECT COALESCE(MAX(sequence), 0) FROM directives));
`;

/** Brings a ledger of the second version to the third. */
export function toVersion3(db: DatabaseSync): void {
  db.exec(tables);
  db.exec(`CREATE TRIGGER checkpoints_not_updated BEFORE UPDATE ON checkpoints BEGIN SELECT RAISE(ABORT, 'a checkpoint is never changed'); END;`);
  fillRollups(db, dimensions);
}

// The second version of the SQLite ledger: corrections (a usage event, charge or entry may name what it
// corrects), memo accounts, directives in a chain of their own, rollups, checkpoints. Rows of the first
// version keep their contents and hashes. Runs with foreign keys off, inside one transaction.
import type { DatabaseSync } from 'node:sqlite';
import { chainStart, directiveText } from '../../../domain/rowTexts.ts';
import type { Hash } from '../../../domain/rowTexts.ts';
import type { Directive } from '../../../domain/directives.ts';
import { subjectOf } from '../../../domain/directives.ts';
import { appendOnly } from './version1.ts';

const usageColumns = `sequence, id, attempt_id, request_id, at_ms, workspace_id, client, thread_id, model, model_served, tier, outcome, status, measured, free_reason,
  input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, waited_ms, first_byte_ms, duration_ms,
  upstream_request_id, response_id, notice, terms_hash, prev_hash, hash`;
const chargeColumns = 'sequence, id, usage_event_id, attempt_id, at_ms, cost, drawn, uncovered, tier, price_version, price, terms, prev_hash, hash';
const entryColumns = 'sequence, id, at_ms, kind, grant_id, attempt_id, charge_id, amount, held_delta, balance_after, held_after, terms_hash, prev_hash, hash';

const tables = `
CREATE TABLE usage_events_2 (
  sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, attempt_id TEXT NOT NULL REFERENCES decisions,
  request_id TEXT NOT NULL REFERENCES requests, at_ms INTEGER NOT NULL, workspace_id TEXT NOT NULL,
  client TEXT NOT NULL, thread_id TEXT, model TEXT NOT NULL, model_served TEXT, tier TEXT NOT NULL,
  outcome TEXT NOT NULL, status INTEGER, measured INTEGER NOT NULL, free_reason TEXT,
  input_tokens INTEGER NOT NULL, cached_input_tokens INTEGER NOT NULL, cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL,
  waited_ms INTEGER NOT NULL, first_byte_ms INTEGER, duration_ms INTEGER NOT NULL,
  upstream_request_id TEXT, response_id TEXT, notice TEXT, terms_hash TEXT NOT NULL,
  corrects TEXT REFERENCES usage_events (id), prev_hash TEXT NOT NULL, hash TEXT NOT NULL,
  CHECK (corrects IS NOT NULL OR id = 'use_' || attempt_id)
) STRICT;
INSERT INTO usage_events_2 (${usageColumns}) SELECT ${usageColumns} FROM usage_events;
DROP TABLE usage_events;
ALTER TABLE usage_events_2 RENAME TO usage_events;
CREATE INDEX usage_by_attempt ON usage_events (attempt_id);
CREATE INDEX usage_by_time ON usage_events (at_ms);
CREATE INDEX usage_by_request ON usage_events (request_id);

CREATE TABLE charges_2 (
  sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, usage_event_id TEXT NOT NULL UNIQUE REFERENCES usage_events (id),
  attempt_id TEXT NOT NULL REFERENCES holds, at_ms INTEGER NOT NULL, cost INTEGER NOT NULL, drawn INTEGER NOT NULL, uncovered INTEGER NOT NULL,
  tier TEXT NOT NULL, price_version TEXT NOT NULL, price TEXT NOT NULL, terms TEXT NOT NULL,
  basis TEXT NOT NULL DEFAULT 'usage' CHECK (basis IN ('usage', 'refund')), corrects TEXT REFERENCES charges (id),
  prev_hash TEXT NOT NULL, hash TEXT NOT NULL,
  CHECK (corrects IS NOT NULL OR id = 'chg_' || attempt_id AND cost >= 0 AND drawn >= 0 AND uncovered >= 0 AND basis = 'usage')
) STRICT;
INSERT INTO charges_2 (${chargeColumns}) SELECT ${chargeColumns} FROM charges;
DROP TABLE charges;
ALTER TABLE charges_2 RENAME TO charges;
CREATE INDEX charges_by_attempt ON charges (attempt_id);

CREATE TABLE entries_2 (
  sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL,
  account TEXT NOT NULL DEFAULT 'grant' CHECK (account IN ('grant', 'overshoot', 'exposure', 'owed')), kind TEXT NOT NULL,
  grant_id TEXT REFERENCES grants, attempt_id TEXT REFERENCES holds, charge_id TEXT REFERENCES charges (id),
  amount INTEGER NOT NULL, held_delta INTEGER NOT NULL, balance_after INTEGER NOT NULL, held_after INTEGER NOT NULL,
  terms_hash TEXT, corrects TEXT REFERENCES entries (id), prev_hash TEXT NOT NULL, hash TEXT NOT NULL,
  CHECK (account <> 'grant' OR grant_id IS NOT NULL)
) STRICT;
INSERT INTO entries_2 (${entryColumns}) SELECT ${entryColumns} FROM entries;
DROP TABLE entries;
ALTER TABLE entries_2 RENAME TO entries;
CREATE INDEX entries_by_attempt ON entries (attempt_id) WHERE attempt_id IS NOT NULL;
CREATE INDEX entries_by_grant ON entries (grant_id, kind) WHERE kind IN ('expire', 'void') AND attempt_id IS NULL;
CREATE INDEX entries_beside ON entries (account) WHERE account <> 'grant';

ALTER TABLE holds ADD COLUMN estimate INTEGER;
ALTER TABLE holds ADD COLUMN likely_output INTEGER;
ALTER TABLE holds ADD COLUMN basis TEXT;

ALTER TABLE grants ADD COLUMN starts_at_ms INTEGER;
ALTER TABLE grants ADD COLUMN models TEXT;
ALTER TABLE grants ADD COLUMN workspaces TEXT;
ALTER TABLE grants ADD COLUMN allowance_id TEXT;
ALTER TABLE grants ADD COLUMN voided INTEGER NOT NULL DEFAULT 0;
CREATE INDEX grants_left ON grants (ordinal) WHERE remaining > 0;

CREATE TABLE directives (
  sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
  content TEXT NOT NULL, prev_hash TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE INDEX directives_by_subject ON directives (kind, subject, sequence);

CREATE TABLE rollups (
  dimension TEXT NOT NULL, key TEXT NOT NULL, bucket INTEGER NOT NULL,
  requests INTEGER NOT NULL, input INTEGER NOT NULL, cached INTEGER NOT NULL, cache_write INTEGER NOT NULL, output INTEGER NOT NULL,
  reasoning INTEGER NOT NULL, cost INTEGER NOT NULL, estimated INTEGER NOT NULL, unpriced INTEGER NOT NULL,
  measured INTEGER NOT NULL, covered INTEGER NOT NULL, estimated_input INTEGER NOT NULL, estimated_output INTEGER NOT NULL,
  measured_input INTEGER NOT NULL, measured_output INTEGER NOT NULL, input_error INTEGER NOT NULL, output_error INTEGER NOT NULL,
  PRIMARY KEY (dimension, key, bucket)
) STRICT, WITHOUT ROWID;
CREATE INDEX rollups_by_time ON rollups (dimension, bucket);

CREATE TABLE checkpoints (sequence INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, content TEXT NOT NULL) STRICT;

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO meta (name, value) VALUES ('readable_from', '2');
`;

/** Brings a ledger of the first version to the second. Its rollups stay empty: the third version makes them anew. */
export function toVersion2(db: DatabaseSync, hash: Hash): void {
  db.exec(tables);
  moveConsents(db, hash);
  db.exec(['usage_events', 'charges', 'entries', 'directives', 'checkpoints'].map(appendOnly).join(''));
}

/** Permissions become directives, in the order in which they were given. */
function moveConsents(db: DatabaseSync, hash: Hash): void {
  const insert = db.prepare('INSERT INTO directives (id, at_ms, kind, subject, content, prev_hash, hash) VALUES (?,?,?,?,?,?,?)');
  let prevHash = chainStart;
  for (const row of db.prepare('SELECT * FROM consents ORDER BY sequence').all()) {
    const directive: Directive = { kind: 'consent', consent: row['scope'] === 'everywhere' ? { scope: 'everywhere', of: '', answer: 'allow' } : { scope: 'workspace', of: String(row['workspace_id']), answer: 'allow' } };
    const written = { id: String(row['cause']), atMs: Number(row['at_ms']), kind: directive.kind, subject: subjectOf(directive), content: JSON.stringify(directive), prevHash };
    prevHash = hash(directiveText(written));
    insert.run(written.id, written.atMs, written.kind, written.subject, written.content, written.prevHash, prevHash);
  }
  db.exec('DROP TABLE consents');
}

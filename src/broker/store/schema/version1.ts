// The tables of the first version of the SQLite ledger, as they were first made. Never changed any more:
// later versions begin with them. Statements only.

const tables = `
CREATE TABLE workspaces (
  workspace_id TEXT PRIMARY KEY, path TEXT NOT NULL, label TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE, created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE requests (
  request_id TEXT PRIMARY KEY, received_at_ms INTEGER NOT NULL, workspace_id TEXT NOT NULL,
  client TEXT NOT NULL, client_version TEXT, thread_id TEXT, turn_id TEXT, request_kind TEXT,
  model TEXT NOT NULL, stream INTEGER NOT NULL
) STRICT;

CREATE TABLE decisions (
  attempt_id TEXT PRIMARY KEY, request_id TEXT NOT NULL REFERENCES requests, number INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, waited_ms INTEGER NOT NULL, record TEXT NOT NULL, terms_hash TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_by_request ON decisions (request_id, number);

CREATE TABLE holds (
  attempt_id TEXT PRIMARY KEY REFERENCES decisions, request_id TEXT NOT NULL REFERENCES requests,
  number INTEGER NOT NULL, workspace_id TEXT NOT NULL, opened_at_ms INTEGER NOT NULL,
  amount INTEGER NOT NULL CHECK (amount >= 0), price TEXT, tier TEXT NOT NULL,
  estimated_input INTEGER NOT NULL, estimated_output INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'posted', 'voided'))
) STRICT;
CREATE INDEX holds_open ON holds (attempt_id) WHERE state = 'open';

CREATE TABLE begun (
  attempt_id TEXT PRIMARY KEY REFERENCES holds, at_ms INTEGER NOT NULL, response_id TEXT
) STRICT;

CREATE TABLE usage_events (
  sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, attempt_id TEXT NOT NULL UNIQUE REFERENCES decisions,
  request_id TEXT NOT NULL REFERENCES requests, at_ms INTEGER NOT NULL, workspace_id TEXT NOT NULL,
  client TEXT NOT NULL, thread_id TEXT, model TEXT NOT NULL, model_served TEXT, tier TEXT NOT NULL,
  outcome TEXT NOT NULL, status INTEGER, measured INTEGER NOT NULL, free_reason TEXT,
  input_tokens INTEGER NOT NULL, cached_input_tokens INTEGER NOT NULL, cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL,
  waited_ms INTEGER NOT NULL, first_byte_ms INTEGER, duration_ms INTEGER NOT NULL,
  upstream_request_id TEXT, response_id TEXT, notice TEXT, terms_hash TEXT NOT NULL,
  prev_hash TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE INDEX usage_by_time ON usage_events (at_ms);
CREATE INDEX usage_by_request ON usage_events (request_id);

CREATE TABLE charges (
  sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, usage_event_id TEXT NOT NULL UNIQUE REFERENCES usage_events (id),
  attempt_id TEXT NOT NULL UNIQUE REFERENCES holds, at_ms INTEGER NOT NULL,
  cost INTEGER NOT NULL CHECK (cost >= 0), drawn INTEGER NOT NULL CHECK (drawn >= 0), uncovered INTEGER NOT NULL CHECK (uncovered >= 0),
  tier TEXT NOT NULL, price_version TEXT NOT NULL, price TEXT NOT NULL, terms TEXT NOT NULL,
  prev_hash TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;

CREATE TABLE grants (
  grant_id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, content TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('included', 'promotional', 'purchased')),
  amount INTEGER NOT NULL CHECK (amount > 0),
  remaining INTEGER NOT NULL CHECK (remaining >= 0), held INTEGER NOT NULL CHECK (held >= 0 AND held <= remaining),
  priority INTEGER NOT NULL, created_at_ms INTEGER NOT NULL, ordinal INTEGER NOT NULL UNIQUE, expires_at_ms INTEGER, note TEXT
) STRICT;

CREATE TABLE consents (
  sequence INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, scope TEXT NOT NULL CHECK (scope IN ('everywhere', 'workspace')),
  workspace_id TEXT, cause TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE entries (
  sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,
  grant_id TEXT NOT NULL REFERENCES grants, attempt_id TEXT REFERENCES holds, charge_id TEXT REFERENCES charges (id),
  amount INTEGER NOT NULL, held_delta INTEGER NOT NULL, balance_after INTEGER NOT NULL, held_after INTEGER NOT NULL,
  terms_hash TEXT,
  prev_hash TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE INDEX entries_by_attempt ON entries (attempt_id) WHERE attempt_id IS NOT NULL;
`;

/** Triggers that keep a table append-only, whoever writes to the file. */
export function appendOnly(table: string): string {
  return `
CREATE TRIGGER ${table}_not_updated BEFORE UPDATE ON ${table} BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END;
CREATE TRIGGER ${table}_not_deleted BEFORE DELETE ON ${table} BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END;`;
}

/** Makes the first version. */
export const version1 = tables + ['usage_events', 'charges', 'entries', 'decisions', 'requests', 'begun', 'consents'].map(appendOnly).join('');

// The rows that make a grant: its own, and the entry that brings its credits. Runs inside a transaction that the
// caller opened, for a cause that is known to be new.
import type { DatabaseSync } from 'node:sqlite';
import type { GrantKind } from '../../domain/grants.ts';
import { grantTermsText } from '../../domain/rowTexts.ts';
import type { LedgerChains } from './ledgerChains.ts';
import { statement } from './statements.ts';

/** A grant to be made. `content` is what a person chose, as JSON text. */
export interface NewGrant {
  readonly grantId: string;
  readonly key: string;
  readonly content: string;
  readonly kind: GrantKind;
  readonly amountMicroCredits: number;
  readonly priority: number;
  readonly atMs: number;
  readonly startsAtMs?: number;
  readonly expiresAtMs?: number;
  readonly models?: readonly string[];
  readonly workspaces?: readonly string[];
  readonly allowanceId?: string;
  readonly note?: string;
}

/** Inserts a grant with the entry that makes it. */
export function insertGrant(db: DatabaseSync, chains: LedgerChains, made: NewGrant): void {
  const order = Number(statement(db, 'SELECT COALESCE(MAX(ordinal), 0) + 1 AS next FROM grants').get()?.['next']);
  const list = (names: readonly string[] | undefined) => (names === undefined ? null : JSON.stringify(names));
  const terms = {
    id: made.grantId, key: made.key, content: made.content, kind: made.kind, amountMicroCredits: made.amountMicroCredits, priority: made.priority, createdAtMs: made.atMs, order,
    startsAtMs: made.startsAtMs ?? null, expiresAtMs: made.expiresAtMs ?? null, models: list(made.models), workspaces: list(made.workspaces), allowanceId: made.allowanceId ?? null, note: made.note ?? null,
  };
  statement(db, `INSERT INTO grants (grant_id, key, content, kind, amount, remaining, held, priority, created_at_ms, ordinal, expires_at_ms, note, starts_at_ms, models, workspaces, allowance_id)
    VALUES (?,?,?,?,?,0,0,?,?,?,?,?,?,?,?,?)`).run(terms.id, terms.key, terms.content, terms.kind, terms.amountMicroCredits, terms.priority, terms.createdAtMs, terms.order,
    terms.expiresAtMs, terms.note, terms.startsAtMs, terms.models, terms.workspaces, terms.allowanceId);
  chains.entry({ id: `grant_${made.grantId}`, atMs: made.atMs, kind: 'grant', grantId: made.grantId, amountMicroCredits: made.amountMicroCredits, termsHash: chains.termsHash(grantTermsText(terms)) });
}

/** The id of a grant that the ledger makes by itself: a hash of its key, which may hold what no id could. */
export function grantIdOf(chains: LedgerChains, key: string): string {
  return `grant_${chains.termsHash(key).slice(0, 24)}`;
}

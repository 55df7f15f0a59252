// Making grants: one cause, once. A person's purchased credits pay what is owed first. Each function runs
// inside a transaction that the caller opened.
import type { DatabaseSync } from 'node:sqlite';
import { priorityDefault } from '../../domain/grants.ts';
import type { GrantKind } from '../../domain/grants.ts';
import { grantTermsText } from '../../domain/rowTexts.ts';
import { problem } from '../../domain/problem.ts';
import { layDown } from './directiveTable.ts';
import { readGrant, readOwed } from './grantReads.ts';
import type { LedgerChains } from './ledgerChains.ts';
import type { GrantCommand, LedgerCommandResults } from './ledgerCommands.ts';
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

/** Adds credits. The same key with the same content gives the grant that exists. */
export function grant(db: DatabaseSync, chains: LedgerChains, command: GrantCommand): LedgerCommandResults['grant'] {
  const content = contentOf(command);
  const known = statement(db, 'SELECT grant_id, content FROM grants WHERE key = ?').get(command.key);
  if (known) {
    if (known['content'] !== content) return { problem: problem('key_conflict', `A grant with the key "${command.key}" exists already and is different. Nothing was added.`) };
    return found(db, String(known['grant_id']), false);
  }
  if (command.expiresAtMs !== undefined && command.expiresAtMs <= Math.max(command.atMs, command.startsAtMs ?? 0)) {
    return { problem: problem('argument_invalid', 'The grant would expire before it begins. Nothing was added.') };
  }
  insertGrant(db, chains, { ...command, priority: command.priority ?? priorityDefault, content });
  if (command.kind === 'purchased') {
    const { consent } = command;
    if (consent.scope !== 'ask') layDown(chains, `grant ${command.grantId}`, command.atMs, { kind: 'consent', consent: { scope: consent.scope, of: consent.scope === 'workspace' ? consent.workspaceId : '', answer: 'allow' } });
    payOwed(db, chains, command);
  }
  return found(db, command.grantId, true);
}

/** What makes two grants the same: everything a person chose, nothing that the clock or ids gave. */
function contentOf(command: GrantCommand): string {
  const { startsAtMs, priority, models, workspaces } = command;
  const more = [startsAtMs ?? null, priority ?? null, models ?? null, workspaces ?? null];
  return JSON.stringify([command.kind, command.amountMicroCredits, command.expiresAtMs ?? null, command.consent, ...(more.every((one) => one === null) ? [] : more)]);
}

function found(db: DatabaseSync, grantId: string, created: boolean): { readonly grant: NonNullable<ReturnType<typeof readGrant>>; readonly created: boolean } {
  const one = readGrant(db, grantId);
  if (!one) throw new Error(`grant ${grantId} was stored and cannot be read`);
  return { grant: one, created };
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

/** New purchased credits pay what is owed before anything else: two entries that name each other. */
function payOwed(db: DatabaseSync, chains: LedgerChains, command: GrantCommand): void {
  const amount = Math.min(readOwed(db), command.amountMicroCredits);
  if (amount <= 0) return;
  const id = `post_owed_${command.grantId}`;
  chains.entry({ id, atMs: command.atMs, kind: 'post', grantId: command.grantId, amountMicroCredits: -amount, corrects: `grant_${command.grantId}` });
  chains.entry({ id: `${id}_paid`, atMs: command.atMs, account: 'owed', kind: 'post', grantId: command.grantId, amountMicroCredits: amount, corrects: id });
}

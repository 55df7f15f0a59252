// Credits that a person adds, or that a voucher brings: one cause, once. Purchased ones pay what is owed first. Runs
// inside a transaction that the caller opened.
import type { DatabaseSync } from 'node:sqlite';
import { keyFault } from '../../domain/directives.ts';
import { isExpired, priorityDefault } from '../../domain/grants.ts';
import { voucherContent, voucherKey } from '../../domain/grantSource.ts';
import { problem } from '../../domain/problem.ts';
import { layDown, readDirectives } from './directiveTable.ts';
import { readGrant } from './grantReads.ts';
import type { LedgerChains } from './ledgerChains.ts';
import type { GrantCommand, LedgerCommandResults, RedeemCommand } from './ledgerCommands.ts';
import { insertGrant } from './newGrant.ts';
import { payOwed } from './owedWrites.ts';
import { statement } from './statements.ts';

/** Adds credits. The same key with the same content gives the grant that exists. */
export function grant(db: DatabaseSync, chains: LedgerChains, command: GrantCommand): LedgerCommandResults['grant'] {
  const content = contentOf(command);
  const known = statement(db, 'SELECT grant_id, content FROM grants WHERE key = ?').get(command.key);
  if (known) {
    if (known['content'] !== content) return { problem: problem('key_conflict', 'A grant with the key "{0}" exists already and is different. Nothing was added.', { values: [command.key] }) };
    return found(db, String(known['grant_id']), false);
  }
  const fault = keyFault(command.key);
  if (fault !== undefined) return { problem: problem('argument_invalid', '{0} Nothing was added.', { values: [fault] }) };
  if (command.expiresAtMs !== undefined && command.expiresAtMs <= Math.max(command.atMs, command.startsAtMs ?? 0)) {
    return { problem: problem('argument_invalid', 'The grant would expire before it begins. Nothing was added.') };
  }
  insertGrant(db, chains, { ...command, priority: command.priority ?? priorityDefault, content });
  if (command.kind === 'purchased') {
    const { consent } = command;
    if (consent.scope !== 'ask') layDown(chains, `grant ${command.grantId}`, command.atMs, { kind: 'consent', consent: { scope: consent.scope, of: consent.scope === 'workspace' ? consent.workspaceId : '', answer: 'allow' } });
    payOwed(chains, command);
  }
  return found(db, command.grantId, true);
}

/** What makes two grants the same: everything a person chose, nothing that the clock or ids gave. */
function contentOf(command: GrantCommand): string {
  const { startsAtMs, priority, models, workspaces } = command;
  const more = [startsAtMs ?? null, priority ?? null, models ?? null, workspaces ?? null];
  return JSON.stringify([command.kind, command.amountMicroCredits, command.expiresAtMs ?? null, command.consent, ...(more.every((one) => one === null) ? [] : more)]);
}

/** Adds what a voucher gives: promotional credits that end with it. */
export function redeem(db: DatabaseSync, chains: LedgerChains, command: RedeemCommand): LedgerCommandResults['redeem'] {
  const { grantId, keyId, voucherId, amountMicroCredits, expiresAtMs } = command;
  const key = voucherKey(keyId, voucherId);
  const known = statement(db, 'SELECT grant_id, amount, created_at_ms FROM grants WHERE key = ?').get(key);
  if (known?.['grant_id'] === grantId) return found(db, grantId, false);
  if (known) return { problem: problem('voucher_redeemed', 'This voucher was redeemed before, on {0}; it gave {1} credits. Nothing was added again.', { values: [{ atMs: Number(known['created_at_ms']) }, { credits: Number(known['amount']), decimals: 2 }] }) };
  if (!readDirectives(db, chains).issuers.some((one) => one.keyId === keyId)) return { problem: problem('voucher_foreign', 'The issuer {0} of this voucher is not trusted any more. Nothing was added.', { values: [keyId] }) };
  if (isExpired(command, command.atMs)) return { problem: problem('voucher_expired', 'This voucher could be redeemed until {0}. Nothing was added.', { values: [{ atMs: expiresAtMs ?? 0 }] }) };
  insertGrant(db, chains, { ...command, key, kind: 'promotional', priority: priorityDefault, content: voucherContent(amountMicroCredits, expiresAtMs, keyId, voucherId) });
  return found(db, grantId, true);
}

function found(db: DatabaseSync, grantId: string, created: boolean): { readonly grant: NonNullable<ReturnType<typeof readGrant>>; readonly created: boolean } {
  const one = readGrant(db, grantId);
  if (!one) throw new Error(`grant ${grantId} was stored and cannot be read`);
  return { grant: one, created };
}

// Questions that the SQLite ledger answers for the waterfall, the snapshot and reports. Reading
// only; nothing here changes a row.
import type { Said } from '../../domain/say.ts';
import type { DatabaseSync } from 'node:sqlite';
import { allowanceGrant } from '../../domain/allowances.ts';
import type { Allowance } from '../../domain/allowances.ts';
import { availableMicroCredits } from '../../domain/grants.ts';
import type { AttemptOutcome } from '../../domain/settlement.ts';
import type { EntryView, PriceChangeView, RequestView } from '../../protocol/snapshot.ts';
import { nextAdditionAtMs, readTopUpMonth } from './autoTopUps.ts';
import { readDirectives } from './directiveTable.ts';
import { readShownGrants } from './grantReads.ts';
import type { LedgerChains } from './ledgerChains.ts';
import type { BalanceRead, EstimateSample, Workspace } from './ledgerPort.ts';
import { statement } from './statements.ts';
import { earlyExpiries } from './upkeep.ts';

type Row = Record<string, unknown>;

/** Grants that are used up or over and still shown: the newest ones. */
const endedShownMax = 100;

/** The balance as people see it, with what holds now and when time brings something. */
export function readBalance(db: DatabaseSync, chains: LedgerChains, nowMs: number): BalanceRead {
  const grants = readShownGrants(db, endedShownMax);
  const directives = readDirectives(db, chains);
  const { tracked, owedMicroCredits } = chains.credits();
  const topUps = directives.autoTopUp && readTopUpMonth(db, directives.autoTopUp, nowMs);
  const due = [
    ...earlyExpiries(db, chains, nowMs).length > 0 ? [nowMs] : [],
    ...grants.filter((grant) => availableMicroCredits(grant) > 0).map((grant) => (grant.voided === undefined ? grant.expiresAtMs ?? Infinity : nowMs)),
    ...directives.allowances.map((allowance) => nextGiftAtMs(db, allowance, nowMs)),
    nextAdditionAtMs(chains, topUps, nowMs) ?? Infinity,
  ];
  const upkeepAtMs = Math.min(Infinity, ...due);
  return { tracked, grants, owedMicroCredits, directives, ...(topUps ? { topUps } : {}), ...(Number.isFinite(upkeepAtMs) ? { upkeepAtMs } : {}) };
}

/** When an allowance gives its next grant: now where this period's is missing, else when the next period begins. */
function nextGiftAtMs(db: DatabaseSync, allowance: Allowance, nowMs: number): number {
  const { key, expiresAtMs } = allowanceGrant(allowance, nowMs);
  return statement(db, 'SELECT 1 FROM grants WHERE key = ?').get(key) ? expiresAtMs : nowMs;
}

/** Every registered workspace. */
export function readWorkspaces(db: DatabaseSync): Workspace[] {
  return statement(db, 'SELECT * FROM workspaces ORDER BY created_at_ms').all().map((row) => ({
    workspaceId: String(row['workspace_id']), path: String(row['path']), label: String(row['label']), tokenHash: String(row['token_hash']),
  }));
}

/** The newest finished attempts. */
export function readRecent(db: DatabaseSync, limit: number): RequestView[] {
  return statement(db, `SELECT u.*, c.cost, w.label, d.record ->> '$.fallback.model' AS fallback,
    CASE WHEN u.outcome = 'refused' THEN d.record -> '$.said' END AS said FROM usage_events u LEFT JOIN charges c ON c.usage_event_id = u.id
    LEFT JOIN decisions d ON d.attempt_id = u.attempt_id LEFT JOIN workspaces w ON w.workspace_id = u.workspace_id WHERE u.corrects IS NULL ORDER BY u.sequence DESC LIMIT ?`).all(limit).map((row: Row) => ({
    requestId: String(row['request_id']), atMs: Number(row['at_ms']), workspaceId: String(row['workspace_id']),
    workspaceLabel: String(row['label'] ?? row['workspace_id']), client: String(row['client']),
    ...(row['thread_id'] === null ? {} : { threadId: String(row['thread_id']) }),
    model: String(row['model_served'] ?? row['model']), outcome: row['outcome'] as AttemptOutcome, measured: row['measured'] === 1,
    durationMs: Number(row['duration_ms']), waitedMs: Number(row['waited_ms']), ...tokensOf(row),
    ...(row['cost'] === null ? {} : { costMicroCredits: Number(row['cost']) }),
    ...(row['free_reason'] === null ? {} : { freeReason: String(row['free_reason']) }), ...(row['said'] === null ? {} : { said: JSON.parse(String(row['said'])) as Said }),
    ...(row['fallback'] === null ? {} : { fallback: String(row['fallback']) }),
  }));
}

/** The five token counts of a usage event's row. */
export function tokensOf(row: Row) {
  return {
    inputTokens: Number(row['input_tokens']), cachedInputTokens: Number(row['cached_input_tokens']), cacheWriteTokens: Number(row['cache_write_tokens']),
    outputTokens: Number(row['output_tokens']), reasoningTokens: Number(row['reasoning_tokens']),
  };
}

const entryColumns = `SELECT e.*, h.request_id FROM entries e LEFT JOIN holds h ON h.attempt_id = e.attempt_id`;

/** The newest balance entries, newest first. */
export function readEntries(db: DatabaseSync, limit: number): EntryView[] {
  return statement(db, `${entryColumns} ORDER BY e.sequence DESC LIMIT ?`).all(limit).map(entryView);
}

/** The entries of one request, in order. */
export function readRequestEntries(db: DatabaseSync, requestId: string): EntryView[] {
  return statement(db, `SELECT e.*, h.request_id FROM decisions d JOIN holds h ON h.attempt_id = d.attempt_id JOIN entries e ON e.attempt_id = d.attempt_id
    WHERE d.request_id = ? ORDER BY e.sequence`).all(requestId).map(entryView);
}

/** An entry's row, joined with its request's id, as it is shown. */
export function entryView(row: Row): EntryView {
  return {
    sequence: Number(row['sequence']), atMs: Number(row['at_ms']), kind: row['kind'] as EntryView['kind'], account: row['account'] as EntryView['account'],
    ...(row['grant_id'] === null ? {} : { grantId: String(row['grant_id']) }), ...(row['corrects'] === null ? {} : { corrects: String(row['corrects']) }),
    ...(row['request_id'] === null ? {} : { requestId: String(row['request_id']) }),
    amountMicroCredits: Number(row['amount']), heldDeltaMicroCredits: Number(row['held_delta']), balanceAfterMicroCredits: Number(row['balance_after']),
  };
}

/** Prices that changed since a moment, newest first: a model's later ones, each with the one before it. */
export function readPriceChanges(db: DatabaseSync, sinceMs: number): PriceChangeView[] {
  return statement(db, `SELECT * FROM (SELECT at_ms, subject, content, LAG(content) OVER (PARTITION BY subject ORDER BY sequence) AS before, sequence FROM directives WHERE kind = 'price')
    WHERE before IS NOT NULL AND at_ms >= ? ORDER BY sequence DESC LIMIT 50`).all(sinceMs).map((row) => {
    const priceOf = (text: unknown) => (JSON.parse(String(text)) as { readonly price: PriceChangeView['after'] }).price;
    return { model: String(row['subject']), atMs: Number(row['at_ms']), before: priceOf(row['before']), after: priceOf(row['content']) };
  });
}

/** The newest measured attempts with the sizes that they were estimated from, oldest first. */
export function readSamples(db: DatabaseSync, limit: number): EstimateSample[] {
  return statement(db, `SELECT h.basis, u.input_tokens, u.output_tokens, u.reasoning_tokens, u.outcome, u.response_id FROM usage_events u JOIN holds h ON h.attempt_id = u.attempt_id JOIN charges c ON c.usage_event_id = u.id
    WHERE u.measured = 1 AND u.corrects IS NULL AND h.basis IS NOT NULL ORDER BY u.sequence DESC LIMIT ?`).all(limit).reverse().map((row) => ({
    basis: String(row['basis']), inputTokens: Number(row['input_tokens']), outputTokens: Number(row['output_tokens']), reasoningTokens: Number(row['reasoning_tokens']), isCut: row['outcome'] !== 'completed',
    ...(row['response_id'] === null ? {} : { responseId: String(row['response_id']) }),
  }));
}

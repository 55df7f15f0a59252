// The automatic top-up on the rows of the ledger: what it added this month, what it would add next, and the grants
// that it makes. Each addition is one grant by its month and number, made in the transaction that found it missing.
import type { DatabaseSync } from 'node:sqlite';
import { additionsLeft, isCalledFor, monthOf } from '../../domain/autoTopUp.ts';
import type { AutoTopUp } from '../../domain/autoTopUp.ts';
import { priorityDefault } from '../../domain/grants.ts';
import { additionContent, additionKey } from '../../domain/grantSource.ts';
import type { TopUpOffer } from '../../domain/toppedUpDecision.ts';
import { readDirectives } from './directiveTable.ts';
import type { LedgerChains } from './ledgerChains.ts';
import { grantIdOf, insertGrant } from './newGrant.ts';
import { statement } from './statements.ts';

/** The rule with what it added in a calendar month, which begins anew at `untilMs`. */
export interface TopUpMonth { readonly rule: AutoTopUp; readonly addedMicroCredits: number; readonly fromMs: number; readonly untilMs: number }

/** What a rule added in the month of a moment. It counts by the moment at which it was added, so that another amount gives no second cap. */
export function readTopUpMonth(db: DatabaseSync, rule: AutoTopUp, nowMs: number): TopUpMonth {
  const { fromMs, untilMs } = monthOf(rule, nowMs);
  const added = statement(db, `SELECT COALESCE(SUM(amount), 0) AS sum FROM grants WHERE ${isAddition} AND created_at_ms >= ? AND created_at_ms < ?`).get(fromMs, untilMs)?.['sum'];
  return { rule, addedMicroCredits: Number(added), fromMs, untilMs };
}

/** Grants of the automatic top-up; the keys let SQLite find them by their index. */
const isAddition = `key >= 'auto top-up ' AND key < 'auto top-up!' AND content LIKE '["auto top-up",%'`;

/** When the rule adds next by itself: now where it is called for and may, with the next month where the cap keeps it from that; undefined where nothing calls for it. */
export function nextAdditionAtMs(chains: LedgerChains, month: TopUpMonth | undefined, nowMs: number): number | undefined {
  if (!month || !isCalledFor(month.rule, chains.credits(), nowMs)) return undefined;
  return additionsLeft(month.rule, month.addedMicroCredits) > 0 ? nowMs : month.untilMs;
}

/** Adds once where the balance is below the threshold. @returns how many grants were made */
export function addWhereCalledFor(db: DatabaseSync, chains: LedgerChains, nowMs: number): number {
  const { autoTopUp: rule } = readDirectives(db, chains);
  // The rows are asked only then: nearly every decision finds enough.
  if (!rule || !isCalledFor(rule, chains.credits(), nowMs) || additionsLeft(rule, readTopUpMonth(db, rule, nowMs).addedMicroCredits) < 1) return 0;
  addGrants(db, chains, rule, 1, nowMs);
  return 1;
}

/** What a request that lacks credits can be offered. */
export function offerOf(db: DatabaseSync, chains: LedgerChains, rule: AutoTopUp, nowMs: number): TopUpOffer {
  const { addedMicroCredits, fromMs } = readTopUpMonth(db, rule, nowMs);
  const next = nextOrdinal(db, fromMs);
  return {
    rule, addedMicroCredits,
    // Its order is behind all others; only what it is while nobody has drawn from it matters here.
    grantAt: (place) => ({
      id: grantIdOf(chains, additionKey(fromMs, next + place)), kind: 'purchased', amountMicroCredits: rule.amountMicroCredits, remainingMicroCredits: rule.amountMicroCredits, heldMicroCredits: 0,
      priority: priorityDefault, createdAtMs: nowMs, order: Number.MAX_SAFE_INTEGER - 1000 + place, source: 'auto',
    }),
  };
}

/** Makes the next grants of the month of a moment. */
export function addGrants(db: DatabaseSync, chains: LedgerChains, rule: AutoTopUp, count: number, atMs: number): void {
  const { fromMs } = monthOf(rule, atMs);
  const next = nextOrdinal(db, fromMs);
  for (let ordinal = next; ordinal < next + count; ordinal += 1) {
    const key = additionKey(fromMs, ordinal);
    insertGrant(db, chains, {
      grantId: grantIdOf(chains, key), key, content: additionContent(rule.amountMicroCredits, fromMs, ordinal), kind: 'purchased', amountMicroCredits: rule.amountMicroCredits, priority: priorityDefault, atMs,
    });
  }
}

/** The number of the next addition whose month begins at a moment. */
function nextOrdinal(db: DatabaseSync, fromMs: number): number {
  return Number(statement(db, `SELECT COUNT(*) AS n FROM grants WHERE key >= ?1 || ' ' AND key < ?1 || '!' AND content LIKE '["auto top-up",%'`).get(`auto top-up ${fromMs}`)?.['n']) + 1;
}

// Goes along the chains of a ledger, row by row, and holds only sums: that each row follows the one
// before it, that its hash is that of its text, and what the entries add up to.
import type { ChargeRow, DirectiveRow, EntryRow, UsageEventRow } from '../ledgerRows.ts';
import { chainStart, chargeText, directiveText, entryText, usageEventText } from '../rowTexts.ts';
import type { Hash } from '../rowTexts.ts';
import type { Fail } from './auditFail.ts';

/** Where a chain stands: how many rows, and the hash of the newest. */
export interface ChainHead { readonly rows: number; readonly hash: string }

/** The chains, each in its own sequence order, from the checkpoint on. */
export interface ChainRows {
  readonly usageEvents: Iterable<UsageEventRow>;
  readonly charges: Iterable<ChargeRow>;
  readonly entries: Iterable<EntryRow>;
  readonly directives: Iterable<DirectiveRow>;
}

/**
 * What the entries say of one grant. `ends` counts the entries by which it expired or was taken back, `ended` is what they took less
 * what came back of it. `paid` is what it paid of debts and `settled` the same as the debts tell it, `owed` what was spent of it and
 * is owed since it was disputed, `repaid` what had been paid too much of debts and was given back with it.
 */
export interface GrantTotals {
  readonly granted: number; readonly remaining: number; readonly held: number; readonly causes: number; readonly ends: number; readonly ended: number;
  readonly paid: number; readonly settled: number; readonly owed: number; readonly repaid: number; readonly termsHash: string | null;
}

/** Sums of the accounts beside the grants; `overshot` counts what was booked there, `overshoot` what is left of it. */
export interface BesideTotals { readonly overshoot: number; readonly overshot: number; readonly exposure: number; readonly owed: number }

/** A state of the ledger that was proven. The next audit begins there. */
export interface Checkpoint {
  readonly heads: { readonly usage_events: ChainHead; readonly charges: ChainHead; readonly entries: ChainHead; readonly directives: ChainHead; readonly imports: ChainHead };
  /** Decisions up to here were looked at. */
  readonly decisions: number;
  readonly balance: number;
  readonly held: number;
  readonly beside: BesideTotals;
  readonly grants: Readonly<Record<string, GrantTotals>>;
}

/** Where each chain begins. */
export const start: ChainHead = { rows: 0, hash: chainStart };

interface Chained { readonly sequence: number; readonly id: string; readonly prevHash: string; readonly hash: string }

/** Follows a chain and tells where it ends. */
export function follow<Row extends Chained>(rows: Iterable<Row>, name: string, text: (row: Row) => string, hash: Hash, fail: Fail, from: ChainHead, each: (row: Row) => void): ChainHead {
  let { rows: count, hash: previous } = from;
  for (const row of rows) {
    count += 1;
    if (row.sequence !== count) fail('I11', `${name} ${row.id} is out of sequence`);
    if (row.prevHash !== previous || hash(text(row)) !== row.hash) fail('I9', `the chain of ${name}s breaks at ${row.id}`);
    previous = row.hash;
    each(row);
  }
  return { rows: count, hash: previous };
}

const nothing = () => undefined;

/** Follows the usage events. */
export function auditUsageEvents(rows: Iterable<UsageEventRow>, hash: Hash, fail: Fail, from = start): ChainHead {
  return follow(rows, 'usage event', usageEventText, hash, fail, from, nothing);
}

/** Follows the charges. */
export function auditCharges(rows: Iterable<ChargeRow>, hash: Hash, fail: Fail, from = start): ChainHead {
  return follow(rows, 'charge', chargeText, hash, fail, from, nothing);
}

/** Follows the directives. */
export function auditDirectives(rows: Iterable<DirectiveRow>, hash: Hash, fail: Fail, from = start): ChainHead {
  return follow(rows, 'directive', directiveText, hash, fail, from, nothing);
}

const noTotals: GrantTotals = { granted: 0, remaining: 0, held: 0, causes: 0, ends: 0, ended: 0, paid: 0, settled: 0, owed: 0, repaid: 0, termsHash: null };

/** Follows the entries, adds them up and passes each on. */
export function auditEntries(rows: Iterable<EntryRow>, hash: Hash, fail: Fail, { from, each }: { readonly from: Checkpoint | undefined; readonly each: (row: EntryRow) => void }) {
  const grants = new Map<string, GrantTotals>(Object.entries(from?.grants ?? {}));
  let balance = from?.balance ?? 0;
  let held = from?.held ?? 0;
  let beside: BesideTotals = from?.beside ?? { overshoot: 0, overshot: 0, exposure: 0, owed: 0 };
  const head = follow(rows, 'entry', entryText, hash, fail, from?.heads.entries ?? start, (row) => {
    if (!Number.isSafeInteger(row.amountMicroCredits) || !Number.isSafeInteger(row.heldDeltaMicroCredits)) fail('I10', `entry ${row.id} is not in whole microcredits`);
    if (!hasLawfulSigns(row)) fail('I1', `entry ${row.id} moves ${row.amountMicroCredits} and ${row.heldDeltaMicroCredits} reserved, which no ${row.kind} of ${row.account} does`);
    if (row.grantId !== null) grants.set(row.grantId, addToGrant(grants.get(row.grantId) ?? noTotals, row));
    if (row.account === 'grant') {
      const { held: heldOf, remaining, ends, ended } = grants.get(row.grantId ?? '') ?? noTotals;
      balance += row.amountMicroCredits;
      held += row.heldDeltaMicroCredits;
      if (heldOf < 0 || remaining < heldOf) fail('I2', `after entry ${row.id} grant ${String(row.grantId)} has ${remaining} left and ${heldOf} reserved`);
      if (endsGrant(row) && row.id !== `${row.kind}_${String(row.grantId)}_${ends}`) fail('I3', `entry ${row.id} does not carry the key of its cause`);
      if (returnsExpired(row) && (row.id !== `refund_${String(row.corrects)}` || !row.corrects?.startsWith(`expire_${String(row.grantId)}_`))) fail('I3', `entry ${row.id} does not carry the key of its cause`);
      if (ended < 0) fail('I1', `after entry ${row.id} more came back to grant ${String(row.grantId)} than had expired`);
    } else {
      beside = {
        ...beside, [row.account]: beside[row.account] + row.amountMicroCredits,
        ...(row.account === 'overshoot' && row.kind === 'overage' ? { overshot: beside.overshot - row.amountMicroCredits } : {}),
      };
    }
    if (row.balanceAfterMicroCredits !== balance || row.heldAfterMicroCredits !== held) fail('I6', `entry ${row.id} says ${row.balanceAfterMicroCredits} after it, the entries sum to ${balance}`);
    if (row.kind === 'grant' && row.id !== `grant_${String(row.grantId)}`) fail('I3', `entry ${row.id} does not carry the key of its cause`);
    if (row.termsHash !== null && row.kind !== 'grant' && row.kind !== 'reserve') fail('I9', `entry ${row.id} names terms that no ${row.kind} has`);
    each(row);
  });
  return { grants, balance, held, beside, head };
}

function endsGrant(row: EntryRow): boolean {
  return row.attemptId === null && (row.kind === 'expire' || row.kind === 'void');
}

/** What expired by a clock that was ahead, coming back. */
function returnsExpired(row: EntryRow): boolean {
  return row.attemptId === null && row.kind === 'refund';
}

function addToGrant(before: GrantTotals, row: EntryRow): GrantTotals {
  const { account, kind, amountMicroCredits: amount } = row;
  if (account === 'owed' && kind === 'void') return { ...before, repaid: before.repaid - amount };
  if (account === 'owed') return kind === 'post' && amount > 0 ? { ...before, settled: before.settled + amount } : { ...before, owed: before.owed - amount };
  if (account !== 'grant') return before;
  const after = { ...before, remaining: before.remaining + amount, held: before.held + row.heldDeltaMicroCredits };
  if (kind === 'grant') return { ...after, granted: before.granted + amount, causes: before.causes + 1, termsHash: row.termsHash };
  if (endsGrant(row)) return { ...after, ends: before.ends + 1, ended: before.ended - amount };
  if (returnsExpired(row)) return { ...after, ended: before.ended - amount };
  return kind === 'post' && row.attemptId === null ? { ...after, paid: before.paid - amount } : after;
}

/** Each kind of entry moves the two amounts in one direction only, for an attempt or for none. */
function hasLawfulSigns(row: EntryRow): boolean {
  const { account, kind, amountMicroCredits: amount, heldDeltaMicroCredits: held } = row;
  const isOfAttempt = row.attemptId !== null;
  if (account !== 'grant') {
    if (held !== 0) return false;
    if (account === 'overshoot') return isOfAttempt && (kind === 'overage' && amount < 0 || kind === 'refund' && amount > 0);
    if (account === 'exposure') return isOfAttempt && kind === 'post' && amount < 0;
    // A debt, its payment by new credits, what a refund lowered it by, and what had been paid too much.
    return kind === 'post' && amount !== 0 && !(isOfAttempt && amount > 0) || kind === 'refund' && isOfAttempt && amount > 0 || kind === 'void' && !isOfAttempt && amount < 0;
  }
  switch (kind) {
    case 'grant': return !isOfAttempt && amount > 0 && held === 0;
    case 'reserve': return isOfAttempt && amount === 0 && held > 0;
    // Without an attempt: new credits that pay what is owed.
    case 'post': return isOfAttempt ? amount < 0 && held < 0 && -amount <= -held : amount < 0 && held === 0;
    case 'overage': return isOfAttempt && amount < 0 && held === 0;
    // Without an attempt: what had expired by a clock that was ahead.
    case 'refund': return amount > 0 && held === 0;
    case 'void': return isOfAttempt ? amount === 0 && held < 0 : amount < 0 && held === 0;
    case 'expire': return !isOfAttempt && amount < 0 && held === 0;
  }
}

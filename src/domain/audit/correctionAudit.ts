// Proves the corrections of one attempt: each was asked for by a directive, names what it corrects, keeps the
// price, leaves usage and cost in step, and gives credits back where they came from, the last drawn first.
import { planRefund } from '../corrections.ts';
import type { DrawnSlice } from '../corrections.ts';
import type { ChargeRow, EntryRow, UsageEventRow } from '../ledgerRows.ts';
import { chargeFor } from '../pricing.ts';
import { addUsage, noTokens } from '../tokenUsage.ts';
import type { TokenUsage } from '../tokenUsage.ts';
import type { AttemptRows } from './attemptRows.ts';
import { wasTracked } from './attemptTies.ts';
import type { Fail } from './auditFail.ts';
import type { Told, ToldCorrection } from './directiveAudit.ts';

const counts = ['inputTokens', 'cachedInputTokens', 'cacheWriteTokens', 'outputTokens', 'reasoningTokens'] as const;

/** What was booked for an attempt before a correction. */
interface Booked { usage: TokenUsage; cost: number; refunded: number; uncovered: number }

/** Proves all corrections of an attempt. */
export function auditCorrections(rows: AttemptRows, event: UsageEventRow | undefined, charge: ChargeRow | undefined, told: Told, fail: Fail): void {
  const booked: Booked = { usage: event ?? noTokens, cost: charge?.costMicroCredits ?? 0, refunded: 0, uncovered: charge?.uncoveredMicroCredits ?? 0 };
  const earlier: EntryRow[] = rows.entries.filter((one) => one.account === 'grant' && (one.chargeId === null || one.chargeId === charge?.id));
  for (const one of rows.charges.filter((row) => row.corrects !== null)) {
    const own = rows.events.find((row) => row.id === one.usageEventId);
    if (!own || own.corrects !== event?.id || one.corrects !== charge?.id) { fail('I12', `correction ${one.id} does not name what it corrects`); continue; }
    const moved = rows.entries.filter((row) => row.account === 'grant' && row.chargeId === one.id);
    const cause = auditCause(rows, own, one, told, fail);
    const after = addUsage(booked.usage, own);
    if (charge) auditAmount({ one, charge, own, after, booked, cause }, fail);
    if (one.sequence > told.olderUntil.charges) auditMovements(one, moved, { earlier, uncovered: booked.uncovered, isTracked: wasTracked(rows) }, fail);
    booked.usage = after;
    booked.cost += one.costMicroCredits;
    booked.uncovered += one.uncoveredMicroCredits;
    if (one.basis === 'refund') booked.refunded -= one.costMicroCredits;
    earlier.push(...moved);
  }
  for (const own of rows.events) {
    if (own.corrects !== null && !rows.charges.some((row) => row.usageEventId === own.id)) fail('I12', `correction ${own.id} has no charge of its own`);
  }
}

/** A correction's usage event carries the key of the directive that asked for it, its time and its reason, and nothing of a request. */
function auditCause({ attemptId, events }: AttemptRows, own: UsageEventRow, charge: ChargeRow, told: Told, fail: Fail): ToldCorrection | undefined {
  const first = events.find((one) => one.id === own.corrects);
  const isBare = own.outcome === 'corrected' && own.measured && own.waitedMs === 0 && own.durationMs === 0 && [own.freeReason, own.status, own.firstByteMs, own.upstreamRequestId, own.responseId].every((one) => one === null);
  if (!isBare || own.modelServed !== first?.modelServed || own.tier !== first.tier) fail('I12', `correction ${own.id} tells of something that it does not correct`);
  const cause = told.corrections.get(own.id.slice(`use_${attemptId}~`.length));
  if (!cause && !told.isWhole) return undefined;
  if (cause?.attemptId !== attemptId || cause.atMs !== own.atMs || cause.reason !== own.notice || cause.what.kind !== charge.basis) fail('I12', `correction ${own.id} is not what its directive asked for`);
  return cause;
}

interface Amounts { readonly one: ChargeRow; readonly charge: ChargeRow; readonly own: UsageEventRow; readonly after: TokenUsage; readonly booked: Booked; readonly cause: ToldCorrection | undefined }

function auditAmount({ one, charge, own, after, booked, cause }: Amounts, fail: Fail): void {
  const expected = chargeFor(after, charge.price, charge.tier);
  const refunded = booked.refunded - (one.basis === 'refund' ? one.costMicroCredits : 0);
  if (JSON.stringify(one.price) !== JSON.stringify(charge.price) || one.tier !== charge.tier || one.priceVersion !== charge.priceVersion) fail('I12', `correction ${one.id} is at another price than its charge`);
  if (booked.cost + one.costMicroCredits !== expected.costMicroCredits - refunded) fail('I12', `after correction ${one.id} the cost is ${booked.cost + one.costMicroCredits}, which its usage and price do not give`);
  if (JSON.stringify(one.terms) !== JSON.stringify(one.basis === 'refund' ? [] : expected.terms)) fail('I12', `the terms of correction ${one.id} are not those of its usage`);
  if (one.basis === 'refund' && counts.some((name) => own[name] !== 0)) fail('I12', `refund ${one.id} changes usage`);
  if (cause?.what.kind === 'refund' && cause.what.microCredits !== -one.costMicroCredits || cause?.what.kind === 'usage' && counts.some((name) => cause.what.usage?.[name] !== after[name])) fail('I12', `correction ${one.id} is of another amount than its directive asked for`);
}

/** What comes back goes to the grants that it came from; what no credits had covered is forgiven first. */
function auditMovements(one: ChargeRow, moved: readonly EntryRow[], { earlier, uncovered, isTracked }: { readonly earlier: readonly EntryRow[]; readonly uncovered: number; readonly isTracked: boolean }, fail: Fail): void {
  if (!isTracked || one.costMicroCredits > 0) {
    if (moved.some((row) => row.kind !== 'overage') || !isTracked && moved.length > 0 || one.uncoveredMicroCredits < 0) fail('I12', `correction ${one.id} gave credits back for more usage, or without a hold`);
    return;
  }
  const drawn = new Map<string, { readonly firstId: string; microCredits: number }>();
  for (const { grantId, id, amountMicroCredits: amount } of earlier) {
    if (grantId === null || amount === 0) continue;
    const known = drawn.get(grantId);
    if (known) known.microCredits -= amount;
    else drawn.set(grantId, { firstId: id, microCredits: -amount });
  }
  const slices: DrawnSlice[] = [...drawn].map(([grantId, { microCredits }]) => ({ grantId, microCredits })).filter((slice) => slice.microCredits !== 0);
  const plan = planRefund(-one.costMicroCredits, slices, uncovered);
  const due = plan.movements.map(({ grantId, microCredits }) => `refund ${grantId} ${microCredits} ${drawn.get(grantId)?.firstId ?? ''}`).join();
  const booked = moved.map((row) => `${row.kind} ${String(row.grantId)} ${row.amountMicroCredits} ${String(row.corrects)}`).join();
  if (due !== booked || one.uncoveredMicroCredits !== plan.uncoveredMicroCredits) fail('I12', `correction ${one.id} did not give credits back to where they came from`);
}

// The control call for insights: reads the facts of a range, gives them the prices of today, and lets the rules find.
import { comparedDays, findInsights } from '../domain/insights.ts';
import { dayStartMs, localDayOf } from '../domain/localDays.ts';
import type { ModelPrice } from '../domain/pricing.ts';
import type { ControlArguments } from '../protocol/controlArguments.ts';
import type { InsightsResult } from '../protocol/insightsResult.ts';
import type { Clock } from './clock.ts';
import type { LedgerStore } from './store/ledgerPort.ts';

/** What it reads. */
export interface InsightsParts {
  readonly ledger: LedgerStore;
  readonly clock: Clock;
  readonly utcOffsetMs: (atMs: number) => number;
  /** The price of a model at a moment. */
  readonly priceOf: (model: string, atMs: number) => ModelPrice | undefined;
}

/** The range where none is named. */
const usualDays = 7;

/** Answers. */
export async function insightsOf({ ledger, clock, utcOffsetMs, priceOf }: InsightsParts, { days = usualDays, workspaceId }: ControlArguments<'insights'>): Promise<InsightsResult> {
  const nowMs = clock.nowMs();
  const firstDay = localDayOf(nowMs, utcOffsetMs) - days + 1;
  const fromMs = dayStartMs(firstDay, utcOffsetMs);
  const compared = comparedDays(days);
  const { beganAtMs, ...facts } = await ledger.query('insightFacts', { fromMs, beforeMs: dayStartMs(firstDay - compared, utcOffsetMs), ...(workspaceId === undefined ? {} : { workspaceId }) });
  const models = facts.models.map((one) => {
    const price = priceOf(one.model, nowMs);
    return { ...one, ...(price ? { price } : {}) };
  });
  return {
    insights: findInsights({ ...facts, models }, { days, untilMs: nowMs }), days, comparedDays: compared,
    ...(beganAtMs !== undefined && beganAtMs > fromMs ? { beganAtMs } : {}), ...(facts.closeSinceMs === undefined ? {} : { closeSinceMs: facts.closeSinceMs }),
  };
}

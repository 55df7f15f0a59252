// What of a snapshot runs out when: its balance at the pace of its newest requests, limits and budgets at their own. Pure.
import { runOut, type RunOut } from '../domain/forecast.ts';
import { usedUpAtMs, type LimitStand } from '../domain/tightest.ts';
import { clockWords } from './clockWords.ts';
import { limitStands } from './limitStands.ts';
import type { Snapshot } from './snapshot.ts';

/** See `runOut`; undefined too where no balance is tracked. Requests without a price draw nothing. */
export function snapshotRunOut(snapshot: Pick<Snapshot, 'atMs' | 'balance' | 'recent'>): RunOut | undefined {
  const { balance, recent, atMs } = snapshot;
  if (!balance.tracked) return undefined;
  return runOut(balance.balanceMicroCredits, recent.map((request) => ({ atMs: request.atMs, costMicroCredits: request.costMicroCredits ?? 0 })), atMs);
}

/** "At the pace of the last 2 hours, credits last until about 17:40 (16:55 to 18:50)." */
export function runOutWords(ahead: RunOut, nowMs: number, locale: string): string {
  const minutes = Math.round(ahead.spanMs / 60_000);
  const span = minutes < 90 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  return `At the pace of the last ${span}, credits last until about ${clockWords(ahead.runsOutAtMs, nowMs, locale)}${bandWords(ahead, nowMs, locale)}.`;
}

/** The band in brackets; nothing where both its ends read the same. */
function bandWords({ earliestAtMs, latestAtMs }: RunOut, nowMs: number, locale: string): string {
  const earliest = clockWords(earliestAtMs, nowMs, locale);
  if (latestAtMs === undefined) return ` (${earliest} at the earliest)`;
  const latest = clockWords(latestAtMs, nowMs, locale);
  return earliest === latest ? '' : ` (${earliest} to ${latest})`;
}

/** A limit or budget that is used up before it begins anew. */
export interface LimitRunOut {
  readonly limit: LimitStand;
  readonly runsOutAtMs: number;
  readonly resetsAtMs: number;
}

/** The limit or budget of a window that is used up first at its own pace so far; undefined while all of them last. */
export function snapshotLimitRunOut(snapshot: Pick<Snapshot, 'windows' | 'budgets'>, workspaceId: string | undefined, nowMs: number): LimitRunOut | undefined {
  return limitStands(snapshot, workspaceId, nowMs)
    .flatMap((limit) => {
      const [runsOutAtMs, resetsAtMs] = [usedUpAtMs(limit, nowMs), limit.endsAtMs];
      return runsOutAtMs === undefined || resetsAtMs === undefined ? [] : [{ limit, runsOutAtMs, resetsAtMs }];
    })
    .toSorted((a, b) => a.runsOutAtMs - b.runsOutAtMs)[0];
}

/** "At its pace so far, the limit per week of the plan plus is used up about Thu 26 Nov 14:00; it begins anew at Sat 28 Nov 09:00." */
export function limitRunOutWords({ limit, runsOutAtMs, resetsAtMs }: LimitRunOut, nowMs: number, locale: string): string {
  return `At its pace so far, the ${limit.name} is used up about ${clockWords(runsOutAtMs, nowMs, locale)}; it begins anew at ${clockWords(resetsAtMs, nowMs, locale)}.`;
}

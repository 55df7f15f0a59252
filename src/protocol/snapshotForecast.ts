// The run-out of a snapshot's balance at the pace of its newest requests. Pure.
import { runOut, type RunOut } from '../domain/forecast.ts';
import { clockWords } from './clockWords.ts';
import type { Snapshot } from './snapshot.ts';

/** See `runOut`; undefined too where no balance is tracked. Requests without a price draw nothing. */
export function snapshotRunOut(snapshot: Pick<Snapshot, 'atMs' | 'balance' | 'recent'>): RunOut | undefined {
  const { balance, recent, atMs } = snapshot;
  if (!balance.tracked) return undefined;
  return runOut(balance.balanceMicroCredits, recent.map((request) => ({ atMs: request.atMs, costMicroCredits: request.costMicroCredits ?? 0 })), atMs);
}

/** "At the pace of the last 2 hours, credits last until about 17:40." */
export function runOutWords({ runsOutAtMs, spanMs }: RunOut, nowMs: number, locale: string): string {
  const minutes = Math.round(spanMs / 60_000);
  const span = minutes < 90 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  return `At the pace of the last ${span}, credits last until about ${clockWords(runsOutAtMs, nowMs, locale)}.`;
}

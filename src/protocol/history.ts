// What the dashboard's history is made of: usage by what people ask about, and step by step over a range of
// time. Put together by the ledger at one go, or from one report for each step. Pure.
import { addUsage, noTokens } from '../domain/tokenUsage.ts';
import { sum } from '../domain/units.ts';
import type { ImportedSums, UsageRow } from './snapshot.ts';

/** What usage can be grouped by. */
export const historyGroupings = ['model', 'workspace', 'branch', 'client', 'command', 'file', 'thread', 'kind'] as const;
/** See `historyGroupings`. */
export type HistoryGrouping = (typeof historyGroupings)[number];

/** What a report can be grouped by. */
export const usageGroupings = ['day', ...historyGroupings] as const;
/** See `usageGroupings`. */
export type UsageGrouping = (typeof usageGroupings)[number];

/** Ranges of a history in local days up to today, which counts as a whole one. */
export const rangeDays = [1, 7, 30, 90] as const;
/** See `rangeDays`. */
export type RangeDays = (typeof rangeDays)[number];

/** Groups that are told of at the most, the dearest; the others are one row. */
export const historyGroupsMax = 50;
/** Groups that are told step by step, for a chart. */
export const historySeriesMax = 4;

/** Usage over a range of time. */
export interface HistoryResult {
  /** The dearest groups, by cost and then by tokens. */
  readonly groups: readonly UsageRow[];
  /** How many groups there are. */
  readonly groupCount: number;
  /** All groups that are not told of, as one row; absent where there is none. */
  readonly rest?: UsageRow;
  readonly total: UsageRow;
  /** Everything by step, oldest first and without a gap; keys are local: `2026-11-17`, or `2026-11-17T14`. */
  readonly steps: readonly UsageRow[];
  /** Of the first groups, at most `historySeriesMax`: what each cost in each step, in microcredits. */
  readonly costs: readonly (readonly number[])[];
  /** What went around the broker in this range and was imported; in none of the sums. Absent where nothing was, and for one workspace's history. */
  readonly imported?: ImportedSums;
}

/** A row of nothing. */
export function noUsage(key: string, label = key): UsageRow {
  return { key, label, requests: 0, ...noTokens, costMicroCredits: 0, estimated: 0, unpriced: 0 };
}

/** Two rows as one, under the name of the first. What is known of estimates is left aside. */
export function addRows(a: UsageRow, b: UsageRow): UsageRow {
  return {
    key: a.key, label: a.label, requests: a.requests + b.requests, ...addUsage(a, b), costMicroCredits: a.costMicroCredits + b.costMicroCredits,
    estimated: a.estimated + b.estimated, unpriced: a.unpriced + b.unpriced,
  };
}

/** What a row has more than another, under the name of the first. */
export function subtractRows(a: UsageRow, b: UsageRow): UsageRow {
  return {
    key: a.key, label: a.label, requests: a.requests - b.requests, costMicroCredits: a.costMicroCredits - b.costMicroCredits, estimated: a.estimated - b.estimated, unpriced: a.unpriced - b.unpriced,
    inputTokens: a.inputTokens - b.inputTokens, cachedInputTokens: a.cachedInputTokens - b.cachedInputTokens, cacheWriteTokens: a.cacheWriteTokens - b.cacheWriteTokens,
    outputTokens: a.outputTokens - b.outputTokens, reasoningTokens: a.reasoningTokens - b.reasoningTokens,
  };
}

/** Dearest first; of equal costs the one with more tokens, then by name, so that rows do not trade places. */
export function dearestFirst(rows: readonly UsageRow[]): UsageRow[] {
  return rows.toSorted((a, b) => b.costMicroCredits - a.costMicroCredits || b.inputTokens + b.outputTokens - a.inputTokens - a.outputTokens || (a.key < b.key ? -1 : 1));
}

/** A report of one step. */
export interface HistoryStep {
  readonly key: string;
  readonly rows: readonly UsageRow[];
}

/** Puts a history together from one report for each step. */
export function historyOfSteps(steps: readonly HistoryStep[], groupsMax = historyGroupsMax): HistoryResult {
  const byKey = new Map<string, UsageRow>();
  for (const row of steps.flatMap((step) => step.rows)) byKey.set(row.key, addRows(byKey.get(row.key) ?? noUsage(row.key, row.label), row));
  const all = dearestFirst([...byKey.values()]);
  const groups = all.slice(0, groupsMax);
  const others = all.slice(groupsMax);
  return {
    groups, groupCount: all.length, total: all.reduce(addRows, noUsage('total')),
    ...(others.length === 0 ? {} : { rest: others.reduce(addRows, noUsage('rest')) }),
    steps: steps.map(({ key, rows }) => rows.reduce(addRows, noUsage(key))),
    costs: groups.slice(0, historySeriesMax).map((group) => steps.map(({ rows }) => sum(rows.filter((row) => row.key === group.key).map((row) => row.costMicroCredits)))),
  };
}

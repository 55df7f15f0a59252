// The words and numbers of the History page: the chart, the table of groups, the facts on top. Pure; every sum is the
// ledger's.
import { creditsPerUsd, formatCredits, formatTokens, formatUsd, microCreditsPerCredit } from '../domain/units.ts';
import { clientName } from '../protocol/clientName.ts';
import type { HistoryGrouping, HistoryResult, RangeDays } from '../protocol/history.ts';
import type { UsageRow } from '../protocol/snapshot.ts';
import { cachedShare, costText, countText, creditsText, isCostKnown, percentText, requestsText } from './amountText.ts';
import { dayLabel, highestStep } from './chartSeries.ts';
import type { BarChart } from './chartSeries.ts';
import type { ShownCell, ShownColumn, ShownTable } from './shownTable.ts';
import { words } from './shownTable.ts';
import { dayTitle } from './timeText.ts';

/** What the bars count. */
export const chartUnits = ['credits', 'usd', 'tokens'] as const;
/** See `chartUnits`. */
export type ChartUnit = (typeof chartUnits)[number];

/** How the groupings and ranges are called. */
export const groupingTitles: Readonly<Record<HistoryGrouping, string>> = { model: 'Model', workspace: 'Workspace', client: 'Client', thread: 'Thread', kind: 'Kind' };
/** See `groupingTitles`. */
export const unitTitles: Readonly<Record<ChartUnit, string>> = { credits: 'Credits', usd: '$', tokens: 'Tokens' };

/** "Today", "7 d", on a button. */
export function rangeTitle(days: RangeDays): string {
  return days === 1 ? 'Today' : `${days} d`;
}

/** "today", "in 30 days", in a sentence. */
export function rangeWords(days: RangeDays): string {
  return days === 1 ? 'today' : `in ${days} days`;
}

/** A group's name, for people. Threads are known by their ids alone; the beginning tells them apart. */
export function groupName(row: UsageRow, by: HistoryGrouping): string {
  if (by === 'client') return clientName(row.label);
  return by === 'thread' && row.key.length > 13 ? `${row.key.slice(0, 13)}…` : row.label;
}

/** A step's name: "Thu 12 Nov", or "14:00". */
export function stepTitle(key: string, locale: string): string {
  return key.length > 10 ? `${key.slice(11)}:00` : dayTitle(key, locale);
}

/** "Wed 4 Nov to Tue 17 Nov", or the one day. */
export function rangeText(result: HistoryResult, locale: string): string {
  const [first, last] = [result.steps[0], result.steps.at(-1)];
  if (!first || !last) return '';
  const [from, to] = [dayTitle(first.key.slice(0, 10), locale), dayTitle(last.key.slice(0, 10), locale)];
  return from === to ? from : `${from} to ${to}`;
}

/** Parts of tokens that do not overlap: input is fresh or cached, output is reasoning or not. */
export function tokenParts(row: UsageRow) {
  const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = row;
  return [
    { name: 'Fresh input', tokens: inputTokens - cachedInputTokens }, { name: 'Cached input', tokens: cachedInputTokens },
    { name: 'Output', tokens: outputTokens - reasoningTokens }, { name: 'Reasoning', tokens: reasoningTokens },
  ] as const;
}

/** The chart: cost by the dearest groups and the rest, or tokens by what they were. */
export function historyChart(result: HistoryResult, by: HistoryGrouping, unit: ChartUnit, locale: string): BarChart {
  const { steps } = result;
  const series = unit === 'tokens' ? tokenSeries(result, locale) : costSeries(result, by, unit, locale);
  const sums = steps.map((step) => (unit === 'tokens' ? step.inputTokens + step.outputTokens : step.costMicroCredits));
  const highest = highestStep(sums);
  const each = steps[0] && steps[0].key.length > 10 ? 'hour' : 'day';
  const what = unit === 'tokens' ? 'Tokens' : unit === 'usd' ? 'Dollars' : 'Credits';
  const counted = unit === 'tokens' ? 'tokens' : 'microCredits';
  const split = unit === 'tokens' ? 'kind of token' : groupingTitles[by].toLowerCase();
  return {
    title: `${what} per ${each}`, subtitle: `by ${split}`, nothing: `Nothing was ${unit === 'tokens' ? 'used' : 'charged'} in this time.`,
    sentence: highest === undefined ? `No ${what.toLowerCase()} in this time` : `${what} per ${each} by ${split}, ${rangeText(result, locale)}, highest ${stepText(steps[highest]!, unit, locale)}`,
    steps: steps.map((step) => ({ label: each === 'day' ? dayLabel(step.key, locale) : stepTitle(step.key, locale), text: stepText(step, unit, locale) })),
    series, ...(highest === undefined ? {} : { highest }),
    table: () => ({
      title: `${what} per ${each} by ${split}`,
      columns: [{ key: each, title: each === 'day' ? 'Day' : 'Hour' }, ...series.map((one): ShownColumn => ({ key: `${one.name} ${counted}`, title: one.name, isNumber: true, hide: 'hide-s' })), { key: `total ${counted}`, title: 'Total', isNumber: true }],
      rows: steps.map((step, index) => [
        { text: stepTitle(step.key, locale), value: step.key }, ...series.map((one) => amountCell(one.values[index] ?? 0, unit, locale)),
        amountCell((sums[index] ?? 0) / (unit === 'tokens' ? 1 : scaleOf(unit)), unit, locale),
      ]).toReversed(),
    }),
  };
}

const scaleOf = (unit: ChartUnit) => (unit === 'usd' ? microCreditsPerCredit * creditsPerUsd : microCreditsPerCredit);

function costSeries(result: HistoryResult, by: HistoryGrouping, unit: ChartUnit, locale: string): BarChart['series'] {
  const scale = scaleOf(unit);
  const amount = (microCredits: number) => (unit === 'usd' ? formatUsd(microCredits, 2, locale) : creditsText(microCredits, locale));
  const others = result.steps.map((step, index) => step.costMicroCredits - result.costs.reduce((sum, costs) => sum + (costs[index] ?? 0), 0));
  const other = others.reduce((sum, one) => sum + one, 0);
  return [
    ...result.costs.map((costs, index) => ({ name: groupName(result.groups[index]!, by), amount: amount(result.groups[index]!.costMicroCredits), values: costs.map((cost) => Math.max(0, cost) / scale) })),
    ...(result.groupCount > result.costs.length ? [{ name: `${countText(result.groupCount - result.costs.length, locale)} other`, amount: amount(other), values: others.map((cost) => Math.max(0, cost) / scale), isOther: true as const }] : []),
  ];
}

function tokenSeries({ steps, total }: HistoryResult, locale: string): BarChart['series'] {
  return tokenParts(total).map(({ name, tokens }, index) => ({ name, amount: formatTokens(tokens, locale), values: steps.map((step) => Math.max(0, tokenParts(step)[index]!.tokens)) }));
}

function amountCell(value: number, unit: ChartUnit, locale: string): ShownCell {
  if (unit === 'tokens') return { text: formatTokens(value, locale), value };
  // Whole microcredits divided and multiplied by the same are the same again once rounded.
  const microCredits = Math.round(value * scaleOf(unit));
  return { text: unit === 'usd' ? formatUsd(microCredits, 2, locale) : creditsText(microCredits, locale), value: microCredits };
}

function stepText(step: UsageRow, unit: ChartUnit, locale: string): string {
  const amount = unit === 'tokens' ? `${formatTokens(step.inputTokens + step.outputTokens, locale)} tokens`
    : unit === 'usd' ? formatUsd(step.costMicroCredits, 2, locale) : `${creditsText(step.costMicroCredits, locale, step.estimated > 0)} credits`;
  return `${stepTitle(step.key, locale)}: ${amount}, ${requestsText(step.requests, locale)}`;
}

/** A share of the whole in percent; undefined where the whole is nothing. */
export function shareOf(row: UsageRow, total: UsageRow): number | undefined {
  return total.costMicroCredits > 0 ? row.costMicroCredits / total.costMicroCredits : undefined;
}

/** The table of groups, as it is exported: the same rows and sums as on the page. */
export function groupTable(result: HistoryResult, by: HistoryGrouping, title: string, locale: string): ShownTable {
  const cells = (name: ShownCell, row: UsageRow): ShownCell[] => {
    const [fresh, cached, , reasoning] = tokenParts(row);
    return [
      name, { text: countText(row.requests, locale), value: row.requests }, { text: formatTokens(fresh.tokens, locale), value: fresh.tokens }, { text: formatTokens(cached.tokens, locale), value: cached.tokens },
      { text: formatTokens(row.outputTokens, locale), value: row.outputTokens }, { text: formatTokens(reasoning.tokens, locale), value: reasoning.tokens },
      { text: costText(row, locale), value: isCostKnown(row) ? row.costMicroCredits : null }, { text: countText(row.estimated, locale), value: row.estimated }, { text: countText(row.unpriced, locale), value: row.unpriced },
    ];
  };
  const number = (key: string, head: string): ShownColumn => ({ key, title: head, isNumber: true });
  return {
    title,
    columns: [{ key: by, title: groupingTitles[by] }, number('requests', 'Requests'), number('freshInputTokens', 'Fresh input'), number('cachedInputTokens', 'Cached input'), number('outputTokens', 'Output'), number('reasoningTokens', 'of it reasoning'), number('costMicroCredits', 'Credits'), number('estimated', 'Estimated'), number('unpriced', 'Unpriced')],
    rows: [
      ...result.groups.map((group) => cells({ text: groupName(group, by), value: by === 'workspace' ? group.label : group.key || group.label }, group)),
      ...(result.rest ? [cells(words(otherGroups(result, locale)), result.rest)] : []), cells(words('Total'), result.total),
    ],
  };
}

/** "19,950 other", for the row of all that is not listed. */
export function otherGroups(result: HistoryResult, locale: string): string {
  return `${countText(result.groupCount - result.groups.length, locale)} other`;
}

/** Which of the dearest groups made most of a step: "gpt-6.1-sol made 46.50 of it."; undefined where none of them did. */
export function dearestShare({ groups, costs }: HistoryResult, by: HistoryGrouping, step: number, locale: string): string | undefined {
  const [most] = groups.slice(0, costs.length).map((group, index) => ({ group, cost: costs[index]?.[step] ?? 0 })).toSorted((a, b) => b.cost - a.cost);
  return most && most.cost > 0 ? `${groupName(most.group, by)} made ${creditsText(most.cost, locale)} of it.` : undefined;
}

/** The share of input that came from the cache, in words; undefined without input. */
export function cachedWords(total: UsageRow): string | undefined {
  const share = cachedShare(total);
  return share === undefined ? undefined : `${percentText(share)} of input`;
}

/** What is said below the table of estimates and missing prices; undefined where there is nothing to say. */
export function sureness(total: UsageRow, locale: string): string | undefined {
  const parts = [
    ...(total.estimated > 0 ? [`${requestsText(total.estimated, locale)} ended before the model reported usage; what they cost is an estimate, marked ≈.`] : []),
    ...(total.unpriced > 0 ? [`${requestsText(total.unpriced, locale)} had no known price and count as nothing here.`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(' ');
}

/** "27.71 a day on average", over the days that have begun. */
export function averageText(result: HistoryResult, locale: string): string {
  const each = result.steps[0] && result.steps[0].key.length > 10 ? 'an hour' : 'a day';
  return `${formatCredits(result.total.costMicroCredits / Math.max(1, result.steps.length), 2, locale)} ${each} on average`;
}

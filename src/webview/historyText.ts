// The words and numbers of the History page: the chart, the table of groups, the facts on top. Pure; every sum is the
// ledger's.
import { creditsPerUsd, formatCredits, formatTokens, formatUsd, microCreditsPerCredit } from '../domain/units.ts';
import { partsOfKey } from '../domain/rollups.ts';
import { clientName } from '../protocol/clientName.ts';
import type { HistoryGrouping, HistoryResult, RangeDays } from '../protocol/history.ts';
import { plural, t } from '../protocol/language.ts';
import { branchWords, commandWords } from '../protocol/originWords.ts';
import type { UsageRow } from '../protocol/snapshot.ts';
import { workspaceWords } from '../protocol/workspaceWords.ts';
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

/** How a grouping is called. */
export function groupingTitle(by: HistoryGrouping): string {
  switch (by) {
    case 'model': return t('Model');
    case 'workspace': return t('Workspace');
    case 'branch': return t('Branch');
    case 'client': return t('Client');
    case 'command': return t('Command');
    case 'file': return t('File');
    case 'thread': return t('Thread');
    case 'kind': return t('Kind');
  }
}

/** How a unit is called. */
export function unitTitle(unit: ChartUnit): string {
  return unit === 'usd' ? '$' : unit === 'tokens' ? t('Tokens') : t('Credits');
}

/** "Today", "7 days", on a button. */
export function rangeTitle(days: RangeDays): string {
  return days === 1 ? t('Today') : t('{0} days', days);
}

/** A group's name, for people. Threads are known by their ids alone; the beginning tells them apart. */
export function groupName(row: UsageRow, by: HistoryGrouping): string {
  if (by === 'client') return clientName(row.label);
  if (by === 'kind') return requestKindName(row.label);
  if (by === 'workspace') return workspaceWords(row.label);
  if (row.key === '') return namelessName(by) ?? row.label;
  if (by === 'command') return commandWords(row.label);
  if (by === 'branch' || by === 'file') return nameWithin(row, by);
  return by === 'thread' && row.key.length > 13 ? `${row.key.slice(0, 13)}…` : row.label;
}

/** What is called so that has no name. */
function namelessName(by: HistoryGrouping): string | undefined {
  switch (by) {
    case 'thread': return t('no thread');
    case 'model': return t('unknown model');
    case 'branch': return t('no branch known');
    case 'command': return t('no command known');
    case 'file': return t('no file known');
    default: return undefined;
  }
}

/** A branch or a file with its workspace, since two workspaces have the same names: "api · main". */
function nameWithin({ key, label }: UsageRow, by: 'branch' | 'file'): string {
  const parts = partsOfKey(key);
  if (!parts) return label;
  const workspace = workspaceWords(label.slice(0, Math.max(0, label.length - parts.name.length - ' · '.length)));
  return `${workspace} · ${by === 'branch' ? branchWords(parts.name) : parts.name}`;
}

/** A kind of request as a word; one that is not known as it came. */
function requestKindName(kind: string): string {
  switch (kind) {
    case 'request': return t('request');
    case 'turn': return t('turn');
    case 'prewarm': return t('prewarm');
    case 'compaction': return t('compaction');
    case 'review': return t('review');
    case 'chat': return t('chat');
    case 'embeddings': return t('embeddings');
    case 'background': return t('background');
    default: return kind;
  }
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
  return from === to ? from : t('{0} to {1}', from, to);
}

/** Parts of tokens that do not overlap: input is fresh or cached, output is reasoning or not. */
export function tokenParts(row: UsageRow) {
  const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = row;
  return [
    { name: t('Fresh input'), tokens: inputTokens - cachedInputTokens }, { name: t('Cached input'), tokens: cachedInputTokens },
    { name: t('Output'), tokens: outputTokens - reasoningTokens }, { name: t('Reasoning'), tokens: reasoningTokens },
  ] as const;
}

/** The chart: cost by the dearest groups and the rest, or tokens by what they were. */
export function historyChart(result: HistoryResult, by: HistoryGrouping, unit: ChartUnit, locale: string): BarChart {
  const { steps } = result;
  const seriesNow = () => (unit === 'tokens' ? tokenSeries(result, locale) : costSeries(result, by, unit, locale));
  const sums = steps.map((step) => (unit === 'tokens' ? step.inputTokens + step.outputTokens : step.costMicroCredits));
  const highest = highestStep(sums);
  const counted = unit === 'tokens' ? 'tokens' : 'microCredits';
  const isHourly = areHours(result);
  const title = chartTitle(unit, isHourly);
  const subtitle = unit === 'tokens' ? t('by kind of token') : splitText(by);
  const nothing = unit === 'tokens' ? t('Nothing was used in this time.') : t('Nothing was charged in this time.');
  return {
    title, subtitle, nothing,
    sentence: highest === undefined ? nothing : t('{0} {1}, {2}, highest {3}', title, subtitle, rangeText(result, locale), stepText(steps[highest]!, unit, locale)),
    steps: steps.map((step) => ({ label: isHourly ? stepTitle(step.key, locale) : dayLabel(step.key, locale), text: stepText(step, unit, locale) })),
    series: seriesNow(), ...(highest === undefined ? {} : { highest }),
    table: () => {
      // Named anew: data that is taken along has English names, whatever the page's language.
      const series = seriesNow();
      return {
        title: `${title} · ${subtitle}`,
        columns: [{ key: isHourly ? 'hour' : 'day', title: isHourly ? t('Hour') : t('Day') }, ...series.map((one): ShownColumn => ({ key: `${one.name} ${counted}`, title: one.name, isNumber: true, hide: 'hide-s' })), { key: `total ${counted}`, title: t('Total'), isNumber: true }],
        rows: steps.map((step, index) => [
          { text: stepTitle(step.key, locale), value: step.key }, ...series.map((one) => amountCell(one.values[index] ?? 0, unit, locale)),
          amountCell((sums[index] ?? 0) / (unit === 'tokens' ? 1 : scaleOf(unit)), unit, locale),
        ]).toReversed(),
      };
    },
  };
}

/** Whether its steps are hours; they are days otherwise. */
function areHours({ steps }: HistoryResult): boolean {
  return steps[0] !== undefined && steps[0].key.length > 10;
}

function chartTitle(unit: ChartUnit, isHourly: boolean): string {
  switch (unit) {
    case 'credits': return isHourly ? t('Credits per hour') : t('Credits per day');
    case 'usd': return isHourly ? t('Dollars per hour') : t('Dollars per day');
    case 'tokens': return isHourly ? t('Tokens per hour') : t('Tokens per day');
  }
}

function splitText(by: HistoryGrouping): string {
  switch (by) {
    case 'model': return t('by model');
    case 'workspace': return t('by workspace');
    case 'branch': return t('by branch');
    case 'client': return t('by client');
    case 'command': return t('by command');
    case 'file': return t('by file');
    case 'thread': return t('by thread');
    case 'kind': return t('by kind');
  }
}

const scaleOf = (unit: ChartUnit) => (unit === 'usd' ? microCreditsPerCredit * creditsPerUsd : microCreditsPerCredit);

function costSeries(result: HistoryResult, by: HistoryGrouping, unit: ChartUnit, locale: string): BarChart['series'] {
  const scale = scaleOf(unit);
  const amount = (microCredits: number) => (unit === 'usd' ? formatUsd(microCredits, 2, locale) : creditsText(microCredits, locale));
  const others = result.steps.map((step, index) => step.costMicroCredits - result.costs.reduce((sum, costs) => sum + (costs[index] ?? 0), 0));
  const other = others.reduce((sum, one) => sum + one, 0);
  return [
    ...result.costs.map((costs, index) => ({ name: groupName(result.groups[index]!, by), amount: amount(result.groups[index]!.costMicroCredits), values: costs.map((cost) => Math.max(0, cost) / scale) })),
    ...(result.groupCount > result.costs.length ? [{ name: t('{0} other', countText(result.groupCount - result.costs.length, locale)), amount: amount(other), values: others.map((cost) => Math.max(0, cost) / scale), isOther: true as const }] : []),
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
  const amount = unit === 'tokens' ? t('{0} tokens', formatTokens(step.inputTokens + step.outputTokens, locale))
    : unit === 'usd' ? formatUsd(step.costMicroCredits, 2, locale) : t('{0} credits', creditsText(step.costMicroCredits, locale, step.estimated > 0));
  return t('{0}: {1}, {2}', stepTitle(step.key, locale), amount, requestsText(step.requests, locale));
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
    columns: [{ key: by, title: groupingTitle(by) }, number('requests', t('Requests')), number('freshInputTokens', t('Fresh input')), number('cachedInputTokens', t('Cached input')), number('outputTokens', t('Output')), number('reasoningTokens', t('of it reasoning')), number('costMicroCredits', t('Credits')), number('estimated', t('Estimated')), number('unpriced', t('Unpriced'))],
    rows: [
      ...result.groups.map((group) => cells({ text: groupName(group, by), value: isNamedByLabel(by) ? group.label : group.key || group.label }, group)),
      ...(result.rest ? [cells(words(otherGroups(result, locale)), result.rest)] : []), cells(words(t('Total')), result.total),
    ],
  };
}

/** Whether a group's key says nothing to a person, as a workspace's id. */
function isNamedByLabel(by: HistoryGrouping): boolean {
  return by === 'workspace' || by === 'branch' || by === 'file';
}

/** "19,950 other", for the row of all that is not listed. */
export function otherGroups(result: HistoryResult, locale: string): string {
  return t('{0} other', countText(result.groupCount - result.groups.length, locale));
}

/** Which of the dearest groups made most of a step: "gpt-6.1-sol made 46.50 of it."; undefined where none of them did. */
export function dearestShare({ groups, costs }: HistoryResult, by: HistoryGrouping, step: number, locale: string): string | undefined {
  const [most] = groups.slice(0, costs.length).map((group, index) => ({ group, cost: costs[index]?.[step] ?? 0 })).toSorted((a, b) => b.cost - a.cost);
  return most && most.cost > 0 ? t('{0} made {1} of it.', groupName(most.group, by), creditsText(most.cost, locale)) : undefined;
}

/** The share of input that came from the cache, in words; undefined without input. */
export function cachedWords(total: UsageRow): string | undefined {
  const share = cachedShare(total);
  return share === undefined ? undefined : t('{0} of input', percentText(share));
}

/** What is said below the table of estimates and missing prices; undefined where there is nothing to say. */
export function sureness(total: UsageRow, locale: string): string | undefined {
  const parts = [
    ...(total.estimated > 0 ? [plural(total.estimated, '{1} request ended before the model reported usage; what it cost is an estimate, marked ≈.', '{1} requests ended before the model reported usage; what they cost is an estimate, marked ≈.', countText(total.estimated, locale))] : []),
    ...(total.unpriced > 0 ? [plural(total.unpriced, '{1} request had no known price and counts as nothing here.', '{1} requests had no known price and count as nothing here.', countText(total.unpriced, locale))] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(' ');
}

/** "27.71 a day on average", over the days that have begun. */
export function averageText(result: HistoryResult, locale: string): string {
  const each = formatCredits(result.total.costMicroCredits / Math.max(1, result.steps.length), 2, locale);
  return areHours(result) ? t('{0} an hour on average', each) : t('{0} a day on average', each);
}

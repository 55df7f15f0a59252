// The numbers and words of bar charts: stacked series, the scale's top, the sentence that stands for the picture.
// Pure; the drawing itself is the usage-chart element's.
import { formatUsd, microCreditsPerCredit } from '../domain/units.ts';
import { plural, t } from '../protocol/language.ts';
import type { UsageRow } from '../protocol/snapshot.ts';
import { countText, creditsText, requestsText, tokensLine } from './amountText.ts';
import type { ShownTable } from './shownTable.ts';
import { words } from './shownTable.ts';
import { dayTitle } from './timeText.ts';

/** The most days that the chart of the first page draws; the snapshot never holds more. */
export const chartDaysMax = 14;

/** A bar chart with everything that is said about it. */
export interface BarChart {
  readonly title: string;
  readonly subtitle: string;
  /** The sentence that stands for the picture. */
  readonly sentence: string;
  /** Said where nothing is to be drawn. */
  readonly nothing: string;
  /** Oldest first: a short name for the axis, and what is said of a step when it is pointed at. */
  readonly steps: readonly { readonly label: string; readonly text: string }[];
  /** From the bottom up; values in the unit of the scale. `amount` is the sum in words. */
  readonly series: readonly { readonly name: string; readonly amount: string; readonly values: readonly number[]; readonly isOther?: true }[];
  /** Position of the highest bar; absent when every step is zero. */
  readonly highest?: number;
  /** The same numbers; made when they are looked at. */
  readonly table: () => ShownTable;
}

/** The newest days, oldest first. */
export function chartDays(days: readonly UsageRow[]): readonly UsageRow[] {
  return days.slice(-chartDaysMax);
}

/** Where each series ends when all are stacked, each with those below it; null where it adds nothing and nothing is drawn. */
export function stackTops(series: readonly (readonly number[])[]): (number | null)[][] {
  const reached: number[] = [];
  return series.map((values) => values.map((value, index) => {
    reached[index] = (reached[index] ?? 0) + value;
    return value > 0 ? reached[index] : null;
  }));
}

/** Upper end of the scale: the next 1, 2, 4, 6 or 8 times a power of ten above the highest bar, so that quarters are round. */
export function scaleTop(highest: number): number {
  if (highest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 2, 4, 6, 8, 10].find((each) => each * power >= highest) ?? 10;
  return step * power;
}

/** Decimals that the quarters of a scale need. */
export function axisDecimals(top: number): number {
  return Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(top))));
}

/** Position of the highest value; undefined when every one is zero. */
export function highestStep(values: readonly number[]): number | undefined {
  let best: number | undefined;
  values.forEach((value, index) => {
    if (value > 0 && (best === undefined || value > values[best]!)) best = index;
  });
  return best;
}

/** A day in words: "Thu 12 Nov: 75.00 credits, $3.00, 41 requests". */
export function dayText(day: UsageRow, locale: string): string {
  return t('{0}: {1} credits, {2}, {3}', dayTitle(day.key, locale), creditsText(day.costMicroCredits, locale, day.estimated > 0), formatUsd(day.costMicroCredits, 2, locale), requestsText(day.requests, locale));
}

/** "Thu 12", for an axis. */
export function dayLabel(key: string, locale: string): string {
  return dayTitle(key, locale).split(' ').slice(0, 2).join(' ');
}

/** The chart of the first page: cost by day. */
export function dailyCostChart(days: readonly UsageRow[], locale: string): BarChart {
  const shown = chartDays(days);
  const values = shown.map((day) => day.costMicroCredits / microCreditsPerCredit);
  const highest = highestStep(values);
  return {
    title: t('Cost per day'), subtitle: plural(shown.length, 'last {0} day, in credits', 'last {0} days, in credits'), nothing: t('No cost yet.'),
    sentence: highest === undefined ? plural(shown.length, 'No cost in the last {0} day', 'No cost in the last {0} days') : plural(shown.length, 'Credits per day over {0} day, highest {1}', 'Credits per day over {0} days, highest {1}', dayText(shown[highest]!, locale)),
    steps: shown.map((day) => ({ label: dayLabel(day.key, locale), text: dayText(day, locale) })),
    series: [{ name: t('Credits'), amount: '', values }],
    ...(highest === undefined ? {} : { highest }),
    table: () => ({
      title: t('Cost per day'),
      columns: [
        { key: 'day', title: t('Day') }, { key: 'requests', title: t('Requests'), isNumber: true, hide: 'hide-s' }, { key: 'tokens', title: t('Tokens'), isNumber: true, hide: 'hide-s' },
        { key: 'costMicroCredits', title: t('Credits'), isNumber: true }, { key: 'usd', title: '$', isNumber: true, hide: 'hide-s' },
      ],
      rows: shown.toReversed().map((day) => [
        { text: dayTitle(day.key, locale), value: day.key }, { text: countText(day.requests, locale), value: day.requests },
        day.requests === 0 ? words('') : { text: tokensLine(day, locale), value: day.inputTokens + day.outputTokens },
        { text: creditsText(day.costMicroCredits, locale, day.estimated > 0), value: day.costMicroCredits }, words(formatUsd(day.costMicroCredits, 2, locale)),
      ]),
    }),
  };
}

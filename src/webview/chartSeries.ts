// The numbers and words of the cost chart: bars in credits, the scale's top, the sentence that stands
// for the picture. Pure; the drawing itself is the cost-chart element's.
import { formatUsd, microCreditsPerCredit } from '../domain/units.ts';
import type { UsageRow } from '../protocol/snapshot.ts';
import { creditsText, requestsText } from './amountText.ts';
import { dayTitle } from './timeText.ts';

/** The most days that the chart draws; the snapshot never holds more. */
export const chartDaysMax = 14;

/** The newest days, oldest first. */
export function chartDays(days: readonly UsageRow[]): readonly UsageRow[] {
  return days.slice(-chartDaysMax);
}

/** Bar heights in credits, beside their positions 0, 1, 2 … */
export function chartColumns(days: readonly UsageRow[]): [number[], number[]] {
  return [days.map((_, index) => index), days.map((day) => day.costMicroCredits / microCreditsPerCredit)];
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

/** Position of the highest bar; undefined when every day is zero. */
export function highestDay(days: readonly UsageRow[]): number | undefined {
  let best: number | undefined;
  days.forEach((day, index) => {
    if (day.costMicroCredits > 0 && (best === undefined || day.costMicroCredits > days[best]!.costMicroCredits)) best = index;
  });
  return best;
}

/** A day in words: "Thu 12 Nov: 75.00 credits, $3.00, 41 requests". */
export function dayText(day: UsageRow, locale: string): string {
  return `${dayTitle(day.key, locale)}: ${creditsText(day.costMicroCredits, locale, day.estimated > 0)} credits, ${formatUsd(day.costMicroCredits, 2, locale)}, ${requestsText(day.requests, locale)}`;
}

/** The sentence that stands for the picture. */
export function chartSentence(days: readonly UsageRow[], locale: string): string {
  const highest = highestDay(days);
  if (highest === undefined) return `No cost in the last ${days.length} days`;
  return `Credits per day over ${days.length} days, highest ${dayText(days[highest]!, locale)}`;
}

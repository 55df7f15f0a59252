// Amounts, shares and tokens as the dashboard words them, on top of the units' own formats.
// Pure; it never rounds an amount to nothing and never calls a share full or empty when it is not.
import { formatCredits, formatShare, formatTokens } from '../domain/units.ts';
import type { TokenUsage } from '../domain/tokenUsage.ts';
import { languageTag, plural, t } from '../protocol/language.ts';
import type { UsageRow } from '../protocol/snapshot.ts';

/** Credits in a list, two decimals: a cost below a hundredth is "< 0.01", an estimate begins with "≈". */
export function creditsText(microCredits: number, locale: string, estimated = false): string {
  const small = microCredits > 0 && microCredits < 10_000;
  const text = small ? `< ${formatCredits(10_000, 2, locale)}` : formatCredits(microCredits, 2, locale);
  return estimated && microCredits !== 0 ? `≈ ${text}` : text;
}

/** Whether anything is known of what usage cost: all that cost nothing while some had no price is not known to cost nothing. */
export function isCostKnown({ costMicroCredits, unpriced }: Pick<UsageRow, 'costMicroCredits' | 'unpriced'>): boolean {
  return costMicroCredits > 0 || unpriced === 0;
}

/** What usage cost in credits; a dash where that is not known. */
export function costText(row: Pick<UsageRow, 'costMicroCredits' | 'unpriced' | 'estimated'>, locale: string): string {
  return isCostKnown(row) ? creditsText(row.costMicroCredits, locale, row.estimated > 0) : '—';
}

/** A ledger movement with four decimals and its sign: "+250.0000", "−3.3728", "0.0000". */
export function signedCredits(microCredits: number, locale: string, decimals = 4): string {
  const text = formatCredits(microCredits, decimals, locale);
  return microCredits > 0 ? `+${text}` : text;
}

/** A share as every surface writes it. */
export function percentText(share: number): string {
  return formatShare(share, languageTag());
}

/** A plain count, grouped. */
export function countText(count: number, locale: string): string {
  let format = counts.get(locale);
  if (!format) {
    format = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
    if (counts.size < countsMax) counts.set(locale, format);
  }
  return format.format(count);
}

/** Formatters by locale; a page has one. */
const counts = new Map<string, Intl.NumberFormat>();
const countsMax = 20;

/** Share of the input that came from the prompt cache; undefined without input. */
export function cachedShare(usage: TokenUsage): number | undefined {
  return usage.inputTokens > 0 ? usage.cachedInputTokens / usage.inputTokens : undefined;
}

/** One line about tokens: "148.2 k in (82 % cached) · 6,904 out". */
export function tokensLine(usage: TokenUsage, locale: string): string {
  const cached = cachedShare(usage);
  const [input, output] = [formatTokens(usage.inputTokens, locale), formatTokens(usage.outputTokens, locale)];
  return cached === undefined || cached === 0 ? t('{0} in · {1} out', input, output) : t('{0} in ({1} cached) · {2} out', input, percentText(cached), output);
}

/** "3 requests", "1 request". */
export function requestsText(count: number, locale: string): string {
  return plural(count, '{1} request', '{1} requests', countText(count, locale));
}

// The integers that money and tokens are counted in, and how people write and read them.
// Nothing here knows where an amount comes from; it only keeps amounts exact.

/** Microcredits in one credit. Amounts everywhere are integers in microcredits. */
export const microCreditsPerCredit = 1_000_000;

/** Credits in one US dollar: 1,000 credits cost US$40 (OpenAI's Codex rate card). */
export const creditsPerUsd = 25;

/**
 * Gives the value back if it is an integer that a double holds exactly.
 * @throws RangeError naming `what` otherwise; a sum of money is never rounded by accident.
 */
export function safeInteger(value: number, what: string): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${what} is not an exact integer: ${value}`);
  return value;
}

/** Sum of integers, asserted to be exact. */
export function sum(values: Iterable<number>, what = 'sum'): number {
  let total = 0;
  for (const value of values) total = safeInteger(total + safeInteger(value, what), what);
  return total;
}

/**
 * Divides exactly and rounds once, half away from zero on the positive side ("half up").
 * @throws RangeError if the result does not fit a safe integer or an operand is negative.
 */
export function divideHalfUp(numerator: bigint, denominator: bigint, what: string): number {
  if (numerator < 0n || denominator <= 0n) throw new RangeError(`${what}: only non-negative amounts are divided`);
  return safeInteger(Number((numerator * 2n + denominator) / (denominator * 2n)), what);
}

/** Formatters made so far; making one costs more than using it a hundred times. */
const formatters = new Map<string, Intl.NumberFormat>();
/** Locales and decimals in use are few; anything beyond is not remembered. */
const formattersMax = 200;

function numberFormat(locale: string, decimals: number, style: 'decimal' | 'percent' | 'USD' = 'decimal'): Intl.NumberFormat {
  const key = `${locale} ${decimals} ${style}`;
  let format = formatters.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals, ...(style === 'USD' ? { style: 'currency', currency: style } : { style }) });
    if (formatters.size < formattersMax) formatters.set(key, format);
  }
  return format;
}

/** A formatter that shortens large numbers by the language's own words. Fractions are shown where a number was shortened. */
function shortFormat(locale: string, decimals: number): Intl.NumberFormat {
  const key = `${locale} ${decimals} short`;
  let format = formatters.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, { notation: 'compact', minimumFractionDigits: decimals === 2 ? 2 : 0, maximumFractionDigits: decimals });
    if (formatters.size < formattersMax) formatters.set(key, format);
  }
  return format;
}

const creditPattern = /^(\d{1,9})(?:\.(\d{1,6}))?$/;

/**
 * Reads an amount that a person typed, in credits with at most six decimals ("25", "0.5").
 * @returns microcredits, or undefined if it is not such an amount.
 */
export function parseCredits(text: string): number | undefined {
  const match = creditPattern.exec(text.trim());
  if (!match) return undefined;
  return Number(match[1]) * microCreditsPerCredit + Number((match[2] ?? '').padEnd(6, '0'));
}

/** A US dollar amount with two decimals at the most, as microcredits; undefined if it is none. */
export function parseUsd(text: string): number | undefined {
  const match = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(text.trim());
  if (!match) return undefined;
  const cents = Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
  return cents * creditsPerUsd * (microCreditsPerCredit / 100);
}

/**
 * Credits for people: exactly `decimals` decimals (two in lists, four in the ledger, six in an
 * explanation), grouped by the locale, with a true minus sign.
 */
export function formatCredits(microCredits: number, decimals = 2, locale = 'en'): string {
  const text = decimals === 6 && locale === 'en' && Math.abs(microCredits) < plainMax && Number.isInteger(microCredits)
    ? plainCredits(Math.abs(microCredits)) : numberFormat(locale, decimals).format(Math.abs(microCredits) / microCreditsPerCredit);
  // What rounds to nothing has no sign: a list that says "−0.00" only makes people wonder.
  return microCredits <= -microCreditsPerCredit / 10 ** decimals / 2 ? `−${text}` : text;
}

/** How many decimals tell two amounts apart: two, or all six where they would look alike with two. */
export function decimalsApart(amount: number, other: number): 2 | 6 {
  return formatCredits(amount) === formatCredits(other) ? 6 : 2;
}

/** Up to the next hundredth of a credit: what people are told to add is enough then. @param microCredits not negative */
export function hundredthsUp(microCredits: number): number {
  const hundredth = microCreditsPerCredit / 100;
  return Math.ceil(microCredits / hundredth) * hundredth;
}

/** Above this a formatter rounds what it divides, and nothing has to look like it any more. */
const plainMax = 2 ** 50;

/** All six decimals in English, which every decision is told in several times: as a formatter would, without one. */
function plainCredits(microCredits: number): string {
  return `${grouped(Math.floor(microCredits / microCreditsPerCredit))}.${String(microCredits % microCreditsPerCredit).padStart(6, '0')}`;
}

function grouped(whole: number): string {
  return whole < 1000 ? String(whole) : `${grouped(Math.floor(whole / 1000))},${String(whole % 1000).padStart(3, '0')}`;
}

/** The same amount in US dollars; an amount below a cent is "< $0.01", never "$0.00". */
export function formatUsd(microCredits: number, decimals = 2, locale = 'en'): string {
  const usd = microCredits / microCreditsPerCredit / creditsPerUsd;
  const format = numberFormat(locale, decimals, 'USD');
  const smallest = 10 ** -decimals;
  if (usd > 0 && usd < smallest) return `< ${format.format(smallest)}`;
  if (usd < 0 && usd > -smallest) return `> −${format.format(smallest)}`;
  return usd < 0 ? `−${format.format(-usd)}` : format.format(usd);
}

/** Tokens for people: 6,904, then 33.9 k from 10,000, then 1.24 M from a million; in other languages shortened as they do: 33.912, 1,24 Mio. */
export function formatTokens(tokens: number, locale = 'en'): string {
  const format = (value: number, decimals: number) => numberFormat(locale, decimals).format(value);
  if (tokens < 10_000) return format(tokens, 0);
  if (!/^en\b/.test(locale)) return shortFormat(locale, tokens < 999_950 ? 1 : 2).format(tokens);
  if (tokens < 999_950) return `${format(tokens / 1000, 1)} k`;
  return `${format(tokens / 1_000_000, 2)} M`;
}

/** A share of 0 to 1 in whole percent; never 0 while something is there, never 100 unless it is. */
export function formatShare(share: number, locale = 'en'): string {
  if (share > 0 && share < 0.01) return `< ${formatPercent(0.01, locale)}`;
  if (share < 1 && share > 0.99) return `> ${formatPercent(0.99, locale)}`;
  return formatPercent(Math.min(1, Math.max(0, share)), locale);
}

/** Any share, above the whole too, in whole percent as the locale writes it; with a space before the sign in English as well: "38 %". */
export function formatPercent(share: number, locale: string): string {
  return numberFormat(locale, 0, 'percent').format(share).replace(/(?<=\d)%/, ' %');
}

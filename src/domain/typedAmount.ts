// Amounts as people type them into a form: with the decimal sign of their language and, where they like, its groups.
// What could be read two ways is no amount: money that was meant otherwise is worse than typing it again.

/** How a locale writes numbers in Latin digits. */
interface Writing {
  readonly decimalSign: string;
  readonly groupSign: string;
  /** With groups, whatever its size. */
  readonly grouped: Intl.NumberFormat;
  /** Without groups, with as many decimals as it has, up to six. */
  readonly plain: Intl.NumberFormat;
}

const writings = new Map<string, Writing>();
/** Locales in use are few; anything beyond is not remembered. */
const writingsMax = 50;

function writingOf(locale: string): Writing {
  const known = writings.get(locale);
  if (known) return known;
  const grouped = new Intl.NumberFormat(locale, { useGrouping: 'always', numberingSystem: 'latn', maximumFractionDigits: 6 });
  const parts = grouped.formatToParts(1234.5);
  const sign = (type: 'decimal' | 'group') => parts.find((part) => part.type === type)?.value ?? '';
  const made = { decimalSign: sign('decimal'), groupSign: sign('group'), grouped, plain: new Intl.NumberFormat(locale, { useGrouping: false, numberingSystem: 'latn', maximumFractionDigits: 6 }) };
  if (writings.size < writingsMax) writings.set(locale, made);
  return made;
}

/**
 * Reads a number of zero or more as the locale writes it.
 * @returns its digits with a point, such as "1250.5", which `parseCredits` takes; undefined if it is none, if its groups
 * are not those of the locale, or if it could be read two ways, such as "1.000" where a point is neither sign
 */
export function readAmount(typed: string, locale: string): string | undefined {
  const { decimalSign, groupSign, grouped } = writingOf(locale);
  let text = typed.trim();
  // Many keyboards have a point beside their digits whatever the language is; three digits after it could be a group.
  if (decimalSign !== '.' && groupSign !== '.' && /^\d+\.(?:\d{1,2}|\d{4,})$/.test(text)) text = text.replace('.', decimalSign);
  const [whole = '', fraction, ...more] = text.split(decimalSign);
  if (more.length > 0 || (fraction !== undefined && !/^\d+$/.test(fraction))) return undefined;
  const digits = /^\d+$/.test(whole) ? whole : ungrouped(whole, groupSign, grouped);
  return digits === undefined || fraction === undefined ? digits : `${digits}.${fraction}`;
}

/** The digits of a whole number with groups; undefined unless they stand where the locale puts them. */
function ungrouped(whole: string, groupSign: string, grouped: Intl.NumberFormat): string | undefined {
  // The signs that only a typesetter has stand on no keyboard.
  const typeset = /^\s$/.test(groupSign) ? whole.replace(/\s/g, groupSign) : groupSign === '’' ? whole.replaceAll('\'', groupSign) : whole;
  const digits = typeset.replaceAll(groupSign, '');
  return /^\d{1,15}$/.test(digits) && grouped.format(Number(digits)) === typeset ? digits : undefined;
}

/** A number as somebody would type it: what a field begins with. @param value with at most six decimals */
export function typedAmount(value: number, locale: string): string {
  return writingOf(locale).plain.format(value);
}

/** An example for a sentence, with the groups and the decimal sign of the locale. @param decimals exactly so many, where given */
export function exampleAmount(value: number, locale: string, decimals = 0): string {
  return decimals === 0 ? writingOf(locale).grouped.format(value) : new Intl.NumberFormat(locale, { numberingSystem: 'latn', minimumFractionDigits: decimals }).format(value);
}

// The language in which people read the product: every sentence of the editor's side and of the pages goes through
// here. Each process sets it once, before anything is shown; the broker and its command line never do and speak English.
// Sentences are their own keys: https://github.com/microsoft/vscode-l10n#readme.
import { config, t as translate } from '@vscode/l10n';

/** Sentences by their English text. */
export type Sentences = Readonly<Record<string, string>>;

/** A language and its sentences; without them everything is said in English. */
export interface Language {
  /** As BCP 47 writes it, for example `de`. */
  readonly tag: string;
  readonly sentences?: Sentences;
}

let tagNow = 'en';
let counts = new Intl.NumberFormat('en');
let rules = new Intl.PluralRules('en');
let current: Language = { tag: 'en' };

/** Sets the language of this process. Numbers and dates take the tag from their callers, or from `languageTag`. */
export function setLanguage(language: Language): void {
  const { tag, sentences = {} } = language;
  current = language;
  config({ contents: { ...sentences } });
  tagNow = usableLocale(tag);
  counts = new Intl.NumberFormat(tagNow);
  // Where a sentence has no translation it is English, and so is the choice between one and many.
  rules = new Intl.PluralRules(Object.keys(sentences).length > 0 ? tag : 'en');
}

/** Says something in English whatever the language is: names in data that programs read. @param speak at once, not later */
export function inEnglish<T>(speak: () => T): T {
  const before = current;
  setLanguage({ tag: 'en' });
  try {
    return speak();
  } finally {
    setLanguage(before);
  }
}

/**
 * A whole sentence, or a label, in the language of this process. Never a fragment: word order differs between languages.
 * @param sentence a literal, so that it can be found in the source; {0}, {1} … stand for `values`
 */
export function t(sentence: string, ...values: readonly (string | number)[]): string {
  return translate(sentence, ...values);
}

/**
 * A sentence about a number of things, in the form that the number asks for.
 * @param one for example '{0} request'; {0} is the count, grouped as the language groups it
 * @param other for example '{0} requests'
 * @param values what {1}, {2} … stand for
 */
export function plural(count: number, one: string, other: string, ...values: readonly (string | number)[]): string {
  return translate(rules.select(count) === 'one' ? one : other, counts.format(count), ...values);
}

/** The language of this process, for numbers and dates that stand inside sentences. */
export function languageTag(): string {
  return tagNow;
}

/** A locale that `Intl` accepts: the given one, or English when it is malformed. */
export function usableLocale(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? 'en';
  } catch {
    // A malformed tag must not blank a page; English is always there.
    return 'en';
  }
}

/**
 * A sentence that was made elsewhere, such as in another process: what it is in this language, if that is known, else as it came.
 * Sentences of this process say `t` with a literal.
 */
export function translated(sentence: string, ...values: readonly (string | number)[]): string {
  return translate(sentence, ...values);
}

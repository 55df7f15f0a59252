// Runs of tests in another language: German as it is shipped, and one made up in which every piece of a sentence stands
// between ⟦ and ⟧, so that what was not translated stands outside.
import { readFileSync } from 'node:fs';
import { setLanguage, type Language, type Sentences } from '../../../src/protocol/language.ts';

/** German as people get it. */
export const german: Language = { tag: 'de', sentences: JSON.parse(readFileSync(new URL('../../../l10n/bundle.l10n.de.json', import.meta.url), 'utf8')) as Sentences };

/** The made up one. The places for values stay outside of the marks: a value has to be data, or marked by itself. */
export const pseudo: Language = { tag: 'en', sentences: Object.fromEntries(Object.keys(german.sentences ?? {}).map((sentence) => [sentence, marked(sentence)])) };

function marked(sentence: string): string {
  return sentence.split(/(\{\d+\})/).map((part, index) => (index % 2 === 1 || !/\p{L}/u.test(part) ? part : `⟦${part}⟧`)).join('');
}

/** Runs something in a language and goes back to English, whatever happens. */
export async function spokenIn<T>(language: Language, run: () => T | Promise<T>): Promise<T> {
  setLanguage(language);
  try {
    return await run();
  } finally {
    setLanguage({ tag: 'en' });
  }
}

/** Markup of the editor's: icons, addresses of links and pictures, spaces; and its characters written as references. */
function words(markdown: string): string {
  return markdown.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))).replace(/\$\([\w~-]+\)|\]\([^)]*\)|&nbsp;/g, ' ');
}

const days = /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b/g;
/** Thousands and millions, as numbers are shortened. */
const shortened = /(?<=\d) [kM]\b/g;

/** What of a text in the made up language was not translated; empty where all of it was. @param data names and the like, which stay what they are */
export function untranslated(text: string, data: readonly string[]): string {
  const bare = data.toSorted((a, b) => b.length - a.length).reduce((rest, one) => rest.replaceAll(one, ' '), words(text));
  // A piece that was cut at its end has no closing mark.
  return (bare.replace(/⟦[^⟦⟧]*(?:⟧|…|$)/gmu, ' ').replace(days, '').replace(shortened, '').match(/\p{L}[\p{L}\p{M}' -]*/gu) ?? []).join(' | ').trim();
}

const pieces = Object.entries(german.sentences ?? {}).flatMap(([english, words]) => english.split(/\{\d+\}/).map((part) => part.trim()).filter((part) => /\p{L}{3}/u.test(part) && !words.includes(part)));

/** Any of them as whole words, the longest first. */
const english = new RegExp(`(?<![\\p{L}\\w-])(?:${[...new Set(pieces)].toSorted((a, b) => b.length - a.length).map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})(?![\\p{L}\\w-])`, 'gu');

/** What of a text in German is still English. What stands between marks is somebody else's. */
export function englishIn(text: string, data: readonly string[]): readonly string[] {
  const bare = data.toSorted((a, b) => b.length - a.length).reduce((rest, one) => rest.replaceAll(one, ' '), words(text)).replace(/⟦[^⟦⟧]*⟧/gu, ' ');
  return bare.match(english) ?? [];
}

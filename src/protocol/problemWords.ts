// Sentences of the rules and of the broker in the language of this process: put together anew from the parts that came with
// them. What came without parts, as from an older broker, is looked up whole and else stays as it was told.
import type { Problem } from '../domain/problem.ts';
import type { Said, SaidValue } from '../domain/say.ts';
import { formatCredits, formatTokens } from '../domain/units.ts';
import { languageTag, translated } from './language.ts';

/** What happened, what it means and what to do. Commands in it stand between backquotes. */
export function problemWords(problem: Problem): string {
  return `${problemMessage(problem)} ${saidWords(problem.remedy, problem.remedySaid)}`;
}

/** What happened and what it means, without what to do. */
export function problemMessage(problem: Pick<Problem, 'message' | 'said'>): string {
  return saidWords(problem.message, problem.said);
}

/** A sentence. @param text the finished English one @param said what it was made of, where values stand in it */
export function saidWords(text: string, said: Said | undefined): string {
  if (said === undefined) return translated(text);
  try {
    return wordsOf(said) ?? text;
  } catch {
    // A value that no language can write must not cost the sentence, and with it the whole picture.
    return text;
  }
}

/** Undefined where a value is of a kind that is not known here: a newer broker may send such. */
function wordsOf({ sentence, values = [] }: Said): string | undefined {
  const texts = values.map(textOf);
  return texts.every((text) => text !== undefined) ? translated(sentence, ...texts) : undefined;
}

function textOf(value: SaidValue): string | undefined {
  if (typeof value !== 'object') return String(value);
  const tag = languageTag();
  if ('sentence' in value) return wordsOf(value);
  if ('credits' in value) return formatCredits(value.credits, value.decimals, tag);
  if ('tokens' in value) return formatTokens(value.tokens, tag);
  if ('number' in value) return new Intl.NumberFormat(tag, { minimumFractionDigits: value.decimals, maximumFractionDigits: value.decimals }).format(value.number);
  if ('atMs' in value) return new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short' }).format(value.atMs);
  return undefined;
}

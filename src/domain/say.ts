// Sentences of the rules and of the broker: finished in English, for clients, logs and the command line, and beside that
// in the parts that they were made of, so that an editor can say them in its own language. Pure.
import { formatCredits, formatTokens } from './units.ts';

/** What stands in a place of a sentence. Amounts and times stay such, so that each language can write them in its own way. */
export type SaidValue = string | number | Said
  /** Microcredits, written in credits. */
  | { readonly credits: number; readonly decimals: number }
  | { readonly tokens: number }
  /** A number with so many decimals. */
  | { readonly number: number; readonly decimals: number }
  /** A moment, to the minute. */
  | { readonly atMs: number };

/** A sentence in its parts. */
export interface Said {
  /** In English; {0}, {1} … are places for `values`. It is the key of its translations. */
  readonly sentence: string;
  readonly values?: readonly SaidValue[];
}

/** A finished English sentence, and what it was made of where values stand in it. */
export interface Because {
  readonly because: string;
  readonly said?: Said;
}

/** A value, or a sentence that becomes part of a longer one. */
export type SayValue = SaidValue | Because;

/**
 * Makes a sentence.
 * @param sentence a literal, so that it can be found in the source and translated; {0}, {1} … stand for `values`
 */
export function say(sentence: string, ...values: readonly SayValue[]): Because {
  return values.length === 0 ? { because: sentence } : { because: filledIn(sentence, values.map(english)), said: { sentence, values: values.map(partOf) } };
}

/** Whether something that came from another process is a sentence in its parts. Values of kinds that are not known here may be among them. */
export function isSaid(value: unknown): value is Said {
  if (typeof value !== 'object' || value === null) return false;
  const { sentence, values = [] } = value as { readonly sentence?: unknown; readonly values?: unknown };
  return typeof sentence === 'string' && Array.isArray(values) && values.every((one: unknown) => typeof one === 'string' || typeof one === 'number' || (typeof one === 'object' && one !== null));
}

/** What was said as one more part of an object, if there is anything to it. */
export function saidOf({ said }: Pick<Because, 'said'>): Pick<Because, 'said'> {
  return said ? { said } : {};
}

/** Puts texts into a sentence's places, each once: braces within a text are its own. */
export function filledIn(sentence: string, texts: readonly string[]): string {
  return sentence.replaceAll(/\{(\d+)\}/g, (place, index: string) => texts[Number(index)] ?? place);
}

function english(value: SayValue): string {
  if (typeof value !== 'object') return String(value);
  if ('because' in value) return value.because;
  if ('sentence' in value) return filledIn(value.sentence, (value.values ?? []).map(english));
  if ('credits' in value) return formatCredits(value.credits, value.decimals);
  if ('tokens' in value) return formatTokens(value.tokens);
  return 'atMs' in value ? `${new Date(value.atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC` : value.number.toFixed(value.decimals);
}

function partOf(value: SayValue): SaidValue {
  return typeof value === 'object' && 'because' in value ? value.said ?? { sentence: value.because } : value;
}

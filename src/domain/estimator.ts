// Estimates a request's tokens before it is sent, and learns from what was used: input as the text's
// guessed tokens, corrected by what the model counted for other texts; output as the 95th percentile
// of recent answers of the same model, effort and kind. State lives in memory only; after a restart
// it is learned again from the bases that were kept (`estimateBasis.ts`), else it begins cautious.
import type { EstimateBasis } from './estimateBasis.ts';
import { narrowed, RecentValues } from './recentValues.ts';
import type { Spread } from './recentValues.ts';

/** What is known of a request before it is sent. A service tier is no part: it changes prices, not tokens. */
export type RequestSize = EstimateBasis;

/** Estimated tokens of one attempt. `inputTokens` is the likely size, `holdInputTokens` a cautious one. */
export interface TokenEstimate {
  readonly inputTokens: number;
  /** Fewer than the input certainly has; only this may call a request too large. */
  readonly certainInputTokens: number;
  readonly holdInputTokens: number;
  /** What 95 of 100 answers stay below: for holds. */
  readonly outputTokens: number;
  /** What half of the answers stay below: for pacing, and for what a request will probably cost. */
  readonly likelyOutputTokens: number;
  /** What half of the answers think before they speak, part of the output; absent until answers of this kind were measured. */
  readonly likelyReasoningTokens?: number;
}

/** What an attempt was measured to have used. */
export interface MeasuredUse {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens?: number;
  /** The answer did not reach its own end (a cap, a filter, a failure), so it says only "at least". */
  readonly isCut?: boolean;
  /** The response's id; a later request may continue it. */
  readonly responseId?: string;
}

/** The share of answers that a hold covers. */
export const holdShare = 0.95;
/** Input can be told better than output, and a hold fails when either is short: its share is higher. */
const inputHoldShare = 0.97;
/** Bytes of JSON that make one token where the text was not looked at; low to be cautious. */
const bytesPerTokenUnseen = 3;
/** As many bytes to a token as texts have that are no mere repetition (Russian prose reaches 7). */
const bytesPerTokenMax = 8;
/** How far off a guess is believed to be; beyond it the input has come from elsewhere. */
const correctionMax = 3;
/** Before anything was learned: the guess as it is, and a margin that covers 95 of 100 texts (`tokenGuess.ts`). */
const correctionExpected: Spread = { likely: 1, high: 1.25 };
/** Least share by which the input that a hold covers exceeds the likely one. */
const inputMargin = 1.05;
/** Text that teaches with full weight, and that teaches at all: a shorter one is mostly frame. */
const teachingTokens = 4000;
const teachingTokensMin = 100;
/** One text of full weight counts twice what was expected: the guess is good, but each model counts in its own way. */
const correctionWeight = 0.5;

/** Output before anything was learned, at the usual effort. */
const answerExpected: Spread = { likely: 700, high: 4096 };
/** Higher efforts think longer. The factors are a judgement; a few answers replace them. */
const effortFactors: Readonly<Record<string, number>> = { high: 2, xhigh: 4, max: 4 };
/** Least output to reserve, however short the answers were so far. */
const outputTokensMin = 256;
/** Answers that count as much as what was expected of them. */
const answerWeight = 8;

/** An earlier response about which nothing is known; the instructions and tools of Codex 0.169 alone are 7,200 to 13,100 tokens. */
const carriedExpected: Spread = { likely: 10_000, high: 30_000 };
const carriedWeight = 2;

/** Tokens of one image. Likely: what Codex 0.169 assumes; high: 1,536 patches of the dearest common model, 10,000 in full resolution (OpenAI, images and vision). */
const imageTokens: Spread = { likely: 1844, high: 2500 };
const originalImageTokens: Spread = { likely: 2500, high: 10_000 };
/** A file of pages: some for the file, and by its base64 characters. Neither is told anywhere; both are guesses to the high side. */
const fileTokens: Spread = { likely: 2000, high: 4000 };
const fileBytesPerToken: Spread = { likely: 40, high: 10 };
/** Base64 carries three bytes in four characters, and four bytes make a token (as Codex reckons). */
const tokensPerEncodedByte = 3 / 16;

/** Groups of values remembered; the one that learned longest ago is forgotten. */
export const groupsMax = 400;
/** Responses whose size is remembered; the oldest is forgotten. */
export const responsesMax = 2000;
/** More than any body or answer has; larger figures are not believed. */
const countMax = 1_000_000_000;

interface InputParts { readonly text: number; readonly textBytes: number; readonly other: Spread; readonly carried: Spread }

/** Learns how many tokens texts make and how long answers are. */
export class Estimator {
  readonly #groups = new Map<string, RecentValues>();
  readonly #responses = new Map<string, number>();

  /** Estimates a request. It never throws, whatever the size says. */
  estimate(size: RequestSize): TokenEstimate {
    const { text, textBytes, other, carried } = this.#partsOf(size);
    const correction = this.#narrow(correctionExpected, groupsOf('text', size), inputHoldShare, correctionWeight);
    // No text has more tokens than bytes.
    const likelyText = Math.min(textBytes, text * correction.likely);
    const highText = Math.min(textBytes, Math.max(likelyText * inputMargin, text * correction.high));
    const inputTokens = upward(likelyText + other.likely + carried.likely);
    const answer = this.#narrow(expectedAnswer(size.effort), groupsOf('output', size), holdShare, answerWeight);
    const cap = size.maxOutputTokens === undefined ? Infinity : whole(size.maxOutputTokens);
    const outputTokens = Math.min(cap, Math.max(outputTokensMin, upward(answer.high)));
    return {
      inputTokens,
      certainInputTokens: Math.floor(Math.min(likelyText / 2, textBytes / bytesPerTokenMax)),
      holdInputTokens: Math.max(inputTokens, upward(highText + other.high + carried.high)),
      outputTokens,
      likelyOutputTokens: Math.min(outputTokens, upward(answer.likely)),
      ...this.#reasoning(size, outputTokens),
    };
  }

  /** The likely size of what comes before the request's body; 0 where nothing does. */
  carriedTokens(size: RequestSize): number {
    return upward(this.#partsOf(size).carried.likely);
  }

  /** The middle of what answers of the same kind thought, of the closest kind that is known. */
  #reasoning(size: RequestSize, outputTokens: number): { readonly likelyReasoningTokens?: number } {
    const known = groupsOf('reasoning', size).flatMap((group) => this.#groups.get(group)?.quantile(0.5, 0) ?? []).at(-1);
    return known === undefined ? {} : { likelyReasoningTokens: Math.min(outputTokens, upward(known)) };
  }

  /** Learns from an attempt whose usage was measured. */
  learn(measured: MeasuredUse & { readonly size: RequestSize }): void {
    const { size } = measured;
    const inputTokens = whole(measured.inputTokens);
    const outputTokens = whole(measured.outputTokens);
    if (inputTokens <= 0 || size.bodyBytes <= 0) return;
    this.#learnInput(size, inputTokens);
    // An answer that reached its cap would have gone on, whatever it was called.
    const isCut = measured.isCut === true || outputTokens >= (size.maxOutputTokens ?? Infinity);
    for (const group of groupsOf('output', size)) this.#remember(group, Math.max(1, outputTokens), 1, isCut);
    if (measured.reasoningTokens !== undefined) for (const group of groupsOf('reasoning', size)) this.#remember(group, whole(measured.reasoningTokens), 1, isCut);
    if (measured.responseId !== undefined) keep(this.#responses, measured.responseId, inputTokens + outputTokens, responsesMax);
  }

  /** Learns from an attempt of an earlier run, from the basis that was kept with its hold. */
  learnFrom(basis: EstimateBasis, measured: MeasuredUse): void {
    this.learn({ ...measured, size: basis });
  }

  /** Takes down how many tokens a later request continues that names this response, where no usage tells it. */
  noteCarried(responseId: string, tokens: number): void {
    keep(this.#responses, responseId, whole(tokens), responsesMax);
  }

  #learnInput(size: RequestSize, inputTokens: number): void {
    const { text, textBytes, other } = this.#partsOf(size);
    if (size.continues) {
      // How much came before the body; how many tokens text makes cannot be told from such a request.
      if (this.#knownBefore(size) === undefined) this.#remember(groupOf('carried', size.model, size.kind), Math.max(1, inputTokens - text - other.likely));
      return;
    }
    const textTokens = inputTokens - other.likely;
    // Where other things are the larger part, they hide what the text makes; and more tokens than bytes
    // come from input that is not in the body.
    if (text < teachingTokensMin || other.likely > text || textTokens <= 0 || textTokens > textBytes) return;
    const correction = Math.min(correctionMax, Math.max(1 / correctionMax, textTokens / text));
    const weight = Math.min(1, text / teachingTokens) * text / (text + other.likely);
    for (const group of groupsOf('text', size)) this.#remember(group, correction, weight);
  }

  #partsOf(size: RequestSize): InputParts {
    const bodyBytes = whole(size.bodyBytes);
    const textBytes = Math.min(bodyBytes, size.textBytes === undefined ? bodyBytes : whole(size.textBytes));
    const text = size.textTokens === undefined ? textBytes / bytesPerTokenUnseen : Math.min(textBytes, whole(size.textTokens));
    const original = whole(size.originalImages ?? 0);
    const images = Math.max(0, whole(size.images ?? 0) - original);
    const files = whole(size.files ?? 0);
    const encoded = whole(size.encodedBytes ?? 0) * tokensPerEncodedByte;
    const sum = (of: keyof Spread) => images * imageTokens[of] + original * originalImageTokens[of]
      + files * fileTokens[of] + whole(size.fileBytes ?? 0) / fileBytesPerToken[of] + encoded;
    const before = this.#knownBefore(size);
    const carried = before !== undefined ? { likely: before, high: before }
      : size.continues ? this.#narrow(carriedExpected, [groupOf('carried', size.model, size.kind)], inputHoldShare, carriedWeight) : { likely: 0, high: 0 };
    return { text, textBytes, other: { likely: sum('likely'), high: sum('high') }, carried };
  }

  #knownBefore(size: RequestSize): number | undefined {
    return size.continues && size.continuesId !== undefined ? this.#responses.get(size.continuesId) : undefined;
  }

  #narrow(expected: Spread, groups: readonly string[], share: number, expectedWeight: number): Spread {
    return groups.reduce((spread, group) => narrowed(spread, this.#groups.get(group), share, expectedWeight), expected);
  }

  #remember(group: string, value: number, weight = 1, isCut = false): void {
    const values = this.#groups.get(group) ?? new RecentValues();
    values.add(value, weight, isCut);
    keep(this.#groups, group, values, groupsMax);
  }
}

/** The groups that a request belongs to, the widest first. */
function groupsOf(what: 'text' | 'output' | 'reasoning', { model, effort, kind }: RequestSize): readonly string[] {
  if (what === 'text') return [groupOf('text', model), ...(kind === undefined ? [] : [groupOf('text', model, kind)])];
  return [groupOf(what, model), groupOf(what, model, effort ?? null), groupOf(what, model, effort ?? null, kind ?? null)];
}

function groupOf(what: string, ...names: readonly (string | null | undefined)[]): string {
  return JSON.stringify([what, ...names]);
}

function expectedAnswer(effort: string | undefined): Spread {
  const factor = effort !== undefined && Object.hasOwn(effortFactors, effort) ? effortFactors[effort] ?? 1 : 1;
  return { likely: answerExpected.likely * factor, high: answerExpected.high * factor };
}

/** Puts an entry last, and drops the first when there are too many. */
function keep<T>(map: Map<string, T>, key: string, value: T, entriesMax: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > entriesMax) map.delete(map.keys().next().value ?? '');
}

/** Rounded up, but not by what logarithms leave behind. */
function upward(tokens: number): number {
  return Math.max(0, Math.ceil(tokens - 1e-6));
}

/** A figure that can be counted with. */
function whole(value: number): number {
  return value > 0 ? Math.min(Math.ceil(value), countMax) : 0;
}

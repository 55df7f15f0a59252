// A request as pacing sees it, and what it takes of each limit: some is counted when it arrives, the rest is
// known only once it has ended.
import type { EstimateBasis } from './estimateBasis.ts';
import type { Priority } from './fairQueue.ts';
import { isOfImages, type Measure } from './measure.ts';

/** A request as pacing sees it. */
export interface PaceRequest {
  readonly id: string;
  readonly model: string;
  /** Where it is sent, if there are several such places: each has a circuit of its own. */
  readonly upstream?: string;
  readonly workspaceId: string;
  readonly threadId?: string;
  readonly priority: Priority;
  /** Input and expected output together; corrected by the usage when it ends. */
  readonly estimatedTokens: number;
  /** What the upstream counts when the request arrives, before it knows what is used; the estimate without it. */
  readonly countedTokens?: number;
  /** The part of the estimate that is certain, the input. Only this can make a request too large. */
  readonly certainTokens?: number;
  /** Images that it brings along; none without it. */
  readonly images?: number;
  /** Images that it demands to be made; none without it. */
  readonly madeImages?: number;
}

/** Characters that a door counts as one token: https://developers.openai.com/api/docs/guides/rate-limits. */
const charactersPerToken = 4;

/**
 * What OpenAI counts when a request arrives: the larger of its text's length divided by four and the cap on its output.
 * @param carriedTokens input that is not in the request because its connection has it already
 */
export function countedOnArrival({ textBytes, bodyBytes, maxOutputTokens }: EstimateBasis, carriedTokens = 0): number {
  return Math.max(maxOutputTokens ?? 0, carriedTokens + Math.ceil((textBytes ?? bodyBytes) / charactersPerToken));
}

/** The tokens that a request takes in any case. */
export function certainTokensOf(request: PaceRequest): number {
  return request.certainTokens ?? request.estimatedTokens;
}

/** What the upstream counts when a request arrives. */
export function countedTokensOf(request: PaceRequest): number {
  return request.countedTokens ?? request.estimatedTokens;
}

/** What will probably be used beyond what is counted on arrival. */
export function restTokensOf(request: PaceRequest): number {
  return Math.max(0, request.estimatedTokens - countedTokensOf(request));
}

/** The request with the size that the upstream found it to have in a measure; whatever a limit on images refused takes one at the least. */
export function counting(request: PaceRequest, measure: Measure | undefined, amount: number | undefined): PaceRequest {
  if (measure !== undefined && isOfImages(measure)) return { ...request, [measure]: Math.max(amount ?? 1, request[measure] ?? 0) };
  if (measure !== 'tokens' || amount === undefined) return request;
  const countedTokens = amount;
  return { ...request, countedTokens: Math.max(countedTokens, countedTokensOf(request)), estimatedTokens: Math.max(request.estimatedTokens, countedTokens) };
}

/** What a request takes of a limit when it arrives. */
export function amountOf(request: PaceRequest, measure: Measure): number {
  return measure === 'requests' ? 1 : measure === 'tokens' ? countedTokensOf(request) : request[measure] ?? 0;
}

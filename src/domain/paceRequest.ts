// A request as pacing sees it, and what it takes of each limit: some is counted when it arrives, the rest is
// known only once it has ended.
import type { EstimateBasis } from './estimateBasis.ts';
import type { Priority } from './fairQueue.ts';

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
}

/** Characters that a door counts as one token: https://developers.openai.com/api/docs/guides/rate-limits. */
const charactersPerToken = 4;

/** What OpenAI counts when a request arrives: the larger of its text's length divided by four and the cap on its output. */
export function countedOnArrival({ textBytes, bodyBytes, maxOutputTokens }: EstimateBasis): number {
  return Math.max(maxOutputTokens ?? 0, Math.ceil((textBytes ?? bodyBytes) / charactersPerToken));
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

/** The request with the size that the upstream found it to have. */
export function counting(request: PaceRequest, countedTokens: number): PaceRequest {
  return { ...request, countedTokens: Math.max(countedTokens, countedTokensOf(request)), estimatedTokens: Math.max(request.estimatedTokens, countedTokens) };
}

/** What a request takes of a limit when it arrives. */
export function amountOf(request: PaceRequest, measure: 'requests' | 'tokens'): number {
  return measure === 'requests' ? 1 : countedTokensOf(request);
}

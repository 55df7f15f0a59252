// What a request costs in a model's line, in tokens, so that workspaces get equal shares of whatever is scarcer.
import type { QueueItem } from './fairQueue.ts';
import type { PaceRequest } from './paceRequest.ts';
import { availableAt, minuteMs, type RateWindow } from './rateWindow.ts';

/** The limits that all requests of a model share. */
export interface SharedWindows { readonly requests: RateWindow; readonly tokens: RateWindow }

/** How much of the usual size the newest request makes out. */
const usualShare = 0.02;

/** The costs of one model's requests. */
export class LaneCost {
  /** The size of the usual request, in tokens. */
  #usualTokens = 0;

  /** A request comes. @returns what its turn costs */
  of(request: PaceRequest, windows: SharedWindows): Pick<QueueItem, 'cost' | 'isEven'> {
    const size = Math.max(1, Math.ceil(request.estimatedTokens));
    this.#usualTokens += (size - this.#usualTokens) * (this.#usualTokens === 0 ? 1 : usualShare);
    const cost = this.#ofTokens(size, windows);
    return { cost, ...(cost === this.#turnTokens(windows) ? { isEven: true } : {}) };
  }

  /** What an attempt that was counted cost beyond its estimate; negative where it was less. @param usedTokens absent when unknown: the estimate stands */
  beyond({ estimatedTokens }: PaceRequest, usedTokens: number | undefined, windows: SharedWindows): number {
    return this.#ofTokens(usedTokens ?? estimatedTokens, windows) - this.#ofTokens(estimatedTokens, windows);
  }

  /** What is missing of the scarcer limit, but no more than it refills in a minute; 0 while no limit is known. */
  missing(windows: SharedWindows, nowMs: number): number {
    const { requests, tokens } = windows;
    const share = Math.max(missingShare(requests, nowMs), missingShare(tokens, nowMs));
    return share * (tokens.limit ?? this.#usualTokens * (requests.limit ?? 0));
  }

  /** What each request costs at the least, as one of the limit on requests; absent while there is none. */
  #turnTokens({ requests, tokens }: SharedWindows): number | undefined {
    return requests.limit === undefined ? undefined : Math.ceil(tokens.limit === undefined ? this.#usualTokens : tokens.limit / requests.limit);
  }

  #ofTokens(used: number, { requests, tokens }: SharedWindows): number {
    const size = Math.max(1, Math.ceil(used));
    const turn = this.#turnTokens({ requests, tokens });
    // Where only requests are limited each one takes as much, and counts like the usual one.
    return turn === undefined ? size : tokens.limit === undefined ? turn : Math.max(size, turn);
  }
}

/** From 0 for a limit that is full to 1 for one that is used up, or to a minute's part of it where it is longer. */
function missingShare(window: RateWindow, nowMs: number): number {
  const available = availableAt(window, nowMs);
  if (available === undefined || window.limit === undefined || window.limit <= 0) return 0;
  return Math.max(0, Math.min(1 - available / window.limit, minuteMs / window.lengthMs, 1));
}

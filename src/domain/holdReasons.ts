// Why the next request of a line cannot start: the sentences about used up limits. Pure.
import type { Measure } from './measure.ts';
import type { RateWindow } from './rateWindow.ts';
import { say } from './say.ts';
import type { Because, SaidValue } from './say.ts';

/** A limit per day has nothing left. */
function usedUpPerDay(measure: Measure, limit: SaidValue, model: string): Because {
  switch (measure) {
    case 'requests': return say('The limit of {0} requests per day for {1} is used up.', limit, model);
    case 'tokens': return say('The limit of {0} tokens per day for {1} is used up.', limit, model);
    case 'images': return say('The limit of {0} images per day for {1} is used up.', limit, model);
    case 'madeImages': return say('The limit of {0} made images per day for {1} is used up.', limit, model);
  }
}

/** A limit that refills in so long has nothing left. */
export function usedUp({ measure, limit, lengthMs }: { readonly measure: Measure; readonly limit: SaidValue; readonly lengthMs: number }, model: string): Because {
  return lengthMs > 3_600_000 ? usedUpPerDay(measure, limit, model) : usedUpPerMinute(measure, limit, model);
}

/** A pause that the upstream asked for is not over. */
export function askedToWait(model: string): Because {
  return say('The upstream asked to wait before the next request to {0}.', model);
}

/** A limit per minute has nothing left. */
function usedUpPerMinute(measure: Measure, limit: SaidValue, model: string): Because {
  switch (measure) {
    case 'requests': return say('The limit of {0} requests per minute for {1} is used up.', limit, model);
    case 'tokens': return say('The limit of {0} tokens per minute for {1} is used up.', limit, model);
    case 'images': return say('The limit of {0} images per minute for {1} is used up.', limit, model);
    case 'madeImages': return say('The limit of {0} made images per minute for {1} is used up.', limit, model);
  }
}

/** A limit that nobody told, as the refusals showed it, has nothing left. */
function learntUsedUp(measure: Measure, limit: SaidValue, model: string): Because {
  switch (measure) {
    case 'requests': return say('The upstream tells no limit for {1}; going by what it refused, about {0} requests per minute are used up.', limit, model);
    case 'tokens': return say('The upstream tells no limit for {1}; going by what it refused, about {0} tokens per minute are used up.', limit, model);
    case 'images': return say('The upstream tells no limit for {1}; going by what it refused, about {0} images per minute are used up.', limit, model);
    case 'madeImages': return say('The upstream tells no limit for {1}; going by what it refused, about {0} made images per minute are used up.', limit, model);
  }
}

/** Why a window of a model lets a request start only at a time. */
export function heldBecause(window: RateWindow, measure: Measure, atMs: number, model: string, nowMs: number): Because {
  const limit = window.limit ?? 0;
  if ((window.closedUntilMs ?? nowMs) >= atMs) return askedToWait(model);
  if (window.learnt) return learntUsedUp(measure, Math.round(limit), model);
  return usedUp({ measure, limit, lengthMs: window.lengthMs }, model);
}

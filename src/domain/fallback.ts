// The waterfall's layer before a refusal: where credits, a limit or the network end the walk, another model, such as
// a local one, may answer instead. It costs no credits; hard budgets in tokens count it like any other. Pure.
import { judgeBudgets } from './budgetLayer.ts';
import { stopsAt } from './budgets.ts';
import type { DecisionRecord, FallbackTaken } from './decisionRecord.ts';
import type { FallbackCause, FallbackOffer } from './fallbackOffer.ts';
import type { ProblemCode } from './problem.ts';
import { say, saidOf } from './say.ts';
import type { Because } from './say.ts';
import type { Walk, WaterfallInput } from './walk.ts';

/** What a refusal says at its end, and what is not so once the fallback answers. */
const sentToNobody = / Nothing was sent(?: and nothing was charged)?\.$/;

const causes: Partial<Record<ProblemCode, FallbackCause>> = {
  credits_exhausted: 'balance', consent_missing: 'balance', credits_owed: 'balance', wait_too_long: 'window', too_large_for_limit: 'window',
  upstream_unreachable: 'unreachable', upstream_untrusted: 'unreachable', proxy_refused: 'unreachable',
};

/** The cause that a refusal is, if a fallback may answer for it. Budgets, the guard and safety are none. */
export function fallbackCause(code: string | undefined, offer: Pick<FallbackOffer, 'causes'>): FallbackCause | undefined {
  const cause = code !== undefined && Object.hasOwn(causes, code) ? causes[code as ProblemCode] : undefined;
  return cause !== undefined && offer.causes.includes(cause) ? cause : undefined;
}

/** Turns a refusal into an admission of the fallback, where it may answer for it. */
export function fallBack(input: WaterfallInput, refused: DecisionRecord): DecisionRecord {
  const offer = input.fallback;
  const cause = offer && refused.outcome === 'refuse' ? fallbackCause(refused.code, offer) : undefined;
  if (!offer || cause === undefined) return refused;
  const with_ = (verdict: 'skipped' | 'took', because: Because) => [...refused.layers, { layer: 'fallback' as const, verdict, ...because }];
  if (offer.isElsewhere) return { ...refused, layers: with_('skipped', say('The fallback {0} at {1} answers over HTTP; the client is sent there.', offer.model, offer.at)) };
  // What is out of hand is not let go on for being free.
  if (input.runaway && input.runaway.action !== 'slow' && input.runaway.action !== 'let') return refused;
  const walk: Walk = { input: { ...input, canWait: false, estimateMicroCredits: offer.estimateMicroCredits }, layers: [] };
  const { verdicts, ended } = judgeBudgets(walk);
  const [budgets] = walk.layers;
  if (ended || !budgets) return { ...refused, layers: with_('skipped', say('The fallback {0} at {1} was not asked. {2}', offer.model, offer.at, { because: ended?.message ?? '', ...saidOf(ended ?? {}) })) };
  const stops = stopsAt(input.budgets).filter((one) => one.unit === 'tokens');
  const layers = with_('took', say('Answered by the fallback {0} at {1}; no credits are drawn for it.', offer.model, offer.at));
  const at = layers.findIndex((one) => one.layer === 'budgets');
  if (at === -1) layers.splice(-1, 0, budgets); else layers[at] = budgets;
  return {
    outcome: 'admit', layers, slices: [], holdMicroCredits: 0, fallback: { model: offer.model, at: offer.at, cause, code: refused.code ?? '', because: (refused.message ?? '').replace(sentToNobody, ''), said: refused.said ?? { sentence: refused.message ?? '' } },
    ...(verdicts.length > 0 ? { budgets: verdicts } : {}), ...(stops.length > 0 ? { stops } : {}), ...(refused.answered ? { answered: refused.answered } : {}),
  };
}

/** What is noted at the end of a request that the fallback answered. */
export function answeredInstead(taken: Pick<FallbackTaken, 'model' | 'at' | 'because' | 'said'>): Because {
  return say('Answered by the fallback {0} at {1}, because: {2}', taken.model, taken.at, { because: taken.because, ...saidOf(taken) });
}

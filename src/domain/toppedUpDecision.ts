// Decides where an automatic top-up may help: a request that would be refused for lack of credits is carried by what
// the rule may still add this month. Nothing is added for a request that is refused, asks or waits all the same. Pure.
import { additionsLeft } from './autoTopUp.ts';
import type { AutoTopUp } from './autoTopUp.ts';
import type { DecisionRecord } from './decisionRecord.ts';
import { takeSlices } from './grants.ts';
import type { Grant } from './grants.ts';
import { say, saidOf } from './say.ts';
import type { SaidValue } from './say.ts';
import { sum } from './units.ts';
import type { WaterfallInput } from './walk.ts';
import { decide } from './waterfall.ts';

/** What the rule has done this month and would do next. */
export interface TopUpOffer {
  readonly rule: AutoTopUp;
  readonly addedMicroCredits: number;
  /** The grant that an addition would be, whole: 0 for the next one. */
  readonly grantAt: (place: number) => Grant;
}

/** A decision, and how many additions have to be booked for it. */
export interface ToppedUp { readonly decision: DecisionRecord; readonly additions: number }

/** Decides with what may be added. @param offered asked only where credits are lacking */
export function decideToppedUp(input: WaterfallInput, offered: () => TopUpOffer): ToppedUp {
  // Credits come before the fallback, so it is left out at first.
  const { fallback: _fallback, ...alone } = input;
  const plain = decide(alone);
  if (plain.outcome !== 'refuse' || plain.code !== 'credits_exhausted') return { decision: decide(input), additions: 0 };
  const offer = offered();
  const hold = input.estimateMicroCredits ?? 0;
  const missing = hold - sum(takeSlices(input.grants, hold, input).map((slice) => slice.microCredits));
  const wanted = Math.ceil(missing / offer.rule.amountMicroCredits);
  if (wanted > additionsLeft(offer.rule, offer.addedMicroCredits)) return { decision: capped(decide(input), offer, wanted), additions: 0 };
  const decision = decide({ ...input, grants: [...input.grants, ...Array.from({ length: wanted }, (_, place) => offer.grantAt(place))] });
  if (decision.outcome !== 'admit' || decision.fallback) return { decision, additions: 0 };
  return { decision: told(decision, wanted * offer.rule.amountMicroCredits), additions: wanted };
}

/** A refusal that says why nothing was added. */
function capped(decision: DecisionRecord, { rule, addedMicroCredits }: TopUpOffer, wanted: number): DecisionRecord {
  if (decision.outcome !== 'refuse') return decision;
  const why = say('{0} The automatic top-up has added {1} of its {2} credits this month, so that it may not add the {3} that this needs.',
    { because: decision.message ?? '', ...saidOf(decision) }, credits(addedMicroCredits), credits(rule.capMicroCredits), credits(wanted * rule.amountMicroCredits));
  const { toChange = [], toChangeSaid = toChange.map((sentence) => ({ sentence })) } = decision;
  const raise = say('Or raise the monthly cap of the automatic top-up.').because;
  return {
    ...decision, message: why.because, ...saidOf(why), toChange: [...toChange, raise], toChangeSaid: [...toChangeSaid, { sentence: raise }],
    layers: decision.layers.map((layer) => (layer.verdict === 'ended' ? { ...layer, ...why } : layer)),
  };
}

/** An admission that says where some of its credits come from. */
function told(decision: DecisionRecord, addedMicroCredits: number): DecisionRecord {
  return { ...decision, layers: decision.layers.map((layer) => (layer.layer === 'purchased' ? { ...layer, ...say('{0} {1} of them come from the automatic top-up.', { because: layer.because, ...saidOf(layer) }, credits(addedMicroCredits)) } : layer)) };
}

function credits(microCredits: number): SaidValue {
  return { credits: microCredits, decimals: 2 };
}

// The waterfall: one pure function that walks the layers for one attempt and returns a decision
// with its whole reasoning. It reads a snapshot of the ledger; it never writes and never waits.
// Pacing has happened before (an attempt comes here when upstream limits have room), so its wait
// arrives as a fact and becomes part of the record.
import { availableMicroCredits, isExpired, takeSlices } from './grants.ts';
import type { Grant, GrantKind, Slice } from './grants.ts';
import { problem } from './problem.ts';
import type { Problem } from './problem.ts';
import { formatCredits, sum } from './units.ts';

/** Layers in the order in which they are asked. */
export type Layer = 'safety' | 'limits' | 'included' | 'promotional' | 'purchased' | 'consent' | 'wait';

/** One layer's part in a decision. */
export interface LayerVerdict {
  readonly layer: Layer;
  readonly verdict: 'passed' | 'took' | 'waited' | 'ended' | 'skipped';
  /** The verdict as a sentence. */
  readonly because: string;
  readonly microCredits?: number;
}

/** The record of a decision: why a request was admitted or refused, and what it drew from. */
export interface DecisionRecord {
  readonly outcome: 'admit' | 'refuse';
  readonly layers: readonly LayerVerdict[];
  readonly slices: readonly Slice[];
  readonly holdMicroCredits: number;
  readonly code?: string;
  readonly message?: string;
  readonly remedy?: string;
}

/** What a model without a price means: refuse while credits are tracked, or count it unpriced. */
export type UnpricedRule = 'refuse' | 'allow';

/** Everything the decision depends on. */
export interface WaterfallInput {
  readonly nowMs: number;
  /** A reason to refuse before anything else is asked: no key, ledger failed, stopping. */
  readonly unsafe?: Problem;
  readonly model: string;
  /** What the attempt may cost at the most likely; absent for a model without a price. */
  readonly estimateMicroCredits?: number;
  readonly unpricedRule: UnpricedRule;
  /** Every grant ever made that is not void; expired ones too. */
  readonly grants: readonly Grant[];
  /** Whether purchased credits may be used by this workspace. */
  readonly consented: boolean;
  /** What pacing did before: why it waited and for how long, or why it cannot go on. */
  readonly limits: { readonly waitedMs: number; readonly because: string; readonly ended?: Problem };
}

/** Walks the layers and decides. The slices of an admitted attempt sum to its hold. */
export function decide(input: WaterfallInput): DecisionRecord {
  const layers: LayerVerdict[] = [];
  const refuse = (layer: Layer, why: Problem): DecisionRecord => {
    layers.push({ layer, verdict: 'ended', because: why.message });
    return { outcome: 'refuse', layers, slices: [], holdMicroCredits: 0, code: why.code, message: why.message, remedy: why.remedy };
  };

  if (input.unsafe) return refuse('safety', input.unsafe);
  layers.push({ layer: 'safety', verdict: 'passed', because: 'The ledger is healthy and a key is present.' });

  if (input.limits.ended) return refuse('limits', input.limits.ended);
  layers.push({ layer: 'limits', verdict: input.limits.waitedMs > 0 ? 'waited' : 'passed', because: input.limits.because });

  const tracked = input.grants.length > 0;
  if (input.estimateMicroCredits === undefined && tracked && input.unpricedRule === 'refuse') {
    return refuse('safety', problem('model_unpriced', `No price is known for the model "${input.model}", so its cost cannot be held against your credits. Nothing was sent.`));
  }
  if (!tracked || input.estimateMicroCredits === undefined) {
    const because = tracked
      ? 'The model has no price; the request is counted as unpriced and draws nothing.'
      : 'No credits were ever added, so the balance is not tracked: usage is counted and priced, nothing is drawn.';
    for (const kind of ['included', 'promotional', 'purchased'] as const) layers.push({ layer: kind, verdict: 'skipped', because });
    return { outcome: 'admit', layers, slices: [], holdMicroCredits: 0 };
  }
  return draw(input, input.estimateMicroCredits, layers, refuse);
}

type Refuse = (layer: Layer, why: Problem) => DecisionRecord;

/** The layers that cover the hold: included, promotional, then purchased with consent. */
function draw(input: WaterfallInput, hold: number, layers: LayerVerdict[], refuse: Refuse): DecisionRecord {
  const slices: Slice[] = [];
  let missing = hold;
  for (const kind of ['included', 'promotional', 'purchased'] as const) {
    const grants = input.grants.filter((grant) => grant.kind === kind);
    if (missing === 0 && (hold > 0 || slices.length > 0)) {
      layers.push({ layer: kind, verdict: 'skipped', because: 'The hold is covered already.' });
      continue;
    }
    const taken = takeSlices(grants, missing, input.nowMs);
    if (kind === 'purchased' && taken.length > 0) {
      if (!input.consented) {
        return refuse('consent', problem('consent_missing', `This request would use purchased credits, and this workspace has no permission to. Nothing was sent and nothing was charged.`));
      }
      layers.push({ layer: 'consent', verdict: 'passed', because: 'Using purchased credits was allowed for this workspace.' });
    }
    const amount = sum(taken.map((slice) => slice.microCredits));
    slices.push(...taken);
    missing -= amount;
    layers.push(amount > 0
      ? { layer: kind, verdict: 'took', because: `Reserved ${formatCredits(amount, 6)} of ${formatCredits(freeOf(grants, input.nowMs), 6)} free ${kind} credits.`, microCredits: amount }
      : { layer: kind, verdict: 'passed', because: grants.length === 0 ? `There are no ${kind} credits.` : `The ${kind} credits have nothing free.` });
  }
  if (missing > 0) {
    const free = freeOf(input.grants, input.nowMs);
    return refuse('wait', problem('credits_exhausted',
      `This request may cost up to ${formatCredits(hold, 2)} credits and ${formatCredits(free, 2)} are free${heldOf(input.grants) > 0 ? ` (${formatCredits(heldOf(input.grants), 2)} more are reserved by running requests)` : ''}. Nothing was sent and nothing was charged.`));
  }
  return { outcome: 'admit', layers, slices, holdMicroCredits: hold };
}

/** What the next request would draw from; `none` when it would be refused for lack of credits or consent. */
export function nextDraw(grants: readonly Grant[], consented: boolean, nowMs: number): 'untracked' | GrantKind | 'none' {
  if (grants.length === 0) return 'untracked';
  const first = takeSlices(grants, 1, nowMs)[0];
  if (!first || first.kind === 'purchased' && !consented) return 'none';
  return first.kind;
}

function freeOf(grants: readonly Grant[], nowMs: number): number {
  return sum(grants.filter((grant) => !isExpired(grant, nowMs)).map(availableMicroCredits));
}

function heldOf(grants: readonly Grant[]): number {
  return sum(grants.map((grant) => grant.heldMicroCredits));
}

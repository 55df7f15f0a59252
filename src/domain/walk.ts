// One walk through the waterfall's layers: what it depends on, the verdicts so far, and the three ways
// in which a layer can end it. The layers themselves are elsewhere.
import type { BudgetUse } from './budgets.ts';
import type { ConsentAnswer, ConsentScope } from './consent.ts';
import type { Answered, DecisionRecord, Layer, LayerVerdict, QuestionKind } from './decisionRecord.ts';
import type { FallbackOffer } from './fallbackOffer.ts';
import type { Grant } from './grants.ts';
import { becauseOf } from './problem.ts';
import type { Problem } from './problem.ts';
import type { Runaway } from './runawayGuard.ts';
import type { Because } from './say.ts';

/** What a model without a price means. A ceiling price is looked up before, so the rules see a priced model. */
export type UnpricedRule = 'refuse' | 'ask' | 'ceiling' | 'allow';

/** Everything the decision depends on. */
export interface WaterfallInput {
  readonly nowMs: number;
  /** A reason to refuse before anything else is asked: no key, ledger failed, stopping. */
  readonly unsafe?: Problem;
  /** What the runaway guard found about the request's task, and what is to be done about it. */
  readonly runaway?: Pick<Runaway, 'action' | 'because' | 'said'>;
  readonly model: string;
  readonly workspaceId: string;
  /** What the attempt may cost, at the 95th percentile; absent for a model without a price. */
  readonly estimateMicroCredits?: number;
  /** Why the plan of the client's own sign-in pays for it, as a sentence; absent where credits do. Such a request has no estimate in credits. */
  readonly plan?: Because;
  /** Input and output tokens that it may take, likewise. */
  readonly estimateTokens: number;
  readonly unpricedRule: UnpricedRule;
  /** Whether any grant was ever made; without one the balance is not tracked. */
  readonly tracked: boolean;
  /** The grants that have something left. */
  readonly grants: readonly Grant[];
  /** Owed for credits that were taken back after they had been spent; zero or more. */
  readonly owedMicroCredits: number;
  /** Whether purchased credits may be used for this request, and who said so. */
  readonly consent: { readonly answer: ConsentAnswer; readonly scope?: ConsentScope };
  /** Whether somebody can be asked now. */
  readonly canAsk: boolean;
  /** Whether it may wait for what running attempts have reserved. */
  readonly canWait: boolean;
  /** How a question was answered while the request waited. */
  readonly answered?: Answered;
  /** The budgets that are about this request. */
  readonly budgets: readonly BudgetUse[];
  /** What pacing did before: why it waited and for how long, or why it cannot go on. */
  readonly limits: Because & { readonly waitedMs: number; readonly ended?: Problem };
  /** Another model that may answer where the walk ends in a refusal. */
  readonly fallback?: FallbackOffer;
}

/** A decision on its way: the layers so far and how it ends. */
export interface Walk {
  readonly input: WaterfallInput;
  readonly layers: LayerVerdict[];
}

/** Ends a walk with a refusal. */
export function refuse({ layers }: Walk, layer: Layer, why: Problem, toChange: readonly Because[], retryAtMs = why.retryAtMs): DecisionRecord {
  layers.push({ layer, verdict: 'ended', ...becauseOf(why) });
  return {
    outcome: 'refuse', layers, slices: [], holdMicroCredits: 0, ...told(why, toChange), ...(retryAtMs === undefined ? {} : { retryAtMs }),
  };
}

/** Holds a walk back until running attempts have given back what they do not use. */
export function holdBack({ layers }: Walk, layer: Layer, why: Problem, toChange: readonly Because[]): DecisionRecord {
  layers.push({ layer, verdict: 'waited', ...becauseOf(why) });
  return { outcome: 'wait', layers, slices: [], holdMicroCredits: 0, ...told(why, toChange) };
}

/** Stops a walk until a person has answered. */
export function ask({ layers }: Walk, layer: Layer, question: QuestionKind, why: Problem, toChange: readonly Because[]): DecisionRecord {
  layers.push({ layer, verdict: 'asked', ...becauseOf(why) });
  return { outcome: 'ask', question, layers, slices: [], holdMicroCredits: 0, ...told(why, toChange) };
}

/** What a decision says of its end. */
function told(why: Problem, toChange: readonly Because[]): Partial<DecisionRecord> {
  return {
    code: why.code, message: why.message, remedy: why.remedy, ...(why.said ? { said: why.said } : {}), ...(why.remedySaid ? { remedySaid: why.remedySaid } : {}),
    ...(toChange.length === 0 ? {} : { toChange: toChange.map((one) => one.because) }),
    ...(toChange.some((one) => one.said) ? { toChangeSaid: toChange.map((one) => one.said ?? { sentence: one.because }) } : {}),
  };
}

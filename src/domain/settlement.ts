// Policy P: who pays when an attempt ends, however it ends. Facts go in, the usage to charge and
// whether it was measured or estimated come out. Nothing here knows prices.
import { say } from './say.ts';
import { isPlausible, noTokens } from './tokenUsage.ts';
import type { TokenUsage } from './tokenUsage.ts';

/** What became of an attempt. */
export type AttemptOutcome = 'completed' | 'incomplete' | 'failed' | 'rejected' | 'aborted' | 'broken' | 'crashed' | 'refused' | 'corrected';

/** What was seen of an attempt until it ended. */
export interface AttemptFacts {
  /** The terminal event's kind, once it was seen. */
  readonly terminal?: 'completed' | 'incomplete' | 'failed';
  /** Usage as the upstream reported it with the terminal event, and whether its sum fits its parts. */
  readonly reported?: { readonly usage: TokenUsage; readonly consistent: boolean };
  /** How the attempt ended when no terminal event came. */
  readonly ending: 'finished' | 'rejected' | 'client-left' | 'upstream-broke' | 'broker-crashed' | 'not-sent';
  /** Whether the upstream had begun to answer (`response.created` or a first byte of success). */
  readonly begun: boolean;
  /** Tokens of the input as estimated before it was sent. */
  readonly estimatedInputTokens: number;
  /** Output that the hold reserved for; an estimate is never charged beyond it. */
  readonly estimatedOutputTokens: number;
  /** Output seen so far, in characters of text and arguments. */
  readonly outputChars: number;
  /** It asked for the conversation to be prepared and for nothing to be generated. */
  readonly isPrewarm?: true;
  /** A plan pays for it: whatever it used, nothing is charged and nothing is exposed. */
  readonly isCovered?: true;
  /** What the model probably thought before it spoke, which no stream shows; absent where that is not known. */
  readonly likelyReasoningTokens?: number;
}

/** How an attempt is booked. */
export interface Settlement {
  readonly outcome: AttemptOutcome;
  /** What is charged; absent when it costs nothing. */
  readonly charge?: 'reported' | 'estimated';
  readonly usage: TokenUsage;
  readonly measured: boolean;
  /** Why it costs nothing, where it does. */
  readonly freeReason?: string;
  /** Something a person should know about how the figure came to be. */
  readonly notice?: string;
  /** It was sent and lost before the upstream answered: free here, yet the upstream may have billed it. */
  readonly exposed?: true;
}

/** Characters of output that make one token, for estimates (English text and code, rounded down to be fair). */
export const charsPerToken = 4;

/** Why an attempt costs nothing that a plan pays for. */
const coveredReason = say('The ChatGPT plan that the client is signed in to pays for it, so no credits are taken.').because;

/** Why an attempt costs nothing that ended before a byte of it went out. */
export const unsentReason = say('The request ended before anything was sent.').because;

/** Applies policy P. */
export function settle(facts: AttemptFacts): Settlement {
  const booked = settleByUse(facts);
  if (!facts.isCovered) return booked;
  const { charge: _charge, exposed: _exposed, ...used } = booked;
  return { freeReason: coveredReason, ...used };
}

function settleByUse(facts: AttemptFacts): Settlement {
  const outcome = facts.terminal ?? outcomeOf(facts);
  const prewarm = facts.isPrewarm ? prewarmed(facts, outcome) : undefined;
  if (prewarm) return prewarm;
  if (facts.terminal && facts.reported) {
    const { usage, consistent } = facts.reported;
    if (consistent && isPlausible(usage)) return { outcome, charge: 'reported', usage, measured: true };
    return estimated(facts, outcome, say('The upstream reported usage that cannot be true, so it was estimated.').because);
  }
  if (facts.ending === 'rejected') {
    return { outcome, usage: noTokens, measured: true, freeReason: say('The upstream refused the request; it reported no tokens.').because };
  }
  if (facts.terminal === 'failed') {
    return { outcome, usage: noTokens, measured: true, freeReason: say('The response failed and the upstream reported no usage.').because };
  }
  if (!facts.begun) return { outcome, usage: noTokens, measured: false, freeReason: freeReasonOf(facts), ...(facts.ending === 'not-sent' ? {} : { exposed: true }) };
  return estimated(facts, outcome, noticeOf(facts));
}

/** A prewarm is free where the upstream reports no tokens for it; tokens that it does report count like any others. */
function prewarmed(facts: AttemptFacts, outcome: AttemptOutcome): Settlement | undefined {
  const usage = facts.reported?.usage;
  const isBilled = usage !== undefined && (usage.inputTokens !== 0 || usage.outputTokens !== 0);
  if (isBilled || !facts.begun || facts.ending === 'rejected') return undefined;
  return { outcome, usage: noTokens, measured: facts.terminal !== undefined, freeReason: say('It only prepared the conversation (a prewarm): nothing was generated and no tokens were used.').because };
}

function outcomeOf(facts: AttemptFacts): AttemptOutcome {
  switch (facts.ending) {
    case 'rejected': return 'rejected';
    case 'client-left': case 'not-sent': return 'aborted';
    case 'broker-crashed': return 'crashed';
    // A success without a terminal event is a broken stream: the client will see it so, too.
    case 'finished': case 'upstream-broke': return 'broken';
  }
}

function freeReasonOf(facts: AttemptFacts): string {
  switch (facts.ending) {
    case 'client-left': return say('The client left before the upstream answered.').because;
    case 'not-sent': return unsentReason;
    case 'broker-crashed': return say('The broker stopped before the upstream answered; whether it began cannot be known.').because;
    default: return say('The upstream was lost before it answered; whether it began cannot be known.').because;
  }
}

function noticeOf(facts: AttemptFacts): string {
  if (facts.terminal) return say('The upstream reported no usage, so it was estimated.').because;
  if (facts.ending === 'broker-crashed') return say('The broker was ended while the answer came; what had come of it is not known, so only the input is charged, as an estimate.').because;
  return say('The stream ended before the upstream reported its usage, so it was estimated.').because;
}

function estimated(facts: AttemptFacts, outcome: AttemptOutcome, notice: string): Settlement {
  const outputTokens = Math.min(facts.estimatedOutputTokens, Math.ceil(facts.outputChars / charsPerToken) + (facts.likelyReasoningTokens ?? 0));
  return {
    outcome, charge: 'estimated', measured: false, notice,
    usage: { ...noTokens, inputTokens: facts.estimatedInputTokens, outputTokens, reasoningTokens: Math.min(outputTokens, facts.likelyReasoningTokens ?? 0) },
  };
}

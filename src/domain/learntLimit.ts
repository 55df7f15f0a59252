// A limit that nobody announces, learnt from its refusals. What was let in before the first refusal bounds
// it from below: a bucket that holds a minute's limit lets in at most that and what it refills. From then on
// each refusal finds the bucket empty, so that what was let in between two of them is what it refilled. Between
// them the limit is kept, and then tried further and further, so that one that rose is found; a refusal takes
// nothing from the upstream, so the bucket never stands full and nothing of it is lost.

/** What was let in lately, in slots of `slotMs`, the oldest first. */
export type Tally = readonly { readonly fromMs: number; readonly amount: number }[];

/** How a learnt limit came about. */
export interface Learnt {
  /** What was measured last. */
  readonly measured: number;
  /** It is tried further only after so many answers: more, the oftener it was found to be the same. */
  readonly steadyAnswers: number;
  /** Answers since the newest refusal, and refusals since the newest answer. */
  readonly answers: number;
  readonly refusalsInRow: number;
}

/** A limit and how it came about. */
export interface LearntLimit { readonly limit: number; readonly learnt: Learnt }

/** Nothing was let in yet. */
export const noTally: Tally = [];
/** Length of a slot, and how many are remembered: ten minutes. */
const slotMs = 5_000;
const slotsMax = 120;
/** A refusal that measures nothing lowers a learnt limit to this share; a further one, before anything is let in, to that. */
const refusedRatio = 0.98;
const refusedAgainRatio = 0.85;
/** The refill is measured between refusals that lie so far apart; a measurement takes at most this from the limit. */
const measuredMsMin = 20_000;
const refilledShareMin = 0.5;
/** Two measurements that differ by less found the same limit. */
const sameShare = 0.03;
/** Answers before a limit that was found again is tried further: at first, and at the most. */
const steadyAnswersMin = 50;
const steadyAnswersMax = 800;
/** An answer then raises it by this share, and by twice as much whenever so many more came. */
const answeredShare = 0.0001;
const answersDoubling = 50;
const answeredShareMax = 0.05;

/** The tally with one more amount that was let in. */
export function counted(tally: Tally, amount: number, sentAtMs: number): Tally {
  if (amount <= 0) return tally;
  const last = tally.at(-1);
  if (last && sentAtMs < last.fromMs + slotMs) return [...tally.slice(0, -1), { fromMs: Math.min(last.fromMs, sentAtMs), amount: last.amount + amount }];
  return [...tally.slice(1 - slotsMax), { fromMs: sentAtMs, amount }];
}

/** The least limit over `lengthMs` that can have let in all that the tally holds; 0 when it is empty. */
export function limitAtLeast(tally: Tally, lengthMs: number, nowMs: number): number {
  let [sum, most] = [0, 0];
  for (const { fromMs, amount } of tally.toReversed()) {
    sum += amount;
    most = Math.max(most, sum * lengthMs / (lengthMs + Math.max(0, nowMs - fromMs)));
  }
  return most;
}

/** After the first refusal. */
export function firstLearnt(limit: number): LearntLimit {
  return { limit, learnt: { measured: limit, steadyAnswers: 0, answers: 0, refusalsInRow: 1 } };
}

/** After an answer while more was waiting for this limit. */
export function afterLearntAnswer(limit: number, learnt: Learnt): LearntLimit {
  const answers = learnt.answers + 1;
  const share = answers <= learnt.steadyAnswers ? 0 : Math.min(answeredShareMax, answeredShare * 2 ** ((answers - learnt.steadyAnswers) / answersDoubling));
  return { limit: limit * (1 + share), learnt: { ...learnt, answers, refusalsInRow: 0 } };
}

/**
 * After a further refusal. What was let in since the one before is what was refilled, unless the bucket stood
 * full in between, which the next growth finds out.
 * @param emptyAtMs when the refusal before came
 */
export function afterLearntRefusal(limit: number, learnt: Learnt, tally: Tally, emptyAtMs: number, lengthMs: number, nowMs: number): LearntLimit {
  const next = { ...learnt, answers: 0, refusalsInRow: learnt.refusalsInRow + 1 };
  // One that refuses again and again has become lower: the past says nothing about it.
  if (learnt.refusalsInRow > 0) return { limit: limit * refusedAgainRatio, learnt: { ...next, steadyAnswers: 0 } };
  const betweenMs = nowMs - emptyAtMs;
  if (betweenMs < measuredMsMin) return { limit: limit * refusedRatio, learnt: { ...next, steadyAnswers: 0 } };
  const letIn = tally.reduce((sum, { fromMs, amount }) => sum + (fromMs >= emptyAtMs ? amount : 0), 0);
  const refilled = Math.max(letIn * lengthMs / betweenMs, limitAtLeast(tally, lengthMs, nowMs));
  const measured = Math.min(limit * refusedRatio, Math.max(limit * refilledShareMin, refilled));
  const isSame = Math.abs(measured / learnt.measured - 1) < sameShare;
  return { limit: measured, learnt: { ...next, measured, steadyAnswers: isSame ? Math.min(steadyAnswersMax, Math.max(steadyAnswersMin, 2 * learnt.steadyAnswers)) : 0 } };
}

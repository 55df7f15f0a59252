// The waterfall's budget layer: measures an attempt by every budget that is about it. A soft budget
// warns, a hard one that is over ends the walk, and one that only reservations fill lets it wait.
import { budgetAmount, budgetSaid, judgeBudget } from './budgets.ts';
import type { Budget, BudgetVerdict } from './budgets.ts';
import type { DecisionRecord } from './decisionRecord.ts';
import { allowsFromMs } from './evenBurn.ts';
import { problem } from './problem.ts';
import type { Problem } from './problem.ts';
import { say } from './say.ts';
import type { Because } from './say.ts';
import { decimalsApart, hundredthsUp } from './units.ts';
import { holdBack, refuse } from './walk.ts';
import type { Walk } from './walk.ts';

/** The layer's verdicts, and the decision where it ends the walk. */
export interface BudgetJudgement {
  readonly verdicts: readonly BudgetVerdict[];
  readonly ended?: DecisionRecord;
}

interface Judged { readonly budget: Budget; readonly verdict: BudgetVerdict }

/** Judges all budgets and adds the layer to the walk. */
export function judgeBudgets(walk: Walk): BudgetJudgement {
  const { input, layers } = walk;
  if (input.budgets.length === 0) {
    layers.push({ layer: 'budgets', verdict: 'skipped', ...say('No budget is set for this request.') });
    return { verdicts: [] };
  }
  const want = { tokens: input.estimateTokens, ...(input.estimateMicroCredits === undefined ? {} : { costMicroCredits: input.estimateMicroCredits }) };
  const judged = input.budgets.flatMap((use): Judged[] => {
    const verdict = judgeBudget(use, want);
    // It is told by the name of its workspace, whose id says nothing to people.
    return verdict ? [{ budget: use.label === undefined ? use.budget : { ...use.budget, of: use.label }, verdict }] : [];
  });
  const verdicts = judged.map((one) => one.verdict);
  const hard = judged.filter(({ budget, verdict }) => budget.mode === 'hard' && verdict.verdict !== 'fits');
  const worst = hard.find(({ verdict }) => verdict.verdict === 'over') ?? hard[0];
  if (worst) return { verdicts, ended: { ...end(walk, worst), budgets: verdicts } };
  const crossed = judged.filter(({ verdict }) => verdict.verdict !== 'fits');
  layers.push(crossed.length > 0
    ? { layer: 'budgets', verdict: 'warned', ...overSoft(crossed.map(crossedSaid)) }
    : verdicts.length === 0 ? { layer: 'budgets', verdict: 'passed', ...unmeasured(walk) }
    : { layer: 'budgets', verdict: 'passed', ...(verdicts.length === 1 ? say('It fits the budget that is about it.') : say('It fits all {0} budgets that are about it.', verdicts.length)) });
  return { verdicts };
}

/** A soft budget that only today's share is too small of is not over as a whole. */
function crossedSaid({ budget, verdict: { used, reserved, wanted, limit, allowed } }: Judged): Because {
  return allowed !== undefined && used + reserved + wanted <= limit ? say('{0} for today', budgetSaid(budget)) : budgetSaid(budget);
}

function unmeasured({ input }: Walk): Because {
  return input.plan ? say('Budgets in credits do not count what a plan pays for.') : say('The model has no price, so budgets in credits cannot measure it.');
}

/** The soft budgets that it goes over, however many. */
function overSoft(budgets: readonly Because[]): Because {
  const all = budgets.reduce((before, next) => say('{0}, and of {1}', before, next));
  return say('It goes over the soft budget of {0}.', all);
}

function end(walk: Walk, judged: Judged): DecisionRecord {
  const { budget, verdict } = judged;
  const need = verdict.used + verdict.reserved + verdict.wanted;
  // What running requests give back may be all that is lacking of the whole; what the days lack comes by itself.
  const isForDays = verdict.allowed !== undefined && verdict.allowed < verdict.limit && verdict.used + verdict.wanted <= verdict.limit;
  const allowed = isForDays ? verdict.allowed : undefined;
  const [why, toChange] = allowed === undefined ? wholeFull(judged, need) : shareFull(judged, allowed);
  if (verdict.verdict === 'reserved' && walk.input.canWait) return holdBack(walk, 'budgets', why, toChange);
  return refuse(walk, 'budgets', why, toChange, allowed === undefined ? nextPeriodMs(judged) : allowsFromMs(budget, Math.min(need, verdict.limit), walk.input.nowMs));
}

function wholeFull({ budget, verdict }: Judged, need: number): readonly [Problem, readonly Because[]] {
  const free = Math.max(0, verdict.limit - verdict.used);
  const amount = (value: number) => budgetAmount(budget.unit, value, decimalsApart(free, verdict.wanted));
  const [which, left, wanted] = [budgetSaid(budget), amount(free), amount(verdict.wanted)];
  const why = verdict.reserved > 0
    ? problem('budget_exceeded', 'The budget of {0} has {1} left, of which running requests reserve {2}, and this request may take {3}. Nothing was sent and nothing was charged.', { values: [which, left, amount(verdict.reserved), wanted] })
    : problem('budget_exceeded', 'The budget of {0} has {1} left, and this request may take {2}. Nothing was sent and nothing was charged.', { values: [which, left, wanted] });
  return [why, [say('Raise the budget to {0} or more.', budgetAmount(budget.unit, budget.unit === 'credits' ? hundredthsUp(need) : need)), ...(verdict.endsAtMs === undefined || verdict.wanted > verdict.limit ? [] : [say('Or wait for its next period.')])]];
}

/** The budget has room for it, but not yet: a later day brings it by itself. */
function shareFull({ budget, verdict }: Judged, allowed: number): readonly [Problem, readonly Because[]] {
  return [shareProblem(budget, verdict, allowed), [say('Wait for the share of a later day.'), say('Or set the budget without spreading it evenly; then all of it may be used at any time.')]];
}

function shareProblem(budget: Budget, verdict: BudgetVerdict, allowed: number): Problem {
  const amount = (value: number) => budgetAmount(budget.unit, value);
  const [which, left] = [budgetSaid(budget), allowed - verdict.used];
  const end = [amount(allowed), amount(verdict.wanted)];
  if (left <= 0) return problem('budget_exceeded', 'The budget of {0} is used up for today: its days so far allow {1}, and this request may take {2}. Nothing was sent and nothing was charged.', { values: [which, ...end] });
  return verdict.reserved > 0
    ? problem('budget_exceeded', 'The budget of {0} has {1} left for today, of which running requests reserve {4}: its days so far allow {2}, and this request may take {3}. Nothing was sent and nothing was charged.', { values: [which, amount(left), ...end, amount(verdict.reserved)] })
    : problem('budget_exceeded', 'The budget of {0} has {1} left for today: its days so far allow {2}, and this request may take {3}. Nothing was sent and nothing was charged.', { values: [which, amount(left), ...end] });
}

/** When its next period, or the day of it that has room, begins. What is too large for the whole budget does not fit that either. */
function nextPeriodMs({ budget, verdict: { wanted, limit, endsAtMs } }: Judged): number | undefined {
  return wanted > limit || endsAtMs === undefined ? undefined : allowsFromMs(budget, wanted, endsAtMs) ?? endsAtMs;
}

// The waterfall's budget layer: measures an attempt by every budget that is about it. A soft budget
// warns, a hard one that is over ends the walk, and one that only reservations fill lets it wait.
import { budgetAmountText, budgetText, judgeBudget } from './budgets.ts';
import type { Budget, BudgetVerdict } from './budgets.ts';
import type { DecisionRecord } from './decisionRecord.ts';
import { problem } from './problem.ts';
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
    layers.push({ layer: 'budgets', verdict: 'skipped', because: 'No budget is set for this request.' });
    return { verdicts: [] };
  }
  const want = { tokens: input.estimateTokens, ...(input.estimateMicroCredits === undefined ? {} : { costMicroCredits: input.estimateMicroCredits }) };
  const judged = input.budgets.flatMap((use): Judged[] => {
    const verdict = judgeBudget(use, want);
    return verdict ? [{ budget: use.budget, verdict }] : [];
  });
  const verdicts = judged.map((one) => one.verdict);
  const hard = judged.filter(({ budget, verdict }) => budget.mode === 'hard' && verdict.verdict !== 'fits');
  const worst = hard.find(({ verdict }) => verdict.verdict === 'over') ?? hard[0];
  if (worst) return { verdicts, ended: { ...end(walk, worst), budgets: verdicts } };
  const crossed = judged.filter(({ verdict }) => verdict.verdict !== 'fits');
  layers.push(crossed.length > 0
    ? { layer: 'budgets', verdict: 'warned', because: `It goes over the soft budget of ${crossed.map(({ budget }) => budgetText(budget)).join(', and of ')}.` }
    : verdicts.length === 0 ? { layer: 'budgets', verdict: 'passed', because: unmeasured(walk) }
    : { layer: 'budgets', verdict: 'passed', because: `It fits ${verdicts.length === 1 ? 'the budget' : `all ${verdicts.length} budgets`} that ${verdicts.length === 1 ? 'is' : 'are'} about it.` });
  return { verdicts };
}

function unmeasured({ input }: Walk): string {
  return input.plan ? 'Budgets in credits do not count what a plan pays for.' : 'The model has no price, so budgets in credits cannot measure it.';
}

function end(walk: Walk, { budget, verdict }: Judged): DecisionRecord {
  const text = (amount: number) => budgetAmountText(budget.unit, amount);
  const why = problem('budget_exceeded', `The budget of ${budgetText(budget)} has ${text(Math.max(0, verdict.limit - verdict.used))} left${verdict.reserved > 0 ? `, of which running requests reserve ${text(verdict.reserved)}` : ''}, and this request may take ${text(verdict.wanted)}. Nothing was sent and nothing was charged.`);
  const toChange = [
    `Raise the budget to ${text(verdict.used + verdict.reserved + verdict.wanted)} or more.`,
    ...(verdict.endsAtMs === undefined ? [] : ['Or wait for its next period.']),
  ];
  if (verdict.verdict === 'reserved' && walk.input.canWait) return holdBack(walk, 'budgets', why, toChange);
  // A request that is too large for the whole budget does not fit its next period either.
  return refuse(walk, 'budgets', why, toChange, verdict.wanted <= verdict.limit ? verdict.endsAtMs : undefined);
}

// Tells when an attempt that runs has outgrown a hard budget per request or task: what was held for it, and
// what its answer already is beyond that. Pure; ending the attempt is done elsewhere.
import { budgetAmount } from './budgets.ts';
import type { StopAt } from './budgets.ts';
import { chargeFor } from './pricing.ts';
import type { ModelPrice, PriceTier } from './pricing.ts';
import { problem } from './problem.ts';
import type { Problem } from './problem.ts';
import { noTokens } from './tokenUsage.ts';

/** What was held for the attempt that runs. */
export interface RunningHold {
  /** Absent for a model without a price. */
  readonly estimateMicroCredits?: number;
  readonly price?: ModelPrice;
  readonly tier: PriceTier;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** The cap that an answer of so many tokens has crossed; undefined while there is none. Input counts as it was held for. */
export function crossedStop(stops: readonly StopAt[], hold: RunningHold, outputTokens: number): StopAt | undefined {
  const beyond = outputTokens - hold.outputTokens;
  if (beyond <= 0) return undefined;
  return stops.find(({ unit, amount }) => {
    if (unit === 'tokens') return hold.inputTokens + outputTokens > amount;
    if (hold.estimateMicroCredits === undefined || !hold.price) return false;
    return hold.estimateMicroCredits + chargeFor({ ...noTokens, outputTokens: beyond }, hold.price, hold.tier).costMicroCredits > amount;
  });
}

/** What is said of an answer that was stopped at a cap. */
export function stoppedAt({ unit, amount }: StopAt): Problem {
  return problem('budget_exceeded', 'The answer grew beyond a hard budget: {0} were left for it. It was stopped there.', { values: [budgetAmount(unit, amount)] });
}

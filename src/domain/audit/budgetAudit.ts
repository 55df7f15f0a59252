// Proves what a decision tells of budgets, as far as its own attempt and the directives go: each verdict follows
// from its numbers, what was wanted is what was estimated, the budget was set like that once, and nothing went
// over a hard one. What a budget had used at that moment is not computed again.
import { judgeBudget } from '../budgets.ts';
import type { Budget } from '../budgets.ts';
import type { DecisionRecord } from '../decisionRecord.ts';
import type { HoldRow } from '../ledgerRows.ts';
import type { Fail } from './auditFail.ts';
import type { Told } from './directiveAudit.ts';

/** Proves the budgets of one decision; `hold` where it admitted the attempt. */
export function auditBudgets(attemptId: string, record: DecisionRecord, hold: HoldRow | undefined, told: Told, fail: Fail): void {
  const budgets = record.budgets ?? [];
  // The first version of the ledger knew no budgets and kept no estimate.
  const want = hold && hold.likelyOutputTokens !== null ? { tokens: hold.estimatedInputTokens + hold.estimatedOutputTokens, ...(hold.estimateMicroCredits === null ? {} : { costMicroCredits: hold.estimateMicroCredits }) } : undefined;
  for (const one of budgets) {
    const { budgetId: id, unit, limit, mode, allowed } = one;
    const budget: Budget = { id, unit, limit, mode, per: 'everything', period: 'life', timeZone: 'UTC' };
    const again = judgeBudget({ budget, key: one.key, used: one.used, reserved: one.reserved, ...(allowed === undefined ? {} : { today: { allowed } }) }, want ?? { tokens: one.wanted, costMicroCredits: one.wanted });
    if (again?.verdict !== one.verdict || again.wanted !== one.wanted) fail('I7', `attempt ${attemptId} was measured by budget ${id} as ${one.verdict}, which its numbers do not give`);
    if (allowed !== undefined && !(Number.isSafeInteger(allowed) && allowed >= 0 && allowed <= limit)) fail('I7', `attempt ${attemptId} was measured by budget ${id} as if its days allowed what is no part of it`);
    if (told.isWhole && !told.hadBudget(one)) fail('I7', `attempt ${attemptId} was measured by budget ${id}, which never was like that`);
    if (hold && mode === 'hard' && one.verdict !== 'fits') fail('I7', `attempt ${attemptId} was admitted over the hard budget ${id}`);
  }
  const layer = record.layers.find((one) => one.layer === 'budgets')?.verdict;
  const isMeasured = layer === 'passed' && hold?.estimateMicroCredits !== null || layer === 'warned';
  if (hold && (isMeasured && budgets.length === 0 || layer === 'skipped' && budgets.length > 0)) fail('I7', `attempt ${attemptId} tells in its reasons of other budgets than it was measured by`);
}

// What a budget is, in the language of whoever reads it. The broker's own text of it is English and for its command
// line. Pure.
import type { Budget, BudgetPer } from '../domain/budgets.ts';
import { formatCredits, formatTokens } from '../domain/units.ts';
import { languageTag, plural, t } from './language.ts';

/** What a budget limits, without its id and how it warns. */
export type BudgetTerms = Pick<Budget, 'per' | 'of' | 'unit' | 'limit' | 'period' | 'pace'>;

/** An amount in a budget's unit: "100.00 credits", "33.9 k tokens". */
export function budgetAmountWords(unit: Budget['unit'], amount: number, locale: string): string {
  return unit === 'credits' ? t('{0} credits', formatCredits(amount, 2, locale)) : t('{0} tokens', formatTokens(amount, locale));
}

/** "100.00 credits per workspace (billing) and week". @param of what goes by the name of `budget.of`, a workspace's label for its id */
export function budgetWords(budget: BudgetTerms, of = budget.of): string {
  const words = termsWords(budget, of);
  return budget.pace === 'even' ? t('{0} (spread evenly)', words) : words;
}

function termsWords(budget: BudgetTerms, of: string | undefined): string {
  const amount = budgetAmountWords(budget.unit, budget.limit, languageTag());
  const { per, period } = budget;
  if (per === 'everything') {
    if (period === 'life') return amount;
    return typeof period === 'object' ? plural(period.rollingHours, '{1} in any hour', '{1} in any {0} hours', amount) : t('{0} per {1}', amount, periodName(period));
  }
  const subject = of === undefined ? subjectName(per) : `${subjectName(per)} (${of})`;
  if (period === 'life' || per === 'request') return t('{0} per {1}', amount, subject);
  return typeof period === 'object' ? plural(period.rollingHours, '{1} per {2} in any hour', '{1} per {2} in any {0} hours', amount, subject) : t('{0} per {1} and {2}', amount, subject, periodName(period));
}

function subjectName(per: Exclude<BudgetPer, 'everything'>): string {
  switch (per) {
    case 'request': return t('request');
    case 'task': return t('task');
    case 'workspace': return t('workspace');
    case 'model': return t('model');
    case 'client': return t('client');
  }
}

function periodName(period: 'day' | 'week' | 'month'): string {
  switch (period) {
    case 'day': return t('day');
    case 'week': return t('week');
    case 'month': return t('month');
  }
}

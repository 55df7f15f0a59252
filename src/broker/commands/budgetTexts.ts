// Budgets, allowances and policies as people read them in a terminal: how much of each budget is used and
// reserved, as a bar and in words. Texts only.
import type { Allowance } from '../../domain/allowances.ts';
import { budgetAmountText } from '../../domain/budgets.ts';
import type { Budget, DayShare } from '../../domain/budgets.ts';
import type { Policies } from '../../domain/directives.ts';
import { formatCredits } from '../../domain/units.ts';
import type { BudgetView } from '../../protocol/snapshot.ts';
import { momentText } from './factTexts.ts';

/** What one key has used of a budget. */
export type BudgetUseView = BudgetView['uses'][number];

const barCells = 24;
const barLabelMax = 24;

/** Days on which a week can begin, in the order of their numbers from 1 on. */
export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** All budgets, each with a bar for each key that it counts. */
export function budgetsText(views: readonly BudgetView[]): string {
  if (views.length === 0) return 'No budget is set.';
  return [...views.map(budgetViewText), '# used, = reserved, . left'].join('\n\n');
}

function budgetViewText({ id, text, budget, today, uses }: BudgetView): string {
  const head = `${id}: ${text}, ${budget.mode}${typeof budget.period === 'object' || budget.period === 'life' || budget.per === 'request' ? '' : ` (${budget.timeZone})`}`;
  if (budget.per === 'request') return `${head}\n  Each request is measured by itself.`;
  if (uses.length === 0) return `${head}\n  Nothing of it is used yet.`;
  const labels = uses.map((use) => (use.label ?? (use.key === '' ? 'everything' : use.key)).slice(0, barLabelMax));
  const width = Math.max(...labels.map((label) => label.length));
  return [head, ...uses.map((use, index) => `  ${(labels[index] ?? '').padEnd(width)}  ${budgetBar(budget, use)} ${sharePercent(budget, use).padStart(5)}  ${budgetUseText(budget, use, today)}`)].join('\n');
}

/** "40.00 credits used, 5.00 reserved, 55.00 left of 100.00, ends 2026-11-23 00:00"; of one that is spread evenly also what is left for today. */
export function budgetUseText(budget: Budget, { used, reserved, endsAtMs, goesOnAtMs }: BudgetUseView, today?: DayShare): string {
  const amount = (value: number) => budgetAmountText(budget.unit, value);
  const left = budget.limit - used - reserved;
  return [
    `${amount(used)} used`, ...(reserved > 0 ? [`${amount(reserved)} reserved`] : []),
    left >= 0 ? `${amount(left)} left of ${amount(budget.limit)}` : `${amount(-left)} over ${amount(budget.limit)}`,
    ...(today?.day && used < budget.limit ? [used < today.allowed ? `${amount(Math.max(0, today.allowed - used - reserved))} left for today` : `used up for today, goes on ${momentText(goesOnAtMs ?? today.day.untilMs)}`] : []),
    ...(endsAtMs === undefined ? [] : [`ends ${momentText(endsAtMs)}`]),
  ].join(', ');
}

/** What of a budget is used, from 0 on; a budget of nothing is used up from the start. */
export function usedShare(budget: Budget, { used, reserved }: Pick<BudgetUseView, 'used' | 'reserved'>): number {
  return budget.limit > 0 ? Math.max(0, used + reserved) / budget.limit : 1;
}

/** Rounded down, so that nothing counts as used up before it is. */
function sharePercent(budget: Budget, use: BudgetUseView): string {
  return `${Math.floor(usedShare(budget, use) * 100)} %`;
}

/** A bar of fixed width: used, reserved, left. */
export function budgetBar(budget: Budget, { used, reserved }: Pick<BudgetUseView, 'used' | 'reserved'>): string {
  // Corrections of what an earlier period used can outweigh what this one did.
  const cells = (amount: number) => (budget.limit > 0 ? Math.max(0, Math.min(barCells, Math.floor(amount / budget.limit * barCells))) : barCells);
  const usedCells = cells(used);
  const bothCells = Math.max(usedCells, cells(used + reserved));
  return `[${'#'.repeat(usedCells)}${'='.repeat(bothCells - usedCells)}${'.'.repeat(barCells - bothCells)}]`;
}

/** "weekly: 250.00 included credits each week from Monday (Europe/Berlin)" */
export function allowanceText(allowance: Allowance): string {
  const { id, amountMicroCredits, kind, every, weekStartsOn, timeZone } = allowance;
  const day = weekdays[(weekStartsOn ?? 1) - 1] ?? 'monday';
  const from = every === 'week' ? ` from ${day[0]?.toUpperCase() ?? ''}${day.slice(1)} on` : '';
  return `${id}: ${formatCredits(amountMicroCredits)} ${kind} credits each ${every}${from} (${timeZone})`;
}

/** What holds about models without a price and about questions that nobody can answer. */
export function policiesText({ unpriced, unattended }: Policies): string {
  const unpricedTexts: Readonly<Record<Policies['unpriced'], string>> = {
    refuse: 'is refused', ask: 'waits while a person is asked', ceiling: 'is held at the dearest price there is', allow: 'is sent and counted without a price',
  };
  return [
    `unpriced    ${unpriced}: while credits are tracked, a request for a model without a price ${unpricedTexts[unpriced]}.`,
    `unattended  ${unattended}: a request for purchased credits that nobody can be asked about is ${unattended === 'allow' ? 'allowed' : 'refused'}.`,
  ].join('\n');
}

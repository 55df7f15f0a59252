// The lines of the tooltip about budgets that are used up, and about those nearly used up that its table leaves out. Pure; names from outside are escaped.
import type { Snapshot } from '../protocol/snapshot.ts';
import { clockWords } from '../protocol/clockWords.ts';
import { budgetKeyName, budgetName, windowBudgets, type BudgetStand } from '../protocol/windowBudgets.ts';
import { commandNames } from './commandNames.ts';
import { commandLink, plain } from './markdownText.ts';

/** More budgets than these are counted, not named. */
export const budgetLinesMax = 4;

/** One line for each budget that is at its limit, or near it and not in the table of limits, the fullest first. */
export function budgetLines(snapshot: Pick<Snapshot, 'budgets'>, workspaceId: string | undefined, nowMs: number, locale: string): string[] {
  const full = windowBudgets(snapshot.budgets, workspaceId).filter(({ level, view: { budget } }) => level === 'used-up' || level === 'near' && budget.per !== 'everything' && budget.per !== 'workspace').toSorted((a, b) => b.share - a.share);
  const rest = full.length - budgetLinesMax;
  return [
    ...full.slice(0, budgetLinesMax).map((stand, index) => `${budgetLine(stand, nowMs, locale)}${index === 0 ? ` · ${commandLink('Budgets', commandNames.showBudgets)}` : ''}`),
    ...(rest > 0 ? [`${rest} more budgets are nearly used up.`] : []),
  ];
}

function budgetLine(stand: BudgetStand, nowMs: number, locale: string): string {
  const { view, use, level, share } = stand;
  const key = budgetKeyName(stand);
  const name = `Budget ${plain(budgetName(view), 80)}${key === '' ? '' : ` · ${plain(key, 40)}`}`;
  const ends = use.endsAtMs === undefined ? '' : `, begins anew ${clockWords(use.endsAtMs, nowMs, locale)}`;
  if (level === 'near') return `$(warning) ${name}: ${Math.floor(share * 100)} % used${ends}`;
  return view.budget.mode === 'hard' ? `$(circle-slash) **${name} is used up**, so that its requests are refused${ends}` : `$(warning) ${name} is used up and only warns${ends}`;
}

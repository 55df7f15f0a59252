// The lines of the tooltip about budgets that are used up, and about those nearly used up that its table leaves out. Pure; names from outside are escaped.
import { payerOf, type Payer, type PayerFacts } from '../protocol/payer.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { clockWords } from '../protocol/clockWords.ts';
import { leftShare, usedShare } from '../protocol/cutShare.ts';
import type { MeterTaste } from '../protocol/meterInput.ts';
import { plural, t } from '../protocol/language.ts';
import { budgetKeyName, budgetName, windowBudgets, type BudgetStand } from '../protocol/windowBudgets.ts';
import { commandNames } from './commandNames.ts';
import { commandLink, plain } from './markdownText.ts';

/** More budgets than these are counted, not named. */
export const budgetLinesMax = 4;

/** One line for each budget that is at its limit, or near it and not in the table of limits: those that refuse requests first, then the fullest. */
export function budgetLines(snapshot: PayerFacts & Pick<Snapshot, 'budgets'>, workspaceId: string | undefined, show: MeterTaste['show'], nowMs: number, locale: string): string[] {
  const full = windowBudgets(snapshot.budgets, workspaceId).filter(({ level, view: { budget } }) => level === 'used-up' || level === 'near' && budget.per !== 'everything' && budget.per !== 'workspace').toSorted((a, b) => Number(stops(b)) - Number(stops(a)) || b.share - a.share);
  const rest = full.length - budgetLinesMax;
  return [
    ...full.slice(0, budgetLinesMax).map((stand, index) => `${budgetLine(stand, payerOf(snapshot), show, nowMs, locale)}${index === 0 ? ` · ${commandLink(t('Budgets'), commandNames.showBudgets)}` : ''}`),
    ...(rest > 0 ? [plural(rest, '{0} more budget is nearly used up.', '{0} more budgets are nearly used up.')] : []),
  ];
}

function stops({ level, view: { budget } }: BudgetStand): boolean {
  return level === 'used-up' && budget.mode === 'hard';
}

function budgetLine(stand: BudgetStand, payer: Payer, show: MeterTaste['show'], nowMs: number, locale: string): string {
  const { view, level, share, isForToday, untilMs } = stand;
  const key = budgetKeyName(stand);
  const name = `${plain(budgetName(view), 80)}${key === '' ? '' : ` · ${plain(key, 40)}`}`;
  const ends = untilMs === undefined ? undefined : clockWords(untilMs, nowMs, locale);
  if (level === 'near') return `$(warning) ${nearWords(isForToday, show, name, show === 'left' ? leftShare(share, locale) : usedShare(share, locale), ends)}`;
  if (level === 'used-up' && payer !== 'key' && view.budget.mode === 'hard' && view.budget.unit === 'credits') {
    return `$(warning) ${ends === undefined ? t('Budget {0} is used up, so that requests with a key are refused; a plan goes on', name)
      : isForToday ? t('Budget {0} is used up for today, so that requests with a key are refused until {1}; a plan goes on', name, ends) : t('Budget {0} is used up, so that requests with a key are refused until {1}; a plan goes on', name, ends)}`;
  }
  if (isForToday) {
    return view.budget.mode === 'hard' ? `$(circle-slash) ${t('**Budget {0} is used up for today**, so that its requests are refused, goes on {1}', name, ends ?? '')}`
      : `$(warning) ${t('Budget {0} is used up for today and only warns, next share {1}', name, ends ?? '')}`;
  }
  if (view.budget.mode === 'hard') return `$(circle-slash) ${ends === undefined ? t('**Budget {0} is used up**, so that its requests are refused', name) : t('**Budget {0} is used up**, so that its requests are refused, begins anew {1}', name, ends)}`;
  return `$(warning) ${ends === undefined ? t('Budget {0} is used up and only warns', name) : t('Budget {0} is used up and only warns, begins anew {1}', name, ends)}`;
}

/** What is left or used of one that is nearly used up. */
function nearWords(isForToday: boolean, show: MeterTaste['show'], name: string, share: string, ends: string | undefined): string {
  if (isForToday) return show === 'left' ? t('Budget {0}: {1} of today\'s share left', name, share) : t('Budget {0}: {1} of today\'s share used', name, share);
  if (ends === undefined) return show === 'left' ? t('Budget {0}: {1} left', name, share) : t('Budget {0}: {1} used', name, share);
  return show === 'left' ? t('Budget {0}: {1} left, begins anew {2}', name, share, ends) : t('Budget {0}: {1} used, begins anew {2}', name, share, ends);
}

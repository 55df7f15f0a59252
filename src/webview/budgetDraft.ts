// The budget form's rules: what may be typed, what is wrong with it, and the budget that comes of it. Pure; it sends
// nothing and knows no screen.
import type { Budget, BudgetPer } from '../domain/budgets.ts';
import { rollingHoursMax } from '../domain/directives.ts';
import { hasDays } from '../domain/evenBurn.ts';
import { exampleAmount, readAmount, typedAmount } from '../domain/typedAmount.ts';
import { microCreditsPerCredit, parseCredits } from '../domain/units.ts';
import type { PageChange } from '../protocol/dashboardChanges.ts';
import { budgetAmountWords } from '../protocol/budgetWords.ts';
import { languageTag, t } from '../protocol/language.ts';
import { budgetName } from '../protocol/windowBudgets.ts';

/** A budget as the page sends it. */
export type PageBudget = Extract<PageChange, { kind: 'budgetSet' }>['budget'];

/** What the form holds, as it was typed and chosen. */
export interface BudgetDraft {
  readonly limitText: string;
  readonly unit: Budget['unit'];
  readonly per: BudgetPer;
  /** The one workspace, model, client or task; empty: each by itself. */
  readonly of: string;
  readonly period: 'day' | 'week' | 'month' | 'life' | 'rolling';
  readonly hoursText: string;
  readonly mode: Budget['mode'];
  /** Spread evenly over its days; counts only where its period has days. */
  readonly even: boolean;
}

/** The most that a budget of the form allows: as much as one grant can be. */
export const budgetCreditsMax = 1_000_000;
/** See `budgetCreditsMax`. */
export const budgetTokensMax = 1_000_000_000_000;

/** What a new budget begins with. */
const firstDraft: BudgetDraft = { limitText: '', unit: 'credits', per: 'everything', of: '', period: 'week', hoursText: '5', mode: 'hard', even: false };

/** The draft for a budget that is changed, or for a new one. */
export function draftOf(budget: Budget | undefined, locale: string): BudgetDraft {
  if (!budget) return firstDraft;
  const { unit, per, of = '', mode, limit, period } = budget;
  return {
    limitText: typedAmount(unit === 'credits' ? limit / microCreditsPerCredit : limit, locale), unit, per, of, mode, even: budget.pace === 'even',
    period: typeof period === 'object' ? 'rolling' : period, hoursText: typeof period === 'object' ? String(period.rollingHours) : firstDraft.hoursText,
  };
}

/** The fields that can be wrong. */
export type DraftField = 'limit' | 'of' | 'hours';

/** The budget of a draft, or the first thing that is wrong with it. */
export type DraftBudget = { readonly budget: PageBudget } | { readonly wrong: string; readonly field: DraftField };

/** Reads a draft. @param id and @param timeZone of the budget that is changed, or new ones @param locale whose numbers are typed */
export function budgetOf(draft: BudgetDraft, id: string, timeZone: string, locale: string): DraftBudget {
  const limit = draft.unit === 'credits' ? creditLimit(draft.limitText, locale) : tokenLimit(draft.limitText, locale);
  if (typeof limit === 'string') return { wrong: limit, field: 'limit' };
  const of = takesOne(draft.per) ? draft.of.trim() : '';
  if (of.length > 200) return { wrong: t('A name has at most 200 characters.'), field: 'of' };
  if (of.slice(0, -1).includes('*')) return { wrong: t('A * may only stand at the end, for a family of models such as gpt-6*.'), field: 'of' };
  const period = periodOf(draft);
  if (period === undefined) return { wrong: t('Type whole hours from 1 to {0}.', rollingHoursMax), field: 'hours' };
  const isEven = draft.even && hasDays({ per: draft.per, period });
  return { budget: { id, per: draft.per, unit: draft.unit, limit, period, timeZone, mode: draft.mode, ...(of === '' ? {} : { of }), ...(isEven ? { pace: 'even' } : {}) } };
}

/** Whether what is chosen has days that it can be spread over. */
export function canBeSpread(draft: BudgetDraft): boolean {
  const period = periodOf(draft);
  return period !== undefined && hasDays({ per: draft.per, period });
}

/** Whether a budget of this kind can be for one of several. */
export function takesOne(per: BudgetPer): boolean {
  return per === 'workspace' || per === 'model' || per === 'client' || per === 'task';
}

function periodOf(draft: BudgetDraft): PageBudget['period'] | undefined {
  if (draft.per === 'request') return 'life';
  if (draft.period !== 'rolling') return draft.period;
  const text = draft.hoursText.trim();
  const hours = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return hours >= 1 && hours <= rollingHoursMax ? { rollingHours: hours } : undefined;
}

/** Microcredits, or what is wrong. */
function creditLimit(text: string, locale: string): number | string {
  if (text.trim() === '') return t('Type how many credits it allows.');
  const limit = parseCredits(readAmount(text, locale) ?? '');
  if (limit === undefined) return t('Type credits with at most six decimals, such as {0} or {1}.', exampleAmount(1000, locale), exampleAmount(2.5, locale));
  return limit > 0 && limit <= budgetCreditsMax * microCreditsPerCredit ? limit : t('A budget allows more than zero and at most {0} credits.', exampleAmount(budgetCreditsMax, locale));
}

/** Tokens, or what is wrong. A k stands for a thousand, an M for a million. */
function tokenLimit(text: string, locale: string): number | string {
  if (text.trim() === '') return t('Type how many tokens it allows.');
  const [, amount = '', unit = ''] = /^(.*?)\s*([kKmM]?)$/.exec(text.trim()) ?? [];
  const match = /^(\d{1,13})(?:\.(\d{1,3}))?$/.exec(readAmount(amount, locale) ?? '');
  const factor = { '': 1, k: 1000, m: 1_000_000 }[unit.toLowerCase()] ?? 1;
  const limit = match ? Number(match[1]) * factor + Number((match[2] ?? '').padEnd(3, '0')) * factor / 1000 : Number.NaN;
  // There is no part of a token: decimals without a k or an M were meant as something else.
  if (!Number.isInteger(limit) || (factor === 1 && match?.[2] !== undefined)) return t('Type whole tokens, such as {0}, {1}k or {2}M.', exampleAmount(250_000, locale), exampleAmount(250, locale), exampleAmount(2.5, locale));
  return limit > 0 && limit <= budgetTokensMax ? limit : t('A budget allows more than zero and at most a million million tokens.');
}

/** What the draft means, as a sentence. @param nameOf the name of a workspace */
export function draftSentence(budget: PageBudget, nameOf: (workspaceId: string) => string): string {
  // The name is that of the whole; how it is spread is said around it.
  const { of, pace, ...rest } = budget;
  const whole: Budget = { ...rest, ...(of === undefined ? {} : { of }) };
  const name = budgetName({ budget: whole, uses: of === undefined ? [] : [{ key: of, label: nameOf(of), used: 0, reserved: 0 }] });
  const isEven = pace === 'even';
  const daily = dailyShare(budget);
  const meaning = isEven && budget.mode === 'hard' ? t('Of {0}, each day adds {1}; what a day leaves stays. A request that would go over the shares so far is refused, until a later day has room.', name, daily)
    : isEven ? t('Of {0}, each day adds {1}; what a day leaves stays. A request that goes over the shares so far is told, and still sent.', name, daily)
    : budget.mode === 'hard' ? t('A request that would go over {0} is refused before it is sent.', name) : t('A request that goes over {0} is told, and still sent.', name);
  return [meaning, ...(of === undefined ? eachSentence(budget.per) : [])].join(' ');
}

/** What a day adds; months differ. */
function dailyShare({ unit, limit, period }: PageBudget): string {
  const amount = (days: number) => budgetAmountWords(unit, Math.floor(limit / days), languageTag());
  if (period === 'month') return t('{0} to {1}', amount(31), amount(28));
  return amount(typeof period === 'object' ? period.rollingHours / 24 : 7);
}

/** Said of a budget that is for each of several. */
function eachSentence(per: BudgetPer): string[] {
  switch (per) {
    case 'workspace': return [t('Each workspace is counted by itself.')];
    case 'model': return [t('Each model is counted by itself.')];
    case 'client': return [t('Each client is counted by itself.')];
    case 'task': return [t('Each task is counted by itself.')];
    default: return [];
  }
}

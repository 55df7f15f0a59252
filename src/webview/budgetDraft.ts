// The budget form's rules: what may be typed, what is wrong with it, and the budget that comes of it. Pure; it sends
// nothing and knows no screen.
import { budgetText } from '../domain/budgets.ts';
import type { Budget, BudgetPer } from '../domain/budgets.ts';
import { rollingHoursMax } from '../domain/directives.ts';
import { microCreditsPerCredit, parseCredits } from '../domain/units.ts';
import type { PageChange } from '../protocol/dashboardChanges.ts';

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
}

/** The most that a budget of the form allows: as much as one grant can be. */
export const budgetCreditsMax = 1_000_000;
/** See `budgetCreditsMax`. */
export const budgetTokensMax = 1_000_000_000_000;

/** What a new budget begins with. */
const firstDraft: BudgetDraft = { limitText: '', unit: 'credits', per: 'everything', of: '', period: 'week', hoursText: '5', mode: 'hard' };

/** The draft for a budget that is changed, or for a new one. */
export function draftOf(budget: Budget | undefined): BudgetDraft {
  if (!budget) return firstDraft;
  const { unit, per, of = '', mode, limit, period } = budget;
  return {
    limitText: String(unit === 'credits' ? limit / microCreditsPerCredit : limit), unit, per, of, mode,
    period: typeof period === 'object' ? 'rolling' : period, hoursText: typeof period === 'object' ? String(period.rollingHours) : firstDraft.hoursText,
  };
}

/** The fields that can be wrong. */
export type DraftField = 'limit' | 'of' | 'hours';

/** The budget of a draft, or the first thing that is wrong with it. */
export type DraftBudget = { readonly budget: PageBudget } | { readonly wrong: string; readonly field: DraftField };

/** Reads a draft. @param id and @param timeZone of the budget that is changed, or new ones */
export function budgetOf(draft: BudgetDraft, id: string, timeZone: string): DraftBudget {
  const limit = draft.unit === 'credits' ? creditLimit(draft.limitText) : tokenLimit(draft.limitText);
  if (typeof limit === 'string') return { wrong: limit, field: 'limit' };
  const of = takesOne(draft.per) ? draft.of.trim() : '';
  if (of.length > 200) return { wrong: 'A name has at most 200 characters.', field: 'of' };
  if (of.slice(0, -1).includes('*')) return { wrong: 'A * may only stand at the end, for a family of models such as gpt-6*.', field: 'of' };
  const period = periodOf(draft);
  if (period === undefined) return { wrong: `Type whole hours from 1 to ${rollingHoursMax}.`, field: 'hours' };
  return { budget: { id, per: draft.per, unit: draft.unit, limit, period, timeZone, mode: draft.mode, ...(of === '' ? {} : { of }) } };
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
function creditLimit(text: string): number | string {
  if (text.trim() === '') return 'Type how many credits it allows.';
  const limit = parseCredits(text);
  if (limit === undefined) return 'Type credits with a point and at most six decimals, such as 100 or 2.5.';
  return limit > 0 && limit <= budgetCreditsMax * microCreditsPerCredit ? limit : 'A budget allows more than zero and at most 1,000,000 credits.';
}

/** Tokens, or what is wrong. A k stands for a thousand, an M for a million. */
function tokenLimit(text: string): number | string {
  if (text.trim() === '') return 'Type how many tokens it allows.';
  const match = /^(\d{1,13})(?:\.(\d{1,3}))?\s*([kKmM]?)$/.exec(text.trim());
  const factor = { '': 1, k: 1000, m: 1_000_000 }[(match?.[3] ?? '').toLowerCase()] ?? 1;
  const limit = match ? Number(match[1]) * factor + Number((match[2] ?? '').padEnd(3, '0')) * factor / 1000 : Number.NaN;
  if (!Number.isInteger(limit)) return 'Type whole tokens, such as 250000, 250k or 2.5M.';
  return limit > 0 && limit <= budgetTokensMax ? limit : 'A budget allows more than zero and at most a million million tokens.';
}

/** What the draft means, as a sentence. @param nameOf the name of a workspace */
export function draftSentence(budget: PageBudget, nameOf: (workspaceId: string) => string): string {
  const named: PageBudget = budget.per === 'workspace' && budget.of !== undefined ? { ...budget, of: nameOf(budget.of) } : budget;
  const { of, ...rest } = named;
  const text = budgetText({ ...rest, ...(of === undefined ? {} : { of }) });
  const each = of === undefined && takesOne(budget.per) ? `, each ${budget.per} by itself,` : '';
  return budget.mode === 'hard' ? `A request that would go over ${text}${each} is refused before it is sent.` : `A request that goes over ${text}${each} is told, and still sent.`;
}

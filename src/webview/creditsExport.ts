// What the Credits page lists, as tables for export: the grants in their order, and the budgets with what is used of each. Pure.
import type { BudgetView, GrantView, Snapshot } from '../protocol/snapshot.ts';
import { noteWords } from '../protocol/noteWords.ts';
import { t } from '../protocol/language.ts';
import { formatCredits } from '../domain/units.ts';
import { kindName } from './balanceText.ts';
import { budgetRows, modeWord, unitAmount } from './budgetText.ts';
import { burnOrder, expiryParts, grantState, restrictionText } from './grantText.ts';
import { words } from './shownTable.ts';
import type { ShownCell, ShownColumn, ShownTable } from './shownTable.ts';
import { workspaceName } from './view.ts';
import type { View } from './view.ts';

const data = (key: string): ShownColumn => ({ key, title: key, isDataOnly: true });
const known = (value: string | number | undefined): ShownCell => ({ text: '', value: value ?? null });
const moment = (atMs: number | undefined) => known(atMs === undefined ? undefined : new Date(atMs).toISOString());

type Told = Pick<View, 'nowMs' | 'place' | 'workspaceNames'>;

/** The grants that are shown, in the order in which they are used. */
export function grantsTableOf(grants: readonly GrantView[], { nowMs, place, ...view }: Told): ShownTable {
  const credits = (amount: number): ShownCell => ({ text: formatCredits(amount, 4, place.locale), value: amount });
  return {
    title: t('Codex credits'),
    columns: [
      { key: 'kind', title: t('Grant') }, { key: 'note', title: t('Note') }, { key: 'remainingMicroCredits', title: t('Left'), isNumber: true }, { key: 'amountMicroCredits', title: t('of'), isNumber: true }, { key: 'until', title: t('Until') }, { key: 'restriction', title: t('For') },
      ...['heldMicroCredits', 'state', 'createdAt', 'startsAt', 'expiresAt', 'priority', 'id', 'allowanceId'].map(data),
    ],
    rows: burnOrder(grants, nowMs).map((grant) => [
      { text: kindName(grant.kind), value: grant.kind }, words(grant.note === undefined ? '' : noteWords(grant.note)), credits(grant.remainingMicroCredits), credits(grant.amountMicroCredits), words(expiryParts(grant, nowMs, place).join(' · ')), words(restrictionText(grant, (id) => workspaceName(view, id)) ?? ''),
      known(grant.heldMicroCredits), known(grantState(grant, nowMs)), moment(grant.createdAtMs), moment(grant.startsAtMs), moment(grant.expiresAtMs), known(grant.priority), known(grant.id), known(grant.allowanceId),
    ]),
  };
}

/** Each key of each budget with what is used of it. */
export function budgetsTableOf(snapshot: Pick<Snapshot, 'budgets'>, { nowMs, place }: Told): ShownTable {
  const rows = new Map(budgetRows(snapshot, undefined, nowMs, 'used', place).map((row) => [row.id, row]));
  const line = ({ id, budget }: BudgetView, use: BudgetView['uses'][number]) => {
    const row = rows.get(`${id} ${use.key}`) ?? rows.get(id);
    const amount = (value: number): ShownCell => ({ text: unitAmount(budget.unit, value, place.locale), value });
    return [words(row?.name ?? id), words(row?.key ?? ''), { text: modeWord(budget.mode), value: budget.mode }, amount(use.used), amount(use.reserved), amount(budget.limit), words(row?.state ?? ''), words(row?.ends ?? ''), known(budget.unit), known(id), known(use.key), moment(use.endsAtMs)];
  };
  return {
    title: t('Codex budgets'),
    columns: [
      { key: 'budget', title: t('Budget') }, { key: 'of', title: t('Counts') }, { key: 'mode', title: t('Kind') }, { key: 'used', title: t('Used'), isNumber: true }, { key: 'reserved', title: t('Reserved'), isNumber: true }, { key: 'limit', title: t('of'), isNumber: true }, { key: 'state', title: t('State') }, { key: 'beginsAnew', title: t('Begins anew') },
      ...['unit', 'id', 'key', 'endsAt'].map(data),
    ],
    rows: snapshot.budgets.flatMap((view) => (view.uses.length === 0 ? [{ key: '', used: 0, reserved: 0 }] : view.uses).map((use) => line(view, use))),
  };
}

// The Credits page: the grants in their order, the answers that hold, the forms that add credits and set budgets, the rules.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { t } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { answersTable } from './answersTable.ts';
import type { PageBudget } from './budgetDraft.ts';
import { budgetsArea } from './budgetsTable.ts';
import { budgetsTableOf, grantsTableOf } from './creditsExport.ts';
import { exportButtons } from './exportButtons.ts';
import { grantsTable } from './grantsTable.ts';
import type { Asking } from './pageQuestions.ts';
import type { PageState } from './pageState.ts';
import { policiesPart } from './policiesPart.ts';
import type { TopUpOrder } from './topUpForm.ts';
import type { View } from './view.ts';

/** What the forms of the page are given, and what they send. */
export interface CreditsForms {
  readonly page: Pick<PageState, 'budgetForm' | 'topUpAnswer'>;
  /** What the page has of its surroundings (`pageEnvironment.ts`, which knows this page). */
  readonly environment: { newKey(): string; timeZone(): string } | undefined;
  /** @returns the order's id, which its answer names */
  readonly sendTopUp: (order: TopUpOrder) => number;
  readonly sendBudget: (budget: PageBudget) => void;
  readonly asking: Pick<Asking, 'save'>;
}

/** The page. */
export function creditsPage(snapshot: Snapshot, view: View, forms: CreditsForms): TemplateResult {
  const { balance: { grants }, budgets } = snapshot;
  const grantTools = grants.length === 0 ? nothing : exportButtons(forms.asking, ['Codex credits'], () => grantsTableOf(grants, view));
  const budgetTools = budgets.length === 0 ? nothing : exportButtons(forms.asking, ['Codex budgets'], () => budgetsTableOf(snapshot, view));
  return html`<div class="columns main credits"><div>${grantsTable(snapshot, view, grantTools)}${answersTable(snapshot, view)}</div>${topUp(snapshot, view, forms)}
    <auto-credits .snapshot=${snapshot} .view=${view} .timeZone=${timeZone(forms)}></auto-credits></div>${budgetsArea(snapshot, budgetForm(snapshot, view, forms), view, budgetTools)}${policiesPart(snapshot, view)}`;
}

function timeZone({ environment }: CreditsForms): string {
  return environment?.timeZone() ?? 'UTC';
}

function topUp(snapshot: Snapshot, view: View, { page, environment, sendTopUp }: CreditsForms): TemplateResult {
  const blocked = view.stale ? t('The broker is not reachable. Credits can be added when it runs.') : undefined;
  return html`<section class="area" aria-labelledby="head-topup"><header class="head"><h2 id="head-topup">${t('Add credits')}</h2></header>
    <topup-form .quiet=${page.budgetForm !== undefined} .balance=${snapshot.balance} .consent=${snapshot.consent} .usage=${snapshot} .workspaceId=${view.workspaceId} .workspaceLabel=${view.workspaceLabel}
      .blockedReason=${blocked} .practice=${view.practice} .locale=${view.place.locale} .answer=${page.topUpAnswer} .send=${sendTopUp} .newKey=${environment?.newKey}></topup-form></section>`;
}

function budgetForm(snapshot: Snapshot, view: View, forms: CreditsForms): TemplateResult | typeof nothing {
  const { page: { budgetForm: open }, environment, sendBudget } = forms;
  if (!open) return nothing;
  const { budgetId } = open;
  const editing = budgetId === undefined ? undefined : snapshot.budgets.find((one) => one.id === budgetId)?.budget;
  // Somebody else removed it meanwhile.
  if (budgetId !== undefined && !editing) return nothing;
  const used = [...snapshot.running, ...snapshot.waiting, ...snapshot.recent];
  const choices = { workspaces: view.workspaceNames, models: [...new Set(used.map((one) => one.model))], clients: [...new Set(used.map((one) => one.client))] };
  return html`<budget-form .editing=${editing} .choices=${choices} .timeZone=${timeZone(forms)} .locale=${view.place.locale} .busy=${view.changing.has('budgetSet')} .problem=${view.failures.get('budgetSet')} .stale=${view.stale}
    .send=${sendBudget} .cancel=${view.act.closeBudget} .newKey=${environment?.newKey}></budget-form>`;
}

// Where the focus goes when something on the page came, went or was asked for, so that a person at the keyboard is never
// left nowhere.
import type { PageChange } from '../protocol/dashboardChanges.ts';
import type { BudgetForm } from './budgetForm.ts';
import { focusAfter } from './pageChanges.ts';
import type { PageState } from './pageState.ts';
import type { TopUpForm } from './topUpForm.ts';

/** A button loses the focus when it waits, and goes away with what it changed: the person goes on at its area. */
export function focusAfterChange(root: Element, change: PageChange | undefined, page: PageState): void {
  const { activeElement } = document;
  if (!change || !document.hasFocus() || activeElement !== document.body && !activeElement?.closest('budget-form')) return;
  // With the last question its area goes away too.
  const isLast = change.kind === 'answer' && (page.newest?.snapshot?.questions.length ?? 0) <= 1;
  const to = isLast ? undefined : focusAfter(change).map((selector) => root.querySelector<HTMLElement>(selector)).find((element) => element !== null);
  (to ?? root.querySelector<HTMLElement>(`#tab-${page.tab}`))?.focus();
}

/** Shows an explanation that just opened or was answered, and gives it the focus. */
export function bringPanelIntoView(root: Element): void {
  const panel = root.querySelector('.explain');
  if (!panel) return;
  // Beside the page it is in view already; below the page it would open out of sight.
  const { top } = panel.getBoundingClientRect();
  if (top < 0 || top > window.innerHeight / 2) panel.scrollIntoView({ block: 'start' });
  panel.querySelector<HTMLElement>('#head-explain')?.focus({ preventScroll: true });
}

/** Gives the focus where it was promised; false while that is not there yet. */
export function giveFocus(root: Element, focusNext: NonNullable<PageState['focusNext']>): boolean {
  const target = root.querySelector<HTMLElement>({ amount: 'topup-form', budgets: '#head-budgets', budgetForm: 'budget-form' }[focusNext]);
  if (!target) return false;
  if (focusNext === 'budgets') {
    target.scrollIntoView({ block: 'start' });
    target.focus({ preventScroll: true });
    return true;
  }
  // A form that was made just now has no field yet.
  const form = target as TopUpForm | BudgetForm;
  void form.updateComplete.then(() => ('focusAmount' in form ? form.focusAmount() : form.focusLimit()));
  return true;
}

/** Whether what the pointer or the focus came to leads to a page other than the first: a tab, or the button that adds credits. */
export function leadsToOtherPages(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('.tabs, .topline vscode-button') !== null;
}

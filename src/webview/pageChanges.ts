// Changes that the page asked for: which are under way, what is said when one was made, why one was not, and
// where the focus goes when its button is gone. Pure; the extension makes them.
import type { Problem } from '../domain/problem.ts';
import { changeSubject } from '../protocol/changeSubject.ts';
import type { PageChange } from '../protocol/dashboardChanges.ts';
import type { ExtensionMessage } from '../protocol/dashboardMessages.ts';
import { t } from '../protocol/language.ts';
import { creditsText } from './amountText.ts';
import { turnSentence } from './turnChoice.ts';

/** What the page remembers of changes. */
export interface ChangeState {
  /** Those that are not answered yet, by the id that they were asked with. */
  readonly changing: ReadonlyMap<number, PageChange>;
  /** Why the newest one of a subject was not made, by the subject. */
  readonly failures: ReadonlyMap<string, Problem>;
}

/** No change yet. */
export const noChanges: ChangeState = { changing: new Map(), failures: new Map() };

type Result = Extract<ExtensionMessage, { type: 'changeResult' }>;

/** A change is asked for; what was said of the last one about the same is forgotten. */
export function beginChange(state: ChangeState, id: number, change: PageChange): ChangeState {
  const failures = new Map(state.failures);
  failures.delete(changeSubject(change));
  return { changing: new Map([...state.changing, [id, change]]), failures };
}

/** An answer arrived. @returns the changed memory and the change that it belongs to; undefined for an answer to nothing */
export function endChange(state: ChangeState, result: Result): { readonly state: ChangeState; readonly change: PageChange } | undefined {
  const change = state.changing.get(result.id);
  if (!change) return undefined;
  const changing = new Map(state.changing);
  changing.delete(result.id);
  return { change, state: { changing, failures: result.problem ? new Map([...state.failures, [changeSubject(change), result.problem]]) : state.failures } };
}

/** The changes under way by their subjects. */
export function changesUnderWay({ changing }: ChangeState): ReadonlyMap<string, PageChange> {
  return new Map([...changing.values()].map((change) => [changeSubject(change), change]));
}

/** What is said aloud when a change was made. */
export function madeText(change: PageChange, result: Result, locale: string): string {
  switch (change.kind) {
    case 'answer': return change.answer === 'never' ? t('Answered: the request is refused, and nothing is charged.') : t('Answered: the request goes on.');
    case 'askEverywhere': case 'askWorkspace': case 'askModel': return t('Taken back. The next request asks again.');
    case 'budgetSet': return t('The budget is set.');
    case 'budgetRemove': return t('The budget was removed.');
    case 'voucher': return t('The voucher added {0} credits.', creditsText(result.movedMicroCredits ?? 0, locale));
    case 'autoTopUp': case 'unpricedPolicy': case 'unattendedPolicy': return t('The rule is set.');
    case 'priority': return turnSentence(change.priority);
    case 'undo': return result.movedMicroCredits === undefined ? t('Taken back.') : t('{0} credits were taken back.', creditsText(Math.abs(result.movedMicroCredits), locale));
    case 'seePrices': return '';
  }
}

/** The element that takes the focus when a change was made and its button is gone; the first that exists. */
export function focusAfter(change: PageChange): readonly string[] {
  switch (change.kind) {
    case 'answer': return ['#head-questions'];
    case 'askEverywhere': case 'askWorkspace': case 'askModel': return ['#consent', '#head-answers'];
    case 'budgetSet': case 'budgetRemove': return ['#head-budgets'];
    case 'undo': return ['#head-grants'];
    case 'autoTopUp': return ['#head-auto'];
    case 'voucher': return ['#head-voucher'];
    case 'priority': case 'unpricedPolicy': case 'unattendedPolicy': case 'seePrices': return [];
  }
}

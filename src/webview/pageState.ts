// Everything the page remembers, and how a message changes it: the newest state, the open tab, the
// explanation and the top-up that were asked for. Pure; an answer to an older question is ignored.
import type { ExtensionMessage } from '../protocol/dashboardMessages.ts';
import type { CreditsAddResult, ExplainResult } from '../protocol/control.ts';
import type { Problem } from '../domain/problem.ts';
import { t, usableLocale } from '../protocol/language.ts';
import { problemWords } from '../protocol/problemWords.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { balanceLevel } from './balanceText.ts';
import { endChange, madeText, noChanges } from './pageChanges.ts';
import type { ChangeState } from './pageChanges.ts';
import { noQuestions, receiveAnswer } from './pageQuestions.ts';
import type { Questions } from './pageQuestions.ts';

/** The pages, in the order of their tabs. */
export const tabs = ['now', 'history', 'ledger', 'credits', 'events', 'insights'] as const;
/** One page. */
export type Tab = (typeof tabs)[number];

/** The newest `state` message. */
export type StateMessage = Extract<ExtensionMessage, { type: 'state' }>;

/** An explanation that is open: asked for, answered or failed. */
export interface OpenExplanation {
  readonly id: number;
  readonly requestId: string;
  readonly result?: ExplainResult;
  readonly problem?: Problem;
}

/** The answer to a top-up. */
export interface TopUpAnswer {
  readonly id: number;
  readonly result?: CreditsAddResult;
  readonly problem?: Problem;
}

/** The question whether this workspace may use purchased credits: asked, or answered with a problem. */
export interface ConsentQuestion {
  readonly id: number;
  readonly problem?: Problem;
}

/** What the page remembers. */
export interface PageState {
  readonly tab: Tab;
  readonly newest?: StateMessage;
  /** Page clock when the newest snapshot arrived; with it the broker's clock is carried on. */
  readonly snapshotReceivedAtMs?: number;
  readonly explanation?: OpenExplanation;
  readonly topUpAnswer?: TopUpAnswer;
  readonly consentQuestion?: ConsentQuestion;
  /** Requests whose cancellation was asked for, by the question's id. */
  readonly cancelling: ReadonlyMap<number, string>;
  readonly changes: ChangeState;
  /** What was asked on demand, and the answers. */
  readonly questions: Questions;
  /** The form for a budget, where it is open: for a new one, or for the one with the id. */
  readonly budgetForm?: { readonly budgetId?: string };
  /** Credits that may still be taken back, until a time of the page's clock. */
  readonly undo?: { readonly grantId: string; readonly untilMs: number };
  /** The sentence for the page's live region; changes are announced once. */
  readonly announcement: string;
  /** What is to get the focus as soon as it is there: the amount of a top-up, the budgets, the form for one. */
  readonly focusNext?: 'amount' | 'budgets' | 'budgetForm';
}

/** The page before anything arrived. */
export function firstPageState(tab: Tab): PageState {
  return { tab, cancelling: new Map(), changes: noChanges, questions: noQuestions, announcement: '' };
}

/** A stored tab name, or `now`. */
export function tabFrom(value: unknown): Tab {
  return tabs.find((tab) => tab === value) ?? 'now';
}

/** Takes a message in. `nowMs` is the page's clock. */
export function receive(state: PageState, message: ExtensionMessage, nowMs: number): PageState {
  switch (message.type) {
    case 'state': return receiveState(state, message, nowMs);
    case 'openTopUp': return { ...state, tab: 'credits', focusNext: 'amount' };
    case 'openBudgets': return openBudgets(state, message.budgetId);
    // What is to be explained is asked for as if the person had asked on the page.
    case 'openRequest': return state;
    case 'topUpResult': return { ...state, topUpAnswer: answerOf(message) };
    case 'answer': {
      const questions = receiveAnswer(state.questions, message);
      return questions === state.questions ? state : { ...state, questions };
    }
    case 'saveResult': return message.problem ? { ...state, announcement: `${t('Not saved.')} ${problemWords(message.problem)}` } : message.saved ? { ...state, announcement: t('Saved.') } : state;
    case 'allowResult': return receiveConsent(state, message);
    case 'changeResult': return receiveChange(state, message);
    case 'explainResult':
      return state.explanation?.id === message.id
        ? { ...state, explanation: { requestId: state.explanation.requestId, ...answerOf(message) } } : state;
    case 'cancelResult': {
      if (!state.cancelling.has(message.id)) return state;
      const cancelling = new Map(state.cancelling);
      cancelling.delete(message.id);
      const said = message.problem ? `${t('Not cancelled.')} ${problemWords(message.problem)}`
        : message.cancelled ? t('Cancelled.') : t('It had ended before it could be cancelled.');
      return { ...state, cancelling, announcement: said };
    }
  }
}

function openBudgets(state: PageState, budgetId: string | undefined): PageState {
  // One that is gone meanwhile has no form.
  if (budgetId === undefined || !state.newest?.snapshot?.budgets.some(({ id }) => id === budgetId)) return { ...state, tab: 'credits', focusNext: 'budgets' };
  return { ...state, tab: 'credits', budgetForm: { budgetId }, focusNext: 'budgetForm' };
}

function receiveConsent(state: PageState, message: Extract<ExtensionMessage, { type: 'allowResult' }>): PageState {
  const { consentQuestion, ...rest } = state;
  if (consentQuestion?.id !== message.id) return state;
  // A problem is painted where the button is, and that place is announced by itself.
  return message.problem ? { ...state, consentQuestion: { id: message.id, problem: message.problem } } : { ...rest, announcement: t('This workspace may use purchased credits now.') };
}

function receiveChange(state: PageState, message: Extract<ExtensionMessage, { type: 'changeResult' }>): PageState {
  const end = endChange(state.changes, message);
  if (!end) return state;
  // A problem is painted beside what was asked for, where it is announced by itself.
  if (message.problem) return { ...state, changes: end.state };
  const { budgetForm, ...rest } = state;
  const isFormOver = end.change.kind === 'budgetSet' || end.change.kind === 'budgetRemove' && end.change.budgetId === budgetForm?.budgetId;
  return {
    ...(isFormOver || budgetForm === undefined ? rest : { ...rest, budgetForm }), changes: end.state,
    announcement: madeText(end.change, message, usableLocale(state.newest?.locale ?? 'en')) || state.announcement,
  };
}

function answerOf<R>(message: { readonly id: number; readonly result?: R; readonly problem?: Problem }): { id: number; result?: R; problem?: Problem } {
  return {
    id: message.id,
    ...(message.result === undefined ? {} : { result: message.result }),
    ...(message.problem === undefined ? {} : { problem: message.problem }),
  };
}

function receiveState(state: PageState, message: StateMessage, nowMs: number): PageState {
  const fresh = message.snapshot !== undefined && !isSame(message.snapshot, state.newest?.snapshot);
  const receivedAtMs = fresh ? nowMs : state.snapshotReceivedAtMs;
  const { undo: _undo, explanation, ...rest } = state;
  const isOtherLedger = message.snapshot?.broker.dataDir !== state.newest?.snapshot?.broker.dataDir;
  return {
    ...rest,
    // What another ledger answered, or still answers, is nothing of this one: practice mode has its own.
    ...(isOtherLedger ? { questions: noQuestions } : explanation ? { explanation } : {}),
    newest: message,
    // The extension's clock may be another computer's, so only the time that is left is told.
    ...(message.undo ? { undo: { grantId: message.undo.grantId, untilMs: nowMs + message.undo.leftMs } } : {}),
    ...(receivedAtMs === undefined ? {} : { snapshotReceivedAtMs: receivedAtMs }),
    announcement: announcementFor(state.newest, message) ?? state.announcement,
  };
}

/** Whether two pictures are the same moment of the same broker. */
function isSame(a: Snapshot, b: Snapshot | undefined): boolean {
  return b !== undefined && a.sequence === b.sequence && a.broker.startedAtMs === b.broker.startedAtMs && a.broker.pid === b.broker.pid;
}

/** What is worth saying aloud: the link's loss and return, a question, and the balance crossing a line. */
function announcementFor(before: StateMessage | undefined, after: StateMessage): string | undefined {
  if (before === undefined) return undefined;
  if (before.link.state !== 'down' && after.link.state === 'down') return t('The broker is not running. The numbers are the last ones known.');
  if (before.link.state === 'down' && after.link.state === 'connected') return t('The broker runs again.');
  if (!before.snapshot || !after.snapshot) return undefined;
  const known = new Set(before.snapshot.questions.map((question) => question.requestId));
  const asked = after.snapshot.questions.find((question) => !known.has(question.requestId));
  if (asked) return `${t('A request waits for your answer.')} ${asked.text}`;
  const [was, is] = [balanceLevel(before.snapshot), balanceLevel(after.snapshot)];
  if (was === is) return undefined;
  if (is === 'blocked') return t('No credits left. New requests are refused and cost nothing.');
  if (is === 'critical' || is === 'low') return was === 'ok' || was === 'low' ? t('Credits are running low.') : undefined;
  return was === 'blocked' ? t('There are credits again.') : undefined;
}

/** The broker's clock now: the snapshot's time carried on by the page's own, which may run apart. */
export function brokerNowMs(state: PageState, pageNowMs: number): number {
  const snapshot = state.newest?.snapshot;
  if (!snapshot || state.snapshotReceivedAtMs === undefined) return pageNowMs;
  return snapshot.atMs + Math.max(0, pageNowMs - state.snapshotReceivedAtMs);
}

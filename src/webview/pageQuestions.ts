// What the page asked the ledger on demand, and the newest answers. Pure; an answer to an older question is dropped, and
// what was known stays until the new is there.
import type { PageSaving, QuestionAbout, QuestionAnswer, PageQuestion } from '../protocol/dashboardQuestions.ts';

/** The newest answer of each kind. */
export type Answers = { readonly [A in QuestionAbout]?: Extract<QuestionAnswer, { about: A }> };

/** What the page remembers of its questions. */
export interface Questions {
  /** The newest question of each kind by its id, answered or not. */
  readonly asked: ReadonlyMap<QuestionAbout, number>;
  readonly answers: Answers;
}

/** Nothing was asked yet. */
export const noQuestions: Questions = { asked: new Map(), answers: {} };

/** A question is asked. */
export function beginQuestion(state: Questions, about: QuestionAbout, id: number): Questions {
  return { ...state, asked: new Map([...state.asked, [about, id]]) };
}

/** An answer arrived; the same state where it is not the newest question's. */
export function receiveAnswer(state: Questions, answer: QuestionAnswer): Questions {
  return state.asked.get(answer.about) === answer.id ? { ...state, answers: { ...state.answers, [answer.about]: answer } } : state;
}

/** Whether the newest question of a kind is still to be answered. */
export function isOpen(state: Questions, about: QuestionAbout): boolean {
  const id = state.asked.get(about);
  return id !== undefined && state.answers[about]?.id !== id;
}

/** What a page that asks is given by the dashboard. */
export interface Asking {
  /** @returns the question's id */
  ask(question: PageQuestion): number;
  /** Nobody looks at the answer any more. */
  drop(about: QuestionAbout): void;
  /** Lets the person keep something that is shown. */
  save(what: Omit<PageSaving, 'type' | 'id'>): void;
  /** What was chosen on a page when it was last shown, as it was stored. */
  loadChoice(page: string): unknown;
  saveChoice(page: string, choice: unknown): void;
}

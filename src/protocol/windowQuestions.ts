// Which questions a window puts to its person, and which of them one answer answers together. Pure; the broker
// decides each request anew with the answer.
import type { QuestionAnswer } from './answerWords.ts';
import type { QuestionView } from './snapshot.ts';

/** The questions that a window may ask: those of its own workspace, and those of workspaces that no window has open. */
export function windowQuestions(questions: readonly QuestionView[], workspaceId: string | undefined): QuestionView[] {
  return questions.filter((question) => question.workspaceId === workspaceId || !question.hasWindow);
}

/** Whether an answer to one question is an answer to another one too. */
export function isAnsweredToo(question: QuestionView, answer: QuestionAnswer, other: QuestionView): boolean {
  if (question.requestId === other.requestId) return true;
  if (question.kind !== other.kind) return false;
  return reaches[question.kind][answer](question, other);
}

type Reach = Readonly<Record<QuestionAnswer, (question: QuestionView, other: QuestionView) => boolean>>;

const nothingElse = () => false;
const sameModel = (a: QuestionView, b: QuestionView) => a.model === b.model;
const sameWorkspace = (a: QuestionView, b: QuestionView) => a.workspaceId === b.workspaceId;
const reachOfUnpriced: Reach = { once: nothingElse, task: sameModel, workspace: sameModel, always: sameModel, never: sameModel };
const sameTask = (a: QuestionView, b: QuestionView) => sameWorkspace(a, b) && a.threadId === b.threadId && a.client === b.client;
const reachOfRunaway: Reach = { once: nothingElse, task: sameTask, workspace: sameWorkspace, always: () => true, never: sameTask };
const reachOfConsent: Reach = {
  once: nothingElse, task: (a, b) => a.threadId !== undefined && a.threadId === b.threadId, workspace: sameWorkspace, always: () => true, never: sameWorkspace,
};
const reaches: Readonly<Record<QuestionView['kind'], Reach>> = { consent: reachOfConsent, unpriced: reachOfUnpriced, runaway: reachOfRunaway };

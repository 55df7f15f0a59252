// What a person can answer to a question that a request waits with, in words: what each answer means and how
// long it lasts. One place, so that a message of the editor and the dashboard offer the same. Pure.
import { formatCredits } from '../domain/units.ts';
import { clientName } from './clientName.ts';
import type { ControlArguments } from './controlArguments.ts';
import type { QuestionView } from './snapshot.ts';

/** An answer, by how long it holds. */
export type QuestionAnswer = ControlArguments<'answer'>['answer'];

/** One answer as it is offered. */
export interface AnswerChoice {
  readonly answer: QuestionAnswer;
  /** In the page's case ("This workspace"). */
  readonly label: string;
  /** In the case of the editor's buttons ("This Workspace"). */
  readonly title: string;
  /** What it means and how long it lasts, as a sentence. */
  readonly lasts: string;
  /** It decides for good, until somebody takes it back. */
  readonly isLasting: boolean;
}

/** What is known of a question when its answers are worded. */
export type AskedFor = Pick<QuestionView, 'kind' | 'workspaceLabel' | 'model'> & { readonly threadId?: string | undefined };

/** The answers to a question, from the narrowest to the widest, and the refusal last. */
export function answerChoices(question: AskedFor): AnswerChoice[] {
  const { workspaceLabel, model } = question;
  if (question.kind === 'unpriced') {
    return [
      { answer: 'once', label: 'Once', title: 'Once', lasts: 'Only this request. The next one for this model asks again.', isLasting: false },
      { answer: 'always', label: 'Always for this model', title: 'Always for This Model', lasts: `Every request for ${model}, in every workspace, until you take it back.`, isLasting: true },
      { answer: 'never', label: 'Never', title: 'Never', lasts: `Requests for ${model} are refused until you take it back.`, isLasting: true },
    ];
  }
  if (question.kind === 'runaway') {
    const task = question.threadId === undefined ? [] : [{ answer: 'task', label: 'Let the task go on', title: 'Let the Task Go On', lasts: 'This task goes on, and is looked at again when it has gone four times as far.', isLasting: false } as const];
    return [
      ...task,
      { answer: 'once', label: 'This request', title: 'This Request', lasts: 'Only this request. The next one of the task asks again.', isLasting: false },
      { answer: 'workspace', label: 'Everything here', title: 'Everything Here', lasts: `Everything in "${workspaceLabel}" goes on, four times as far.`, isLasting: false },
      { answer: 'always', label: 'Stop watching', title: 'Stop Watching', lasts: 'Nothing is slowed down or asked about any more, in any workspace, until the broker starts anew.', isLasting: false },
      { answer: 'never', label: 'Stop the task', title: 'Stop the Task', lasts: 'Requests of this task are refused until it is released with `codex-broker release`, or the broker starts anew.', isLasting: false },
    ];
  }
  return [
    { answer: 'once', label: 'Once', title: 'Once', lasts: 'Only this request. The next one that needs them asks again.', isLasting: false },
    ...(question.threadId === undefined ? [] : [{ answer: 'task', label: 'This task', title: 'This Task', lasts: 'Every request of this Codex task, for as long as it goes on.', isLasting: false } as const]),
    { answer: 'workspace', label: 'This workspace', title: 'This Workspace', lasts: `Every request of "${workspaceLabel}", until you take it back.`, isLasting: true },
    { answer: 'always', label: 'Always', title: 'Always', lasts: 'Every request of every workspace, until you take it back.', isLasting: true },
    { answer: 'never', label: 'Never', title: 'Never', lasts: `Requests of "${workspaceLabel}" that need them are refused until you take it back.`, isLasting: true },
  ];
}

/** The question in short, as a heading. */
export function questionTitle({ kind, workspaceLabel, model }: Pick<QuestionView, 'kind' | 'workspaceLabel' | 'model'>): string {
  if (kind === 'runaway') return `May Codex go on in "${workspaceLabel}"?`;
  return kind === 'unpriced' ? `Send to ${model} without a known price?` : `May "${workspaceLabel}" use purchased credits?`;
}

/** What waits for the answer, in short. */
export function questionDetail(question: Pick<QuestionView, 'client' | 'model' | 'workspaceLabel' | 'estimateMicroCredits'>, locale: string): string {
  const who = `${clientName(question.client)} in "${question.workspaceLabel}" waits`;
  return question.estimateMicroCredits === undefined ? who : `${who}; up to ${formatCredits(question.estimateMicroCredits, 2, locale)} credits for ${question.model}`;
}

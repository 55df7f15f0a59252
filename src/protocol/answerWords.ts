// What a person can answer to a question that a request waits with, in words: what each answer means and how
// long it lasts. One place, so that a message of the editor and the dashboard offer the same. Pure.
import { formatCredits } from '../domain/units.ts';
import { clientName } from './clientName.ts';
import type { ControlArguments } from './controlArguments.ts';
import { t } from './language.ts';
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
  switch (question.kind) {
    case 'unpriced': return unpricedChoices(question);
    case 'runaway': return runawayChoices(question);
    case 'consent': return consentChoices(question);
  }
}

function unpricedChoices({ model }: AskedFor): AnswerChoice[] {
  return [
    { answer: 'once', label: t('Once'), title: t('Once'), lasts: t('Only this request. The next one for this model asks again.'), isLasting: false },
    { answer: 'always', label: t('Always for this model'), title: t('Always for This Model'), lasts: t('Every request for {0}, in every workspace, until you take it back.', model), isLasting: true },
    { answer: 'never', label: t('Never'), title: t('Never'), lasts: t('Requests for {0} are refused until you take it back.', model), isLasting: true },
  ];
}

function runawayChoices({ threadId, workspaceLabel }: AskedFor): AnswerChoice[] {
  return [
    ...(threadId === undefined ? [] : [{ answer: 'task', label: t('Let the task go on'), title: t('Let the Task Go On'), lasts: t('This task goes on, and is looked at again when it has gone four times as far.'), isLasting: false } as const]),
    { answer: 'once', label: t('This request'), title: t('This Request'), lasts: t('Only this request. The next one of the task asks again.'), isLasting: false },
    { answer: 'workspace', label: t('Everything here'), title: t('Everything Here'), lasts: t('Everything in "{0}" goes on, four times as far.', workspaceLabel), isLasting: false },
    { answer: 'always', label: t('Stop watching'), title: t('Stop Watching'), lasts: t('Nothing is slowed down or asked about any more, in any workspace, until the broker starts anew.'), isLasting: false },
    { answer: 'never', label: t('Stop the task'), title: t('Stop the Task'), lasts: t('Requests of this task are refused until it is released with `codex-broker release`, or the broker starts anew.'), isLasting: false },
  ];
}

function consentChoices({ threadId, workspaceLabel }: AskedFor): AnswerChoice[] {
  return [
    { answer: 'once', label: t('Once'), title: t('Once'), lasts: t('Only this request. The next one that needs them asks again.'), isLasting: false },
    ...(threadId === undefined ? [] : [{ answer: 'task', label: t('This task'), title: t('This Task'), lasts: t('Every request of this Codex task, for as long as it goes on.'), isLasting: false } as const]),
    { answer: 'workspace', label: t('This workspace'), title: t('This Workspace'), lasts: t('Every request of "{0}", until you take it back.', workspaceLabel), isLasting: true },
    { answer: 'always', label: t('Always'), title: t('Always'), lasts: t('Every request of every workspace, until you take it back.'), isLasting: true },
    { answer: 'never', label: t('Never'), title: t('Never'), lasts: t('Requests of "{0}" that need them are refused until you take it back.', workspaceLabel), isLasting: true },
  ];
}

/** The question in short, as a heading. */
export function questionTitle({ kind, workspaceLabel, model }: Pick<QuestionView, 'kind' | 'workspaceLabel' | 'model'>): string {
  switch (kind) {
    case 'runaway': return t('May Codex go on in "{0}"?', workspaceLabel);
    case 'unpriced': return t('Send to {0} without a known price?', model);
    case 'consent': return t('May "{0}" use purchased credits?', workspaceLabel);
  }
}

/** What waits for the answer, in short. */
export function questionDetail({ client, model, workspaceLabel, estimateMicroCredits }: Pick<QuestionView, 'client' | 'model' | 'workspaceLabel' | 'estimateMicroCredits'>, locale: string): string {
  return estimateMicroCredits === undefined ? t('{0} in "{1}" waits', clientName(client), workspaceLabel)
    : t('{0} in "{1}" waits; up to {2} credits for {3}', clientName(client), workspaceLabel, formatCredits(estimateMicroCredits, 2, locale), model);
}

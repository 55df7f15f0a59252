// The native question before an answer that decides for good. It says what follows from it and where it is
// taken back; an answer for one request or task needs none.
import { answerChoices, type AskedFor, type QuestionAnswer } from '../protocol/answerWords.ts';
import { t } from '../protocol/language.ts';
import type { Editor } from './editorApi.ts';

/** What is asked before an answer is kept; undefined where nothing is. */
export function confirmation(question: AskedFor, answer: QuestionAnswer): { readonly message: string; readonly detail: string; readonly button: string } | undefined {
  // What the guard is told holds until the broker starts anew at the most.
  if (answer !== 'always' && answer !== 'never' || question.kind === 'runaway') return undefined;
  const lasts = answerChoices(question).find((choice) => choice.answer === answer)?.lasts ?? '';
  const { workspaceLabel, model } = question;
  const detail = (follows: string) => [lasts, follows, t('It can be taken back on the dashboard\'s Credits page.')].join(' ');
  if (question.kind === 'unpriced') {
    return answer === 'always'
      ? { message: t('Always send requests for {0} without a known price?', model), detail: detail(t('They draw no credits and no budget in credits stops them, but OpenAI may bill your API key.')), button: t('Always Send') }
      : { message: t('Never send requests for {0}?', model), detail: detail(t('Nothing is charged for them.')), button: t('Never Send') };
  }
  return answer === 'always'
    ? { message: t('Let every workspace use purchased credits?'), detail: detail(t('They are paid from purchased credits when nothing else is left, and OpenAI bills your API key for what is used.')), button: t('Always Allow') }
    : { message: t('Never let "{0}" use purchased credits?', workspaceLabel), detail: detail(t('Nothing is charged for them.')), button: t('Never Allow') };
}

/** Asks before an answer that decides for good. @returns true when the answer stands */
export async function answerConfirmed(editor: Pick<Editor, 'window'>, question: AskedFor, answer: QuestionAnswer): Promise<boolean> {
  const asked = confirmation(question, answer);
  if (!asked) return true;
  return await editor.window.showWarningMessage(asked.message, { modal: true, detail: asked.detail }, asked.button) === asked.button;
}

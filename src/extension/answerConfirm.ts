// The native question before an answer that decides for good. It says what follows from it and where it is
// taken back; an answer for one request or task needs none.
import { answerChoices, type AskedFor, type QuestionAnswer } from '../protocol/answerWords.ts';
import type { Editor } from './editorApi.ts';

const takenBack = 'It can be taken back on the dashboard\'s Credits page.';

/** What is asked before an answer is kept; undefined where nothing is. */
export function confirmation(question: AskedFor, answer: QuestionAnswer): { readonly message: string; readonly detail: string; readonly button: string } | undefined {
  // What the guard is told holds until the broker starts anew at the most.
  if (answer !== 'always' && answer !== 'never' || question.kind === 'runaway') return undefined;
  const lasts = answerChoices(question).find((choice) => choice.answer === answer)?.lasts ?? '';
  const { workspaceLabel, model } = question;
  if (question.kind === 'unpriced') {
    return answer === 'always'
      ? { message: `Always send requests for ${model} without a known price?`, detail: `${lasts} They draw no credits and no budget in credits stops them, but OpenAI may bill your API key. ${takenBack}`, button: 'Always Send' }
      : { message: `Never send requests for ${model}?`, detail: `${lasts} Nothing is charged for them. ${takenBack}`, button: 'Never Send' };
  }
  return answer === 'always'
    ? { message: 'Let every workspace use purchased credits?', detail: `${lasts} They are paid from purchased credits when nothing else is left, and OpenAI bills your API key for what is used. ${takenBack}`, button: 'Always Allow' }
    : { message: `Never let "${workspaceLabel}" use purchased credits?`, detail: `${lasts} Nothing is charged for them. ${takenBack}`, button: 'Never Allow' };
}

/** Asks before an answer that decides for good. @returns true when the answer stands */
export async function answerConfirmed(editor: Pick<Editor, 'window'>, question: AskedFor, answer: QuestionAnswer): Promise<boolean> {
  const asked = confirmation(question, answer);
  if (!asked) return true;
  return await editor.window.showWarningMessage(asked.message, { modal: true, detail: asked.detail }, asked.button) === asked.button;
}

// The commands about tasks: gives one to the real Codex in this workspace, lets one go on that waited for a limit, and
// shows those that wait.
import { clockWords } from '../protocol/clockWords.ts';
import { t } from '../protocol/language.ts';
import { withoutLinks } from './markdownText.ts';
import type { Passed } from './taskFitCheck.ts';
import { performTask, type TaskParts } from './taskRun.ts';
import type { WaitingTask, WaitingTasks } from './waitingTasks.ts';

/** A title is the prompt's first line, up to so many characters. */
const titleCharactersMax = 200;
/** What Codex is told where its thread knows the task. */
const goOnPrompt = 'Go on with the task. A usage limit had stopped you. You may go on now.';

/** Asks for a task and runs it. */
export async function runTask(parts: TaskParts & { passGate(): Promise<Passed | undefined> }): Promise<void> {
  const { window } = parts.editor;
  const { folder } = parts.workspace;
  if (folder === undefined) {
    await window.showInformationMessage(t('Open a folder first: Codex works in the folder of this window.'));
    return;
  }
  const passed = await parts.passGate();
  if (!passed) return;
  const { estimate } = passed;
  const what = parts.pay() === 'plan' ? t('What Codex does in this workspace. Every request is paced and counted by the broker; your ChatGPT plan pays.') : t('What Codex does in this workspace. Every request is paced, counted and paid through the broker.');
  const prompt = (await window.showInputBox({ title: t('Run Codex Task'), prompt: estimate === undefined ? what : `${what} ${estimate}`, placeHolder: t('Fix the failing test in parser.test.ts'), ignoreFocusOut: true }))?.trim();
  if (!prompt) return;
  const { answered } = await performTask(parts, { folder, prompt, title: (prompt.split('\n')[0] ?? '').slice(0, titleCharactersMax) });
  await answered;
}

/**
 * Lets a task go on in its thread. The gate was passed when it began; budgets and permissions are asked of the broker with each request.
 * @returns false where Codex was not started
 */
export async function continueTask(parts: TaskParts, { title, threadId, continuedTimes }: WaitingTask): Promise<boolean> {
  const { folder } = parts.workspace;
  if (folder === undefined) return false;
  return (await performTask(parts, { folder, prompt: goOnPrompt, title, resumed: { threadId, continuedTimes: continuedTimes + 1 } })).hasStarted;
}

/** Offers to let an interrupted task go on: how far it came nobody knows, so it does not by itself. Who does not answer finds it among those that wait. */
export async function offerInterrupted({ editor: { window } }: Pick<TaskParts, 'editor'>, waiting: Pick<WaitingTasks, 'remove' | 'goOnNow'>, { title, threadId }: WaitingTask): Promise<void> {
  const [goOnNow, leave] = [t('Go on now'), t('Don\'t go on')];
  const chosen = await window.showWarningMessage(withoutLinks(t('The Codex task "{0}" was interrupted before it ended. It goes on only if you say so.', title)), goOnNow, leave);
  if (chosen === goOnNow) await waiting.goOnNow(threadId);
  else if (chosen === leave) await waiting.remove(threadId);
}

/** Shows the tasks that wait or were interrupted, and lets one go on now or not at all. */
export async function showWaitingTasks(parts: Pick<TaskParts, 'editor' | 'schedule'>, waiting: Pick<WaitingTasks, 'list' | 'interrupted' | 'remove' | 'goOnNow'>): Promise<void> {
  const { window, env } = parts.editor;
  const [tasks, interrupted] = [waiting.list(), waiting.interrupted()];
  if (tasks.length + interrupted.length === 0) {
    await window.showInformationMessage(t('No Codex task waits for a limit. One that a limit stops can be left to go on by itself.'));
    return;
  }
  const rows = [
    ...interrupted.map((task) => ({ label: task.title, description: t('was interrupted'), task })),
    ...tasks.map((task) => ({ label: task.title, description: t('goes on at {0}', clockWords(task.atMs, parts.schedule.nowMs(), env.language)), task })),
  ];
  const chosen = await window.showQuickPick(rows, { title: t('Waiting Codex Tasks'), placeHolder: t('Choose one to let it go on now, or not at all') });
  if (!chosen) return;
  const { threadId } = chosen.task;
  const [goOnNow, leave] = [t('Go on now'), t('Don\'t go on')];
  const what = await window.showQuickPick([{ label: goOnNow }, { label: leave }], { title: chosen.label, placeHolder: t('What becomes of it') });
  if (what?.label === goOnNow) await waiting.goOnNow(threadId);
  else if (what?.label === leave) await waiting.remove(threadId);
}

// Tells a person about a failure: what happened, what to do, and a way to the log. It never shows
// a stack trace or a secret.
import type { Problem } from '../domain/problem.ts';
import { ProblemError } from '../domain/problem.ts';
import { t } from '../protocol/language.ts';
import { problemWords } from '../protocol/problemWords.ts';
import { commandNames } from './commandNames.ts';
import type { Editor, Log } from './editorApi.ts';
import { withoutLinks } from './markdownText.ts';

/** What happened and what to do, for a place that shows plain text: the marks around commands are left out. */
export function problemText(problem: Problem): string {
  return problemWords(problem).replaceAll('`', '');
}

/** What was being done when it failed, as the log names it. */
export type Doing = 'Storing the API key' | 'Removing the API key' | 'Asking Codex' | 'Opening the metered terminal' | 'Running the Codex task' | 'Asking about a request' | 'Answering' | 'The command';

/** Shows a failure. Anything that is not a `Problem` is named as unexpected; its kind goes to the log. */
export async function showFailure(editor: Pick<Editor, 'window' | 'commands'>, log: Log, doing: Doing, error: unknown): Promise<void> {
  const problem = error instanceof ProblemError ? error.problem : undefined;
  log.error(`${doing}: ${problem ? `${problem.code}, ${problem.message}` : error instanceof Error ? `${error.name}: ${error.message}` : 'unknown failure'}`);
  const button = problem && buttonFor(problem);
  const text = problem ? problemText(problem) : [unexpectedText(doing), t('See the log of Codex Broker.')].join(' ');
  const showLog = t('Show Log');
  const chosen = await editor.window.showErrorMessage(withoutLinks(text), ...(button ? [button.label] : []), showLog);
  if (chosen === showLog) await editor.commands.executeCommand(commandNames.showLog);
  else if (button && chosen === button.label) await editor.commands.executeCommand(button.command);
}

function unexpectedText(doing: Doing): string {
  switch (doing) {
    case 'Storing the API key': return t('Storing the API key failed for an unexpected reason.');
    case 'Removing the API key': return t('Removing the API key failed for an unexpected reason.');
    case 'Asking Codex': return t('Asking Codex failed for an unexpected reason.');
    case 'Opening the metered terminal': return t('Opening the metered terminal failed for an unexpected reason.');
    case 'Running the Codex task': return t('Running the Codex task failed for an unexpected reason.');
    case 'Asking about a request': return t('Asking about a request failed for an unexpected reason.');
    case 'Answering': return t('Answering failed for an unexpected reason.');
    case 'The command': return t('The command failed for an unexpected reason.');
  }
}

/** The command that cures a problem, as a button; undefined where none does. */
export function buttonFor(problem: Pick<Problem, 'code'>): { readonly label: string; readonly command: string } | undefined {
  switch (problem.code) {
    case 'credits_exhausted': case 'consent_missing': case 'credits_owed': return { label: t('Top Up'), command: commandNames.topUp };
    case 'budget_exceeded': return { label: t('Show Budgets'), command: commandNames.showBudgets };
    case 'no_api_key': case 'api_key_rejected': return { label: t('Set API Key'), command: commandNames.setApiKey };
    case 'wipe_unfinished': return { label: t('Wipe All Data'), command: commandNames.wipeData };
    case 'broker_unreachable': return { label: t('Start Broker'), command: commandNames.startBroker };
    default: return undefined;
  }
}

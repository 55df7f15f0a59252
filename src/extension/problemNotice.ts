// Tells a person about a failure: what happened, what to do, and a way to the log. It never shows
// a stack trace or a secret.
import type { Problem } from '../domain/problem.ts';
import { ProblemError } from '../domain/problem.ts';
import { commandNames } from './commandNames.ts';
import type { Editor, Log } from './editorApi.ts';
import { withoutLinks } from './markdownText.ts';

/** What happened and what to do, for a place that shows plain text: the marks around commands are left out. */
export function problemText(problem: Problem): string {
  return `${problem.message} ${problem.remedy}`.replaceAll('`', '');
}

/** Shows a failure. Anything that is not a `Problem` is named as unexpected; its kind goes to the log. */
export async function showFailure(editor: Pick<Editor, 'window' | 'commands'>, log: Log, doing: string, error: unknown): Promise<void> {
  const problem = error instanceof ProblemError ? error.problem : unexpected(doing);
  log.error(`${doing}: ${error instanceof ProblemError ? `${problem.code}, ${problem.message}` : error instanceof Error ? `${error.name}: ${error.message}` : 'unknown failure'}`);
  const button = buttonFor(problem);
  const chosen = await editor.window.showErrorMessage(withoutLinks(problemText(problem)), ...(button ? [button.label] : []), 'Show Log');
  if (chosen === 'Show Log') await editor.commands.executeCommand(commandNames.showLog);
  else if (button && chosen === button.label) await editor.commands.executeCommand(button.command);
}

function unexpected(doing: string): Problem {
  return { code: 'internal', message: `${doing} failed for an unexpected reason.`, remedy: 'See the log of Codex Broker.' };
}

/** The command that cures a problem, as a button; undefined where none does. */
export function buttonFor(problem: Pick<Problem, 'code'>): { readonly label: string; readonly command: string } | undefined {
  switch (problem.code) {
    case 'credits_exhausted': case 'consent_missing': case 'credits_owed': return { label: 'Top Up', command: commandNames.topUp };
    case 'budget_exceeded': return { label: 'Show Budgets', command: commandNames.showBudgets };
    case 'no_api_key': case 'api_key_rejected': return { label: 'Set API Key', command: commandNames.setApiKey };
    case 'broker_unreachable': return { label: 'Start Broker', command: commandNames.startBroker };
    default: return undefined;
  }
}

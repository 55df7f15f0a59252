// The command that gives a task to the real Codex in this workspace: prompt, progress, cancel,
// transcript, and at the end what the thread cost. The broker decides about each of its requests.
import type * as vscode from 'vscode';
import { problem, ProblemError, problemKinds, type ProblemCode } from '../domain/problem.ts';
import { formatTokens } from '../domain/units.ts';
import type { UsageRow } from '../protocol/snapshot.ts';
import { codexStep, failureWords, type CodexStep } from './codexEvents.ts';
import type { CodexProgram } from './codexProgram.ts';
import { runCodex, type CodexEnd } from './codexRun.ts';
import { commandNames } from './commandNames.ts';
import type { Editor, Log } from './editorApi.ts';
import type { BrokerCall } from './liveSocket.ts';
import { withoutLinks } from './markdownText.ts';
import { buttonFor, showFailure } from './problemNotice.ts';
import { creditsWords } from './requestCost.ts';
import { pause, type Schedule } from './schedule.ts';
import { hideSecrets } from './secretText.ts';
import type { Settings } from './settings.ts';
import type { WindowWorkspace } from './windowWorkspace.ts';

/** What the command needs from outside. */
export interface TaskParts {
  readonly editor: Pick<Editor, 'window' | 'commands' | 'ProgressLocation' | 'env'>;
  readonly log: Log;
  readonly schedule: Schedule;
  readonly call: BrokerCall;
  readonly workspace: Pick<WindowWorkspace, 'token' | 'folder' | 'forget'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  /** True while no money is meant. */
  practice(): boolean;
  settings(): Settings;
  findProgram(): Promise<CodexProgram>;
  /** Aborted when the window closes: what runs must not outlive it unseen. */
  readonly stopping: AbortSignal;
  passGate(): Promise<boolean>;
  /** The channel that shows transcripts; made at the first task. */
  transcript(): Pick<vscode.OutputChannel, 'appendLine' | 'show'>;
}

const costLooksMax = 6;
const costPauseMs = 200;

/** Runs the command. */
export async function runTask(parts: TaskParts): Promise<void> {
  const { window } = parts.editor;
  const { folder } = parts.workspace;
  if (folder === undefined) {
    await window.showInformationMessage('Open a folder first: Codex works in the folder of this window.');
    return;
  }
  if (!await parts.passGate()) return;
  const prompt = (await window.showInputBox({ title: 'Run Codex Task', prompt: 'What Codex does in this workspace. Every request is paced, counted and paid through the broker.', placeHolder: 'Fix the failing test in parser.test.ts', ignoreFocusOut: true }))?.trim();
  if (!prompt) return;
  const transcript = parts.transcript();
  try {
    const program = await parts.findProgram();
    const token = await parts.workspace.token();
    const { taskModel, taskSandbox } = parts.settings();
    const startedAtMs = parts.schedule.nowMs();
    const seen: { threadId?: string; failure?: string; tokens: number } = { tokens: 0 };
    let cancelled = false;
    transcript.appendLine(`── ${new Intl.DateTimeFormat(parts.editor.env.language, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(startedAtMs)}  Codex task in ${folder}`);
    transcript.appendLine(`> ${hideSecrets(prompt.split('\n')[0] ?? '', [token.token])}`);
    transcript.show(true);
    const end = await window.withProgress({ location: parts.editor.ProgressLocation.Notification, title: 'Codex task', cancellable: true }, async (progress, cancellation) => {
      const abort = new AbortController();
      const listening = cancellation.onCancellationRequested(() => {
        cancelled = true;
        progress.report({ message: 'stopping' });
        abort.abort();
      });
      progress.report({ message: 'starting' });
      try {
        return await runCodex({ program, folder, prompt, token, model: taskModel, sandbox: taskSandbox, env: parts.env, platform: parts.platform }, parts.schedule, AbortSignal.any([abort.signal, parts.stopping]), (line) => {
          const step = codexStep(line);
          // Codex says the same failure as an error and as the turn's end: once is enough.
          const repeated = step.failure !== undefined && step.failure === seen.failure;
          note(seen, step);
          if (step.step !== undefined && !cancelled) progress.report({ message: hideSecrets(step.step, [token.token]) });
          if (step.transcript !== undefined && step.transcript !== '' && !repeated) transcript.appendLine(hideSecrets(step.transcript, [token.token]));
        });
      } finally {
        listening.dispose();
      }
    });
    const row = seen.threadId === undefined ? undefined : await threadUsage(parts, seen.threadId, startedAtMs);
    const cost = costWords(row, seen.tokens, parts.practice(), parts.editor.env.language);
    const failed = !cancelled && (end.exitCode !== 0 || seen.failure !== undefined);
    const what = cancelled ? 'Codex task cancelled' : failed ? 'Codex task failed' : 'Codex task finished';
    const why = failed ? failureWords(hideSecrets(whyFailed(end, seen.failure), [token.token])) : undefined;
    // The transcript has the failure already where Codex told it.
    transcript.appendLine(`${what}${why && seen.failure === undefined ? `: ${why.text}` : ''} · ${cost}\n`);
    parts.log.info(`Codex task ended with exit code ${end.exitCode ?? 'none'}, thread ${seen.threadId ?? 'unknown'}, ${cost}.`);
    const show = failed ? window.showErrorMessage : window.showInformationMessage;
    const cure = why?.code !== undefined && why.code in problemKinds ? buttonFor({ code: why.code as ProblemCode }) : undefined;
    const chosen = await show(withoutLinks(`${what}${why ? `: ${why.text}` : ''} · ${cost}`), ...(cure ? [cure.label] : []), 'Show Transcript', 'Open Dashboard');
    if (chosen === 'Show Transcript') transcript.show(true);
    else if (chosen === 'Open Dashboard') await parts.editor.commands.executeCommand(commandNames.openDashboard);
    else if (cure && chosen === cure.label) await parts.editor.commands.executeCommand(cure.command);
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'unknown_token') parts.workspace.forget();
    await showFailure(parts.editor, parts.log, 'Running the Codex task', error instanceof ProblemError || !isStartFailure(error) ? error
      : new ProblemError({ ...problem('codex_not_found', 'The Codex program could not be started.'), remedy: 'Check the setting codexBroker.codexPath, or install Codex again.' }, { cause: error }));
  }
}

function note(seen: { threadId?: string; failure?: string; tokens: number }, step: CodexStep): void {
  if (step.threadId !== undefined) seen.threadId = step.threadId;
  if (step.failure !== undefined) seen.failure = step.failure;
  if (step.tokens) seen.tokens += step.tokens.input + step.tokens.output;
}

/** The thread's usage at the broker; looked up a few times, because the last charge may still settle. */
async function threadUsage(parts: Pick<TaskParts, 'call' | 'schedule'>, threadId: string, sinceMs: number): Promise<UsageRow | undefined> {
  let found: UsageRow | undefined;
  for (let look = 0; look < costLooksMax; look += 1) {
    if (look > 0) await pause(parts.schedule, costPauseMs);
    try {
      const row = (await parts.call('usage', { by: 'thread', sinceMs })).rows.find((each) => each.key === threadId);
      if (row && found && row.requests === found.requests && row.costMicroCredits === found.costMicroCredits) return row;
      found = row ?? found;
    } catch {
      // The broker is not there to ask; the summary says that the cost is not known.
      return found;
    }
  }
  return found;
}

function costWords(row: UsageRow | undefined, tokens: number, practice: boolean, locale: string): string {
  if (!row) return tokens > 0 ? `${formatTokens(tokens, locale)} tokens, cost not known yet` : 'nothing was charged so far';
  const spent = row.inputTokens + row.outputTokens;
  if (spent === 0 && row.costMicroCredits === 0) return 'nothing was charged';
  return `${formatTokens(spent, locale)} tokens in ${row.requests} ${row.requests === 1 ? 'request' : 'requests'}, ${creditsWords(row.costMicroCredits, practice, locale)}`;
}

function whyFailed(end: CodexEnd, failure: string | undefined): string {
  const lastLine = end.errorText.trim().split('\n').at(-1)?.trim() ?? '';
  return failure ?? (lastLine === '' ? `it left with exit code ${end.exitCode ?? 'none'}` : `${lastLine.slice(0, 300)} (exit code ${end.exitCode ?? 'none'})`);
}

function isStartFailure(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && String(error.syscall).startsWith('spawn');
}

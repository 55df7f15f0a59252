// One run of the real Codex for a task, begun or gone on with: progress, cancel, transcript, and at the end what the
// thread cost, or that a limit stopped it and when it can go on. The broker decides about each of its requests.
import type * as vscode from 'vscode';
import type { DecisionRecord } from '../domain/decisionRecord.ts';
import { problem, ProblemError, problemKinds, type ProblemCode } from '../domain/problem.ts';
import { formatTokens } from '../domain/units.ts';
import { decisionWords, withoutSentToNobody } from '../protocol/brokerWords.ts';
import { clockWords } from '../protocol/clockWords.ts';
import { plural, t } from '../protocol/language.ts';
import type { UsageRow } from '../protocol/snapshot.ts';
import { codexStep, failureWords, type CodexStep } from './codexEvents.ts';
import type { CodexProgram } from './codexProgram.ts';
import { runCodex, type CodexEnd, type CodexRun } from './codexRun.ts';
import { commandNames } from './commandNames.ts';
import type { Editor, Log } from './editorApi.ts';
import type { BrokerCall } from './liveSocket.ts';
import { withoutLinks } from './markdownText.ts';
import { buttonFor, showFailure } from './problemNotice.ts';
import { creditsWords } from './requestCost.ts';
import { pause, type Schedule } from './schedule.ts';
import { hideSecrets } from './secretText.ts';
import type { Settings } from './settings.ts';
import type { WaitingTask, WaitingTasks } from './waitingTasks.ts';
import type { WindowWorkspace } from './windowWorkspace.ts';

/** What a run needs from outside. */
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
  /** Who pays for a run that starts now. */
  pay(): CodexRun['pay'];
  settings(): Settings;
  findProgram(): Promise<CodexProgram>;
  /** Aborted when the window closes: what runs must not outlive it unseen. */
  readonly stopping: AbortSignal;
  /** The channel that shows transcripts; made at the first task. */
  transcript(): Pick<vscode.OutputChannel, 'appendLine' | 'show'>;
  /** Where tasks wait for a limit. */
  readonly waiting: Pick<WaitingTasks, 'add' | 'remove'>;
}

/** What Codex is to do: something new, or go on with a thread. */
export interface Task {
  readonly folder: string;
  readonly prompt: string;
  /** What it was asked first, in a line. */
  readonly title: string;
  /** The thread that goes on, and how often it did already. */
  readonly resumed?: Pick<WaitingTask, 'threadId' | 'continuedTimes'>;
}

/** A task that a limit stopped so often is not gone on with by itself again. */
export const continuedTimesMax = 10;

const costLooksMax = 6;
const costPauseMs = 200;

/**
 * Runs it and shows how it ended; failures are shown, not thrown. Resolves when the run is over.
 * @returns `answered` resolves when what the person chose was done; `hasStarted` is false where Codex was not started
 */
export async function performTask(parts: TaskParts, task: Task): Promise<{ readonly answered: Promise<void>; readonly hasStarted: boolean }> {
  const { window } = parts.editor;
  const { folder, prompt, title, resumed } = task;
  const transcript = parts.transcript();
  let hasStarted = false;
  try {
    const program = await parts.findProgram();
    const token = await parts.workspace.token();
    const { taskModel, taskSandbox, continueTasks } = parts.settings();
    const startedAtMs = parts.schedule.nowMs();
    const pay = token.chatgptBaseUrl === undefined ? 'key' : parts.pay();
    const seen: { threadId?: string; failure?: string; tokens: number } = { tokens: 0 };
    let cancelled = false;
    transcript.appendLine(`── ${new Intl.DateTimeFormat(parts.editor.env.language, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(startedAtMs)}  ${t('Codex task in {0}', folder)}`);
    const asked = hideSecrets(title, [token.token]);
    transcript.appendLine(`> ${resumed ? t('goes on: {0}', asked) : asked}`);
    transcript.show(true);
    const end = await window.withProgress({ location: parts.editor.ProgressLocation.Notification, title: resumed ? t('Codex task goes on') : t('Codex task'), cancellable: true }, async (progress, cancellation) => {
      const abort = new AbortController();
      const listening = cancellation.onCancellationRequested(() => {
        cancelled = true;
        progress.report({ message: t('stopping') });
        abort.abort();
      });
      progress.report({ message: t('starting') });
      try {
        return await runCodex({ program, folder, prompt, ...(resumed ? { threadId: resumed.threadId } : {}), token, pay, model: taskModel, sandbox: taskSandbox, env: parts.env, platform: parts.platform }, parts.schedule, AbortSignal.any([abort.signal, parts.stopping]), (line) => {
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
    hasStarted = true;
    const row = seen.threadId === undefined ? undefined : await threadUsage(parts, seen.threadId, startedAtMs);
    const cost = costWords(row, seen.tokens, pay, parts.practice(), parts.editor.env.language);
    const failed = !cancelled && (end.exitCode !== 0 || seen.failure !== undefined);
    const what = cancelled ? t('Codex task cancelled') : failed ? t('Codex task failed') : t('Codex task finished');
    const told = failed ? failureWords(hideSecrets(whyFailed(end, seen.failure), [token.token])) : undefined;
    const decision = told?.requestId === undefined ? undefined : await decisionOf(parts, told.requestId);
    // Codex repeats the broker in English, with the time of Greenwich and commands for a terminal; the window has words of its own.
    const why = told && { ...told, ...(decision?.message === undefined ? {} : { text: hideSecrets(withoutSentToNobody(decision.message), [token.token]) }) };
    // The transcript has the failure already where Codex told it.
    transcript.appendLine(`${what}${why && seen.failure === undefined ? `: ${withoutStop(why.text)}` : ''} · ${cost}\n`);
    parts.log.info(`Codex task ended with exit code ${end.exitCode ?? 'none'}, thread ${seen.threadId ?? 'unknown'}, ${cost}.`);
    const next = failed ? nextRun(parts, task, seen.threadId, decision) : undefined;
    const waits = next !== undefined && (resumed !== undefined || continueTasks === 'always');
    if (waits) await parts.waiting.add(next);
    return { hasStarted, answered: tell(parts, { text: `${what}${why ? `: ${withoutStop(why.text)}` : ''} · ${cost}`, failed, code: why?.code, next, waits }) };
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'unknown_token') parts.workspace.forget();
    return {
      hasStarted,
      answered: showFailure(parts.editor, parts.log, 'Running the Codex task', error instanceof ProblemError || !isStartFailure(error) ? error
        : new ProblemError(problem('codex_not_found', 'The Codex program could not be started.', { remedy: 'Check the setting codexBroker.codexPath, or install Codex again.' }), { cause: error })),
    };
  }
}

/** How a run ended. */
interface Outcome {
  readonly text: string;
  readonly failed: boolean;
  readonly code: string | undefined;
  /** How it could go on by itself, and whether it will. */
  readonly next: WaitingTask | undefined;
  readonly waits: boolean;
}

/** Shows how it ended, and does what the person chooses. */
async function tell(parts: TaskParts, { text, failed, code, next, waits }: Outcome): Promise<void> {
  const { window, commands, env } = parts.editor;
  const cure = code !== undefined && code in problemKinds ? buttonFor({ code: code as ProblemCode }) : undefined;
  const at = next && clockWords(next.atMs, parts.schedule.nowMs(), env.language);
  const goOn = at !== undefined && !waits ? [t('Go On at {0}', at)] : [];
  const [stayStopped, showTranscript, openDashboard] = [t('Don\'t Go On'), t('Show Transcript'), t('Open Dashboard')];
  const show = failed ? window.showErrorMessage : window.showInformationMessage;
  // A message has room for three buttons; of four none can be read.
  const chosen = await show(withoutLinks([text, ...(waits && at !== undefined ? [t('it goes on by itself at {0}', at)] : [])].join(' · ')), ...(waits ? [stayStopped] : goOn), ...(cure ? [cure.label] : []), showTranscript, ...(next && cure ? [] : [openDashboard]));
  if (chosen === undefined) return;
  if (chosen === showTranscript) parts.transcript().show(true);
  else if (chosen === openDashboard) await commands.executeCommand(commandNames.openDashboard);
  else if (cure && chosen === cure.label) await commands.executeCommand(cure.command);
  else if (next && chosen === stayStopped) await parts.waiting.remove(next.threadId);
  else if (next && chosen === goOn[0]) await parts.waiting.add(next);
}

/** How a task goes on that a limit stopped: when the broker's decision changes by itself. Undefined where it does not, or where going on is not wanted. */
function nextRun(parts: Pick<TaskParts, 'settings'>, { title, resumed }: Task, threadId: string | undefined, decision: DecisionRecord | undefined): WaitingTask | undefined {
  const continuedTimes = resumed?.continuedTimes ?? 0;
  if (threadId === undefined || decision?.retryAtMs === undefined || continuedTimes >= continuedTimesMax || parts.settings().continueTasks === 'never') return undefined;
  const over = (decision.budgets ?? []).filter(({ mode, verdict }) => mode === 'hard' && verdict === 'over');
  return { threadId, title, atMs: decision.retryAtMs, continuedTimes, ...(over.length > 0 ? { stoppedBy: over.map(({ budgetId, limit }) => ({ id: budgetId, limit })) } : {}) };
}

/** What the broker decided about a request, in the window's words; undefined where it cannot be asked. */
async function decisionOf(parts: Pick<TaskParts, 'call' | 'log'>, requestId: string): Promise<DecisionRecord | undefined> {
  try {
    return decisionWords((await parts.call('explain', { id: requestId })).decision);
  } catch (error) {
    parts.log.warn(`Why the task was stopped could not be looked up: ${error instanceof Error ? error.message : 'unknown failure'}`);
    return undefined;
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

function costWords(row: UsageRow | undefined, tokens: number, pay: CodexRun['pay'], practice: boolean, locale: string): string {
  if (!row) return tokens > 0 ? t('{0} tokens, cost not known yet', formatTokens(tokens, locale)) : t('nothing was charged so far');
  const spent = row.inputTokens + row.outputTokens;
  if (spent === 0 && row.costMicroCredits === 0) return t('nothing was charged');
  return [plural(row.requests, '{1} tokens in {0} request', '{1} tokens in {0} requests', formatTokens(spent, locale)), pay === 'plan' ? t('paid by your ChatGPT plan') : creditsWords(row.costMicroCredits, practice, locale)].join(', ');
}

/** Where more follows behind a dot of another kind. */
function withoutStop(sentences: string): string {
  return sentences.replace(/\.$/, '');
}

function whyFailed(end: CodexEnd, failure: string | undefined): string {
  const lastLine = end.errorText.trim().split('\n').at(-1)?.trim() ?? '';
  if (failure !== undefined) return failure;
  if (lastLine === '') return end.exitCode === null ? t('it left without an exit code') : t('it left with exit code {0}', end.exitCode);
  return `${lastLine.slice(0, 300)} (${end.exitCode === null ? t('no exit code') : t('exit code {0}', end.exitCode)})`;
}

function isStartFailure(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && String(error.syscall).startsWith('spawn');
}

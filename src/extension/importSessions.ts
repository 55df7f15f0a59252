// The command that imports Codex's session files: runs `codex-broker import` with its progress in a notification
// that can be cancelled, and tells what came of it. The program does the work; what it has booked stays booked.
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { problem, ProblemError } from '../domain/problem.ts';
import { formatCredits } from '../domain/units.ts';
import type { ImportResult } from '../protocol/importedUsage.ts';
import { plural, t } from '../protocol/language.ts';
import { brokerEnvironment } from './brokerStart.ts';
import { lineReader } from './codexRun.ts';
import type { Editor } from './editorApi.ts';
import { programAnswer } from './programAnswer.ts';
import type { RouteProgramParts } from './routeProgram.ts';

/** What the command needs from outside. */
export interface ImportSessionsParts extends Pick<RouteProgramParts, 'execPath' | 'env' | 'brokerScript' | 'seat'> {
  readonly editor: Pick<Editor, 'window' | 'ProgressLocation' | 'env'>;
}

/** What the program says at its end. */
interface ImportAnswer extends ImportResult { readonly filesRead: number; readonly files: number; readonly interrupted: boolean }

/** The longest answer that is kept; it is one line. */
const answerCharactersMax = 65_536;

/** Imports, and tells what came of it. @throws ProblemError */
export async function importSessions(parts: ImportSessionsParts): Promise<void> {
  const { window, ProgressLocation } = parts.editor;
  const script = await parts.brokerScript();
  const outcome = await window.withProgress({ location: ProgressLocation.Notification, title: t('Importing Codex sessions'), cancellable: true }, (progress, cancellation) => {
    let told = 0;
    const onProgress = (done: number, of: number) => {
      progress.report({ message: t('{0} of {1} files', done, of), increment: (done - told) * 100 / of });
      told = done;
    };
    return runImport(parts, script, onProgress, (stop) => cancellation.onCancellationRequested(stop));
  });
  await window.showInformationMessage(outcome === 'stopped' ? stoppedText() : answerText(outcome, parts.editor.env.language));
}

function runImport(parts: ImportSessionsParts, script: string, onProgress: (done: number, of: number) => void, onCancel: (stop: () => void) => { dispose(): void }): Promise<ImportAnswer | 'stopped'> {
  const { dataDir, practice } = parts.seat();
  const codexHome = parts.env['CODEX_HOME'];
  const child = spawn(parts.execPath, [script, 'import', '--json', '--data', dataDir, ...(practice ? ['--practice'] : [])], {
    cwd: dirname(script), env: { ...brokerEnvironment(parts.env), ...(codexHome ? { CODEX_HOME: codexHome } : {}) }, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true,
  });
  return new Promise((resolve, reject) => {
    let printed = '';
    // The program ends after the file that it reads. Before it listens, and where there is no such signal, it ends
    // at once and says nothing: what it had booked by then is whole all the same.
    let isStopped = false;
    const listening = onCancel(() => {
      // A second signal would end it before it has told what it counted.
      if (!isStopped) isStopped = child.kill('SIGINT');
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => { printed = (printed + text).slice(-answerCharactersMax); });
    child.stderr.setEncoding('utf8').on('data', lineReader((line) => {
      const step = progressOf(line);
      if (step) onProgress(step.files, step.of);
    }));
    child.once('error', (error) => { listening.dispose(); reject(unexpected(error)); });
    child.once('close', (_code, signal) => {
      listening.dispose();
      if (isStopped && signal === 'SIGINT' && printed === '') {
        resolve('stopped');
        return;
      }
      try {
        resolve(checked(programAnswer(printed, unexpected)));
      } catch (error) {
        reject(error instanceof ProblemError ? error : unexpected(error));
      }
    });
  });
}

function progressOf(line: string): { readonly files: number; readonly of: number } | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const step = JSON.parse(line) as { readonly event?: unknown; readonly files?: unknown; readonly of?: unknown };
    return step.event === 'progress' && typeof step.files === 'number' && typeof step.of === 'number' ? { files: step.files, of: step.of } : undefined;
  } catch {
    // Another line that begins like one.
    return undefined;
  }
}

function checked(answer: unknown): ImportAnswer {
  const told = answer as Partial<ImportAnswer> | null;
  const number = (value: unknown) => { if (typeof value !== 'number') throw unexpected(); return value; };
  return {
    added: number(told?.added), known: number(told?.known), seen: number(told?.seen), costMicroCredits: number(told?.costMicroCredits),
    files: number(told?.files), filesRead: number(told?.filesRead), interrupted: told?.interrupted === true,
  };
}

function answerText({ added, files, filesRead, costMicroCredits, interrupted }: ImportAnswer, locale: string): string {
  if (files === 0) return t('Codex has no session files on this computer yet, so nothing was imported.');
  const end = interrupted ? [t('Stopped after {0} of {1} files; run the command again to go on.', filesRead, files)] : [];
  if (added === 0) return [plural(filesRead, 'Nothing new was found in {0} session file: what Codex used is counted already.', 'Nothing new was found in {0} session files: what Codex used is counted already.'), ...end].join(' ');
  return [
    plural(added, '{0} response that Codex got around the broker is counted now.', '{0} responses that Codex got around the broker are counted now.'),
    t('Through it they would have cost {0} credits; nothing was drawn for them.', formatCredits(costMicroCredits, 2, locale)), ...end,
  ].join(' ');
}

function stoppedText(): string {
  return t('The import was stopped. What was counted by then stays counted; run the command again to go on.');
}

function unexpected(cause?: unknown): ProblemError {
  return new ProblemError(problem('command_failed', 'The program that imports session files ended without an answer. What it had counted by then stays counted.', { remedy: 'Run `codex-broker import` in a terminal to see what it says.' }), { cause });
}

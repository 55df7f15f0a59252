// The command that looks at everything the broker depends on: runs `codex-broker doctor` with what this window's broker is
// started with, and shows its report, which holds no secret and can be shown to others. The report is English, as the program speaks.
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import type { OutputChannel } from 'vscode';
import { problem, ProblemError } from '../domain/problem.ts';
import { t } from '../protocol/language.ts';
import { brokerEnvironment, type BrokerSeat } from './brokerStart.ts';
import type { Editor } from './editorApi.ts';
import type { RouteProgramParts } from './routeProgram.ts';
import type { Settings } from './settings.ts';

/** What the command needs from outside. */
export interface DiagnosisParts extends Pick<RouteProgramParts, 'execPath' | 'brokerScript' | 'seat'> {
  readonly editor: Pick<Editor, 'window' | 'ProgressLocation'>;
  /** The environment that a seat's broker is started from, with the editor's proxy. */
  environment(seat: BrokerSeat): Readonly<Record<string, string | undefined>>;
  settings(): Pick<Settings, 'upstream' | 'certificates' | 'codexPath'>;
}

const runMsMax = 120_000;
const reportBytesMax = 1_048_576;

/** Runs it and shows the report. Dispose it with the extension. */
export class Diagnosis {
  readonly #parts: DiagnosisParts;
  #channel: OutputChannel | undefined;

  constructor(parts: DiagnosisParts) {
    this.#parts = parts;
  }

  /** @throws ProblemError when the program gave no report */
  async show(): Promise<void> {
    const { window, ProgressLocation } = this.#parts.editor;
    const report = await window.withProgress({ location: ProgressLocation.Notification, title: t('Checking everything that the broker depends on') }, () => this.#report());
    this.#channel ??= window.createOutputChannel(t('Codex Broker Diagnosis'));
    this.#channel.clear();
    this.#channel.appendLine(report.trimEnd());
    this.#channel.show();
  }

  /** Removes the report. */
  dispose(): void {
    this.#channel?.dispose();
  }

  /** Everything that the program prints; that something failed is a report, too. */
  async #report(): Promise<string> {
    const { execPath, brokerScript, seat, environment, settings } = this.#parts;
    const script = await brokerScript();
    const which = seat();
    const { upstream, certificates, codexPath } = settings();
    const args = [script, 'doctor', '--data', which.dataDir, ...(which.practice ? ['--practice'] : []), ...(upstream === '' ? [] : ['--upstream', upstream]), ...(certificates === '' ? [] : ['--ca', certificates]), ...(codexPath === '' ? [] : ['--codex', codexPath])];
    const env = environment(which);
    return new Promise((resolve, reject) => {
      execFile(execPath, args, { cwd: dirname(script), env: { ...brokerEnvironment(env), ...(env['CODEX_HOME'] ? { CODEX_HOME: env['CODEX_HOME'] } : {}) }, timeout: runMsMax, maxBuffer: reportBytesMax, windowsHide: true }, (error, stdout) => {
        if (stdout.trim() === '') reject(new ProblemError(problem('command_failed', 'The program that looks at what the broker depends on gave no report.', { remedy: 'Run `codex-broker doctor` in a terminal to see what it says.' }), { cause: error }));
        else resolve(stdout);
      });
    });
  }
}

// Opens a terminal in which `codex` and OpenAI's SDKs go through the broker: the shims come first
// on the path, and the SDKs' variables carry the workspace's token. Nothing outside it changes.
import { delimiter } from 'node:path';
import type * as vscode from 'vscode';
import { t } from '../protocol/language.ts';
import { pathOf } from './codexProgram.ts';
import { loopbackUnproxied } from './codexRun.ts';
import type { Editor, Log } from './editorApi.ts';
import { showFailure } from './problemNotice.ts';
import { until, type Schedule } from './schedule.ts';
import type { WindowWorkspace } from './windowWorkspace.ts';

/** What the command needs from outside. */
export interface TerminalParts {
  readonly editor: Pick<Editor, 'window' | 'commands' | 'ThemeIcon'>;
  readonly log: Log;
  readonly workspace: Pick<WindowWorkspace, 'token' | 'folder' | 'path'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  practice(): boolean;
  dataDir(): string;
  /** Writes the shims and gives their folder. */
  prepareShims(): Promise<string>;
  passGate(): Promise<boolean>;
  /** The gate would ask in a message that may stand there for long. */
  asksAside(): boolean;
  /** Whether the broker answers is not known yet, as while a window opens. */
  isConnecting(): boolean;
  readonly schedule: Schedule;
}

/** The variables of a metered terminal. */
export function terminalEnvironment(facts: {
  readonly env: Readonly<Record<string, string | undefined>>; readonly platform: string;
  readonly binDir: string; readonly baseUrl: string; readonly token: string; readonly dataDir: string; readonly workspacePath: string;
}): Record<string, string> {
  const direct = loopbackUnproxied(facts.env);
  return {
    [facts.platform === 'win32' ? 'Path' : 'PATH']: `${facts.binDir}${delimiter}${pathOf(facts.env) ?? ''}`,
    OPENAI_BASE_URL: facts.baseUrl, OPENAI_API_KEY: facts.token,
    CODEX_BROKER_DATA: facts.dataDir, CODEX_BROKER_WORKSPACE: facts.workspacePath,
    NO_PROXY: direct, no_proxy: direct,
  };
}

/** Id of the profile in the manifest, which stands in the terminal's list of kinds. */
export const meteredProfileId = 'codexBroker.metered';

/** How long a terminal of VS Code's own waits for the broker. */
export const connectWaitMsMax = 10_000;

/** Runs the command. */
export async function openMeteredTerminal(parts: TerminalParts): Promise<void> {
  if (!await parts.passGate()) return;
  try {
    const { folder } = parts.workspace;
    parts.editor.window.createTerminal({ ...await meteredTerminalOptions(parts), ...(folder === undefined ? {} : { cwd: folder }) }).show();
  } catch (error) {
    await showFailure(parts.editor, parts.log, 'Opening the metered terminal', error);
  }
}

/** The same terminal for VS Code's own ways to open one: the list of kinds, a split, a default profile. VS Code knows in which folder. */
export function meteredProfile(parts: TerminalParts): vscode.TerminalProfileProvider {
  return {
    provideTerminalProfile: async () => {
      // As the default kind it is asked for while its window opens.
      await until(parts.schedule, connectWaitMsMax, () => !parts.isConnecting());
      // VS Code waits for the terminal, but not for a person: one who goes on after all gets theirs by the command.
      if (parts.asksAside()) {
        void openMeteredTerminal(parts);
        throw new Error(t('No metered terminal was opened.'));
      }
      // Without a terminal VS Code shows what was thrown; why the gate is shut was said before.
      if (!await parts.passGate()) throw new Error(t('No metered terminal was opened.'));
      try {
        return { options: await meteredTerminalOptions(parts) };
      } catch (error) {
        void showFailure(parts.editor, parts.log, 'Opening the metered terminal', error);
        throw new Error(t('No metered terminal was opened.'), { cause: error });
      }
    },
  };
}

/** What such a terminal is. @throws ProblemError when the broker gives no token @throws Error when the shims cannot be written */
async function meteredTerminalOptions(parts: TerminalParts): Promise<vscode.TerminalOptions> {
  const token = await parts.workspace.token();
  const binDir = await parts.prepareShims();
  return {
    name: parts.practice() ? t('Codex (practice)') : t('Codex (metered)'),
    iconPath: new parts.editor.ThemeIcon(parts.practice() ? 'beaker' : 'dashboard'),
    message: parts.practice() ? t('Practice mode: codex and the OpenAI SDKs go through the Codex Usage Broker in this terminal. "codex-broker status" shows the meter.')
      : t('codex and the OpenAI SDKs go through the Codex Usage Broker in this terminal. "codex-broker status" shows the meter.'),
    env: terminalEnvironment({ env: parts.env, platform: parts.platform, binDir, baseUrl: token.baseUrl, token: token.token, dataDir: parts.dataDir(), workspacePath: parts.workspace.path }),
    isTransient: true,
  };
}

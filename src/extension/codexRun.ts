// Runs `codex exec --json` through the broker as a child process of its own group: address and
// token in, events out, and an end that takes the whole group with it. It decides nothing.
import { spawn } from 'node:child_process';
import type { TokenResult } from '../protocol/control.ts';
import { withCommand } from '../protocol/originHeaders.ts';
import { ownCommands } from '../protocol/originWords.ts';
import type { CodexProgram } from './codexProgram.ts';
import type { Schedule } from './schedule.ts';
import type { TaskSandbox } from './settings.ts';

/** One run. */
export interface CodexRun {
  readonly program: CodexProgram;
  readonly folder: string;
  readonly prompt: string;
  /** The thread to go on in; absent: a new one. */
  readonly threadId?: string;
  readonly token: TokenResult;
  /** Who pays: the broker's key, or the ChatGPT plan of Codex's own sign-in. */
  readonly pay: 'key' | 'plan';
  /** Empty text: Codex's own default. */
  readonly model: string;
  readonly sandbox: TaskSandbox;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
}

/** How a run ended. */
export interface CodexEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  /** The last of what Codex wrote to standard error. */
  readonly errorText: string;
}

/** The longest event line that is read; longer ones are skipped. */
export const eventLineCharactersMax = 4_194_304;
const errorTextCharactersMax = 4_000;
/** How long a cancelled run may take to end by itself. */
export const endWaitMsMax = 3_000;

/** Codex's arguments. The prompt travels on standard input, so that no list of processes shows it. */
export function codexArguments(run: Pick<CodexRun, 'token' | 'pay' | 'folder' | 'model' | 'sandbox' | 'threadId'>): string[] {
  const address = run.pay === 'plan' ? run.token.chatgptBaseUrl ?? run.token.codexBaseUrl : run.token.codexBaseUrl;
  return [
    'exec', '--json', '--skip-git-repo-check',
    // Codex lets nobody add headers to its own provider (measured with 0.169), so the address says what it runs for.
    '-c', `openai_base_url=${JSON.stringify(run.token.takesOrigin ? withCommand(address, ownCommands.task) : address)}`,
    '--sandbox', run.sandbox, '--cd', run.folder,
    ...(run.model === '' ? [] : ['--model', run.model]),
    ...(run.threadId === undefined ? [] : ['resume', run.threadId]),
    '-',
  ];
}

/**
 * Codex's environment: the editor's, with the workspace's token as key (on a plan without any, so that Codex uses its own sign-in)
 * and the loopback address outside every proxy, and without the person's own key or anything that would change Node.
 */
export function codexEnvironment(run: Pick<CodexRun, 'env' | 'token' | 'pay' | 'program'>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(run.env)) {
    if (value === undefined || /^(OPENAI_API_KEY|OPENAI_BASE_URL|CODEX_API_KEY|CODEX_ACCESS_TOKEN|ELECTRON_.*|VSCODE_.*|NODE_OPTIONS|NODE_TLS_REJECT_UNAUTHORIZED)$/i.test(name)) continue;
    kept[name] = value;
  }
  const direct = loopbackUnproxied(run.env);
  return { ...kept, ...(run.pay === 'plan' ? {} : { CODEX_API_KEY: run.token.token }), NO_PROXY: direct, no_proxy: direct, ...(run.program.asNode ? { ELECTRON_RUN_AS_NODE: '1' } : {}) };
}

/** The list of hosts outside the proxy, with the loopback address in it. */
export function loopbackUnproxied(env: Readonly<Record<string, string | undefined>>): string {
  const present = (env['NO_PROXY'] ?? env['no_proxy'] ?? '').split(',').map((host) => host.trim()).filter((host) => host !== '');
  return [...new Set([...present, '127.0.0.1', 'localhost'])].join(',');
}

/**
 * Runs Codex until it ends.
 * @param line each line of its standard output
 * @throws Error when the program cannot be started
 */
export function runCodex(run: CodexRun, schedule: Schedule, signal: AbortSignal, line: (text: string) => void): Promise<CodexEnd> {
  const group = run.platform !== 'win32';
  const child = spawn(run.program.command, [...run.program.first, ...codexArguments(run)], {
    cwd: run.folder, env: codexEnvironment(run), stdio: ['pipe', 'pipe', 'pipe'], detached: group, windowsHide: true, shell: false,
  });
  return new Promise((resolve, reject) => {
    let errorText = '';
    let cancelForce: () => void = () => undefined;
    const stop = () => {
      endGroup(child.pid, group, 'SIGTERM');
      cancelForce = schedule.after(endWaitMsMax, () => endGroup(child.pid, group, 'SIGKILL'));
    };
    signal.addEventListener('abort', stop, { once: true });
    const done = () => {
      signal.removeEventListener('abort', stop);
      cancelForce();
    };
    child.once('spawn', () => { if (signal.aborted) stop(); });
    child.once('error', (error) => { done(); reject(error); });
    child.stdout.setEncoding('utf8').on('data', lineReader(line));
    child.stderr.setEncoding('utf8').on('data', (text: string) => { errorText = (errorText + text).slice(-errorTextCharactersMax); });
    child.once('close', (exitCode) => { done(); resolve({ exitCode, errorText }); });
    // A program that ends before it read its prompt closes the pipe; its exit code tells the story.
    child.stdin.on('error', () => undefined);
    child.stdin.end(run.prompt);
  });
}

/** Cuts a stream of text into lines, dropping any that is longer than the maximum. */
export function lineReader(line: (text: string) => void): (text: string) => void {
  let rest = '';
  let skipping = false;
  return (text) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      if (!skipping && part.trim() !== '') line(part.replace(/\r$/, ''));
      skipping = false;
    }
    if (rest.length > eventLineCharactersMax) {
      rest = '';
      skipping = true;
    }
  };
}

function endGroup(pid: number | undefined, group: boolean, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  if (!group) {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { windowsHide: true, stdio: 'ignore' }).on('error', () => undefined);
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended already, which is what was wanted.
  }
}

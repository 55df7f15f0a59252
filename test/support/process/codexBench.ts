// The real Codex CLI in tests: a home that asks nothing of the network, runs of `codex exec` with or
// without the broker in between, and what they printed. It ends only what it started.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brokerProgram, plainEnvironment } from './brokerProgram.ts';

/** The launcher of the installed Codex, run with this Node. */
const codexProgram = path.resolve(import.meta.dirname, '../../../node_modules/.bin/codex');

/** The model that the runs use; it offers the sandbox a tool that writes files. */
export const codexModel = 'gpt-6.1-sol';

/** One event of `codex exec --json`. */
export interface CodexEvent {
  readonly type: string;
  readonly message?: string;
  readonly error?: { readonly message: string };
  readonly item?: { readonly type: string; readonly text?: string; readonly command?: string; readonly exit_code?: number; readonly status?: string; readonly changes?: unknown };
  readonly usage?: Readonly<Record<string, number>>;
  readonly thread_id?: string;
}

/** What a run came to. */
export interface CodexRun {
  readonly code: number;
  readonly events: readonly CodexEvent[];
  readonly stderr: string;
  /** The last message of the agent. */
  readonly lastMessage: string;
  /** What it complained about, in its own words. */
  readonly complaints: readonly string[];
}

/** Where a run's model requests go: through a broker's `run` command, or straight to an address; without a key with the home's own sign-in, about which Codex asks at `chatGptUrl`. */
export type Route = { readonly dataDir: string; readonly pay?: 'plan' | 'credits' } | { readonly baseUrl: string; readonly apiKey?: string; readonly chatGptUrl?: string };

/** Makes a Codex home and gives its path. */
export function makeCodexHome(folder: string): string {
  const home = path.join(folder, 'codexHome');
  mkdirSync(home, { recursive: true });
  writeFileSync(path.join(home, 'config.toml'), '[analytics]\nenabled = false\n[features]\napps = false\nplugins = false\nremote_plugin = false\n[otel]\nmetrics_exporter = "none"\n');
  return home;
}

/** A run that goes on. */
export interface StartedRun { readonly child: ChildProcess; readonly ended: Promise<CodexRun> }

/** Starts `codex exec` in a folder. `args` stand between `exec` and its options. */
export function startCodex(route: Route, home: string, folder: string, args: readonly string[]): StartedRun {
  const exec = ['exec', '--json', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', '-m', codexModel, ...args];
  const command = 'dataDir' in route
    ? [brokerProgram, 'run', '--data', route.dataDir, '--workspace', folder, ...(route.pay === undefined ? [] : ['--pay', route.pay]), '--', codexProgram, ...exec]
    : [codexProgram, '-c', `openai_base_url="${route.baseUrl}"`, ...(route.chatGptUrl === undefined ? [] : ['-c', `chatgpt_base_url="${route.chatGptUrl}"`]), ...exec];
  const env = plainEnvironment({ CODEX_HOME: home, HOME: path.dirname(home), NO_PROXY: '127.0.0.1', ...('dataDir' in route || route.apiKey === undefined ? {} : { CODEX_API_KEY: route.apiKey }) });
  // A group of its own, so that a signal to it is what a terminal's Ctrl-C is.
  const child = spawn(process.execPath, command, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => { stdout += chunk; });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => { stderr += chunk; });
  const ended = new Promise<CodexRun>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(readRun(code ?? -1, stdout, stderr)));
  });
  return { child, ended };
}

/** Runs `codex exec` to its end. */
export function runCodex(route: Route, home: string, folder: string, args: readonly string[]): Promise<CodexRun> {
  return startCodex(route, home, folder, args).ended;
}

/** Sends a signal to everything that a run started. */
export function signalRun({ child }: StartedRun, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended by itself in this very moment.
  }
}

function readRun(code: number, stdout: string, stderr: string): CodexRun {
  const events = stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as CodexEvent);
  const messages = events.filter((event) => event.type === 'item.completed' && event.item?.type === 'agent_message');
  return {
    code, events, stderr, lastMessage: messages.at(-1)?.item?.text ?? '',
    complaints: events.filter((event) => event.type === 'error' || event.type === 'turn.failed').map((event) => event.message ?? event.error?.message ?? ''),
  };
}

/** Limits and credits as Codex keeps them with a thread, for its `/status`. */
export interface ShownLimits {
  readonly primary: { readonly used_percent: number; readonly window_minutes: number | null; readonly resets_at: number | null } | null;
  readonly secondary: ShownLimits['primary'];
  readonly credits: { readonly has_credits: boolean; readonly unlimited: boolean; readonly balance: string | null } | null;
}

/** What the newest rollout of a home last noted about limits. */
export function shownLimits(home: string): ShownLimits | undefined {
  const sessions = path.join(home, 'sessions');
  const files = readdirSync(sessions, { recursive: true }).map(String).filter((name) => name.endsWith('.jsonl')).sort();
  const lines = readFileSync(path.join(sessions, files.at(-1) ?? ''), 'utf8').trim().split('\n');
  const notes = lines.map((line) => JSON.parse(line) as { payload?: { type?: string; rate_limits?: ShownLimits | null } }).filter(({ payload }) => payload?.type === 'token_count' && payload.rate_limits);
  return notes.at(-1)?.payload?.rate_limits ?? undefined;
}

/** What a run did, without what differs from run to run: kinds of items, commands, exit codes, texts. */
export function deedsOf(run: CodexRun): unknown[] {
  return run.events.filter((event) => event.type === 'item.completed')
    .map(({ item }) => [item?.type, item?.text, item?.command, item?.exit_code, item?.status]);
}

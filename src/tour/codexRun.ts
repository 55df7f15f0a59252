// Runs the real Codex CLI in a workspace through the broker, with a Codex home of its own, so that
// nothing of a person's Codex is read or changed. It reports what Codex says and never edits a file itself.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import type { CommandLine } from './brokerCommands.ts';

const runMsMax = 180_000;
const keptCharsMax = 4_000;

/** What one run of Codex came to. */
export interface CodexResult {
  readonly exitCode: number;
  /** What Codex answered last. */
  readonly lastMessage: string;
  /** Tokens as Codex itself counted them, from `turn.completed`. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** What it complained about, when it failed. */
  readonly complaint: string;
}

/** How to run Codex. */
export interface CodexCommand {
  readonly broker: CommandLine;
  /** Path of the `codex` program. */
  readonly codex: string;
  readonly codexHome: string;
}

/**
 * Writes a Codex home that asks nothing of the network and trusts the tour's workspaces, so that a plain
 * `codex exec` may write in them. `sandboxed` false lets Codex run without a sandbox of its own.
 */
export function prepareCodexHome(folder: string, workspaces: readonly string[], sandboxed: boolean): void {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'config.toml'), [
    ...(sandboxed ? [] : ['sandbox_mode = "danger-full-access"', 'approval_policy = "never"', '']),
    '[analytics]', 'enabled = false', '',
    '[features]', 'apps = false', 'plugins = false', 'remote_plugin = false', '',
    '[otel]', 'metrics_exporter = "none"', '',
    // A JSON string is a TOML basic string too.
    ...workspaces.flatMap((workspace) => [`[projects.${JSON.stringify(workspace)}]`, 'trust_level = "trusted"', '']),
  ].join('\n'));
}

/** Makes a folder a Git repository: Codex (0.169) refuses to run elsewhere unless it is told not to look. */
export function prepareWorkspace(folder: string): void {
  fs.mkdirSync(folder);
  const made = spawnSync('git', ['init', '--quiet'], { cwd: folder, stdio: 'ignore', timeout: 20_000 });
  // Without Git nobody reads more than the name of this folder.
  if (made.status !== 0) fs.mkdirSync(path.join(folder, '.git'), { recursive: true });
}

/** Whether Codex can set its own sandbox up on this computer; it cannot in some containers. */
export function codexCanSandbox(codex: string, codexHome: string): boolean {
  const probe = spawnSync(codex, ['sandbox', '--', process.platform === 'win32' ? 'whoami' : 'true'], { env: { ...process.env, CODEX_HOME: codexHome }, stdio: 'ignore', timeout: 20_000 });
  return probe.status === 0;
}

/** Runs `codex exec` in `workspace` through `codex-broker run`, as a person types it; `signal` ends it. */
export async function runCodex(command: CodexCommand, workspace: string, prompt: string, signal: AbortSignal): Promise<CodexResult> {
  const { broker } = command;
  const env = { ...process.env, CODEX_HOME: command.codexHome };
  const child = spawn(broker.node, [
    broker.program, 'run', '--data', broker.dataDir, '--workspace', workspace, '--',
    command.codex, 'exec', '--json', prompt,
  ], { cwd: workspace, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: runMsMax });
  const end = () => { child.kill('SIGTERM'); };
  signal.addEventListener('abort', end, { once: true });
  let complaint = '';
  let lastMessage = '';
  let inputTokens = 0;
  let outputTokens = 0;
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => { complaint = (complaint + chunk).slice(-keptCharsMax); });
  readline.createInterface({ input: child.stdout }).on('line', (line) => {
    const event = parseEvent(line);
    if (event?.type === 'item.completed' && event.item?.type === 'agent_message') lastMessage = event.item.text ?? '';
    if (event?.type === 'error' || event?.type === 'turn.failed') complaint += `\n${event.message ?? event.error?.message ?? line}`;
    if (event?.type === 'turn.completed') {
      inputTokens += event.usage?.input_tokens ?? 0;
      outputTokens += event.usage?.output_tokens ?? 0;
    }
  });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  signal.removeEventListener('abort', end);
  return { exitCode, lastMessage, inputTokens, outputTokens, complaint: complaint.trim() };
}

/** The parts of an event of `codex exec --json` (0.169) that are used. */
interface CodexEvent {
  readonly type?: string;
  readonly message?: string;
  readonly error?: { readonly message?: string };
  readonly item?: { readonly type?: string; readonly text?: string };
  readonly usage?: { readonly input_tokens?: number; readonly output_tokens?: number };
}

function parseEvent(line: string): CodexEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as CodexEvent;
  } catch {
    return undefined; // a line that is cut or is not an event says nothing to count
  }
}

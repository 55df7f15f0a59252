// Runs `codex-broker route` for the window, so that the command line and the editor change Codex's
// configuration by the same code. It shows nothing and decides nothing.
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { problem, ProblemError } from '../domain/problem.ts';
import { brokerEnvironment, type BrokerSeat } from './brokerStart.ts';
import { programAnswer } from './programAnswer.ts';

/** What routing would change, or has changed. */
export interface RouteAnswer {
  readonly path: string;
  readonly exists: boolean;
  /** False when the file points at the broker already. */
  readonly changes: boolean;
  readonly before: string;
  readonly after: string;
  /** Known again by it when the change is agreed to. */
  readonly hash: string;
  /** What a person should know before saying yes. */
  readonly notes: readonly string[];
  /** The copy of what the file was, once it is written. */
  readonly backup?: string;
}

/** What an undo came to, in a sentence. */
export interface UndoAnswer {
  readonly undone: boolean;
  readonly said: string;
}

/** What running the program needs from outside. */
export interface RouteProgramParts {
  readonly execPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The copied `broker.mjs`. */
  brokerScript(): Promise<string>;
  seat(): BrokerSeat;
  workspacePath(): string;
}

/** Runs of the program. */
export interface RouteProgram {
  /** What would change; writes nothing. @throws ProblemError */
  plan(): Promise<RouteAnswer>;
  /** Writes what was shown, if the file is still the same. @throws ProblemError */
  write(shown: RouteAnswer): Promise<RouteAnswer>;
  /** Takes it back. @throws ProblemError */
  undo(): Promise<UndoAnswer>;
}

const runMsMax = 60_000;
const answerBytesMax = 16_777_216;

/** Makes the runs. */
export function routeProgram(parts: RouteProgramParts): RouteProgram {
  const run = async (args: readonly string[]): Promise<unknown> => {
    const { dataDir, practice } = parts.seat();
    const script = await parts.brokerScript();
    return programAnswer(await output(parts, script, ['route', ...args, '--json', '--data', dataDir, ...(practice ? ['--practice'] : [])]), unexpected);
  };
  return {
    plan: async () => checkedPlan(await run(['--workspace', parts.workspacePath()])),
    write: async (shown) => checkedPlan(await run(['--workspace', parts.workspacePath(), '--yes', '--expect', shown.hash])),
    undo: async () => {
      const answer = await run(['--undo']) as Partial<UndoAnswer>;
      if (typeof answer.said !== 'string') throw unexpected();
      return { undone: answer.undone === true, said: answer.said };
    },
  };
}

/** Everything that the program prints, whatever its exit code: its own problems are JSON too. */
function output(parts: RouteProgramParts, script: string, args: readonly string[]): Promise<string> {
  const codexHome = parts.env['CODEX_HOME'];
  return new Promise((resolve, reject) => {
    execFile(parts.execPath, [script, ...args], {
      cwd: dirname(script), env: { ...brokerEnvironment(parts.env), ...(codexHome ? { CODEX_HOME: codexHome } : {}) }, timeout: runMsMax, maxBuffer: answerBytesMax, windowsHide: true,
    }, (error, stdout) => {
      if (error && stdout === '') reject(unexpected(error));
      else resolve(stdout);
    });
  });
}

function checkedPlan(answer: unknown): RouteAnswer {
  const plan = answer as Partial<RouteAnswer> | null;
  if (typeof plan?.path !== 'string' || typeof plan.before !== 'string' || typeof plan.after !== 'string' || typeof plan.hash !== 'string' || !Array.isArray(plan.notes)) throw unexpected();
  return {
    path: plan.path, exists: plan.exists === true, changes: plan.changes === true, before: plan.before, after: plan.after, hash: plan.hash,
    notes: plan.notes.map(String), ...(typeof plan.backup === 'string' ? { backup: plan.backup } : {}),
  };
}

function unexpected(cause?: unknown): ProblemError {
  return new ProblemError(problem('command_failed', 'The program that edits Codex\'s configuration gave no answer that makes sense.', { remedy: 'Run `codex-broker route` in a terminal to see what it says.' }), { cause });
}

// Runs `codex-broker wipe` and `codex-broker export` for the window, so that the command line and the editor remove and save by
// the same code. It shows nothing and decides nothing.
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { problem, ProblemError } from '../domain/problem.ts';
import { dataKinds } from '../protocol/dataFiles.ts';
import { brokerEnvironment } from './brokerStart.ts';
import { programAnswer } from './programAnswer.ts';
import type { RouteProgramParts } from './routeProgram.ts';

const count = z.int().check(z.nonnegative());
const plan = z.object({
  dataDir: z.string(),
  folders: z.array(z.object({
    path: z.string(), kinds: z.array(z.object({ kind: z.enum(dataKinds), files: count, bytes: count })), others: z.array(z.string()),
    ledger: z.optional(z.object({ attempts: count, balanceMicroCredits: z.int(), isTracked: z.boolean() })),
  })),
  routes: z.array(z.string()), brokers: count, requests: count, isKeyIncluded: z.boolean(),
});
/** What a wipe would remove and leave. */
export type ShownPlan = Readonly<z.infer<typeof plan>>;

const wiped = z.object({ wiped: z.literal(true), routes: z.array(z.string()), folders: z.array(z.object({ path: z.string(), files: count, others: z.array(z.string()) })), isKeychainSilent: z.boolean() });
/** What came of one. */
export type ShownWipe = Readonly<z.infer<typeof wiped>>;

/** What running the program needs from outside. */
export interface WipeProgramParts extends Pick<RouteProgramParts, 'execPath' | 'env' | 'brokerScript' | 'seat'> {
  /** The data folder, which holds the one of practice mode too. */
  dataDir(): string;
}

/** Runs of the program. */
export interface WipeProgram {
  /** What would be removed; changes nothing. @throws ProblemError */
  plan(): Promise<ShownPlan>;
  /** Removes what was shown and agreed to, in the folder of that time; also while requests run, if some did. @throws ProblemError */
  wipe(agreed: Pick<ShownPlan, 'dataDir' | 'requests'>): Promise<ShownWipe>;
  /** Writes the requests of this window's ledger into a file, in place of one that is there. @throws ProblemError */
  exportTo(path: string): Promise<void>;
}

/** A broker may take a minute to end, and a large ledger to be written out. */
const runMsMax = 600_000;
const answerBytesMax = 4_194_304;

/** Makes the runs. */
export function wipeProgram(parts: WipeProgramParts): WipeProgram {
  return {
    plan: async () => checked(plan, programAnswer(await output(parts, ['wipe', '--json']), unexpected)),
    wipe: async ({ dataDir, requests }) => checked(wiped, programAnswer(await output(parts, ['wipe', '--json', '--yes', ...(requests > 0 ? ['--stop-requests'] : [])], dataDir), unexpected)),
    exportTo: async (path) => {
      // With --out its rows go to the file; on the output stands a problem, or nothing.
      const printed = await output(parts, ['export', '--json', '--format', 'csv', '--set', 'requests', '--force', '--out', path], parts.seat().dataDir);
      if (printed.trim() !== '') programAnswer(printed, unexpected);
    },
  };
}

/** Everything that the program prints, whatever its exit code: its own problems are JSON too. */
async function output(parts: WipeProgramParts, args: readonly string[], dataDir = parts.dataDir()): Promise<string> {
  const script = await parts.brokerScript();
  const codexHome = parts.env['CODEX_HOME'];
  return new Promise((resolve, reject) => {
    execFile(parts.execPath, [script, ...args, '--data', dataDir], {
      cwd: dirname(script), env: { ...brokerEnvironment(parts.env), ...(codexHome ? { CODEX_HOME: codexHome } : {}) }, timeout: runMsMax, maxBuffer: answerBytesMax, windowsHide: true,
    }, (error, stdout) => {
      if (error && stdout === '') reject(unexpected(error));
      else resolve(stdout);
    });
  });
}

function checked<T>(shape: z.ZodMiniType<T>, answer: unknown): T {
  const found = shape.safeParse(answer);
  if (!found.success) throw unexpected(found.error);
  return found.data;
}

function unexpected(cause?: unknown): ProblemError {
  return new ProblemError(problem('command_failed', 'The program that removes the broker\'s data gave no answer that makes sense. What it had removed by then stays removed.', { remedy: 'Run `codex-broker wipe` in a terminal to see what it says.' }), { cause });
}

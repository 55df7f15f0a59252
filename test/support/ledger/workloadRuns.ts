// Builds the program of the standard workload, at times with a planted bug, and runs it: undisturbed,
// killed at the n-th system call of a kind, killed at some moment, or on a disk that fails.
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';
import { moduleShim } from '../../../src/setup/bundles.mjs';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Edit, PlantedBug } from '../../simulation/ledger/planted/plantedBug.ts';
import { readTrace, tracedCalls } from './diskTrace.ts';
import type { Call, TracedCall } from './diskTrace.ts';

const root = resolve(import.meta.dirname, '../../..');
/** A program that takes longer hangs. */
const runMsMax = 30_000;

/** A workload by its seed, with a program that works through it. */
export interface Workload { readonly program: string; readonly seed: number; readonly groups: number }

/** Two at a time keep two processors busy. */
export const lanes = 2;

// A tracer and what it traces take turns, so they are quicker on one processor than on two.
const processors = Array.from({ length: lanes }, (_, lane) => {
  const on = ['taskset', '-c', String(lane)];
  return spawnSync('taskset', [...on.slice(1), 'true'], { stdio: 'ignore' }).status === 0 ? on : [];
});

/** What is done to a run. `told` is the file of the run's answers. */
export type Disturbance = (told: string) => readonly string[];

/** What a run told of one command, or of something else by its first word. */
export interface Told {
  readonly what: 'ok' | 'refused' | 'unanswered' | 'unopened' | 'unclosed';
  readonly step: number;
  readonly index: number;
  /** Digest of the answer, or code of the refusal. */
  readonly detail: string;
}

/** A run that is over. */
export interface Run {
  readonly told: readonly Told[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** Calls of the program, when they were traced into the folder. */
  readonly calls: readonly Call[];
}

/** A change of the product's text, with what it does. */
export type PlantedEdit = Edit & Pick<PlantedBug, 'name'>;

/** Bundles the program into a folder, because a start from one file takes a quarter of the time; with bugs when they are given. */
export async function bundleProgram(folder: string, bugs: readonly PlantedEdit[] = []): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, 'standardWorkload.mjs');
  const planted = new Set<PlantedEdit>();
  const plant: Plugin = {
    name: 'plant',
    setup(builder) {
      builder.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        let contents = await readFile(path, 'utf8');
        for (const bug of bugs.filter((one) => path === join(root, 'src', one.file))) {
          if (contents.split(bug.from).length !== 2) throw new Error(`The text to change for "${bug.name}" must be there exactly once.`);
          contents = contents.replace(bug.from, () => bug.to);
          planted.add(bug);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
  await build({ entryPoints: [join(root, 'test/support/ledger/standardWorkload.ts')], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node24', banner: { js: moduleShim }, logLevel: 'silent', plugins: [plant] });
  for (const bug of bugs) if (!planted.has(bug)) throw new Error(`The file for "${bug.name}" is not a part of the program.`);
  return outfile;
}

// Only the main thread is traced: it alone uses the ledger, and its calls have the same numbers in every run.
const traced = `trace=${tracedCalls.join(',')}`;

/** Traces every call that counts into the folder. */
export const tracing: Disturbance = (told) => ['strace', '-y', '-s', '40', '-o', `${told}.trace`, '-e', traced];

/** Kills at the n-th call of a kind, before it is done. */
export function killing(call: TracedCall, n: number): Disturbance {
  return (told) => ['strace', '-o', '/dev/null', ...(call === 'write' ? ['-P', told] : []), '-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${n}`];
}

/** Lets the n-th call of a kind fail, or the n-th and all after it, and traces. */
export function failing(call: TracedCall, n: number, error: 'EIO' | 'ENOSPC', isLasting: boolean): Disturbance {
  return (told) => [...tracing(told), '-e', `inject=${call}:error=${error}:when=${n}${isLasting ? '+' : ''}`];
}

/** Lets no file of the program grow beyond so many blocks of 512 or 1024 bytes, by shell. */
export function growingTo(blocks: number): Disturbance {
  return () => ['sh', '-c', `ulimit -f ${blocks}; exec "$0" "$@"`];
}

/** How a run is disturbed, if at all. */
export interface RunOptions {
  readonly disturbance?: Disturbance;
  /** A kill without a tracer: so many milliseconds after so many answers. */
  readonly killAfter?: { readonly lines: number; readonly ms: number };
  /** Which of the runs that go on at the same time this is. */
  readonly lane?: number;
}

/** Runs the program on the ledger of a folder and waits for its end. @throws Error when it hangs */
export async function runWorkload(folder: string, workload: Workload, { disturbance, killAfter, lane = 0 }: RunOptions = {}): Promise<Run> {
  mkdirSync(folder, { recursive: true });
  const told = join(folder, `told-${readdirSync(folder).filter((name) => /^told-\d+$/.test(name)).length}`);
  const [command = process.execPath, ...args]: readonly string[] = [
    ...disturbance ? [...processors[lane] ?? [], ...disturbance(told)] : [],
    process.execPath, '--disable-warning=ExperimentalWarning', workload.program, join(folder, 'ledger.db'), String(workload.seed), String(workload.groups),
  ];
  const out = openSync(told, 'a');
  // In a process group of its own, so that a tracer and what it traces end together.
  // Its calls are counted, so it must write nothing that another life finds written.
  const child = spawn(command, args, { detached: true, stdio: ['ignore', out, 'pipe'], env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' } });
  closeSync(out);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code, signal) => done({ code, signal }));
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
  const kill = () => { endGroup(child); };
  let isHung = false;
  const limit = setTimeout(() => { isHung = true; kill(); }, runMsMax);
  const poll = killAfter ? watchAndKill(told, killAfter, kill) : undefined;
  const { code, signal } = await ended;
  clearTimeout(limit);
  clearInterval(poll);
  if (isHung) throw new Error(`The program did not end within ${runMsMax} ms: ${command} ${args.join(' ')}`);
  return { told: readTold(readFileSync(told, 'utf8')), code, signal, stderr, calls: disturbance ? readTraceOf(told) : [] };
}

function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch (error) {
    // It may have ended in this moment.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function watchAndKill(told: string, { lines, ms }: NonNullable<RunOptions['killAfter']>, kill: () => void): NodeJS.Timeout {
  let isDue = false;
  return setInterval(() => {
    if (isDue || readFileSync(told, 'utf8').split('\n').length <= lines) return;
    isDue = true;
    setTimeout(kill, ms);
  }, 1);
}

function readTraceOf(told: string): Call[] {
  try {
    return readTrace(readFileSync(`${told}.trace`, 'utf8'));
  } catch {
    return []; // this run was not traced into a file
  }
}

function readTold(text: string): Told[] {
  return text.split('\n').filter((line) => line !== '').map((line) => {
    const [what = '', ...rest] = line.split(' ');
    const [step = '-1', index = '-1'] = rest.length > 1 ? rest : [];
    return { what: what as Told['what'], step: Number(step), index: Number(index), detail: rest.at(-1) ?? '' };
  });
}

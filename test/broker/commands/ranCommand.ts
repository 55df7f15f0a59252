// Runs a command line in the process of a test, with a data folder and surroundings of the test's own, and
// keeps what it printed.
import { commandLine } from '../../../src/broker/commandLine.ts';
import type { CommandIo } from '../../../src/broker/commands/commandIo.ts';

/** What a command came to. */
export interface Ran { readonly code: number; readonly out: string; readonly err: string }

/** Runs a command with a data folder. */
export function ran(folder: string, ...args: string[]): Promise<Ran> {
  return ranIn(folder, {}, args);
}

/** The same with other surroundings. */
export async function ranIn(folder: string, more: Partial<CommandIo>, args: readonly string[]): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const io: CommandIo = {
    out: (line) => out.push(`${line}\n`), err: (line) => err.push(line), write: (text) => { out.push(text); return Promise.resolve(true); }, env: { CODEX_BROKER_DATA: folder }, cwd: folder, home: folder,
    platform: process.platform, version: '9.9.9', entry: new URL('../../../src/broker/main.ts', import.meta.url), ...more,
  };
  return { code: await commandLine(args, io), out: out.join('').replace(/\n$/, ''), err: err.join('\n') };
}

/** Runs a command with `--json` and gives what it said. @throws Error when it failed */
export async function jsonOf<T = ReturnType<typeof JSON.parse>>(folder: string, ...args: string[]): Promise<T> {
  const { code, out, err } = await ran(folder, ...args, '--json');
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err}`);
  return JSON.parse(out) as T;
}

// A broker in live mode whose upstream is the sandbox, both as the built programs that ship. It stands
// in for OpenAI where a test needs a real key, a real confirmation and enforced limits.
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { repositoryRoot } from './editorSession.ts';

const readyMsMax = 30_000;
const stopMsMax = 5_000;

/** A program that said where it listens. */
export interface ReadyProgram {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a built program and waits for its `ready` line. */
export async function startProgram(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ReadyProgram> {
  const child = spawn(process.execPath, [path.join(repositoryRoot, 'dist', file), ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => { complaint = (complaint + chunk).slice(-4_000); });
  const stop = () => stopChild(child);
  return new Promise((resolve, reject) => {
    const give = (reason: string) => { clearTimeout(timer); reject(new Error(`${file} ${reason}: ${complaint.trim()}`)); };
    const timer = setTimeout(() => { void stop(); give('was not ready in time'); }, readyMsMax);
    child.once('error', (error) => give(error.message));
    child.once('exit', (code) => give(`ended with code ${code ?? 'none'}`));
    readline.createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const message = JSON.parse(line) as { event?: string; url?: string };
      if (message.event !== 'ready' || message.url === undefined) return;
      clearTimeout(timer);
      resolve({ url: message.url, pid: child.pid ?? 0, stop });
    });
  });
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => { child.once('exit', () => resolve()); });
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
  await ended;
  clearTimeout(timer);
}

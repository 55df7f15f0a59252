// Threads of the real Codex by its app server: started, forked, and given turns, with the model's requests sent
// straight to an address. It ends only what it started.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { plainEnvironment } from './brokerProgram.ts';
import { codexModel } from './codexBench.ts';

const codexProgram = path.resolve(import.meta.dirname, '../../../node_modules/.bin/codex');

/** An app server with its threads. */
export interface CodexThreads {
  start(): Promise<string>;
  fork(threadId: string): Promise<string>;
  /** A turn to its end. */
  turn(threadId: string, text: string): Promise<void>;
  close(): Promise<void>;
}

interface Told { readonly id?: number; readonly method?: string; readonly error?: unknown; readonly result?: { readonly thread?: { readonly id: string } } }

/** Starts the app server for a Codex home. */
export async function openCodexThreads(at: { readonly home: string; readonly folder: string; readonly baseUrl: string; readonly apiKey: string }): Promise<CodexThreads> {
  const child = spawn(process.execPath, [codexProgram, 'app-server', '-c', `openai_base_url="${at.baseUrl}"`], {
    cwd: at.folder, env: plainEnvironment({ CODEX_HOME: at.home, HOME: path.dirname(at.home), NO_PROXY: '127.0.0.1' }), stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => { child.once('close', () => resolve()); });
  const waiting = new Map<number, (told: Told) => void>();
  const completed: (() => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const told = JSON.parse(line) as Told;
    if (told.id !== undefined) waiting.get(told.id)?.(told);
    if (told.method === 'turn/completed') completed.shift()?.();
  });
  const call = async (method: string, params: unknown) => {
    const id = waiting.size + 1;
    const told = await new Promise<Told>((resolve, reject) => {
      waiting.set(id, resolve);
      void ended.then(() => reject(new Error('Codex ended')));
      child.stdin.write(`${JSON.stringify({ id, method, params })}\n`);
    });
    if (told.error !== undefined) throw new Error(`${method}: ${JSON.stringify(told.error)}`);
    return told.result?.thread?.id ?? '';
  };
  await call('initialize', { clientInfo: { name: 'test', title: 'test', version: '1' } });
  child.stdin.write(`${JSON.stringify({ method: 'initialized' })}\n`);
  await call('account/login/start', { type: 'apiKey', apiKey: at.apiKey });
  return {
    start: () => call('thread/start', { model: codexModel, cwd: at.folder }),
    fork: (threadId) => call('thread/fork', { threadId }),
    turn: async (threadId, text) => {
      const done = new Promise<void>((resolve) => { completed.push(resolve); });
      await call('turn/start', { threadId, input: [{ type: 'text', text }] });
      await done;
    },
    close: async () => {
      child.stdin.end();
      child.kill();
      await ended;
    },
  };
}

// Reads a configuration file with Codex's own TOML parser: the real app server, asked for its layers after
// each change of the file. One process reads as many files as a test likes; the test ends it.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { plainEnvironment } from './brokerProgram.ts';

const codexProgram = path.resolve(import.meta.dirname, '../../../node_modules/.bin/codex');

/** What Codex makes of a file: what the file says, and what address holds; absent when Codex refuses the file. */
export interface CodexReading {
  readonly file: Readonly<Record<string, unknown>>;
  readonly baseUrl: string | null;
}

/** A reader that goes on until it is closed. */
export interface CodexConfigReader {
  read(text: string): Promise<CodexReading | undefined>;
  close(): Promise<void>;
}

interface Answer { readonly id?: number; readonly result?: { readonly config: { readonly openai_base_url: string | null }; readonly layers: readonly { readonly name: { readonly type: string }; readonly config: Record<string, unknown> }[] } }

/** Starts a reader with a Codex home of its own in a folder. */
export async function openCodexConfigReader(folder: string): Promise<CodexConfigReader> {
  const home = path.join(folder, 'readerHome');
  const file = path.join(home, 'config.toml');
  mkdirSync(home, { recursive: true });
  writeFileSync(file, '');
  const child = spawn(process.execPath, [codexProgram, 'app-server'], { env: plainEnvironment({ CODEX_HOME: home, HOME: folder }), stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => { child.once('close', () => resolve()); });
  const waiting = new Map<number, (answer: Answer) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
  });
  let calls = 0;
  const call = (method: string, params: unknown) => new Promise<Answer>((resolve, reject) => {
    const id = calls += 1;
    waiting.set(id, resolve);
    void ended.then(() => reject(new Error('Codex ended')));
    child.stdin.write(`${JSON.stringify({ id, method, params })}\n`);
  });
  await call('initialize', { clientInfo: { name: 'test', title: 'test', version: '1' } });
  child.stdin.write(`${JSON.stringify({ method: 'initialized' })}\n`);
  return {
    read: async (text) => {
      writeFileSync(file, text);
      const { result } = await call('config/read', { includeLayers: true });
      const layer = result?.layers.find((one) => one.name.type === 'user');
      return result && layer ? { file: layer.config, baseUrl: result.config.openai_base_url } : undefined;
    },
    close: async () => {
      child.stdin.end();
      child.kill();
      await ended;
    },
  };
}

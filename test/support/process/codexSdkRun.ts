// One turn with OpenAI's codex-sdk, in a process of its own as its users have it, with the Codex that the SDK
// brings. It gives what the turn said or the error that it threw.
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import { codexSdk } from '../../../src/setup/ensureCodexSdk.mjs';
import { plainEnvironment } from './brokerProgram.ts';
import { codexModel } from './codexBench.ts';

/** Runs the turn in a folder, with a Codex home. @throws Error when the program itself fails */
export function runCodexSdk(route: { readonly baseUrl: string; readonly apiKey: string }, home: string, folder: string, prompt: string): Promise<{ said: string; error: string }> {
  const program = `
    const { Codex } = await import(${JSON.stringify(pathToFileURL(codexSdk.entry()).href)});
    const { baseUrl, apiKey, env, model, folder, prompt } = JSON.parse(process.argv[1]);
    const thread = new Codex({ baseUrl, apiKey, env }).startThread({ model, workingDirectory: folder, skipGitRepoCheck: true, sandboxMode: 'danger-full-access' });
    const result = await thread.run(prompt).then((turn) => ({ said: turn.finalResponse, error: '' }), (error) => ({ said: '', error: error.message }));
    console.log(JSON.stringify(result));`;
  const env = plainEnvironment({ CODEX_HOME: home, HOME: path.dirname(home), NO_PROXY: '127.0.0.1' });
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, JSON.stringify({ ...route, env, model: codexModel, folder, prompt })], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => { stdout += chunk; });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => { stderr += chunk; });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { said: string; error: string });
      else reject(new Error(`the program with codex-sdk ended with ${code}: ${stderr}`));
    });
  });
}

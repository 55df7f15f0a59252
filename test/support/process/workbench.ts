// What most process tests begin with: a temporary data folder, an upstream that the test scripts, a
// broker in front of it, and the control calls. It cleans up everything that it made.
import { mkdtempSync, rmSync } from 'node:fs';
import type http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import assert from 'node:assert/strict';
import type { AuditResult, ControlApi, ExplainResult, TokenResult } from '../../../src/protocol/control.ts';
import type { ControlMethod } from '../../../src/protocol/controlArguments.ts';
import { controlTokenOf, runBroker, startBroker } from './brokerProgram.ts';
import type { BrokerProcess, ServeOptions } from './brokerProgram.ts';
import { exchange, jsonOf } from './httpExchange.ts';
import type { Answer, Asked } from './httpExchange.ts';
import { answerWell, recordedRequest } from './recordedStream.ts';
import { openUpstream } from './scriptedUpstream.ts';
import type { Script, ScriptedUpstream } from './scriptedUpstream.ts';

/** A folder of the test's own; remove it with `removeFolder`. */
export function makeFolder(name: string): string {
  return mkdtempSync(path.join(tmpdir(), `codex-broker-${name}-`));
}

/** Removes it, also while a process that just ended still lets go of its files. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Calls a running broker as the command line does. @throws Error with the broker's own words */
export async function callBroker<M extends ControlMethod>(broker: BrokerProcess, method: M, args: Parameters<ControlApi[M]>[0]): Promise<Awaited<ReturnType<ControlApi[M]>>> {
  const answer = await exchange(`${broker.url}/broker/v1/${method}`, {
    headers: { authorization: `Bearer ${controlTokenOf(broker.dataDir)}`, 'content-type': 'application/json' }, body: JSON.stringify(args),
  });
  if (answer.status !== 200) throw new Error(`${method}: ${answer.bytes.toString('utf8')}`);
  return jsonOf(answer) as Awaited<ReturnType<ControlApi[M]>>;
}

/** Asks the broker for a response in the name of a workspace. */
export function askBroker(broker: { readonly url: string }, token: string, asked: Asked & { readonly path?: string } = {}): Promise<Answer> {
  return exchange(`${broker.url}${asked.path ?? '/v1/responses'}`, {
    ...asked, body: asked.body ?? recordedRequest(), headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...asked.headers },
  });
}

/** The headers that make a client Codex in the broker's eyes. */
export const codexHeaders = { 'originator': 'codex_exec', 'user-agent': 'codex_exec/0.169.0 (Debian 12.0.0; x86_64)', 'accept': 'text/event-stream', 'thread-id': 'thread-of-a-test' } as const;

/** A broker with its surroundings. */
export interface Workbench {
  readonly folder: string;
  readonly dataDir: string;
  readonly upstream: ScriptedUpstream;
  broker: BrokerProcess;
  readonly token: TokenResult;
  /** Asks with the bench's own workspace token. */
  ask(asked?: Asked & { readonly path?: string }): Promise<Answer>;
  /** Everything that is known of the request that an answer belongs to, once its hold is resolved. */
  explain(answer: Answer): Promise<ExplainResult>;
  audit(): Promise<AuditResult>;
  /** Starts the broker again, after it was killed or stopped. */
  restart(more?: Partial<ServeOptions>): Promise<void>;
  close(): Promise<void>;
}

/** How a bench is made. */
export interface BenchOptions {
  readonly script?: Script;
  /** Purchased credits to begin with; 0 leaves the balance untracked. */
  readonly credits?: number;
  readonly serve?: Partial<ServeOptions>;
}

/** Opens a bench. */
export async function openBench(options: BenchOptions = {}): Promise<Workbench> {
  const folder = makeFolder('bench');
  const dataDir = path.join(folder, 'data');
  const upstream = await openUpstream(options.script ?? answerWell);
  const serve: ServeOptions = { dataDir, upstream: upstream.url, ...options.serve };
  const broker = await startBroker(serve).catch(async (error: unknown) => {
    // What did not start is nobody's to close.
    await upstream.close();
    removeFolder(folder);
    throw error;
  });
  const token = await callBroker(broker, 'token', { workspacePath: path.join(folder, 'workspace') });
  const credits = options.credits ?? 100;
  if (credits > 0) await addCredits(broker, credits, 'the bench');
  const bench: Workbench = {
    folder, dataDir, upstream, broker, token,
    ask: (asked) => askBroker(bench.broker, token.token, asked),
    explain: (answer) => explained(bench.broker, String(answer.headers['x-request-id'])),
    audit: () => callBroker(bench.broker, 'audit', { full: true }),
    restart: async (more) => { bench.broker = await startBroker({ ...serve, ...more }); },
    close: async () => {
      await bench.broker.kill();
      await upstream.close();
      removeFolder(folder);
    },
  };
  return bench;
}

/** Adds purchased credits that everyone may use. */
export function addCredits(broker: BrokerProcess, credits: number, key: string) {
  return callBroker(broker, 'creditsAdd', { amountMicroCredits: credits * 1_000_000, kind: 'purchased', key, consent: { scope: 'everywhere' } });
}

/** Explains a request once its last attempt has an outcome: settling goes on after the last byte. */
export async function explained(broker: BrokerProcess, requestId: string): Promise<ExplainResult> {
  let found: ExplainResult | undefined;
  await until(async () => {
    // The decision of a request is written before it is answered, but its settlement may follow.
    found = await callBroker(broker, 'explain', { id: requestId });
    return found.attempts.at(-1)?.outcome !== undefined;
  });
  assert.ok(found);
  return found;
}

const untilMsMax = 30_000;

/** Waits until something holds; fails after a time that only a fault can use up. */
export async function until(holds: () => Promise<boolean> | boolean, what = 'what was waited for'): Promise<void> {
  const endMs = performance.now() + untilMsMax;
  while (!await holds()) {
    if (performance.now() > endMs) throw new Error(`${what} did not happen within ${untilMsMax / 1000} seconds`);
    await sleep(15);
  }
}

/** A pause. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

/** The audit of a data folder that no broker uses: exit code and findings. */
export async function offlineAudit(dataDir: string): Promise<{ code: number; found: AuditResult; stderr: string }> {
  const { code, stdout, stderr } = await runBroker(['audit', '--full', '--json', '--data', dataDir]);
  return { code, found: JSON.parse(stdout) as AuditResult, stderr };
}

/** Closes the connections that an agent keeps. */
export function closeAgent(agent: http.Agent): void {
  agent.destroy();
}

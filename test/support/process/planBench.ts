// What tests of ChatGPT sign-ins begin with: a sandbox that shows both faces, a broker before it, and a made-up
// sign-in. Nothing in it is a secret, and no signature is valid.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startSandbox } from '../../../src/sandbox/main.ts';
import type { Sandbox } from '../../../src/sandbox/sandboxServer.ts';
import type { TokenResult } from '../../../src/protocol/control.ts';
import { startBroker } from './brokerProgram.ts';
import type { BrokerProcess, ServeOptions } from './brokerProgram.ts';
import { checkAgain } from '../secondChecker.ts';
import { callBroker, makeFolder, removeFolder } from './workbench.ts';

/** A made-up account. */
export const accountId = '00000000-0000-4000-8000-00000000acc1';

function madeUpToken(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const nowS = Math.floor(Date.now() / 1000);
  return `${part({ alg: 'RS256', typ: 'JWT', kid: 'made-up' })}.${part({
    iss: 'https://auth.openai.com', aud: ['https://api.openai.com/v1'], iat: nowS - 60, exp: nowS + 86_400, sub: 'auth0|made-up', email: 'nobody@example.test',
    'https://api.openai.com/auth': { chatgpt_account_id: accountId, chatgpt_plan_type: 'plus', chatgpt_user_id: 'user-made-up', user_id: 'user-made-up' }, ...claims,
  })}.${Buffer.from('not a signature').toString('base64url')}`;
}

/** A made-up bearer, as long as real ones are. */
export const madeUpBearer = madeUpToken({ padding: 'x'.repeat(900) });

/** The headers with which Codex shows its sign-in. */
export const signedIn = { 'authorization': `Bearer ${madeUpBearer}`, 'chatgpt-account-id': accountId } as const;

/** Signs a Codex home in, as `codex login` does. */
export function signIn(home: string): void {
  mkdirSync(home, { recursive: true });
  writeFileSync(path.join(home, 'auth.json'), JSON.stringify({
    auth_mode: 'chatgpt', OPENAI_API_KEY: null, last_refresh: new Date().toISOString(),
    tokens: { id_token: madeUpToken({}), access_token: madeUpBearer, refresh_token: 'made-up', account_id: accountId },
  }), { mode: 0o600 });
}

/** A broker before both faces of a sandbox. */
export interface PlanBench {
  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly broker: BrokerProcess;
  readonly token: TokenResult;
  /** Where Codex goes that is signed in with ChatGPT. */
  readonly planUrl: string;
  /** Ends it, once both audits found nothing in its ledger. @throws AssertionError where they did */
  closeProven(): Promise<void>;
  close(): Promise<void>;
}

/** Opens one. */
export async function openPlanBench(scenario: NonNullable<Parameters<typeof startSandbox>[0]>['scenario'] = {}, serve: Partial<ServeOptions> = {}): Promise<PlanBench> {
  const folder = makeFolder('plan');
  const sandbox = await startSandbox({ scenario: { delays: { deltaMs: 0 }, ...scenario }, keepBodies: true });
  const broker = await startBroker({ dataDir: path.join(folder, 'data'), upstream: sandbox.url, ...serve, args: ['--chatgpt-upstream', `${sandbox.url}/backend-api/codex`, ...serve.args ?? []] });
  const token = await callBroker(broker, 'token', { workspacePath: path.join(folder, 'workspace') });
  const close = async () => {
    await broker.kill();
    await sandbox.close();
    removeFolder(folder);
  };
  return {
    folder, sandbox, broker, token, planUrl: `${broker.url}/w/${token.token}/backend-api/codex`, close,
    closeProven: async () => {
      const audit = await callBroker(broker, 'audit', { full: true });
      assert.deepEqual([audit.ok, audit.violations, audit.openHolds], [true, [], 0]);
      await broker.stop();
      assert.deepEqual(checkAgain(path.join(broker.dataDir, 'ledger.db')), []);
      await close();
    },
  };
}

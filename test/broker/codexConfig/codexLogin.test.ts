// How Codex is signed in is told from the file that it writes, in the shapes that it has had; whatever cannot be
// understood is unknown, and then credits pay as before.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codexLogin, payerFor } from '../../../src/broker/codexConfig/codexLogin.ts';

describe('how Codex is signed in', () => {
  let home: string;
  beforeEach(() => { home = mkdtempSync(join(tmpdir(), 'codex-broker-login-')); });
  afterEach(() => rmSync(home, { recursive: true }));

  const tokens = { id_token: 'i', access_token: 'a', refresh_token: 'r', account_id: 'x' };
  const cases: readonly [string, string | undefined, ReturnType<typeof codexLogin>][] = [
    ['with ChatGPT', JSON.stringify({ auth_mode: 'chatgpt', OPENAI_API_KEY: null, tokens, last_refresh: '2026-11-30T00:00:00Z' }), 'chatgpt'],
    ['with ChatGPT, in a file without a mode', JSON.stringify({ OPENAI_API_KEY: null, tokens }), 'chatgpt'],
    ['with a key', JSON.stringify({ auth_mode: 'apikey', OPENAI_API_KEY: 'sk-x' }), 'api-key'],
    ['with a key, in a file without a mode', JSON.stringify({ OPENAI_API_KEY: 'sk-x', tokens }), 'api-key'],
    ['in a way that is not known', JSON.stringify({ auth_mode: 'agentIdentity', tokens }), 'unknown'],
    ['with ChatGPT by its mode and without tokens', JSON.stringify({ auth_mode: 'chatgpt', tokens: null }), 'unknown'],
    ['in no file', undefined, 'unknown'],
    ['in a file that is no JSON', '{"auth_mode":', 'unknown'],
    ['in a file that is too large', JSON.stringify({ auth_mode: 'chatgpt', tokens, padding: 'x'.repeat(1024 * 1024) }), 'unknown'],
  ];
  for (const [name, text, expected] of cases) {
    it(name, () => {
      if (text !== undefined) writeFileSync(join(home, 'auth.json'), text);
      assert.equal(codexLogin(home, {}), expected);
      assert.equal(codexLogin(home, { CODEX_API_KEY: 'sk-y' }), 'api-key');
      assert.equal(payerFor(codexLogin(home, {})), expected === 'chatgpt' ? 'plan' : 'credits');
    });
  }
});

// The control calls on a real ledger in memory: what they do, what they refuse, and that no fault of
// the broker's own gets out with its stack.
import assert from 'node:assert/strict';
import { callControl, controlApi } from '../../src/broker/controlApi.ts';
import type { ControlParts } from '../../src/broker/controlApi.ts';
import { prepareDataFolder, tokenHash } from '../../src/broker/dataFolder.ts';
import { KeyStore } from '../../src/broker/keyStore.ts';
import { SnapshotFeed } from '../../src/broker/snapshotFeed.ts';
import type { Workspace } from '../../src/broker/store/ledgerPort.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import { reserveCommand, settleCommand } from '../support/ledger/ledgerCommands.ts';
import { withFolder } from '../support/ledger/tempLedger.ts';
import { manualClock, noonMs } from '../support/manualClock.ts';
import { recordingLedger } from './recordingLedger.ts';

interface World {
  readonly call: (method: string, args?: unknown) => ReturnType<typeof callControl>;
  readonly ledger: ReturnType<typeof recordingLedger>;
  readonly clock: ReturnType<typeof manualClock>;
  readonly registered: Workspace[];
  readonly logged: string[];
  readonly keys: KeyStore;
  readonly events: string[];
}

function withApi(run: (world: World, folder: string) => Promise<void>) {
  return withFolder(async (path) => {
    const clock = manualClock();
    const ledger = recordingLedger();
    const keys = new KeyStore(undefined, clock);
    const registered: Workspace[] = [];
    const logged: string[] = [];
    const events: string[] = [];
    let grants = 0;
    const parts: ControlParts = {
      ledger, clock, keys, folder: prepareDataFolder(path), utcOffsetMs: () => 0, url: () => 'http://127.0.0.1:5000', ids: { requestId: () => 'req', grantId: () => `grant_${grants += 1}` },
      feed: new SnapshotFeed({ ledger, clock, live: () => [], pacer: new Pacer(() => 0), utcOffsetMs: () => 0, key: () => keys.view, problems: () => [], broker: { version: '1', pid: 1, startedAtMs: 0, mode: 'live', upstream: 'u', dataDir: path } }),
      admission: () => undefined, registered: (workspace) => registered.push(workspace), changed: () => events.push('changed'), shutdown: () => events.push('shutdown'),
    };
    const api = controlApi(parts);
    await run({ call: (method, args) => callControl(api, method, args, (event, fields) => logged.push(`${event} ${JSON.stringify(fields)}`)), ledger, clock, registered, logged, keys, events }, path);
    await ledger.close();
  });
}

const valueOf = <T>(outcome: Awaited<ReturnType<World['call']>>) => { assert.ok(outcome.ok, JSON.stringify(outcome)); return outcome.value as T; };
const codeOf = (outcome: Awaited<ReturnType<World['call']>>) => (outcome.ok ? undefined : outcome.problem.code);
const top = { amountMicroCredits: 5_000_000, kind: 'purchased', key: 'k1', consent: { scope: 'everywhere' } };

describe('control calls', () => {
  it('give a workspace one token, however often it is asked for, and store only its hash', () => withApi(async ({ call, registered, ledger }, folder) => {
    const first = valueOf<{ token: string; workspaceId: string; baseUrl: string; codexBaseUrl: string }>(await call('token', { workspacePath: folder }));
    assert.deepEqual(valueOf(await call('token', { workspacePath: folder })), first);
    assert.equal(first.baseUrl, 'http://127.0.0.1:5000/v1');
    assert.equal(first.codexBaseUrl, `http://127.0.0.1:5000/w/${first.token}/v1`);
    assert.equal(registered[0]?.tokenHash, tokenHash(first.token));
    assert.ok(!JSON.stringify(await ledger.query('workspaces', {})).includes(first.token));
    assert.equal((await ledger.query('workspaces', {})).length, 1);
  }));

  it('refuse a workspace that is not named by its whole path, which would be another one here', () => withApi(async ({ call, ledger }, folder) => {
    for (const workspacePath of ['.', 'projects/a', './a', '~/a', '']) assert.equal(codeOf(await call('token', { workspacePath })), 'argument_invalid', workspacePath);
    assert.deepEqual(ledger.commands, []);
    assert.equal(codeOf(await call('token', { workspacePath: folder })), undefined);
  }));

  it('add credits once for one key', () => withApi(async ({ call, events }) => {
    const first = valueOf<{ created: boolean; grant: { id: string }; balance: { balanceMicroCredits: number } }>(await call('creditsAdd', top));
    const again = valueOf<typeof first>(await call('creditsAdd', top));
    assert.deepEqual([first.created, again.created, again.grant.id, again.balance.balanceMicroCredits], [true, false, first.grant.id, 5_000_000]);
    assert.equal(codeOf(await call('creditsAdd', { ...top, amountMicroCredits: 1 })), 'key_conflict');
    assert.equal(codeOf(await call('creditsAdd', { ...top, key: 'k2', expiresAtMs: noonMs })), 'argument_invalid');
    assert.ok(events.includes('changed'));
  }));

  it('allow purchased credits, to one workspace or to all, however often it is said', () => withApi(async ({ call, events }) => {
    await call('creditsAdd', { ...top, consent: { scope: 'ask' } });
    const consent = async () => valueOf<{ consent: unknown }>(await call('status')).consent;
    assert.deepEqual(await consent(), { everywhere: false, workspaceIds: [] });
    events.length = 0;
    for (const _time of [1, 2]) assert.deepEqual(valueOf(await call('consent', { scope: 'workspace', workspaceId: 'ws_a' })), { allowed: true });
    assert.deepEqual(await consent(), { everywhere: false, workspaceIds: ['ws_a'] });
    assert.deepEqual(valueOf(await call('consent', { scope: 'everywhere' })), { allowed: true });
    assert.deepEqual(await consent(), { everywhere: true, workspaceIds: ['ws_a'] });
    assert.deepEqual(events, ['changed', 'changed', 'changed'], 'every window is told');
    assert.equal(codeOf(await call('consent', { scope: 'ask' })), 'argument_invalid');
  }));

  it('list credits without those whose time is over', () => withApi(async ({ call, clock }) => {
    await call('creditsAdd', { ...top, expiresAtMs: noonMs + 5000 });
    clock.advance(5000);
    assert.equal(valueOf<{ balanceMicroCredits: number }>(await call('creditsList')).balanceMicroCredits, 0);
  }));

  it('report, explain and audit', () => withApi(async ({ call, ledger }) => {
    await call('creditsAdd', top);
    await ledger.command(reserveCommand('r1-1', 1_000_000));
    await ledger.command(settleCommand('r1-1', { inputTokens: 1000 }));
    const usage = valueOf<{ rows: unknown[]; total: { requests: number; costMicroCredits: number } }>(await call('usage', { by: 'model' }));
    assert.deepEqual([usage.rows.length, usage.total.requests, usage.total.costMicroCredits], [1, 1, 125_000]);
    assert.equal(valueOf<{ id: string }>(await call('explain', { id: 'r1' })).id, 'r1');
    assert.equal(codeOf(await call('explain', { id: 'r9' })), 'request_not_found');
    assert.deepEqual(valueOf(await call('audit', { full: true })), { ok: true, violations: [], usageEvents: 1, charges: 1, entries: 3, openHolds: 0, balanceMicroCredits: 4_875_000, requests: 1 });
    assert.equal(valueOf<{ today: { total: { requests: number } } }>(await call('status')).today.total.requests, 1);
  }));

  it('take and forget a key, and never give it out', () => withApi(async ({ call, keys }) => {
    assert.equal(valueOf<{ stored: boolean }>(await call('setApiKey', { apiKey: 'sk-secret-key' })).stored, false);
    assert.equal(keys.apiKey, 'sk-secret-key');
    assert.ok(!JSON.stringify(await call('status')).includes('sk-secret-key'));
    assert.deepEqual(valueOf(await call('forgetApiKey')), { forgotten: true });
    const refused = await call('setApiKey', { apiKey: 'with space in it' });
    assert.equal(codeOf(refused), 'api_key_invalid');
    assert.ok(!JSON.stringify(refused).includes('with space in it'));
  }));

  it('stop nothing where nothing runs, and shut down when asked', () => withApi(async ({ call, events }) => {
    assert.deepEqual(valueOf(await call('cancel', { requestId: 'r1' })), { cancelled: false });
    assert.deepEqual(valueOf(await call('shutdown')), { stopping: true });
    assert.ok(events.includes('shutdown'));
  }));

  it('refuse names and arguments that are none, naming the value', () => withApi(async ({ call }) => {
    for (const name of ['', 'nothing', '__proto__', 'constructor', 'toString', 'hasOwnProperty']) assert.equal(codeOf(await call(name)), 'unknown_route', name);
    const refused = await call('creditsAdd', { ...top, amountMicroCredits: -5 });
    assert.ok(!refused.ok && refused.problem.code === 'argument_invalid' && refused.problem.message.startsWith('amountMicroCredits:'));
  }));

  it('turn a fault of the broker\'s own into a problem without its stack', () => withApi(async ({ call, ledger, logged }) => {
    ledger.query = () => { throw new TypeError('secret internals'); };
    const outcome = await call('status');
    assert.equal(codeOf(outcome), 'internal');
    assert.ok(!JSON.stringify(outcome).includes('secret internals'));
    assert.ok(logged.some((line) => line.startsWith('call-failed') && line.includes('secret internals')));
    ledger.failing = 'grant';
    assert.equal(codeOf(await call('creditsAdd', top)), 'ledger_full');
  }));
});

// The control calls on a real ledger in memory: what they do, what they refuse, and that no fault of
// the broker's own gets out with its stack.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { callControl, controlApi } from '../../src/broker/controlApi.ts';
import type { ControlParts } from '../../src/broker/controlParts.ts';
import { prepareDataFolder, tokenHash } from '../../src/broker/dataFolder.ts';
import { KeyStore } from '../../src/broker/keyStore.ts';
import { LedgerAnchor } from '../../src/broker/ledgerAnchor.ts';
import { SnapshotFeed } from '../../src/broker/snapshotFeed.ts';
import type { Workspace } from '../../src/broker/store/ledgerPort.ts';
import { Estimator } from '../../src/domain/estimator.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { reserveCommand, settleCommand, testPrice } from '../support/ledger/ledgerCommands.ts';
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
    let [grants, directives] = [0, 0];
    const parts: ControlParts = {
      ledger, clock, keys, folder: prepareDataFolder(path), utcOffsetMs: () => 0, url: () => 'http://127.0.0.1:5000', ids: { requestId: () => 'req', grantId: () => `grant_${grants += 1}`, directiveId: () => `dir_${directives += 1}` },
      feed: new SnapshotFeed({ ledger, clock, live: () => [], pacer: new Pacer(() => 0), utcOffsetMs: () => 0, key: () => keys.view, problems: () => [], openWorkspaces: () => new Set(), broker: { version: '1', pid: 1, startedAtMs: 0, mode: 'live', upstream: 'u', dataDir: path } }),
      anchor: new LedgerAnchor(path, undefined, clock), admission: () => undefined, heldBodyBytes: () => 7, registered: (workspace) => registered.push(workspace), changed: () => events.push('changed'), shutdown: () => events.push('shutdown'),
      pricing: () => ({ estimator: new Estimator(), prices: (model) => (model === testPrice.model ? testPrice : undefined), ceilingPrice: () => testPrice, canAsk: () => true, unsafe: () => undefined }), newBackup: () => join(path, 'backup.db'), stored: () => ({ folders: [], routes: [] }),
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
  it('tell by name what was answered for good, and take each answer back', () => withApi(async ({ call }, folder) => {
    const { workspaceId } = valueOf<{ workspaceId: string }>(await call('token', { workspacePath: folder, label: 'shop' }));
    const told = async () => {
      const { consent, unpricedModels, workspaceLabels } = valueOf<Snapshot>(await call('status'));
      return [consent.deniedWorkspaceIds, consent.deniedEverywhere, unpricedModels, workspaceLabels];
    };
    assert.deepEqual(await told(), [[], undefined, undefined, undefined], 'nothing answered is left out');
    for (const [method, args] of [['consent', { scope: 'workspace', workspaceId, answer: 'deny' }], ['consent', { scope: 'everywhere', answer: 'deny' }], ['unpricedSet', { model: 'm', answer: 'allow' }], ['unpricedSet', { model: 'n', answer: 'deny' }]] as const) valueOf(await call(method, args));
    assert.deepEqual(await told(), [[workspaceId], true, [{ model: 'm', answer: 'allow' }, { model: 'n', answer: 'deny' }], { [workspaceId]: 'shop' }]);
    for (const [method, args] of [['consent', { scope: 'workspace', workspaceId, answer: 'ask' }], ['consent', { scope: 'everywhere', answer: 'ask' }], ['unpricedSet', { model: 'm', answer: 'ask' }]] as const) assert.deepEqual(valueOf(await call(method, args)), { answer: 'ask' });
    assert.deepEqual((await told()).slice(0, 3), [[], undefined, [{ model: 'n', answer: 'deny' }]]);
  }));

  it('name the workspaces that budgets and grants are for', () => withApi(async ({ call }, folder) => {
    const { workspaceId } = valueOf<{ workspaceId: string }>(await call('token', { workspacePath: folder, label: 'shop' }));
    valueOf(await call('creditsAdd', { ...top, kind: 'included', workspaces: [workspaceId, 'ws_gone'] }));
    assert.deepEqual(valueOf<Snapshot>(await call('status')).workspaceLabels, { [workspaceId]: 'shop' });
  }));

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
    assert.deepEqual(await consent(), { everywhere: false, workspaceIds: [], deniedWorkspaceIds: [] });
    events.length = 0;
    for (const _time of [1, 2]) assert.deepEqual(valueOf(await call('consent', { scope: 'workspace', workspaceId: 'ws_a' })), { answer: 'allow' });
    assert.deepEqual(await consent(), { everywhere: false, workspaceIds: ['ws_a'], deniedWorkspaceIds: [] });
    assert.deepEqual(valueOf(await call('consent', { scope: 'everywhere' })), { answer: 'allow' });
    assert.deepEqual(await consent(), { everywhere: true, workspaceIds: ['ws_a'], deniedWorkspaceIds: [] });
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
    assert.deepEqual(valueOf(await call('audit', { full: true })), { ok: true, violations: [], usageEvents: 1, charges: 1, entries: 3, directives: 2, imports: 0, openHolds: 0, balanceMicroCredits: 4_875_000, exposureMicroCredits: 0, overshootMicroCredits: 0, owedMicroCredits: 0, full: true, requests: 1, anchors: { file: 'nothing', keychain: 'not-asked' } });
    assert.equal(valueOf<{ today: { total: { requests: number } } }>(await call('status')).today.total.requests, 1);
  }));

  it('answer for history, savings, entries, events and what is left, each within its bounds', () => withApi(async ({ call, ledger, clock }) => {
    await call('creditsAdd', { ...top, note: 'Personal budget' });
    const atMs = clock.nowMs();
    await ledger.command(reserveCommand('req_r1-1', 1_000_000, { atMs }));
    await ledger.command(settleCommand('req_r1-1', { inputTokens: 1000, cachedInputTokens: 400 }, { atMs }));
    const history = valueOf<{ groups: { key: string }[]; steps: { key: string; requests: number }[] }>(await call('history', { by: 'workspace', fromMs: atMs - 6 * 86_400_000, step: 'day' }));
    assert.deepEqual(history.groups.map((group) => group.key), ['ws_a']);
    assert.deepEqual(history.steps.map((step) => step.requests), [0, 0, 0, 0, 0, 0, 1]);
    assert.equal(history.steps.at(-1)?.key, new Date(atMs).toISOString().slice(0, 10));
    assert.equal(valueOf<{ steps: unknown[] }>(await call('history', { by: 'model', fromMs: atMs - 3_600_000, step: 'hour' })).steps.length, 2);
    const span = { fromMs: atMs - 1000, untilMs: atMs + 1000 };
    assert.equal(valueOf<{ rows: unknown[] }>(await call('workspaceUsage', { by: 'model', workspaceId: 'ws_a', ...span })).rows.length, 1);
    // 400 tokens that cost 12.5 credits a million in place of 125.
    assert.deepEqual(valueOf(await call('cacheSaving', span)), { savedMicroCredits: 45_000, cachedInputTokens: 400 });
    const page = valueOf<{ rows: { kind: string; note?: string }[]; next?: number }>(await call('entryPage', { kind: 'moves', limit: 1 }));
    assert.deepEqual([page.rows.map((row) => row.kind), page.next], [['post'], 3]);
    assert.equal(valueOf<typeof page>(await call('entryPage', { kind: 'moves', limit: 1, before: page.next })).rows[0]?.note, 'Personal budget');
    assert.ok(valueOf<{ rows: unknown[] }>(await call('happenings', { filter: 'all', limit: 10 })).rows.length >= 3);
    assert.equal(valueOf<{ course: { left: { amount: number }[] } }>(await call('course', { fromMs: atMs - 3_600_000 })).course.left.at(-1)?.amount, 5_000_000 - 80_000);
    assert.deepEqual(valueOf(await call('course', { fromMs: 0, budgetId: 'none' })), { course: null });
    for (const [method, args] of [['history', { by: 'model', fromMs: atMs - 92 * 86_400_000, step: 'day' }], ['history', { by: 'model', fromMs: atMs + 1, step: 'day' }], ['cacheSaving', { fromMs: 0, untilMs: 26 * 3_600_000 }], ['workspaceUsage', { by: 'model', workspaceId: 'w', fromMs: 2, untilMs: 1 }]] as const) {
      assert.equal(codeOf(await call(method, args)), 'argument_invalid', method);
    }
  }));

  it('give a rolling budget that is spread its first day, and leave it that day while only its amount changes', () => withApi(async ({ call, ledger, clock }) => {
    const budget = { id: 'roll', per: 'everything', unit: 'credits', limit: 7_000_000, period: { rollingHours: 168 }, timeZone: 'UTC', mode: 'hard', pace: 'even' };
    const firstDay = async (more: object) => {
      assert.deepEqual(valueOf(await call('budgetSet', { budget: { ...budget, ...more } })), { exists: false });
      return (await ledger.query('balance', { nowMs: noonMs })).directives.budgets.map(({ pace, pacedFromMs }) => [pace, pacedFromMs]);
    };
    const quarterMs = 900_000;
    const firstMs = Math.floor(clock.nowMs() / quarterMs) * quarterMs;
    assert.deepEqual(await firstDay({}), [['even', firstMs]]);
    clock.advance(5 * 3_600_000);
    assert.deepEqual(await firstDay({ limit: 9_000_000 }), [['even', firstMs]]);
    assert.deepEqual(await firstDay({ period: { rollingHours: 48 } }), [['even', firstMs + 5 * 3_600_000]]);
    assert.deepEqual(await firstDay({ period: 'week' }), [['even', undefined]]);
    assert.equal(codeOf(await call('budgetSet', { budget: { ...budget, period: 'day' } })), 'argument_invalid');
    assert.equal(codeOf(await call('budgetSet', { budget: { ...budget, pacedFromMs: 0 } })), 'argument_invalid');
    assert.equal(codeOf(await call('budgetSet', { budget: { ...budget, pace: 'odd' } })), 'argument_invalid');
  }));

  it('set, replace, show and remove budgets', () => withApi(async ({ call, ledger, events }) => {
    const budget = { id: 'day', per: 'everything', unit: 'credits', limit: 2_000_000, period: 'day', timeZone: 'UTC', mode: 'hard' };
    for (const limit of [9_000_000, budget.limit]) assert.deepEqual(valueOf(await call('budgetSet', { budget: { ...budget, limit } })), { exists: false });
    await ledger.command(reserveCommand('r1-1', 1_000_000));
    const [shown] = valueOf<{ budgets: { text: string; uses: unknown[] }[] }>(await call('budgets')).budgets;
    assert.deepEqual([shown?.text, shown?.uses], ['2.00 credits per day', [{ key: '', used: 0, reserved: 1_000_000, endsAtMs: noonMs + 12 * 3_600_000 }]]);
    assert.equal(codeOf(await call('budgetSet', { budget: { ...budget, timeZone: 'Mars/Base' } })), 'argument_invalid');
    assert.equal(codeOf(await call('budgetSet', { budget: { ...budget, limit: -1 } })), 'argument_invalid');
    assert.deepEqual([valueOf(await call('budgetRemove', { id: 'day' })), valueOf(await call('budgetRemove', { id: 'day' }))], [{ removed: true }, { removed: false }]);
    assert.ok(events.includes('changed'));
  }));

  it('give an allowance at once, and nothing for one that is refused', () => withApi(async ({ call }) => {
    const allowance = { id: 'weekly', kind: 'included', amountMicroCredits: 250_000_000, every: 'week', timeZone: 'UTC', priority: 50 };
    assert.deepEqual(valueOf(await call('allowanceSet', { allowance })), { exists: false });
    const { balance, allowances } = valueOf<{ balance: { balanceMicroCredits: number; grants: { allowanceId: string; expiresAtMs: number }[] }; allowances: unknown[] }>(await call('status'));
    assert.deepEqual([balance.balanceMicroCredits, balance.grants[0]?.allowanceId, balance.grants[0]?.expiresAtMs, allowances], [250_000_000, 'weekly', Date.UTC(2026, 10, 23), [allowance]]);
    assert.equal(codeOf(await call('allowanceSet', { allowance: { ...allowance, id: 'x', timeZone: 'Mars/Base' } })), 'argument_invalid');
    assert.deepEqual([valueOf(await call('allowanceRemove', { id: 'weekly' })), valueOf(await call('allowanceRemove', { id: 'x' }))], [{ removed: true }, { removed: false }]);
    assert.equal(valueOf<{ balanceMicroCredits: number }>(await call('creditsList')).balanceMicroCredits, 250_000_000);
  }));

  it('switch the automatic top-up on and off, and add at once where too little is left', () => withApi(async ({ call }) => {
    const rule = { belowMicroCredits: 10_000_000, amountMicroCredits: 50_000_000, capMicroCredits: 60_000_000, timeZone: 'UTC' };
    valueOf(await call('creditsAdd', top));
    assert.deepEqual(valueOf(await call('autoTopUpSet', { rule })), { exists: false });
    const { balance, autoTopUp, entries } = valueOf<Snapshot>(await call('status'));
    assert.deepEqual([balance.balanceMicroCredits, balance.grants.map((grant) => grant.source), autoTopUp, entries[0]?.kind], [55_000_000, [undefined, 'auto'], { ...rule, addedMicroCredits: 50_000_000, beginsAnewAtMs: Date.UTC(2026, 11, 1) }, 'grant']);
    assert.equal(codeOf(await call('autoTopUpSet', { rule: { ...rule, capMicroCredits: 40_000_000 } })), 'argument_invalid');
    assert.deepEqual(valueOf(await call('autoTopUpSet', { rule: null })), { exists: false });
    assert.equal(valueOf<Snapshot>(await call('status')).autoTopUp, undefined);
  }));

  it('set policies, and correct what was booked once for one key', () => withApi(async ({ call, ledger }) => {
    valueOf(await call('policySet', { name: 'unpriced', value: 'ask' }));
    assert.deepEqual(valueOf<{ policies: unknown }>(await call('status')).policies, { unpriced: 'ask', unattended: 'refuse' });
    assert.equal(codeOf(await call('policySet', { name: 'unattended', value: 'ask' })), 'argument_invalid');
    const { grant } = valueOf<{ grant: { id: string } }>(await call('creditsAdd', top));
    await ledger.command(reserveCommand('r1-1', 1_000_000));
    await ledger.command(settleCommand('r1-1', { inputTokens: 1000 }));
    const refund = { key: 'c1', reason: 'a test', what: { kind: 'refund', attemptId: 'r1-1', microCredits: 100_000 } };
    const booked = async (args: unknown) => { const { exists, changedMicroCredits, balance } = valueOf<{ exists: boolean; changedMicroCredits: number; balance: { balanceMicroCredits: number } }>(await call('correct', args)); return [exists, changedMicroCredits, balance.balanceMicroCredits]; };
    assert.deepEqual(await booked(refund), [false, 100_000, 4_975_000]);
    assert.deepEqual(await booked(refund), [true, 0, 4_975_000]);
    assert.equal(codeOf(await call('correct', { ...refund, reason: 'another' })), 'key_conflict');
    assert.equal(codeOf(await call('correct', { ...refund, key: 'c2', what: { ...refund.what, microCredits: 100_000 } })), 'argument_invalid');
    assert.deepEqual(await booked({ key: 'c3', reason: 'a test', what: { kind: 'void', grantId: grant.id, disputed: true } }), [false, -4_975_000, 0]);
    assert.equal(valueOf<{ owedMicroCredits: number }>(await call('creditsList')).owedMicroCredits, 25_000);
    assert.equal(codeOf(await call('correct', { key: 'c4', reason: 'a test', what: { kind: 'void', grantId: 'nothing', disputed: false } })), 'grant_not_found');
  }));

  it('tell what would become of a request without writing anything', () => withApi(async ({ call, ledger }, folder) => {
    await call('creditsAdd', top);
    const before = ledger.commands.length;
    const asked = { model: 'gpt-test', workspacePath: folder, size: { bodyBytes: 400, textBytes: 300, textTokens: 100 } };
    const told = valueOf<{ decision: { outcome: string }; estimate: { inputTokens: number }; holdMicroCredits: number; likelyMicroCredits: number; story: string[] }>(await call('dryRun', asked));
    assert.equal(told.decision.outcome, 'admit');
    assert.ok(told.holdMicroCredits > told.likelyMicroCredits && told.likelyMicroCredits > 0 && told.estimate.inputTokens >= 100);
    assert.match(told.story.at(-1) ?? '', /^It would be sent\.$/);
    assert.equal(valueOf<typeof told>(await call('dryRun', { ...asked, model: 'gpt-unknown' })).decision.outcome, 'refuse');
    assert.equal(codeOf(await call('dryRun', { ...asked, input: 'my prompt' })), 'argument_invalid', 'a prompt has no place in it');
    assert.equal(ledger.commands.length, before);
    assert.equal(codeOf(await call('explain', { id: 'dry-run' })), 'request_not_found');
  }));

  it('hand out the rows page by page, with their columns even where there are none', () => withApi(async ({ call, ledger }) => {
    for (let index = 1; index <= 5; index += 1) {
      await ledger.command(reserveCommand(`r${index}-1`, 1_000_000));
      await ledger.command(settleCommand(`r${index}-1`, { inputTokens: 1000 }));
    }
    interface Page { columns: string[]; rows: Record<string, unknown>[]; next?: number }
    const ids: unknown[] = [];
    for (let after: number | undefined = 0; after !== undefined;) {
      const page: Page = valueOf<Page>(await call('export', { set: 'requests', after, limit: 2, sinceMs: 0 }));
      for (const row of page.rows) assert.deepEqual(Object.keys(row), page.columns);
      ids.push(...page.rows.map((row) => row['request_id']));
      after = page.next;
    }
    assert.deepEqual(ids, ['r1', 'r2', 'r3', 'r4', 'r5']);
    for (const set of ['requests', 'charges', 'entries', 'directives', 'grants']) {
      const { columns, rows } = valueOf<Page>(await call('export', { set, after: 0, limit: 2, sinceMs: noonMs * 2 }));
      assert.ok(columns[0] === 'at' && columns.length > 4 && !columns.includes('place') && rows.length === 0, set);
    }
  }));

  it('write a backup that only its owner may read, and never over something', () => withApi(async ({ call }, folder) => {
    const { path, bytes } = valueOf<{ path: string; bytes: number }>(await call('backup'));
    assert.deepEqual([path, statSync(path).size, statSync(path).mode & 0o077], [join(folder, 'backup.db'), bytes, 0]);
    for (const args of [{}, { path: join(folder, 'control.token') }, { path: 'relative.db' }, { path: join(folder, 'no', 'folder.db') }]) assert.equal(codeOf(await call('backup', args)), 'argument_invalid', JSON.stringify(args));
    const health = valueOf<{ entries: number; openHolds: number; newestAtMs?: number }>(await call('health'));
    assert.deepEqual([health.entries, health.openHolds, 'newestAtMs' in health], [0, 0, false]);
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
    assert.deepEqual(valueOf(await call('setPriority', { requestId: 'r1', priority: 'interactive' })), { changed: false });
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

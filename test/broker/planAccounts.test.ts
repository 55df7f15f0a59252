// Sign-ins are kept apart: each account has its own cookies and windows, few are remembered, and the provider is
// asked about a plan rarely, with the sign-in of the request that has just ended.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { accountsMax, PlanAccounts, usageAskedMs } from '../../src/broker/planAccounts.ts';
import type { PlanWay } from '../../src/broker/planAccounts.ts';
import type { RememberedPlan } from '../../src/broker/planMemory.ts';
import { chatGptTarget } from '../../src/broker/upstream/chatGptTarget.ts';
import { networkOf } from '../../src/broker/upstream/network.ts';
import type { PlanWindow } from '../../src/domain/planLimits.ts';
import { ProblemError } from '../../src/domain/problem.ts';
import { manualClock } from '../support/manualClock.ts';
import type { ManualClock } from '../support/manualClock.ts';

interface World {
  readonly clock: ManualClock;
  readonly accounts: PlanAccounts;
  readonly asked: http.IncomingMessage[];
  readonly logged: string[];
  /** What was passed on for the ledger's notes. */
  readonly told: [plan: string, windows: readonly PlanWindow[]][];
  /** What was to be remembered last. */
  readonly kept: readonly RememberedPlan[];
  answer: (response: http.ServerResponse) => void;
  way(account: string | undefined, bearer?: string): PlanWay;
}

async function inWorld(run: (world: World) => Promise<void> | void, spread = false, remembered: readonly RememberedPlan[] = []): Promise<void> {
  const clock = manualClock();
  const asked: http.IncomingMessage[] = [];
  const logged: string[] = [];
  const told: World['told'] = [];
  const kept: RememberedPlan[] = [];
  const server = http.createServer((message, response) => { asked.push(message); world.answer(response); });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = chatGptTarget(`http://127.0.0.1:${(server.address() as AddressInfo).port}/backend-api/codex`, networkOf({ env: {} }));
  const accounts = new PlanAccounts({ remembered, remember: (plans) => { kept.splice(0, kept.length, ...plans); }, target, planTold: (plan, windows) => { told.push([plan, windows]); }, clock, upstreamAnswered: () => undefined, spread, changed: () => undefined, log: (event, fields) => { logged.push(`${event} ${JSON.stringify(fields)}`); } });
  const world: World = {
    clock, accounts, asked, logged, told, kept,
    answer: (response) => { response.setHeader('set-cookie', '__cf_bm=from-usage'); response.end(JSON.stringify({ plan_type: 'pro', rate_limit: { primary_window: { used_percent: 7, limit_window_seconds: 18_000 } } })); },
    way: (account, bearer = 'sign-in') => {
      const way = accounts.wayOf({ authorization: `Bearer ${bearer}`, ...(account === undefined ? {} : { 'chatgpt-account-id': account }) });
      assert.ok('way' in way);
      return way;
    },
  };
  try {
    await run(world);
  } finally {
    await target.close();
    server.closeAllConnections();
    server.close();
  }
}

const used = (percent: number) => ({ 'x-codex-primary-used-percent': String(percent), 'x-codex-primary-window-minutes': '300' });
const at = (clock: ManualClock) => ({ sentAtMs: clock.nowMs() });
const cookieOf = (way: PlanWay) => way.way.credential()?.head()['cookie'];

describe('ChatGPT accounts', () => {
  it('have their own cookies and windows, and names that give nothing away', () => inWorld(({ accounts, clock, way, told }) => {
    const [one, two] = [way('account-one'), way('account-two')];
    one.way.headSeen({ ...used(10), 'set-cookie': ['__cf_bm=of-one', 'session=secret'] }, at(clock));
    two.way.headSeen({ ...used(90), 'set-cookie': ['__cf_bm=of-two'] }, at(clock));
    assert.deepEqual([cookieOf(way('account-one')), cookieOf(two)], ['__cf_bm=of-one', '__cf_bm=of-two']);
    assert.deepEqual(told.map(([plan, windows]) => [/^ChatGPT [0-9a-f]{4}$/.test(plan), windows.map((window) => window.usedPercent)]), [[true, [10]], [true, [90]]]);
    assert.deepEqual(accounts.windows().map((window) => window.remaining).toSorted((a, b) => (a ?? 0) - (b ?? 0)), [10, 90]);
    assert.equal(new Set(accounts.windows().map((window) => window.model)).size, 2);
    assert.doesNotMatch(JSON.stringify([accounts.windows(), accounts.plans()]), /account-|sign-in|of-one/);
    assert.match(one.cover.because().because, /used: 10 % of its 5 hours/);
  }));

  it('without an id are told apart by the sign-in itself', () => inWorld(({ clock, way }) => {
    way(undefined, 'first').way.headSeen({ 'set-cookie': ['__cf_bm=a'] }, at(clock));
    assert.deepEqual([cookieOf(way(undefined, 'first')), cookieOf(way(undefined, 'second'))], ['__cf_bm=a', undefined]);
  }));

  it('are forgotten, the longest unused first', () => inWorld(({ accounts, clock, way }) => {
    for (let count = 0; count < accountsMax + 3; count += 1) {
      way(`account-${count}`).way.headSeen(used(count), at(clock));
      way('account-0');
    }
    assert.equal(accounts.windows().length, accountsMax);
    assert.ok(accounts.windows().some((window) => window.remaining === 100));
    assert.ok(!accounts.windows().some((window) => window.remaining === 98 || window.remaining === 99));
  }));

  it('are known from before a restart, with their age, and refuse nothing by that', async () => {
    let before: readonly RememberedPlan[] = [];
    await inWorld(({ way, kept, clock }) => {
      way('account-one').way.headSeen({ ...used(100), 'x-codex-primary-reset-at': String(clock.nowMs() / 1000 + 9_000) }, at(clock));
      way(undefined, 'another-bearer').way.headSeen(used(50), at(clock));
      before = [...kept];
    });
    assert.deepEqual(before.map(({ limits }) => limits.windows.map((window) => window.usedPercent)), [[100]], 'a sign-in without an id is another one the next time');
    assert.doesNotMatch(JSON.stringify(before), /account-one|sign-in|another-bearer/);
    const observedAtMs = before[0]?.limits.observedAtMs ?? 0;
    await inWorld(({ accounts, way, clock }) => {
      clock.jumpWall(3_600_000);
      assert.deepEqual(accounts.windows().map((window) => [window.remaining, window.observedAtMs]), [[0, observedAtMs]]);
      assert.deepEqual(accounts.plans().map((one) => one.observedAtMs), [observedAtMs]);
      assert.equal(way('account-one').cover.ended(), undefined);
      way('account-one').way.headSeen(used(7), at(clock));
      assert.deepEqual(accounts.windows().map((window) => window.remaining), [93], 'the same account');
      clock.jumpWall(9_000_000);
    }, false, before);
    await inWorld(({ accounts, clock }) => {
      clock.jumpWall(9_000_001);
      assert.deepEqual(accounts.windows().map((window) => [window.remaining, window.resetsAtMs]), [[100, undefined]], 'its reset came meanwhile');
    }, false, before);
  });

  it('have their limits for some models alone from before a restart, known by the same models, and refuse nothing by that', async () => {
    let before: readonly RememberedPlan[] = [];
    const own = (percent: number) => ({ 'x-codex-active-limit': 'codex_bengalfox', 'x-codex-bengalfox-limit-name': 'sonic', 'x-codex-bengalfox-primary-used-percent': String(percent), 'x-codex-bengalfox-primary-window-minutes': '300' });
    await inWorld(({ way, kept, clock }) => {
      way('account-one').way.headSeen(own(100), { ...at(clock), model: 'gpt-sonic' });
      before = [...kept];
    });
    await inWorld(({ accounts, way, clock }) => {
      clock.jumpWall(3_600_000);
      assert.deepEqual(accounts.windows().map(({ model, remaining, ofPlan }) => [model, remaining, ofPlan?.models]), [['sonic', 0, ['gpt-sonic']]]);
      const one = way('account-one');
      assert.equal(one.cover.ended('gpt-sonic'), undefined);
      // An event names the limit and no model; which ones it is for is known from before.
      one.way.limitsTold({ windows: [], modelLimits: [{ limitId: 'codex_bengalfox', windows: [{ windowMinutes: 300, usedPercent: 100, resetsAtMs: clock.nowMs() + 600_000 }] }] }, at(clock));
      assert.equal(one.cover.ended('gpt-sonic')?.code, 'plan_used_up');
    }, false, before);
  });

  it('go by the answer to the newest request, whichever comes last', () => inWorld(({ accounts, clock, way }) => {
    const one = way('account-one');
    const slow = at(clock);
    clock.jumpWall(1_000);
    const quick = at(clock);
    clock.jumpWall(1_000);
    one.way.headSeen({}, quick, { status: 429, body: Buffer.from(JSON.stringify({ error: { type: 'usage_limit_reached', resets_at: clock.nowMs() / 1000 + 600 } })) });
    one.way.headSeen(used(99), slow);
    assert.equal(one.cover.ended()?.code, 'plan_used_up', 'it was answered before the plan was used up');
    one.way.headSeen(used(3), at(clock));
    one.way.limitsTold({ windows: [{ windowMinutes: 300, usedPercent: 98 }] }, quick);
    assert.deepEqual([one.cover.ended(), accounts.windows().map((window) => window.remaining)], [undefined, [97]]);
  }));

  it('have limits for some models alone, which end those and no others', () => inWorld(({ accounts, clock, way }) => {
    const one = way('account-one');
    const own = (percent: number, resetAt = clock.nowMs() / 1000 + 600) => ({
      ...used(percent), 'x-codex-active-limit': 'codex_bengalfox', 'x-codex-bengalfox-limit-name': 'sonic', 'x-codex-bengalfox-primary-used-percent': String(percent),
      'x-codex-bengalfox-primary-window-minutes': '300', 'x-codex-bengalfox-primary-reset-at': String(resetAt),
    });
    one.way.headSeen(used(20), { ...at(clock), model: 'gpt-5.5' });
    one.way.headSeen(own(40), { ...at(clock), model: 'gpt-sonic' });
    assert.deepEqual(accounts.windows().map(({ model, remaining, ofPlan }) => [model, remaining, ofPlan?.models]), [[one.cover.account, 80, undefined], ['sonic', 60, ['gpt-sonic']]]);
    assert.equal(new Set(accounts.windows().map(({ id }) => id)).size, 2);
    assert.equal(one.cover.ended('gpt-sonic'), undefined);
    one.way.headSeen(own(100), { ...at(clock), model: 'gpt-sonic' });
    const ended = one.cover.ended('gpt-sonic');
    assert.deepEqual([ended?.code, ended?.retryAtMs, one.cover.ended('gpt-5.5'), one.cover.ended()], ['plan_used_up', clock.nowMs() + 600_000, undefined, undefined]);
    assert.match(ended?.message ?? '', /^The 5 hours of the limit sonic in the ChatGPT plan is used up; models that it is not for go on\. It resets at .+ UTC\. Nothing was sent\.$/);
    // What is told under the plan's names belongs to the model, and a refusal of it too.
    clock.jumpWall(1_000);
    one.way.headSeen({ ...own(100), 'x-codex-active-limit': 'codex-bengalfox' }, { ...at(clock), model: 'gpt-tune' }, { status: 429, body: Buffer.from(JSON.stringify({ error: { type: 'usage_limit_reached', resets_at: clock.nowMs() / 1000 + 900 } })) });
    assert.deepEqual([one.cover.ended('gpt-tune')?.retryAtMs, one.cover.ended('gpt-5.5')], [clock.nowMs() + 900_000, undefined]);
    // A WebSocket's event tells its figures.
    clock.jumpWall(1_000);
    one.way.limitsTold({ windows: [], modelLimits: [{ limitId: 'codex_bengalfox', windows: [{ windowMinutes: 300, usedPercent: 5 }] }] }, { ...at(clock), model: 'gpt-5.5' });
    assert.deepEqual([one.cover.ended('gpt-sonic'), accounts.windows().map(({ remaining }) => remaining)], [undefined, [80, 95]]);
  }));

  it('are spread over their days where that is wanted: each day opens its share', () => inWorld(({ accounts, clock, way }) => {
    const one = way('account-one');
    const dayMs = 86_400_000;
    const resetsAtMs = clock.nowMs() + 6.5 * dayMs;
    const week = (percent: number) => one.way.headSeen({ 'x-codex-secondary-used-percent': String(percent), 'x-codex-secondary-window-minutes': '10080', 'x-codex-secondary-reset-at': String(resetsAtMs / 1000) }, at(clock));
    week(14);
    assert.equal(one.cover.ended(), undefined);
    week(15);
    const ended = one.cover.ended();
    assert.deepEqual([ended?.code, ended?.retryAtMs], ['plan_used_up', clock.nowMs() + dayMs / 2]);
    assert.match(ended?.message ?? '', /^The week of the ChatGPT plan is spread over its days, and the 14 % of it that may be used by now are\. More is free at .+ UTC\. Nothing was sent\.$/);
    assert.match(ended?.remedy ?? '', /codexBroker\.spreadPlan/);
    assert.deepEqual(accounts.windows().map((window) => [window.remaining, window.shareUsedUntilMs]), [[85, clock.nowMs() + dayMs / 2]]);
    clock.jumpWall(dayMs / 2);
    assert.deepEqual([one.cover.ended(), accounts.windows()[0]?.shareUsedUntilMs], [undefined, undefined]);
  }, true));

  it('are not spread where nobody asked for it', () => inWorld(({ accounts, clock, way }) => {
    const one = way('account-one');
    one.way.headSeen({ 'x-codex-secondary-used-percent': '60', 'x-codex-secondary-window-minutes': '10080', 'x-codex-secondary-reset-at': String(clock.nowMs() / 1000 + 600_000) }, at(clock));
    assert.deepEqual([one.cover.ended(), accounts.windows()[0]?.shareUsedUntilMs], [undefined, undefined]);
  }));

  it('are asked about rarely, and only where nothing fresh was told', () => inWorld(async ({ accounts, asked, clock, way }) => {
    const one = way('account-one');
    await one.ended();
    assert.deepEqual(asked.map(({ url, headers }) => [url, headers.authorization, headers['chatgpt-account-id'], headers.cookie]), [['/backend-api/wham/usage', 'Bearer sign-in', 'account-one', undefined]]);
    assert.deepEqual([accounts.windows()[0]?.remaining, accounts.plans()[0]?.planType, cookieOf(one)], [93, 'pro', '__cf_bm=from-usage']);
    await Promise.all([one.ended(), one.ended()]);
    clock.jumpWall(usageAskedMs - 1);
    await one.ended();
    assert.equal(asked.length, 1);
    one.way.headSeen(used(50), at(clock));
    clock.jumpWall(usageAskedMs - 1);
    await one.ended();
    assert.equal(asked.length, 1);
    clock.jumpWall(1);
    await one.ended();
    assert.equal(asked.length, 2);
  }));

  it('stay as they are where the provider tells nothing, and what it said is not logged', () => inWorld(async (world) => {
    const { accounts, clock, logged, way } = world;
    const answers: readonly World['answer'][] = [
      (response) => { response.statusCode = 403; response.end('<html>secret page'); }, (response) => { response.end('secret'); },
      (response) => { response.end(`"${'x'.repeat(70_000)}"`); }, (response) => { response.destroy(); },
    ];
    for (const answer of answers) {
      world.answer = answer;
      await way('account-one').ended();
      clock.jumpWall(usageAskedMs);
    }
    assert.deepEqual([accounts.windows(), accounts.plans(), logged.length], [[], [], answers.length]);
    assert.doesNotMatch(logged.join('\n'), /secret|sign-in|account-one/);
  }));

  it('come with a sign-in or not at all, and to one address only', () => inWorld(({ accounts }) => {
    for (const authorization of [undefined, '', 'Basic abc', 'Bearer ', 'Bearer a b', `Bearer ${'x'.repeat(17_000)}`]) {
      const way = accounts.wayOf({ ...(authorization === undefined ? {} : { authorization }), 'chatgpt-account-id': 'a' });
      assert.equal('code' in way ? way.code : '', 'chatgpt_login_missing', String(authorization).slice(0, 20));
    }
    for (const url of ['https://chatgpt.com/backend-api', 'https://chatgpt.com', 'https://user:pw@chatgpt.com/backend-api/codex', 'ftp://chatgpt.com/backend-api/codex']) {
      assert.throws(() => chatGptTarget(url, networkOf({ env: {} })), (error: unknown) => error instanceof ProblemError && error.problem.code === 'argument_invalid' && !error.message.includes('pw@'));
    }
    const { paths, socketUrl, usagePath } = chatGptTarget('https://chatgpt.com/backend-api/codex/', networkOf({ env: {} }));
    assert.deepEqual([paths.responses, paths.models, socketUrl, usagePath], ['/backend-api/codex/responses', '/backend-api/codex/models', 'wss://chatgpt.com/backend-api/codex/responses', '/backend-api/wham/usage']);
  }));
});

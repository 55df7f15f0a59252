// Limits in one shape: a window that is spread over its days, and which limit is used up first.
import assert from 'node:assert/strict';
import { levelOf, outageMs } from '../../src/domain/tightest.ts';
import { blockedWords } from '../../src/protocol/blockedWords.ts';
import { clockWords } from '../../src/protocol/clockWords.ts';
import { isSameModel, modelsInUse } from '../../src/protocol/modelsInUse.ts';
import { keyStoppingLimit, limitStands, standOfWindow, stoppingLimit, tightestStand, type LimitFacts } from '../../src/protocol/limitStands.ts';
import { limitStories } from '../../src/protocol/limitStories.ts';
import { meterFace } from '../../src/protocol/meterFace.ts';
import { meterInput } from '../../src/protocol/meterInput.ts';
import { snapshotLimitRunOuts } from '../../src/protocol/snapshotForecast.ts';
import type { BudgetView, RequestView, RunView, UsageRow, WindowView } from '../../src/protocol/snapshot.ts';
import { sampleNowMs, sampleSnapshot } from '../webview/sampleSnapshot.ts';

const nowMs = 50_000_000;
const hourMs = 3_600_000;
const window = (id: string, remaining: number, change: Partial<WindowView> = {}): WindowView => ({ id, model: id, measure: 'percent', windowMinutes: 300, limit: 100, remaining, resetsAtMs: nowMs + hourMs, ...change });
const limits = (more: Partial<LimitFacts>): LimitFacts => ({
  atMs: nowMs, broker: { mode: 'live' }, key: { state: 'present' }, consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds: [] }, windows: [], budgets: [],
  balance: { tracked: false, balanceMicroCredits: 0, heldMicroCredits: 0, owedMicroCredits: 0, grants: [] }, running: [], waiting: [], recent: [], today: { byModel: [] }, ...more,
});

describe('a window that is spread over its days', () => {
  it('is used up until the next of them while its share so far is', () => {
    const spread = window('a', 70, { windowMinutes: 10_080, resetsAtMs: nowMs + 100 * hourMs, shareUsedUntilMs: nowMs + 5 * hourMs });
    const stand = standOfWindow(spread, nowMs);
    assert.deepEqual([stand?.left, stand?.endsAtMs, stand?.name], [0, nowMs + 5 * hourMs, 'share so far of the limit per week of the plan a']);
    assert.deepEqual([standOfWindow({ ...spread, shareUsedUntilMs: nowMs }, nowMs)?.left, standOfWindow({ ...spread, remaining: 0 }, nowMs)?.endsAtMs], [0.7, nowMs + 100 * hourMs]);
  });
});

describe('a budget that is spread evenly', () => {
  const credit = 1_000_000;
  const view = (used: number, usedToday: number): BudgetView => ({
    id: 'b', text: '70.00 credits per week (spread evenly)', budget: { id: 'b', per: 'everything', unit: 'credits', limit: 70 * credit, period: 'week', timeZone: 'UTC', mode: 'hard', pace: 'even' }, today: { allowed: 20 * credit, day: { fromMs: nowMs - 10 * hourMs, untilMs: nowMs + 14 * hourMs } },
    uses: [{ key: '', used: used * credit, usedToday: usedToday * credit, reserved: 0, endsAtMs: nowMs + 134 * hourMs, ...(used >= 20 ? { goesOnAtMs: nowMs + 38 * hourMs } : {}) }],
  });
  const tight = (used: number, usedToday: number) => { const { name, left, endsAtMs, timeLeft } = tightestStand(limits({ budgets: [view(used, usedToday)] }), undefined, nowMs) ?? {}; return [name, left, endsAtMs, timeLeft]; };

  it('is a limit by today\'s share', () => {
    const name = 'share for today of the budget of 70.00 credits per week (spread evenly)';
    assert.deepEqual(tight(15, 5), [name, 0.5, nowMs + 14 * hourMs, undefined]);
    assert.deepEqual(tight(25, 15), [name, 0, nowMs + 38 * hourMs, undefined]);
    assert.deepEqual(tight(70, 60), ['budget of 70.00 credits per week (spread evenly)', 0, nowMs + 134 * hourMs, undefined]);
  });

  it('is never said to be used up before its time', () => {
    // Nearly all of two days' shares within half a day of the second: over pace for any other budget of a week.
    assert.equal(snapshotLimitRunOuts(limits({ budgets: [view(19, 19)] }), undefined, nowMs)[0], undefined);
    const { pace: _pace, ...budget } = view(19, 19).budget;
    const { today: _today, ...plain } = view(19, 19);
    assert.ok(snapshotLimitRunOuts(limits({ budgets: [{ ...plain, budget, uses: [{ key: '', used: 40 * credit, reserved: 0, endsAtMs: Date.UTC(1970, 0, 19) }] }] }), undefined, Date.UTC(1970, 0, 13, 12))[0], 'which another one is');
  });
});

describe('a used-up limit of one model', () => {
  const day = (model: string, change: Partial<WindowView> = {}) => window(model, 0, { measure: 'requests', windowMinutes: 1440, ...change });
  const run = (model: string) => ({ model }) as RunView;
  const recent = (model: string, atMs = nowMs - 1) => ({ model, atMs }) as RequestView;
  const used = (key: string, requests = 1) => ({ byModel: [{ key, requests } as UsageRow] });
  const level = (more: Partial<LimitFacts>) => { const stand = tightestStand(limits(more), undefined, nowMs); return stand && levelOf(stand); };

  it('stops everything where no other model is in use, and is worth a warning with its name where one is', () => {
    const windows = [day('terra')];
    assert.equal(level({ windows }), 'used-up', 'nothing else is known');
    for (const only of [{ running: [run('terra')] }, { waiting: [run('terra')] }, { recent: [recent('terra')] }, { today: used('terra') }]) assert.equal(level({ windows, ...only }), 'used-up');
    for (const other of [{ running: [run('sol')] }, { waiting: [run('sol')] }, { recent: [recent('terra'), recent('sol')] }, { today: used('sol') }]) {
      const facts = limits({ windows, ...other });
      assert.deepEqual([level({ windows, ...other }), stoppingLimit(facts, undefined, nowMs), keyStoppingLimit(facts, nowMs)], ['low', undefined, undefined]);
      assert.equal(tightestStand(facts, undefined, nowMs)?.name, 'limit of requests per day of terra');
    }
  });

  it('is worth a warning on a plan too, unless it is for every model in use', () => {
    const own = window('own', 0, { model: 'sonic', ofPlan: { name: 'ChatGPT 3fa9', models: ['gpt-sonic'] } });
    const plan = { key: { state: 'missing' } as const, plans: [{ account: 'ChatGPT 3fa9', observedAtMs: nowMs }], windows: [window('plan', 80, { model: 'ChatGPT 3fa9' }), own] };
    assert.equal(standOfWindow(own, nowMs)?.name, 'limit per 5 hours of the plan ChatGPT 3fa9 for sonic');
    for (const models of [[], ['gpt-5.5'], ['gpt-5.5', 'gpt-sonic']]) assert.deepEqual([stoppingLimit(limits({ ...plan, running: models.map(run) }), undefined, nowMs), level({ ...plan, running: models.map(run) })], [undefined, 'low'], models.join());
    assert.equal(stoppingLimit(limits({ ...plan, running: [run('gpt-sonic')] }), undefined, nowMs)?.id, 'own');
  });

  it('knows a model by the name that it answered with, and forgets what was used long ago', () => {
    assert.deepEqual([['gpt-5.5', 'gpt-5.5-2026-09-30'], ['gpt-5.5-20260930', 'gpt-5.5'], ['gpt-5.5', 'gpt-5.5-mini'], ['gpt-5.5', 'gpt-5'], ['a', 'a']].map(([a = '', b = '']) => isSameModel(a, b)), [true, true, false, false, true]);
    assert.equal(level({ windows: [day('terra')], recent: [recent('terra-2026-09-30')] }), 'used-up');
    assert.deepEqual([...modelsInUse({ ...limits({}), recent: [recent('old', nowMs - 13 * hourMs)], today: used('none', 0) }, nowMs)], []);
  });

  it('stops everything while every model in use is used up, until the first of them goes on', () => {
    const both = { windows: [day('terra', { resetsAtMs: nowMs + 9 * hourMs }), day('sol', { resetsAtMs: nowMs + 2 * hourMs })], running: [run('terra'), run('sol')] };
    const found = stoppingLimit(limits(both), undefined, nowMs);
    assert.deepEqual([found?.id, found?.endsAtMs], ['sol', nowMs + 2 * hourMs]);
    assert.equal(stoppingLimit(limits(both), undefined, nowMs + 3 * hourMs), undefined, 'one goes on');
    assert.equal(stoppingLimit(limits({ ...both, running: [...both.running, run('luna')] }), undefined, nowMs), undefined);
    const rest = limits({ ...both, windows: [both.windows[0]!, day('sol', { remaining: 5, resetsAtMs: nowMs + 9 * hourMs })] });
    assert.deepEqual(limitStands(rest, undefined, nowMs).map((stand) => [stand.id, levelOf(stand)]), [['terra', 'low'], ['sol', 'critical']], 'what is left is all that there is');
  });

  it('stops only until the next request has room, where it refills steadily', () => {
    const opens = day('terra', { resetsAtMs: nowMs + 24 * hourMs, opensAtMs: nowMs + hourMs / 4 });
    const found = stoppingLimit(limits({ windows: [opens] }), undefined, nowMs);
    assert.deepEqual([found?.endsAtMs, found && outageMs(found, nowMs)], [nowMs + hourMs / 4, hourMs / 4]);
    assert.equal(blockedWords(found!, limits({}), nowMs, 'en').title, `Blocked until ${clockWords(nowMs + hourMs / 4, nowMs, 'en')}`);
    assert.equal(meterFace(meterInput('connected', sampleSnapshot({ windows: [{ ...opens, resetsAtMs: sampleNowMs + 24 * hourMs, opensAtMs: sampleNowMs + hourMs / 4 }], running: [], waiting: [], recent: [], today: { ...sampleSnapshot().today, byModel: [] } }), { show: 'left', unit: 'credits', locale: 'en' })).text, `til ${clockWords(sampleNowMs + hourMs / 4, sampleNowMs, 'en')}`);
    for (const facts of [limits({ windows: [opens] })]) assert.deepEqual([stoppingLimit(facts, undefined, nowMs + hourMs / 4), keyStoppingLimit(facts, nowMs + hourMs / 4)], [undefined, undefined], 'then something can start');
    // Of two models the one that opens first lets work go on.
    const both = limits({ windows: [opens, day('sol', { resetsAtMs: nowMs + 2 * hourMs })], running: [run('terra'), run('sol')] });
    assert.equal(stoppingLimit(both, undefined, nowMs)?.id, 'terra');
  });

  it('is told once, although there is room for one request now and then', () => {
    const story = (change: Partial<WindowView>, atMs = nowMs) => limitStories(sampleSnapshot({ atMs, windows: [day('terra', { resetsAtMs: nowMs + 24 * hourMs, ...change })] }), new Set(), 'en', 'used').find(({ kind }) => kind === 'window');
    const full = story({ opensAtMs: nowMs + 9_000 });
    assert.match(full?.text ?? '', new RegExp(`used up until ${clockWords(nowMs + 9_000, nowMs, 'en')}\\.`));
    assert.equal(full?.endsAtMs, nowMs + 24 * hourMs, 'its steps do not count anew within seconds');
    // Half of a day's limit is used, and it is full in half a day: it refills, and begins anew at no time.
    assert.equal(story({ remaining: 20, resetsAtMs: nowMs + 19.2 * hourMs })?.text, '80 % of the limit of requests per day of terra is used.');
  });

  it('has its pace where it is a plan\'s, whose windows never refill steadily', () => {
    assert.equal(standOfWindow(window('a', 50, { resetsAtMs: nowMs + 2.5 * hourMs }), nowMs)?.timeLeft, 0.5);
    assert.equal(standOfWindow(day('terra', { remaining: 50, resetsAtMs: nowMs + 12 * hourMs }), nowMs)?.timeLeft, undefined);
  });

  it('is no limit of a plan\'s, which is everybody\'s', () => {
    const plans = [{ account: 'a', observedAtMs: nowMs }];
    const facts = limits({ plans, key: { state: 'missing' }, windows: [window('a', 0), day('terra')], running: [run('sol'), run('terra')] });
    assert.deepEqual([stoppingLimit(facts, undefined, nowMs)?.id, keyStoppingLimit(facts, nowMs)], ['a', undefined]);
    // Where a key pays beside a plan, its own limit stops what goes with it, whatever the plan does.
    const withKey = limits({ plans, windows: [day('terra')], running: [run('terra')] });
    assert.deepEqual([stoppingLimit(withKey, undefined, nowMs), keyStoppingLimit(withKey, nowMs)?.id], [undefined, 'terra']);
  });

  it('waits within minutes are none, and neither is one whose time is over', () => {
    for (const windows of [[day('terra', { windowMinutes: 1 })], [day('terra', { resetsAtMs: nowMs })]]) assert.deepEqual([stoppingLimit(limits({ windows }), undefined, nowMs), keyStoppingLimit(limits({ windows }), nowMs)], [undefined, undefined]);
  });
});

describe('the limit that is used up first', () => {
  it('is the one that ends soonest at its own pace, and none while all last', () => {
    const slow = window('slow', 40, { windowMinutes: 10_080, resetsAtMs: nowMs + 84 * hourMs });
    const fast = window('fast', 10, { resetsAtMs: nowMs + 2.5 * hourMs });
    const found = snapshotLimitRunOuts(limits({ windows: [slow, fast] }), undefined, nowMs)[0];
    assert.equal(found?.limit.id, 'fast');
    assert.equal(found.runsOutAtMs, nowMs + Math.round(2.5 * hourMs / 9));
    assert.equal(snapshotLimitRunOuts(limits({ windows: [window('even', 60, { resetsAtMs: nowMs + 2.5 * hourMs })] }), undefined, nowMs)[0], undefined);
  });
});

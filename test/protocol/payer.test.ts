// Who pays, and what the status bar says of it: a plan is not stopped by what stops only a key, and a key not by a plan's window.
import assert from 'node:assert/strict';
import { policyDefaults } from '../../src/domain/directives.ts';
import { problem } from '../../src/domain/problem.ts';
import { noTokens } from '../../src/domain/tokenUsage.ts';
import { limitStories } from '../../src/protocol/limitStories.ts';
import { meterFace } from '../../src/protocol/meterFace.ts';
import { meterInput } from '../../src/protocol/meterInput.ts';
import { payerOf } from '../../src/protocol/payer.ts';
import type { BudgetView, Snapshot, WindowView } from '../../src/protocol/snapshot.ts';
import { keyGoesOn } from '../../src/protocol/windowDraw.ts';

const nowMs = 1_000_000;
const credit = 1_000_000;
const row = { key: 'today', label: 'today', requests: 0, ...noTokens, costMicroCredits: 18.39 * credit, estimated: 0, unpriced: 0 };
const plans = [{ account: 'ChatGPT 3fa9', observedAtMs: 1 }];
const [noKey, rejectedKey] = [{ state: 'missing' }, { state: 'rejected' }] as const;
const week = (remaining: number): WindowView => ({ id: 'w', model: 'ChatGPT 3fa9', measure: 'percent', windowMinutes: 10_080, limit: 100, remaining, resetsAtMs: nowMs + 3 * 86_400_000 });
const keyWeek: WindowView = { ...week(0), id: 'k', model: 'gpt-5.5', measure: 'requests' };
const budget = (unit: 'credits' | 'tokens', used: number): BudgetView => ({ id: unit, text: '', budget: { id: unit, per: 'everything', unit, limit: 100, period: 'life', timeZone: 'UTC', mode: 'hard' }, uses: [{ key: '', used, reserved: 0 }] });
const credits = (left: number, more: Partial<Snapshot['balance']> = {}): Snapshot['balance'] => ({
  tracked: true, balanceMicroCredits: left, heldMicroCredits: 0, owedMicroCredits: 0, grants: [{ id: 'g', kind: 'purchased', amountMicroCredits: 100 * credit, remainingMicroCredits: left, heldMicroCredits: 0, priority: 50, createdAtMs: 0 }], ...more,
});
const denied = { everywhere: false, workspaceIds: [], deniedWorkspaceIds: ['ws_a'] };

function snapshot(more: Partial<Snapshot> = {}): Snapshot {
  return {
    sequence: 1, atMs: nowMs, broker: { version: '1', pid: 1, startedAtMs: 0, mode: 'live', upstream: 'u', dataDir: 'd' }, key: { state: 'present' }, balance: credits(80 * credit), plans,
    consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds: [] }, nextDraw: 'purchased', budgets: [], allowances: [], policies: policyDefaults, questions: [], priceChanges: [], windows: [], running: [], waiting: [],
    today: { dayStartMs: 0, total: row, byWorkspace: [], byModel: [] }, days: [], recent: [], entries: [], problems: [], ...more,
  };
}
const face = (more: Partial<Snapshot>, link: 'connected' | 'connecting' = 'connected') => meterFace(meterInput(link, snapshot(more), { show: 'left', unit: 'credits', locale: 'en' }, 'ws_a'));
const words = (more: Partial<Snapshot>) => { const { state, text, background, action } = face(more); return [state, text, background, action]; };

/** Everything that stops requests with a key, whatever the plan. */
const stops: readonly (readonly [string, Partial<Snapshot>])[] = [
  ['no credits', { balance: credits(0) }],
  ['almost no credits', { balance: credits(2 * credit) }],
  ['credits owed', { balance: credits(0, { owedMicroCredits: 5 * credit }) }],
  ['a refused permission', { consent: denied }],
  ['credits for others', { balance: { ...credits(80 * credit), grants: [{ ...credits(80 * credit).grants[0]!, workspaces: ['ws_b'] }] } }],
  ['a budget in credits', { budgets: [budget('credits', 100)] }],
  ['a limit of the key', { windows: [keyWeek] }],
];

describe('who pays', () => {
  it('is the key, the plan that requests went on, or both; in practice mode always the key', () => {
    const { broker } = snapshot();
    assert.deepEqual([payerOf(snapshot({ plans: [] })), payerOf(snapshot()), payerOf(snapshot({ key: noKey })), payerOf(snapshot({ key: rejectedKey }))], ['key', 'both', 'plan', 'plan']);
    assert.deepEqual([payerOf(snapshot({ plans: [], key: noKey })), payerOf(snapshot({ broker: { ...broker, mode: 'practice' }, key: noKey }))], ['key', 'key']);
  });

  it('with a key goes on while credits are free or held, or none are counted', () => {
    const held = credits(80 * credit, { heldMicroCredits: 80 * credit, grants: [{ ...credits(80 * credit).grants[0]!, heldMicroCredits: 80 * credit }] });
    assert.deepEqual([{}, { balance: credits(0, { tracked: false }) }, { balance: held }].map((more) => keyGoesOn(snapshot(more), 'ws_a')), [true, true, true]);
    for (const [name, more] of stops.filter(([each]) => !/almost|limit/.test(each))) assert.equal(keyGoesOn(snapshot(more), 'ws_a'), false, name);
    assert.equal(keyGoesOn(snapshot({ key: noKey }), 'ws_a'), false);
  });
});

describe('the meter on a plan without a key', () => {
  it('knows no credits, debts, permissions, budgets in credits and no key', () => {
    for (const key of [noKey, rejectedKey]) {
      for (const [name, more] of stops) {
        assert.deepEqual(words({ ...more, key }), ['ok', 'Plan', undefined, 'dashboard'], name);
        assert.deepEqual(words({ ...more, key, windows: [...more.windows ?? [], week(40)] }), ['ok', '40 % left', undefined, 'dashboard'], name);
      }
    }
    const { calm, icon, spoken } = face({ key: rejectedKey, problems: [problem('api_key_rejected', 'Rejected.')] });
    assert.deepEqual([calm, icon, spoken], [true, 'dashboard', 'Codex goes on your ChatGPT plan; no limit of it is known yet']);
    assert.equal(face({ key: rejectedKey, problems: [problem('ledger_unavailable', 'Closed.')] }).icon, 'warning', 'another problem is told');
  });

  it('tells of the plan, not of what credits cost today', () => {
    assert.equal(face({ key: noKey, balance: credits(0, { tracked: false }), windows: [week(40)] }).text, '40 % left');
    assert.equal(face({ key: noKey, windows: [week(0)] }, 'connecting').text, 'Plan', 'while it connects');
  });

  it('is blocked by a plan\'s window and by a budget in tokens', () => {
    const [state, text] = words({ key: noKey, windows: [week(0)] });
    assert.ok(state === 'blocked' && text?.startsWith('til '), text);
    assert.deepEqual(words({ key: noKey, budgets: [budget('tokens', 100)], windows: [week(40)] }), ['blocked', 'Budget used up', 'warning', 'budgets']);
    assert.deepEqual(words({ key: noKey, budgets: [budget('tokens', 95)], windows: [week(40)] }), ['critical', '5 % left', 'warning', 'budgets']);
  });
});

describe('the meter on a plan with a key', () => {
  it('is at most low where only requests with the key are stopped', () => {
    for (const [name, more] of stops) {
      const { state, icon, background } = face(more);
      assert.deepEqual([state, icon, background], ['low', 'warning', undefined], name);
    }
    const spoken = (more: Partial<Snapshot>) => face(more).spoken;
    assert.equal(spoken({ balance: credits(0) }), 'No credits left; the plan goes on');
    assert.equal(spoken({ balance: credits(0, { owedMicroCredits: 5 }) }), 'Credits are owed; the plan goes on');
    assert.equal(spoken({ consent: denied }), 'This workspace may not use purchased credits; the plan goes on');
  });

  it('is not blocked by the plan while the key goes on, and is where it does not', () => {
    assert.deepEqual(words({ windows: [week(0)] }), ['low', '0 % left', undefined, 'dashboard']);
    for (const [name, more] of stops.filter(([each]) => !/almost|limit/.test(each))) assert.equal(face({ ...more, windows: [week(0)] }).state, 'blocked', name);
    assert.equal(face({ plans: [], windows: [week(0)] }).state, 'low', 'before a request went on the plan');
  });

  it('is blocked by a limit of the key once the plan is used up too', () => {
    assert.deepEqual([face({ windows: [week(0), keyWeek] }).state, face({ windows: [{ ...week(0), resetsAtMs: nowMs }, keyWeek] }).state, face({ windows: [week(40), keyWeek] }).state], ['blocked', 'low', 'low']);
  });

  it('is blocked by a budget in tokens, whatever is owed', () => {
    assert.deepEqual(words({ budgets: [budget('tokens', 95)] }), ['critical', '5 % left', 'warning', 'budgets']);
    assert.deepEqual(words({ budgets: [budget('tokens', 100)], balance: credits(0, { owedMicroCredits: 5 }) }), ['blocked', 'Budget used up', 'warning', 'budgets']);
  });

  it('is as ever where nothing goes on a plan', () => {
    assert.deepEqual(stops.map(([, more]) => face({ ...more, plans: [] }).state), ['blocked', 'critical', 'blocked', 'blocked', 'blocked', 'blocked', 'blocked']);
  });
});

describe('notices on a plan', () => {
  const texts = (more: Partial<Snapshot>) => limitStories(snapshot(more), new Set(), 'en', 'used').filter(({ kind, used }) => kind !== 'window' && used >= 1).map(({ text }) => text);
  const used = { balance: credits(0), budgets: [budget('credits', 100), budget('tokens', 100)] };

  it('say of credits and budgets in credits that the plan goes on, and without a key nothing', () => {
    const [balance, inCredits, inTokens, ...more] = texts(used);
    assert.match(balance ?? '', /^No Codex credits are left\. The plan goes on;/);
    assert.match(inCredits ?? '', /requests with a key that it counts are refused\. The plan goes on\.$/);
    assert.match(inTokens ?? '', /so that what it counts is refused\. Nothing/);
    assert.equal(more.length, 0);
    assert.deepEqual(texts({ ...used, key: noKey }), [inTokens]);
    assert.match(texts({ ...used, plans: [] })[0] ?? '', /Requests are refused until credits are added/);
  });
});

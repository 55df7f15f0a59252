// What the side bar says: the tightest limits first, one setting flips everything, nothing unknown is a zero.
import assert from 'node:assert/strict';
import { problem } from '../../src/domain/problem.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { receiveSidebar, firstSidebarState, sidebarNowMs } from '../../src/webview/sidebarState.ts';
import { sideBalance, sideBlock, sideLimits, sideToday } from '../../src/webview/sidebarText.ts';
import { ruledSnapshot, sampleBudget } from './sampleRules.ts';
import { sampleNowMs, sampleSnapshot } from './sampleSnapshot.ts';
import { sampleStates, stateMessage } from './sampleStates.ts';

const taste = { workspaceId: 'ws_billing-service', nowMs: sampleNowMs, show: 'left', place: { locale: 'en', timeZone: 'UTC' } } as const;
const week = { id: 'w', model: 'gpt-6.1-sol', measure: 'requests', windowMinutes: 10_080, limit: 100, remaining: 36, resetsAtMs: sampleNowMs + 0.45 * 10_080 * 60_000 } as const;
const minute = { id: 'm', model: 'gpt-6.1-sol', measure: 'tokens', windowMinutes: 1, limit: 100, remaining: 1, resetsAtMs: sampleNowMs + 40_000 } as const;

describe('side bar text', () => {
  it('shows the tightest long limits first, and counts the rest', () => {
    const { shown, more } = sideLimits(sampleSnapshot({ windows: [minute, { ...week, id: 'd', windowMinutes: 1440, remaining: 90 }, week] }), taste);
    assert.deepEqual([shown.map(({ id, amount, pace, level }) => [id, amount, pace, level]), more], [[['w', '36 % left', '9 % ahead of even use', 'low'], ['d', '90 % left', shown[1]?.pace, shown[1]?.level]], 1]);
    assert.match(shown[0]?.resets ?? '', /^resets Fri 20 Nov \d\d:\d\d · in 3 d 3 h$/);
    assert.equal(shown[0]?.name, 'Requests per week · gpt-6.1-sol');
    assert.match(shown[0]?.ahead ?? '', /^at its pace until about \w+ \d+ Nov \d\d:\d\d$/);
    assert.equal(shown[1]?.ahead, undefined, 'it lasts');
  });

  it('puts a used-up limit of one model no higher than the status bar does, while another model goes on', () => {
    const [told] = sampleStates['model-used-up']!;
    assert.ok(told?.type === 'state' && told.snapshot);
    const budgets = [sampleBudget({ id: 'b' }, { key: '', used: 95_000_000, reserved: 0, endsAtMs: sampleNowMs + 9 * 3_600_000 })];
    const first = (snapshot: Snapshot | undefined) => snapshot && sideLimits({ ...snapshot, budgets }, taste).shown[0]?.id;
    const [only] = sampleStates['only-model-used-up']!;
    assert.ok(only?.type === 'state');
    assert.deepEqual([first(only.snapshot), first(told.snapshot)], ['gpt-5.6-terra/requests', 'b ']);
  });

  it('says what stops everything, also while the status bar speaks of a request that waits', () => {
    for (const name of ['window-used-up', 'only-model-used-up']) {
      const [told] = sampleStates[name]!;
      assert.ok(told?.type === 'state' && told.snapshot);
      assert.match(sideBlock(told.snapshot, told.meter, taste)?.text ?? '', /^Blocked by the limit .* until .*\. Credits do not lift it\.$/);
      const waits = { ...told.meter, icon: 'history', background: undefined } as unknown as typeof told.meter;
      assert.match(sideBlock(told.snapshot, waits, taste)?.text ?? '', /^Blocked until .*\. The limit .* is used up\. Credits are not the reason: 581\.61 are left/);
    }
    const [calm] = sampleStates['model-used-up']!;
    assert.ok(calm?.type === 'state' && calm.snapshot);
    assert.equal(sideBlock(calm.snapshot, calm.meter, taste), undefined);
    assert.equal(calm.meter.state, 'low');
    assert.match(calm.meter.spoken, /^Low: 0 percent left of the limit of requests per day of gpt-5\.6-terra, used up/);
  });

  it('gives a budget its tick and its pace, and leaves out other workspaces\'', () => {
    const { shown } = sideLimits({ ...ruledSnapshot(), windows: [] }, taste);
    assert.ok(shown.length > 0 && shown.every(({ name, resets }) => name.startsWith('Budget ') && resets !== ''));
    assert.ok(shown.some(({ resets }) => /^resets \w+ \d+ \w+ \d\d:\d\d · in /.test(resets)) && shown.every(({ resets }) => !/^(\w{3} \d|today)/.test(resets)), JSON.stringify(shown));
    const paced = shown.find(({ tick }) => tick !== undefined);
    const flipped = sideLimits({ ...ruledSnapshot(), windows: [] }, { ...taste, show: 'used' }).shown.find(({ id }) => id === paced?.id);
    assert.ok(paced && flipped && Math.abs((paced.tick ?? 0) + (flipped.tick ?? 0) - 1) < 1e-9);
    assert.match(paced.amount, / left$/);
    assert.match(flipped.amount, / used$/);
    assert.ok(!sideLimits(ruledSnapshot(), { ...taste, workspaceId: 'ws_nobody' }).shown.some(({ id }) => id.includes('ws_')));
  });

  it('never shows an unknown limit as zero', () => {
    const { remaining: _unknown, limit: _none, resetsAtMs: _when, ...silent } = week;
    const [limit] = sideLimits(sampleSnapshot({ windows: [silent] }), taste).shown;
    assert.deepEqual([limit?.amount, limit?.share, limit?.level], ['—', undefined, 'unknown']);
  });

  it('flips the balance with the rest, and says what is not tracked', () => {
    const snapshot = sampleSnapshot();
    assert.match(sideBalance(snapshot, 'left', 'en').words, /^credits left · \$/);
    assert.match(sideBalance(snapshot, 'used', 'en').words, /^credits used · \$/);
    const untracked = { ...snapshot, balance: { tracked: false, balanceMicroCredits: 0, heldMicroCredits: 0, owedMicroCredits: 0, grants: [] } };
    assert.match(sideBalance(untracked, 'left', 'en').words, /^credits used today .* balance not tracked$/);
    const { today } = snapshot;
    assert.equal(sideBalance({ ...untracked, today: { ...today, total: { ...today.total, costMicroCredits: 0, unpriced: 2 } } }, 'left', 'en').number, '—');
    assert.doesNotMatch(sideBalance({ ...snapshot, broker: { ...snapshot.broker, mode: 'practice' } }, 'left', 'en').words, /\$/);
  });

  it('sums today: the lines are the total', () => {
    const rows = sideToday(sampleSnapshot(), 'en');
    assert.ok(rows.length <= 4);
    const total = rows.reduce((sum, { amount }) => sum + Number(amount.replace(/^[≈< ]+/u, '')), 0);
    assert.ok(Math.abs(total - sampleSnapshot().today.total.costMicroCredits / 1e6) < 0.03);
  });

  it('shows no zero for a workspace whose requests have no price', () => {
    const { today } = sampleSnapshot();
    const byWorkspace = [{ ...today.byWorkspace[0]!, costMicroCredits: 0, unpriced: 3, estimated: 0 }];
    assert.deepEqual(sideToday(sampleSnapshot({ today: { ...today, byWorkspace } }), 'en').map((row) => row.amount), ['—']);
  });
});

describe('side bar state', () => {
  it('carries the broker\'s clock on, and lets it stand while the connection is lost', () => {
    const state = receiveSidebar(firstSidebarState, stateMessage(sampleSnapshot()), 1000);
    assert.equal(sidebarNowMs(state, 4000), sampleNowMs + 3000);
    assert.equal(sidebarNowMs(receiveSidebar(state, stateMessage(sampleSnapshot()), 3000), 4000), sampleNowMs + 3000, 'the same picture is no news');
    assert.equal(sidebarNowMs(receiveSidebar(state, stateMessage(sampleSnapshot(), { link: { state: 'down' } }), 3000), 90_000), sampleNowMs);
  });

  it('says a change of state aloud, and no number', () => {
    const state = receiveSidebar(firstSidebarState, stateMessage(sampleSnapshot()), 0);
    assert.equal(state.announcement, '');
    assert.equal(receiveSidebar(state, stateMessage(sampleSnapshot({ sequence: 99, atMs: sampleNowMs + 1 })), 0).announcement, '');
    assert.equal(receiveSidebar(state, stateMessage(sampleSnapshot(), { link: { state: 'down' } }), 0).announcement, 'Codex broker is not running');
    const cancelling = { ...state, asked: new Map([[1, { requestId: 'r' }]]) };
    assert.deepEqual([receiveSidebar(cancelling, { type: 'cancelResult', id: 1, cancelled: true }, 0)].map(({ asked: { size }, announcement }) => [size, announcement]), [[0, 'Cancelled.']]);
    assert.equal(receiveSidebar(state, { type: 'openTopUp' }, 0), state);
  });

  it('says what became of another turn, and keeps why there was none beside its request alone', () => {
    const turning = { ...firstSidebarState, asked: new Map([[1, { requestId: 'r', priority: 'interactive' as const }]]) };
    const made = receiveSidebar(turning, { type: 'changeResult', id: 1 }, 0);
    assert.deepEqual([made.asked.size, made.announcement, made.turnFailure], [0, 'It goes first.', undefined]);
    const why = problem('request_not_found', 'The request does not wait in line any more. Nothing was changed.');
    const not = receiveSidebar(turning, { type: 'changeResult', id: 1, problem: why }, 0);
    assert.deepEqual([not.asked.size, not.announcement, not.turnFailure], [0, why.message, { requestId: 'r', said: why.message }]);
  });
});

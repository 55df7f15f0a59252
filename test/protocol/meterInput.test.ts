// From a snapshot to the meter's input: the sums, this window's own waiting request, and nothing else.
import assert from 'node:assert/strict';
import { policyDefaults } from '../../src/domain/directives.ts';
import { meterFace } from '../../src/protocol/meterFace.ts';
import { problem } from '../../src/domain/problem.ts';
import { meterInput } from '../../src/protocol/meterInput.ts';
import type { GrantView, QuestionView, RunView, Snapshot } from '../../src/protocol/snapshot.ts';
import { noTokens } from '../../src/domain/tokenUsage.ts';

const taste = { show: 'left', unit: 'credits', locale: 'en' } as const;
const nowMs = 1_000_000;
const row = { key: 'today', label: 'today', requests: 0, ...noTokens, costMicroCredits: 7_000_000, estimated: 0, unpriced: 0 };
const grant = (id: string, amountMicroCredits: number, more: Partial<GrantView> = {}): GrantView => ({ id, kind: 'purchased', amountMicroCredits, remainingMicroCredits: amountMicroCredits, heldMicroCredits: 0, priority: 50, createdAtMs: 0, ...more });
const run = (workspaceId: string, more: Partial<RunView> = {}): RunView => ({ requestId: `r-${workspaceId}`, state: 'waiting', workspaceId, workspaceLabel: workspaceId, client: 'c', model: 'm', sinceMs: 0, estimatedTokens: 1, heldMicroCredits: 0, ...more });

function snapshot(grants: readonly GrantView[], more: Partial<Snapshot> = {}): Snapshot {
  return {
    sequence: 1, atMs: nowMs, broker: { version: '1', pid: 1, startedAtMs: 0, mode: 'live', upstream: 'u', dataDir: 'd' }, key: { state: 'present' },
    balance: { tracked: grants.length > 0, grants, balanceMicroCredits: grants.reduce((sum, one) => sum + one.remainingMicroCredits, 0), heldMicroCredits: 3, owedMicroCredits: 0 },
    consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds: [] }, nextDraw: 'purchased', budgets: [], allowances: [], policies: policyDefaults, questions: [], priceChanges: [], windows: [], running: [], waiting: [], today: { dayStartMs: 0, total: row, byWorkspace: [], byModel: [] }, days: [], recent: [], entries: [], problems: [], ...more,
  };
}

describe('the meter\'s input', () => {
  it('is only link and taste before the first snapshot', () => {
    assert.deepEqual(meterInput('connecting', undefined, taste), { link: 'connecting', ...taste });
  });

  it('carries the balance, what was granted, and today', () => {
    const input = meterInput('connected', snapshot([grant('a', 40), grant('b', 60, { remainingMicroCredits: 10 })]), taste);
    const { asOf, ...rest } = input.snapshot ?? {};
    assert.match(asOf ?? '', /^\d\d:\d\d$/);
    assert.deepEqual(rest, { ageMs: 0, practice: false, keyMissing: false, keyRejected: false, notAllowed: false, tracked: true, balanceMicroCredits: 50, grantedMicroCredits: 100, todayMicroCredits: 7_000_000 });
  });

  it('leaves out of what was granted the grants that have expired', () => {
    const used = { remainingMicroCredits: 0 };
    const input = meterInput('connected', snapshot([grant('old', 900_000_000, { ...used, expiresAtMs: nowMs }), grant('new', 100_000_000, { expiresAtMs: nowMs + 1 })]), taste);
    assert.equal(input.snapshot?.grantedMicroCredits, 100_000_000);
    assert.equal(meterFace(input).state, 'ok');
  });

  it('knows practice mode and a missing key; a rejected key is not a missing one', () => {
    const made = snapshot([]);
    assert.equal(meterInput('connected', { ...made, broker: { ...made.broker, mode: 'practice' } }, taste).snapshot?.practice, true);
    assert.deepEqual((['missing', 'rejected', 'present'] as const).map((state) => meterInput('connected', { ...made, key: { state } }, taste).snapshot?.keyMissing), [true, false, false]);
    assert.deepEqual((['missing', 'rejected', 'present'] as const).map((state) => meterInput('connected', { ...made, key: { state } }, taste).snapshot?.keyRejected), [false, true, false]);
  });

  it('knows whether this workspace is allowed, and the first of what is wrong', () => {
    const made = snapshot([grant('a', 40)], { consent: { everywhere: false, workspaceIds: ['ws_a'], deniedWorkspaceIds: ['ws_b'] }, problems: [problem('upstream_unreachable', 'First.'), problem('internal', 'Second.')] });
    assert.deepEqual(['ws_a', 'ws_b', 'ws_c'].map((id) => meterInput('connected', made, taste, id).snapshot?.notAllowed), [false, true, false], 'where nobody was asked yet, the request asks');
    assert.equal(meterInput('connected', made, taste).snapshot?.problem, 'First.');
  });

  it('does not call a balance fine of which this workspace can use nothing', () => {
    const made = snapshot([grant('a', 90_000_000, { kind: 'included', workspaces: ['ws_a'] })]);
    const idle = { ...made, balance: { ...made.balance, heldMicroCredits: 0 } };
    const face = (id: string, from = idle) => meterFace(meterInput('connected', from, taste, id));
    assert.deepEqual([face('ws_a').state, face('ws_b').state, face('ws_b').text], ['ok', 'blocked', 'None for here']);
    assert.equal(face('ws_b', made).state, 'ok', 'what is held may come back');
    const later = snapshot([grant('b', 90_000_000, { startsAtMs: nowMs + 1 })]);
    assert.equal(face('ws_a', { ...later, balance: { ...later.balance, heldMicroCredits: 0 } }).state, 'blocked');
  });

  it('shows this window\'s own waiting request and nobody else\'s', () => {
    const made = snapshot([], { waiting: [run('ws_b', { place: 1 }), run('ws_a', { place: 2, startsAtMs: nowMs + 4000 })] });
    assert.deepEqual(meterInput('connected', made, taste, 'ws_a').snapshot?.waiting, { place: 2, startsInMs: 4000 });
    assert.deepEqual(meterInput('connected', made, taste, 'ws_b').snapshot?.waiting, { place: 1 });
    assert.equal(meterInput('connected', made, taste, 'ws_c').snapshot?.waiting, undefined);
    assert.equal(meterInput('connected', made, taste).snapshot?.waiting, undefined);
  });

  it('takes the one in line before the one that is parked, which has no place', () => {
    const parked = run('ws_a', { state: 'parked', requestId: 'p' });
    assert.deepEqual(meterInput('connected', snapshot([], { waiting: [parked] }), taste, 'ws_a').snapshot?.waiting, {});
    assert.deepEqual(meterInput('connected', snapshot([], { waiting: [parked, run('ws_a', { place: 4 })] }), taste, 'ws_a').snapshot?.waiting, { place: 4 });
  });

  it('counts what this window is asked, and shows the oldest', () => {
    const question = (requestId: string, workspaceId: string, hasWindow = true): QuestionView => ({ requestId, kind: 'consent', workspaceId, workspaceLabel: workspaceId, client: 'c', model: 'm', sinceMs: 0, endsAtMs: 1, text: `May ${requestId}?`, hasWindow });
    const made = snapshot([], { questions: [question('r1', 'ws_b'), question('r2', 'ws_a'), question('r3', 'ws_c', false)] });
    assert.deepEqual(['ws_a', 'ws_b', undefined].map((id) => meterInput('connected', made, taste, id).snapshot?.question), [{ text: 'May r2?', count: 2 }, { text: 'May r1?', count: 2 }, { text: 'May r3?', count: 1 }]);
    assert.equal(meterInput('connected', snapshot([]), taste, 'ws_a').snapshot?.question, undefined);
  });

  it('knows what is owed, and which hard budget stops this window until when', () => {
    const made = snapshot([grant('a', 40)], { budgets: [{ id: 'b', text: '1.00 credits per workspace and week', budget: { id: 'b', per: 'workspace', unit: 'credits', limit: 1_000_000, period: 'week', timeZone: 'UTC', mode: 'hard' }, uses: [{ key: 'ws_a', used: 1_000_000, reserved: 0, endsAtMs: nowMs + 60_000 }] }] });
    const stopped = meterInput('connected', made, taste, 'ws_a').snapshot?.budget;
    assert.equal(stopped?.text, '1.00 credits per workspace and week');
    assert.match(stopped?.until?.words ?? '', /^\d\d:\d\d$/);
    assert.match(stopped?.until?.short ?? '', /^\d\d:\d\d$/);
    assert.equal(meterInput('connected', made, taste, 'ws_b').snapshot?.budget, undefined);
    const owing = meterInput('connected', { ...made, balance: { ...made.balance, owedMicroCredits: 7 } }, taste, 'ws_b').snapshot;
    assert.equal(owing?.owedMicroCredits, 7);
    assert.ok(!('owedMicroCredits' in (meterInput('connected', made, taste).snapshot ?? {})), 'nothing owed is absent');
  });

  it('names the tightest limit that may end work for a while, and how old the numbers are', () => {
    const window = { id: 'm/requests', model: 'm', measure: 'requests', windowMinutes: 10_080, limit: 100, remaining: 5, resetsAtMs: nowMs + 3 * 86_400_000 } as const;
    const made = snapshot([grant('a', 40)], { windows: [{ ...window, id: 'm/tokens', windowMinutes: 1, remaining: 0 }, window] });
    const { until, ...limit } = meterInput('connecting', made, taste, 'ws_a', nowMs + 90_000).snapshot?.limit ?? {};
    assert.deepEqual(limit, { id: 'm/requests', kind: 'window', name: 'limit of requests per week of m', left: 0.05, level: 'critical', pace: '38 percent ahead of even use' });
    assert.match(until?.short ?? '', /^[A-Z][a-z]+ \d\d:\d\d$/);
    assert.equal(meterInput('connecting', made, taste, 'ws_a', nowMs + 90_000).snapshot?.ageMs, 90_000);
    assert.equal(meterInput('connected', snapshot([]), taste).snapshot?.limit, undefined);
  });

  it('leaves out of what was granted what was taken back', () => {
    const input = meterInput('connected', snapshot([grant('back', 900, { remainingMicroCredits: 0, voided: 'undone' }), grant('new', 100, { startsAtMs: nowMs + 1 })]), taste);
    assert.equal(input.snapshot?.grantedMicroCredits, 100);
  });
});

// What the card says of limits and of amounts: nothing of what it begins with is left out, and it says no more than is known.
import assert from 'node:assert/strict';
import { limitLine } from '../../src/extension/limitLine.ts';
import type { TooltipFacts } from '../../src/extension/meterFacts.ts';
import { meterTooltip } from '../../src/extension/meterTooltip.ts';
import { meterFace } from '../../src/protocol/meterFace.ts';
import { meterInput } from '../../src/protocol/meterInput.ts';
import type { Snapshot, WindowView } from '../../src/protocol/snapshot.ts';
import { limitRow } from '../../src/webview/limitText.ts';
import { german, spokenIn } from '../support/language/spokenIn.ts';
import { snapshotFixture, untrackedSnapshot } from './snapshotFixture.ts';

const nowMs = 50_000_000;
const hourMs = 3_600_000;
const taste = { show: 'left', unit: 'credits', locale: 'en' } as const;
const unescaped = (card: string) => card.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))).replaceAll('\u00a0', ' ');
const card = (snapshot: Snapshot, more: Partial<TooltipFacts> = {}) => unescaped(meterTooltip({ link: { state: 'connected' }, snapshot, taste, theme: 'dark', nowMs, ...more }));
const limit = (id: string, change: Partial<WindowView> = {}): WindowView => ({ id, model: id, measure: 'requests', windowMinutes: 10_080, limit: 100, remaining: 30, resetsAtMs: nowMs + 84 * hourMs, ...change });

describe('limits on the card', () => {
  it('tell first when that is used up which the card begins with, and count what is left out', () => {
    // Four days' limits end sooner, but the week's ends work for longest.
    const days = ['a', 'b', 'c', 'd'].map((id) => limit(id, { windowMinutes: 1440, remaining: 30, resetsAtMs: nowMs + 12 * hourMs }));
    const shown = card(snapshotFixture({ atMs: nowMs, windows: [...days, limit('week')] }));
    assert.match(shown, /^\$\(warning\) \*\*30 % left of the limit of requests per week of week\*\*/);
    const told = [...shown.matchAll(/At its pace so far, the limit of requests per \w+ of (\w+) is used up about/g)].map(([, model]) => model);
    assert.deepEqual(told, ['week', 'a', 'b'], shown);
    assert.match(shown, /\n2 more are used up before their time\n/);
    assert.match(shown, /; it begins anew \w+ \d+ \w+ \d\d:\d\d\./);
  });

  it('have their names whole', () => {
    const names = ['preview', 'canary'].map((part) => `gpt-6.1-sol-long-context-enterprise-${part}-2026-11-17`);
    const shown = card(snapshotFixture({ windows: names.map((model) => limit(model)) }));
    for (const name of names) assert.ok(shown.includes(`| ${name} requests/week |`), shown);
  });

  it('say of one that refills steadily the same as the dashboard does', () => {
    const { resetsAtMs: _resets, ...steady } = limit('day', { windowMinutes: 1440, remaining: 60 });
    const both = (window: WindowView) => [limitLine(window, 'left', nowMs, 'en'), limitRow(window, nowMs, 'left', { locale: 'en' })].map(({ resets, pace }) => [resets, pace]);
    assert.deepEqual(both(steady), [['bit by bit', 'refills steadily'], ['bit by bit', 'refills steadily']]);
    const [line, row] = both({ ...steady, measure: 'percent' });
    assert.deepEqual([line, row], [['time not announced', ''], ['time not announced', 'unknown']], 'a plan never refills so');
    // Another model goes on, so that this one only warns: it opens, and begins anew at no time.
    const running = [{ requestId: 'r', state: 'running', workspaceId: 'w', workspaceLabel: 'x', client: 'c', model: 'other', sinceMs: 1, estimatedTokens: 1, heldMicroCredits: 0 }] as const;
    const used = snapshotFixture({ atMs: nowMs, running, windows: [{ ...steady, remaining: 0, resetsAtMs: nowMs + 24 * hourMs, opensAtMs: nowMs + 432_000 }] });
    assert.match(meterFace(meterInput('connected', used, taste, undefined, nowMs)).spoken, /used up, opens \d\d:\d\d$/);
  });

  it('name no plan of which nothing is told', () => {
    const plan = { account: 'ChatGPT 3fa9', observedAtMs: nowMs };
    assert.doesNotMatch(card(snapshotFixture({ plans: [plan] })), /3fa9/);
    assert.match(card(snapshotFixture({ plans: [plan, { ...plan, planType: 'plus' }] })), /ChatGPT 3fa9 \(plus\)/);
  });
});

describe('what was chosen for the status bar', () => {
  it('is no balance where only a plan pays, although credits are there', async () => {
    const own = { ...snapshotFixture(), key: { state: 'missing' as const }, plans: [{ account: 'ChatGPT 3fa9', planType: 'plus', observedAtMs: nowMs }] };
    const words = () => card(own, { taste: { ...taste, content: 'credits' } });
    assert.match(words(), /is set to credits, but credits pay for nothing here/);
    assert.doesNotMatch(words(), /no balance to tell/);
    await spokenIn(german, () => { assert.match(words(), /hier zahlen Credits für nichts/); });
  });
});

describe('amounts of today', () => {
  it('begin with ≈ where they are estimates, on the card and in the status bar', async () => {
    const snapshot = untrackedSnapshot();
    const { today } = snapshot;
    const of = (estimated: number, costMicroCredits = 18_390_000): Snapshot => ({ ...snapshot, today: { ...today, total: { ...today.total, unpriced: 0, costMicroCredits, estimated } } });
    const face = (one: Snapshot, unit: 'credits' | 'usd' = 'credits') => meterFace(meterInput('connected', one, { ...taste, unit }, undefined, nowMs));
    assert.deepEqual([face(of(1)).text, face(of(0)).text, face(of(1, 0)).text], ['≈ 18.39 today', '18.39 today', '0.00 today']);
    assert.match(face(of(1)).spoken, /^about 18\.39 credits used today/);
    for (const amount of [1, 999_990_000, 24_000_000_000, 99_999_000_000, 2_400_000_000_000]) for (const unit of ['credits', 'usd'] as const) assert.ok(face(of(1, amount), unit).text.length <= 14, face(of(1, amount), unit).text);
    assert.match(card(of(1)), /Today: ≈ 18\.39 (practice )?credits/);
    assert.match(card(of(0)), /Today: 18\.39 (practice )?credits/);
    await spokenIn(german, () => { assert.match(face(of(1)).spoken, /etwa 18\.39 Credits/); });
  });
});

describe('waiting requests on the card', () => {
  it('begin with the first in line, and its reason ends once', () => {
    const run = { requestId: 'r', state: 'waiting', workspaceId: 'w', workspaceLabel: 'x', client: 'c', model: 'm', sinceMs: 1, estimatedTokens: 1, heldMicroCredits: 0 } as const;
    const waiting = [{ ...run, requestId: 'parked', reason: 'Others hold the credits.' }, { ...run, reason: 'The token limit refills.', startsAtMs: nowMs + 18_000, place: 1 }];
    const shown = card(snapshotFixture({ atMs: nowMs, waiting }));
    assert.ok(shown.includes('2 wait · The token limit refills · next in 18 s'), shown);
    assert.ok(card(snapshotFixture({ atMs: nowMs, waiting: waiting.slice(0, 1) })).includes('1 waits · Others hold the credits.'));
  });
});

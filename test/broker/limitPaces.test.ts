// The pace of each long limit and budget in what windows are shown: known from looks, and a budget's from its ledger at once.
import assert from 'node:assert/strict';
import { LimitPaces } from '../../src/broker/limitPaces.ts';
import type { BudgetView, WindowView } from '../../src/protocol/snapshot.ts';
import { grantCommand, reserveCommand, settleCommand, startMs } from '../support/ledger/ledgerCommands.ts';
import { recordingLedger } from './recordingLedger.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;
const noLedger = { query: () => Promise.reject(new Error('nothing is asked')) } as unknown as ConstructorParameters<typeof LimitPaces>[0];

describe('the paces of limits', () => {
  const plan = (used: number, change: Partial<WindowView> = {}): WindowView => ({ id: 'p/300', model: 'plus', measure: 'percent', windowMinutes: 300, limit: 100, remaining: 100 - used, resetsAtMs: startMs + 5 * hourMs, ...change });
  const day = (remaining: number): WindowView => ({ id: 'a/requests/day', model: 'a', measure: 'requests', windowMinutes: 1440, limit: 1000, remaining });
  const minute: WindowView = { ...day(5), id: 'a/requests', windowMinutes: 1 };

  it('come with how even a plan\'s was, once it was seen for a while', () => {
    const paces = new LimitPaces(noLedger);
    const at = (minutes: number, used: number) => paces.windows([plan(used)], startMs + minutes * minuteMs)[0]?.pace;
    assert.equal(at(60, 20)?.spread, undefined, 'one look tells no band');
    for (let minutes = 65; minutes < 120; minutes += 5) at(minutes, Math.floor(minutes / 3));
    const pace = at(120, 40);
    assert.ok(pace?.spread !== undefined && Math.abs(pace.perMs * hourMs - 0.2) < 1e-9);
    assert.equal(paces.windows([plan(1, { resetsAtMs: startMs + 10 * hourMs })], startMs + 301 * minuteMs)[0]?.pace?.spread, undefined, 'the next one is another');
  });

  it('tell of what refills steadily what was used beyond that, of the last hours, and nothing of what refills within minutes', () => {
    const paces = new LimitPaces(noLedger);
    let last: WindowView[] = [];
    for (let minutes = 0; minutes <= 360; minutes += 1) last = paces.windows([day(900 - minutes), minute, { ...plan(0), resetsAtMs: startMs - 1 }, { id: 'b', model: 'b', measure: 'requests', windowMinutes: 1440 }], startMs + minutes * minuteMs);
    assert.deepEqual(last.map(({ pace }) => pace !== undefined), [true, false, true, false]);
    const pace = last[0]?.pace;
    assert.ok(pace && Math.abs(pace.perMs * minuteMs - 0.001) < 1e-9 && pace.spanMs <= 3 * hourMs, JSON.stringify(pace));
  });

  it('know a budget\'s past from the ledger, once, a few budgets at a time', async () => {
    const ledger = recordingLedger();
    await ledger.command(grantCommand('g1', 100_000_000, { atMs: startMs - 5 * 24 * hourMs }));
    const limit = 10_000_000;
    const budget = (id: string) => ({ id, per: 'everything', unit: 'credits', limit, period: 'day', timeZone: 'UTC', mode: 'hard' }) as const;
    for (const id of ['b1', 'b2', 'b3', 'b4']) await ledger.command({ type: 'direct', key: `d-${id}`, atMs: startMs - 48 * hourMs, directive: { kind: 'budget', id, budget: budget(id) } });
    // Each hour of the day until noon.
    for (let hour = 0; hour < 12; hour += 1) {
      const atMs = startMs - (12 - hour) * hourMs + minuteMs;
      await ledger.command(reserveCommand(`r${hour}-1`, 1_000_000, { atMs }));
      await ledger.command(settleCommand(`r${hour}-1`, { inputTokens: 4000 }, { atMs }));
    }
    const views = await ledger.query('budgets', { nowMs: startMs });
    assert.deepEqual(views.map(({ uses }) => uses[0]?.used), Array.from({ length: 4 }, () => 6_000_000));
    let asked = 0;
    const paces = new LimitPaces({ query: (type, args) => { asked += 1; return ledger.query(type, args); } });
    const spreads = async (shown: readonly BudgetView[]) => (await paces.budgets(shown, startMs)).map(({ uses }) => uses[0]?.pace?.spread !== undefined);
    assert.deepEqual(await spreads(views), [true, true, true, false]);
    assert.deepEqual([await spreads(views), await spreads(views), asked], [[true, true, true, true], [true, true, true, true], 4]);
    assert.deepEqual(await spreads(views.map((view) => ({ ...view, budget: { ...view.budget, pace: 'even' as const } }))), [false, false, false, false], 'days have their own pace');
  });
});

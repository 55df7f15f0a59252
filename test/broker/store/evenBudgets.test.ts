// Budgets that are spread evenly in a real ledger: what a decision says, what people see, and when each goes on. Both
// proofs agree with it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Budget } from '../../../src/domain/budgets.ts';
import type { DecisionRecord } from '../../../src/domain/decisionRecord.ts';
import { ThreadedLedger } from '../../../src/broker/store/threadedLedger.ts';
import { credit, grantCommand, reserveCommand, settleCommand, startMs } from '../../support/ledger/ledgerCommands.ts';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { checkAgain } from '../../support/secondChecker.ts';

const dayMs = 86_400_000;
/** 2026-11-22 in UTC, the day of `startMs`, ends. */
const dayEndMs = Date.UTC(2026, 10, 23);

interface World {
  readonly store: ThreadedLedger;
  budget(more: Partial<Budget>): Promise<unknown>;
  ask(attemptId: string, estimate: number, more?: { readonly atMs: number }): Promise<DecisionRecord>;
}

function withStore(run: (world: World) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const path = join(folder, 'ledger.db');
    const store = await ThreadedLedger.open(new URL('../../../src/broker/ledgerMain.ts', import.meta.url), path);
    try {
      await run({
        store,
        budget: (more) => store.command({ type: 'direct', key: 'the budget', atMs: startMs, directive: { kind: 'budget', id: 'b', budget: { id: 'b', per: 'workspace', unit: 'credits', limit: credit, period: 'week', timeZone: 'UTC', mode: 'hard', pace: 'even', ...more } } }),
        ask: async (attemptId, estimate, more = { atMs: startMs }) => (await store.command(reserveCommand(attemptId, estimate, more))).decision,
      });
      assert.deepEqual((await store.query('audit', { full: true })).violations, []);
    } finally {
      await store.close();
    }
    assert.deepEqual(checkAgain(path), []);
  });
}

describe('a budget that is spread evenly, in the ledger', () => {
  it('goes on with the next day, and tells what today has', () => withStore(async ({ store, budget, ask }) => {
    await store.command(grantCommand('g1', 100 * credit));
    // The 22nd of 30 days.
    await budget({ limit: 300_000, period: 'month', pace: 'even' });
    const over = await ask('r1-1', 220_001);
    assert.deepEqual([over.code, over.retryAtMs, over.budgets?.[0]?.allowed], ['budget_exceeded', dayEndMs, 220_000]);
    assert.equal((await ask('r2-1', 220_000)).outcome, 'admit');
    await store.command(settleCommand('r2-1', { inputTokens: 1760 }));
    const shown = async (nowMs: number) => { const [view] = await store.query('budgets', { nowMs }); return [view?.today, view?.uses.map(({ used, usedToday, goesOnAtMs }) => [used, usedToday, goesOnAtMs])]; };
    assert.deepEqual(await shown(startMs), [{ allowed: 220_000, day: { fromMs: dayEndMs - dayMs, untilMs: dayEndMs } }, [[220_000, 220_000, dayEndMs]]]);
    assert.deepEqual(await shown(dayEndMs), [{ allowed: 230_000, day: { fromMs: dayEndMs, untilMs: dayEndMs + dayMs } }, [[220_000, 0, undefined]]]);
    assert.deepEqual([(await ask('r3-1', 1)).retryAtMs, (await ask('r4-1', 10_000, { atMs: dayEndMs })).outcome], [dayEndMs, 'admit']);
  }));

  it('counts its days from the first one, where it is rolling', () => withStore(async ({ store, budget, ask }) => {
    await store.command(grantCommand('g1', 100 * credit));
    await budget({ limit: 300_000, period: { rollingHours: 72 }, pace: 'even', pacedFromMs: startMs });
    const wanted = async (id: string, amount: number, days: number) => { const { outcome, retryAtMs } = await ask(id, amount, { atMs: startMs + days * dayMs }); return [outcome, retryAtMs]; };
    assert.deepEqual([await wanted('r1-1', 100_001, 0), await wanted('r2-1', 200_001, 1), await wanted('r3-1', 300_001, 9), await wanted('r4-1', 300_000, 9)],
      [['refuse', startMs + dayMs], ['refuse', startMs + 2 * dayMs], ['refuse', undefined], ['admit', undefined]]);
    const [view] = await store.query('budgets', { nowMs: startMs + 9 * dayMs });
    assert.deepEqual([view?.today, view?.uses[0]?.usedToday], [{ allowed: 300_000 }, undefined]);
  }));
});

// The meter inside Codex: the tightest of the budgets that are about a request, by the length of their period, and
// the balance; read back as Codex's own reader would, and nothing where nothing is set.
import assert from 'node:assert/strict';
import type { Budget } from '../../src/domain/budgets.ts';
import { readPlanEvent, readPlanHeaders } from '../../src/protocol/codexLimits.ts';
import { codexMeter, meterEvent, meterHeaders, tellsCodexLimits } from '../../src/protocol/codexMeter.ts';
import type { BudgetView } from '../../src/protocol/snapshot.ts';

const nowMs = Date.UTC(2026, 10, 30);
const subject = { requestId: 'r', workspaceId: 'ws_a', model: 'gpt-test', client: 'codex_exec', threadId: 't' };
const untracked = { tracked: false, balanceMicroCredits: 0 };

function view(id: string, budget: Partial<Budget>, used: number, key = '', endsAtMs?: number): BudgetView {
  const whole: Budget = { id, per: 'everything', unit: 'credits', limit: 100, period: 'day', timeZone: 'UTC', mode: 'hard', ...budget };
  return { id, text: id, budget: whole, uses: [{ key, used, reserved: 0, ...(endsAtMs === undefined ? {} : { endsAtMs }) }] };
}
const meter = (budgets: readonly BudgetView[]) => codexMeter({ balance: untracked, budgets }, subject);

describe('the meter inside Codex', () => {
  it('shows a budget that is used up for today as used up until its next share', () => {
    const spread = (used: number) => meter([{ ...view('b', { period: 'week', pace: 'even' }, used, '', 700_000), today: { allowed: 40, day: { fromMs: 0, untilMs: 90_000 } } }])?.secondary;
    assert.deepEqual([spread(39), spread(40), spread(100)], [
      { usedPercent: 39, windowMinutes: 10_080, resetAtSeconds: 700 }, { usedPercent: 100, windowMinutes: 10_080, resetAtSeconds: 90 }, { usedPercent: 100, windowMinutes: 10_080, resetAtSeconds: 700 },
    ]);
  });

  it('shows the tightest budget of a day and of a week, and the balance', () => {
    const shown = codexMeter({ balance: { tracked: true, balanceMicroCredits: 96_429_999 }, budgets: [
      view('loose', {}, 10), view('tight', { per: 'workspace' }, 37.336, 'ws_a', nowMs + 3_600_500), view('week', { period: 'week' }, 5, '', nowMs + 86_400_000), view('month', { period: 'month' }, 4),
    ] }, subject);
    assert.deepEqual(shown, {
      primary: { usedPercent: 37.34, windowMinutes: 1440, resetAtSeconds: nowMs / 1000 + 3601 }, secondary: { usedPercent: 5, windowMinutes: 10_080, resetAtSeconds: nowMs / 1000 + 86_400 },
      credits: { hasCredits: true, balance: '96.42' },
    });
    assert.ok(shown);
    const expected = {
      windows: [{ windowMinutes: 1440, usedPercent: 37.34, resetsAtMs: nowMs + 3_601_000 }, { windowMinutes: 10_080, usedPercent: 5, resetsAtMs: nowMs + 86_400_000 }],
      credits: { hasCredits: true, isUnlimited: false, balance: '96.42' },
    };
    const headers = meterHeaders(shown);
    assert.deepEqual(readPlanHeaders((name) => headers[name], nowMs), expected);
    assert.deepEqual(readPlanEvent(JSON.parse(meterEvent(shown)) as Record<string, unknown>, nowMs), expected);
  });

  it('shows hard budgets before soft ones, and none that is about others or has no period', () => {
    assert.equal(meter([view('soft', { mode: 'soft' }, 90), view('hard', {}, 20)])?.primary?.usedPercent, 20);
    assert.equal(meter([view('soft', { mode: 'soft' }, 190)])?.primary?.usedPercent, 190);
    assert.equal(meter([view('life', { period: 'life' }, 50), view('request', { per: 'request' }, 50), view('other', { per: 'workspace', of: 'ws_b' }, 50, 'ws_b')]), undefined);
    assert.deepEqual(meter([view('rolling', { period: { rollingHours: 5 } }, 25)])?.primary, { usedPercent: 25, windowMinutes: 300 });
    assert.equal(meter([view('fresh', { per: 'model' }, 50, 'another-model')])?.primary?.usedPercent, 0);
    assert.equal(meter([view('nothing', { limit: 0 }, 0)])?.primary?.usedPercent, 100);
  });

  it('says that there are no credits, and nothing at all of a balance that is not tracked', () => {
    assert.deepEqual(codexMeter({ balance: { tracked: true, balanceMicroCredits: 0 }, budgets: [] }, subject), { credits: { hasCredits: false, balance: '0.00' } });
    assert.equal(codexMeter({ balance: untracked, budgets: [] }, subject), undefined);
  });

  it('gives way to an upstream that tells limits of its own', () => {
    assert.ok(tellsCodexLimits(['date', 'x-codex-credits-balance']));
    assert.ok(tellsCodexLimits(['x-codex-primary-used-percent']));
    assert.ok(!tellsCodexLimits(['x-codex-turn-state', 'x-ratelimit-limit-requests']));
  });
});

// Budgets, allowances and policies as a person types them, on a real ledger that no broker holds, and the bars
// that show how much of a budget is used.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { budgetBar, budgetUseText, usedShare } from '../../../src/broker/commands/budgetTexts.ts';
import { grantState } from '../../../src/broker/commands/creditsList.ts';
import { workspaceIdOf } from '../../../src/broker/dataFolder.ts';
import type { Budget } from '../../../src/domain/budgets.ts';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { jsonOf, ran } from './ranCommand.ts';

const credits = (limit: number): Budget => ({ id: 'b', per: 'everything', unit: 'credits', limit, period: 'day', timeZone: 'UTC', mode: 'hard' });

describe('budgets in a terminal', function () {
  this.timeout(30_000);

  it('are set, shown and removed', () => withFolder(async (folder) => {
    mkdirSync(join(folder, 'shop'));
    const { workspaceId } = workspaceIdOf(join(folder, 'shop'));
    assert.equal((await ran(folder, 'budget', 'set', 'shop', '100', '--per', 'workspace', '--of', 'shop', '--period', 'week', '--time-zone', 'Europe/Berlin')).out,
      `Set shop: 100.00 credits per workspace (${workspaceId}) and week, hard: what would go over it is not sent.`);
    await ran(folder, 'budget', 'set', 'tokens', '7', '--per', 'everything');
    assert.match((await ran(folder, 'budget', 'set', 'tokens', '5000', '--per', 'model', '--of', 'gpt-5*', '--unit', 'tokens', '--period', '24h', '--soft')).out, /in any 24 hours, soft: what goes over it is sent, and said\.$/);
    await ran(folder, 'budget', 'set', 'each', '0.5', '--per', 'request');
    assert.match((await ran(folder, 'budget', 'set', 'even', '70', '--per', 'everything', '--period', 'week', '--even')).out, /^Set even: 70\.00 credits per week \(spread evenly\), hard/);
    assert.match((await ran(folder, 'budget', 'list')).out, /^even: 70\.00 credits per week \(spread evenly\), hard .+\n.+0\.00 credits used, 70\.00 credits left of 70\.00 credits, \d0\.00 credits left for today, ends \d{4}-/m);
    assert.equal((await ran(folder, 'budget', 'remove', 'even')).code, 0);
    const { budgets } = await jsonOf<{ budgets: { budget: Budget }[] }>(folder, 'budget', 'list');
    assert.deepEqual(budgets.map((one) => one.budget), [
      { id: 'shop', per: 'workspace', of: workspaceId, unit: 'credits', limit: 100_000_000, period: 'week', timeZone: 'Europe/Berlin', mode: 'hard' },
      { id: 'tokens', per: 'model', of: 'gpt-5*', unit: 'tokens', limit: 5000, period: { rollingHours: 24 }, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone, mode: 'soft' },
      { id: 'each', per: 'request', unit: 'credits', limit: 500_000, period: 'life', timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone, mode: 'hard' },
    ]);
    const shown = (await ran(folder, 'budget', 'list')).out;
    assert.match(shown, /^shop: 100\.00 credits per workspace \(ws_\w+\) and week, hard \(Europe\/Berlin\)\n {2}ws_\w+ {2}\[\.{24}\] {3}0 % {2}0\.00 credits used, 100\.00 credits left of 100\.00 credits, ends \d{4}-/m);
    assert.match(shown, /^each: 0\.50 credits per request, hard\n {2}Each request is measured by itself\.$/m);
    assert.deepEqual([await ran(folder, 'budget', 'remove', 'each'), (await ran(folder, 'budget', 'remove', 'each')).code], [{ code: 0, out: 'The budget each is removed.', err: '' }, 1]);
  }));

  it('have a bar that is full only when nothing is left', () => {
    const bar = (used: number, reserved: number, limit = 24) => budgetBar(credits(limit), { used, reserved });
    assert.deepEqual([bar(-24, 0), usedShare(credits(24), { used: -24, reserved: 1 })], [bar(0, 0), 0], 'a refund of what an earlier period used');
    assert.equal(bar(0, 0), `[${'.'.repeat(24)}]`);
    assert.equal(bar(12, 6), `[${'#'.repeat(12)}${'='.repeat(6)}${'.'.repeat(6)}]`);
    assert.equal(bar(24, 0), `[${'#'.repeat(24)}]`);
    assert.equal(bar(23_999_999, 0, 24_000_000), `[${'#'.repeat(23)}.]`);
    assert.equal(bar(50, 50), `[${'#'.repeat(24)}]`);
    assert.equal(bar(0, 0, 0), `[${'#'.repeat(24)}]`, 'nothing is left of a budget of nothing');
    assert.deepEqual([usedShare(credits(10), { used: 4, reserved: 1 }), usedShare(credits(0), { used: 0, reserved: 0 })], [0.5, 1]);
    const today = { allowed: 4_000_000, day: { fromMs: 0, untilMs: Date.parse('2026-11-24T12:00:00Z') } };
    assert.match(budgetUseText(credits(10_000_000), { key: '', used: 3_000_000, reserved: 500_000 }, today), /6\.50 credits left of 10\.00 credits, 0\.50 credits left for today$/);
    assert.match(budgetUseText(credits(10_000_000), { key: '', used: 4_000_000, reserved: 0 }, today), /used up for today, goes on 2026-11-24 \d\d:00$/);
    assert.match(budgetUseText(credits(10_000_000), { key: '', used: 5_000_000, reserved: 0, goesOnAtMs: Date.parse('2026-11-26T12:00:00Z') }, today), /used up for today, goes on 2026-11-26 \d\d:00$/);
    assert.doesNotMatch(budgetUseText(credits(10_000_000), { key: '', used: 10_000_000, reserved: 0 }, today), /today/);
    assert.equal(budgetUseText(credits(10_000_000), { key: '', used: 11_000_000, reserved: 500_000 }), '11.00 credits used, 0.50 credits reserved, 1.50 credits over 10.00 credits');
  });
});

describe('allowances and policies in a terminal', function () {
  this.timeout(30_000);

  it('give the credits of this period at once, and no more after they are removed', () => withFolder(async (folder) => {
    assert.match((await ran(folder, 'credits', 'list')).err, /ledger_missing/);
    assert.match((await ran(folder, 'credits', 'allowance', 'set', 'weekly', '250', '--every', 'week', '--week-starts', 'sunday', '--time-zone', 'Europe/Berlin', '--models', 'gpt-5*,gpt-6', '--priority', '10')).out,
      /^Set weekly: 250\.00 included credits each week from Sunday on \(Europe\/Berlin\)\./);
    const list = await jsonOf(folder, 'credits', 'list');
    assert.deepEqual([list.balanceMicroCredits, list.grants[0].allowanceId, list.grants[0].models, list.grants[0].priority, new Date(list.grants[0].expiresAtMs).getUTCDay()], [250_000_000, 'weekly', ['gpt-5*', 'gpt-6'], 10, 6]);
    assert.deepEqual(list.allowances, [{ id: 'weekly', amountMicroCredits: 250_000_000, every: 'week', kind: 'included', timeZone: 'Europe/Berlin', priority: 10, models: ['gpt-5*', 'gpt-6'], weekStartsOn: 7 }]);
    const text = (await ran(folder, 'credits', 'list')).out;
    assert.match(text, /included\s+in force\s+.*gpt-5\*, gpt-6\s+10\s+250\.00\s+250\.00\s+0\.00$/m);
    assert.match(text, /^Comes back by itself:\n {2}weekly: 250\.00 included credits each week from Sunday on/m);
    assert.deepEqual([(await ran(folder, 'credits', 'allowance', 'remove', 'weekly')).code, (await ran(folder, 'credits', 'allowance', 'remove', 'weekly')).code], [0, 1]);
    assert.equal((await jsonOf(folder, 'credits', 'list')).balanceMicroCredits, 250_000_000);
  }));

  it('restrict a grant to models and workspaces, and to a time', () => withFolder(async (folder) => {
    for (const name of ['shop', 'blog, old']) mkdirSync(join(folder, name));
    const { grant } = await jsonOf(folder, 'credits', 'add', '5', '--kind', 'promotional', '--starts', '2099-01-01T00:00Z', '--expires', '2099-02-01T00:00Z', '--priority', '7', '--models', 'a', '--models', 'b*', '--workspaces', 'blog, old', '--workspaces', 'shop,shop');
    assert.deepEqual([grant.startsAtMs, grant.expiresAtMs, grant.priority, grant.models, grant.workspaces],
      [Date.UTC(2099, 0, 1), Date.UTC(2099, 1, 1), 7, ['a', 'b*'], ['blog, old', 'shop'].map((name) => workspaceIdOf(join(folder, name)).workspaceId)]);
    assert.match((await ran(folder, 'credits', 'list')).out, /not begun\s+2099-/);
    assert.match((await ran(folder, 'credits', 'add', '5', '--starts', '2099-01-01', '--expires', '2098-01-01')).err, /expire before it begins/);
  }));

  it('show policies, and set only those that are named', () => withFolder(async (folder) => {
    await ran(folder, 'credits', 'allow', '--for', 'all');
    assert.deepEqual(await jsonOf(folder, 'policy'), { unpriced: 'refuse', unattended: 'refuse' });
    assert.match((await ran(folder, 'policy', '--unpriced', 'ceiling')).out, /^unpriced {4}ceiling: .*dearest price.*\nunattended {2}refuse: /);
    assert.deepEqual(await jsonOf(folder, 'policy', '--unattended', 'allow'), { unpriced: 'ceiling', unattended: 'allow' });
  }));

  it('tell the state of a grant', () => {
    const state = (more: object) => grantState({ remainingMicroCredits: 5, ...more }, 1000);
    assert.deepEqual([state({}), state({ startsAtMs: 1001 }), state({ startsAtMs: 1000 }), state({ expiresAtMs: 1000 }), state({ expiresAtMs: 1001 }), state({ remainingMicroCredits: 0 }), state({ voided: 'undone' }), state({ voided: 'disputed', expiresAtMs: 1 })],
      ['in force', 'not begun', 'in force', 'expired', 'in force', 'used up', 'taken back', 'disputed']);
  });
});

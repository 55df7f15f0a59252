// The Credits page's lists as they are taken along: in order, with words for people and every number for programs.
import assert from 'node:assert/strict';
import { budgetsTableOf, grantsTableOf } from '../../src/webview/creditsExport.ts';
import { tableText } from '../../src/webview/shownTable.ts';
import { ruledSnapshot } from './sampleRules.ts';
import { sampleNowMs } from './sampleSnapshot.ts';

const view = { nowMs: sampleNowMs, place: { locale: 'en', timeZone: 'UTC' }, workspaceNames: new Map([['ws_docs-site', 'docs-site']]) };
const grant = { id: 'grant_x', kind: 'purchased', amountMicroCredits: 10_000_000, remainingMicroCredits: 2_500_000, heldMicroCredits: 500_000, priority: 50, createdAtMs: sampleNowMs - 1000 } as const;

describe('what the Credits page gives along', () => {
  it('has the grants in the order in which they are used, and of each what it is for and until when', () => {
    const grants = [grant, { ...grant, id: 'grant_y', kind: 'promotional', workspaces: ['ws_docs-site'], models: ['gpt-6*'], expiresAtMs: sampleNowMs + 86_400_000, note: 'Welcome' } as const];
    const rows = JSON.parse(tableText(grantsTableOf(grants, view), 'json')) as Record<string, unknown>[];
    assert.deepEqual(rows.map((row) => [row['id'], row['kind'], row['remainingMicroCredits'], row['heldMicroCredits'], row['state'], row['expiresAt']]), [
      ['grant_y', 'promotional', 2_500_000, 500_000, 'usable', new Date(sampleNowMs + 86_400_000).toISOString()], ['grant_x', 'purchased', 2_500_000, 500_000, 'usable', null],
    ]);
    const lines = tableText(grantsTableOf(grants, view), 'md').split('\n');
    assert.equal(lines[2], '| Grant | Note | Left | of | Until | For |');
    assert.match(lines[4] ?? '', /^\| Promotional \| Welcome \| 2\.5000 \| 10\.0000 \| .* \| Only for gpt-6\\\*, and only in docs-site \|$/);
  });

  it('has each key of each budget with what is used of it, in its own unit', () => {
    const { budgets } = ruledSnapshot();
    const rows = JSON.parse(tableText(budgetsTableOf({ budgets }, view), 'json')) as Record<string, unknown>[];
    assert.deepEqual(rows.map((row) => [row['id'], row['key'], row['used'], row['limit'], row['unit']]), budgets.flatMap(({ id, budget, uses }) => (uses.length === 0 ? [[id, '', 0, budget.limit, budget.unit]] : uses.map(({ key, used }) => [id, key, used, budget.limit, budget.unit]))));
    assert.ok(rows.length > 2 && rows.every((row) => typeof row['budget'] === 'string' && row['state'] !== ''));
    assert.doesNotMatch(tableText(budgetsTableOf({ budgets }, view), 'md'), /undefined|NaN/);
  });
});

// The History page in words and numbers: the chart and its table say the same, parts of tokens add up, a long ledger
// stays short, and what a person takes along holds the ledger's own values.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sum } from '../../src/domain/units.ts';
import { historyOfSteps } from '../../src/protocol/history.ts';
import type { HistoryGrouping, HistoryStep } from '../../src/protocol/history.ts';
import { burnDown, burnSubjects } from '../../src/webview/burnText.ts';
import { averageText, cachedWords, chartUnits, groupName, groupTable, historyChart, rangeText, stepTitle, sureness, tokenParts } from '../../src/webview/historyText.ts';
import { manyThreads, sampleCourse, sampleHistory } from './sampleAnswers.ts';
import { ruledSnapshot, sampleBudget } from './sampleRules.ts';
import { sampleNowMs, sampleSnapshot } from './sampleSnapshot.ts';

const month = sampleHistory(30);
const place = { locale: 'en', timeZone: 'UTC' };

describe('history in words', () => {
  it('draws the four dearest groups and one for all others, which add up to each day', () => {
    const chart = historyChart(month, 'model', 'credits', 'en');
    assert.deepEqual(chart.series.map((one) => one.name), ['gpt-6.1-sol', 'gpt-5.6-terra', 'gpt-6-luna', 'gpt-6.1-sol-mini', '2 other']);
    assert.deepEqual(chart.series.map((one) => one.isOther ?? false), [false, false, false, false, true]);
    month.steps.forEach((step, index) => {
      const stacked = chart.series.reduce((height, one) => height + one.values[index]!, 0);
      assert.ok(Math.abs(stacked * 1_000_000 - step.costMicroCredits) < 1, step.key);
    });
    assert.equal(chart.highest, month.steps.findIndex((step) => step.costMicroCredits === Math.max(...month.steps.map((one) => one.costMicroCredits))));
    assert.match(chart.sentence, /^Credits per day by model, .* to Tue 17 Nov, highest Thu 29 Oct: ≈ 75\.00 credits, /);
  });

  it('splits tokens into parts that do not overlap', () => {
    const chart = historyChart(month, 'model', 'tokens', 'en');
    assert.deepEqual(chart.series.map((one) => one.name), ['Fresh input', 'Cached input', 'Output', 'Reasoning']);
    assert.equal(sum(chart.series.flatMap((one) => [...one.values])), month.total.inputTokens + month.total.outputTokens);
    assert.equal(sum(tokenParts(month.total).map((part) => part.tokens)), month.total.inputTokens + month.total.outputTokens);
  });

  it('gives each chart a table with the same numbers, newest first', () => {
    for (const unit of chartUnits) {
      const chart = historyChart(month, 'model', unit, 'en');
      assert.equal(chart.table().rows.length, month.steps.length);
      const scale = unit === 'usd' ? 25_000_000 : 1_000_000;
      chart.table().rows.toReversed().forEach((row, index) => {
        const step = month.steps[index]!;
        assert.equal(row[0]!.value, step.key);
        assert.equal(row.at(-1)!.value, unit === 'tokens' ? step.inputTokens + step.outputTokens : step.costMicroCredits);
        chart.series.forEach((one, place_) => assert.equal(row[place_ + 1]!.value, unit === 'tokens' ? one.values[index] : Math.round(one.values[index]! * scale)));
      });
    }
  });

  it('names a branch and a file with the workspace, a head without a branch and the commands in words, and takes those names along', () => {
    const named = (key: string, label: string, by: HistoryGrouping) => groupName({ ...month.total, key, label }, by);
    assert.equal(named('ws_1 main', 'api · main', 'branch'), 'api · main');
    assert.equal(named('ws_1 commit 1a2b3c4', 'No folder · commit 1a2b3c4', 'branch'), 'No folder · commit 1a2b3c4');
    assert.equal(named('ws_1 src/a · b.ts', 'my · api · src/a · b.ts', 'file'), 'my · api · src/a · b.ts');
    assert.deepEqual([named('ask-selection', 'ask-selection', 'command'), named('task', 'task', 'command'), named('nightly', 'nightly', 'command')], ['Ask About the Selection', 'Codex task', 'nightly']);
    assert.deepEqual((['branch', 'command', 'file'] as const).map((by) => named('', `no ${by} known`, by)), ['no branch known', 'no command known', 'no file known']);
    const result = { ...month, costs: month.costs.slice(0, 3), groups: [{ ...month.groups[0]!, key: 'ws_1 main', label: 'api · main' }, { ...month.groups[1]!, key: 'ws_2 main', label: 'site · main' }, { ...month.groups[2]!, key: '', label: 'no branch known' }] };
    assert.deepEqual(groupTable(result, 'branch', 'Branches', 'en').rows.slice(0, 3).map((row) => [row[0]?.text, row[0]?.value]), [['api · main', 'api · main'], ['site · main', 'site · main'], ['no branch known', 'no branch known']]);
    const chart = historyChart(result, 'branch', 'credits', 'en');
    assert.deepEqual([chart.subtitle, chart.series[0]?.name], ['by branch', 'api · main']);
  });

  it('keeps a ledger of 20,000 threads short, and its sums whole', () => {
    const long = manyThreads(20_000, 30);
    assert.deepEqual([long.groups.length, long.groupCount, long.costs.length], [50, 20_000, 4]);
    const table = groupTable(long, 'thread', 'Threads', 'en');
    assert.equal(table.rows.length, 52);
    assert.equal(table.rows[50]?.[0]?.text, '19,950 other');
    const costs = table.rows.map((row) => Number(row[6]!.value));
    assert.equal(sum(costs.slice(0, -1)), costs.at(-1));
    assert.equal(groupName(long.groups[0]!, 'thread').length, 14);
    assert.equal(historyChart(long, 'thread', 'credits', 'en').series.at(-1)?.name, '19,996 other');
  });

  it('names hours, ranges, averages and what is not sure', () => {
    assert.deepEqual([stepTitle('2026-11-17T09', 'en'), stepTitle('2026-11-17', 'en')], ['09:00', 'Tue 17 Nov']);
    assert.equal(rangeText(sampleHistory(7), 'en'), 'Wed 11 Nov to Tue 17 Nov');
    const empty = historyOfSteps([{ key: '2026-11-17T09', rows: [] }]);
    assert.deepEqual([rangeText(empty, 'en'), averageText(empty, 'en'), cachedWords(empty.total), sureness(empty.total, 'en')], ['Tue 17 Nov', '0.00 an hour on average', undefined, undefined]);
    assert.equal(historyChart(empty, 'model', 'credits', 'en').highest, undefined);
    assert.match(sureness({ ...month.total, estimated: 1, unpriced: 2 }, 'en')!, /^1 request ended before .*, marked ≈\. 2 requests had no known price/);
  });

  it('adds up whatever the reports of the steps are', () => {
    const row = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), requests: fc.nat(9), inputTokens: fc.nat(1000), cachedInputTokens: fc.nat(1000), cacheWriteTokens: fc.nat(9), outputTokens: fc.nat(1000), reasoningTokens: fc.nat(1000), costMicroCredits: fc.nat(1_000_000), estimated: fc.nat(2), unpriced: fc.nat(2) })
      .map((one) => ({ ...one, label: one.key }));
    const steps: fc.Arbitrary<HistoryStep[]> = fc.array(fc.array(row, { maxLength: 8 }), { maxLength: 6 }).map((all) => all.map((rows, index) => ({ key: `2026-11-0${index + 1}`, rows })));
    fc.assert(fc.property(steps, fc.integer({ min: 1, max: 5 }), (given, most) => {
      const result = historyOfSteps(given, most);
      for (const name of ['costMicroCredits', 'requests', 'inputTokens', 'cachedInputTokens', 'outputTokens', 'reasoningTokens', 'estimated', 'unpriced'] as const) {
        const whole = sum(given.flatMap((step) => step.rows).map((one) => one[name]));
        assert.equal(result.total[name], whole);
        assert.equal(sum(result.steps.map((step) => step[name])), whole);
        assert.equal(sum(result.groups.map((group) => group[name])) + (result.rest?.[name] ?? 0), whole);
      }
      result.costs.forEach((costs, index) => assert.equal(sum(costs), result.groups[index]!.costMicroCredits));
      assert.ok(result.groups.every((group, index) => index === 0 || group.costMicroCredits <= result.groups[index - 1]!.costMicroCredits));
    }));
  });
});

describe('what is left against even use', () => {
  it('says what is left, what even use would leave, and by how much it is off', () => {
    const burn = burnDown(sampleCourse, 'November', sampleNowMs, place);
    assert.match(burn.verdict, /^\d+\.\d\d credits left; even use would leave 223\.32\. \d+ % ahead of even use\.$/);
    assert.match(burn.sentence, /^November, from Sun 1 Nov 00:00 to Tue 1 Dec 00:00\. /);
    assert.equal(burn.table().rows.length, sampleCourse.left.length);
    assert.deepEqual(burn.table().rows.at(-1)?.map((cell) => cell.value), ['2026-11-01T00:00:00.000Z', 500_000_000, 500_000_000]);
    const { ideal: _ideal, ...plain } = sampleCourse;
    assert.match(burnDown(plain, 'Balance', sampleNowMs, place).verdict, /^\d+\.\d\d credits left\.$/);
    const even = { ...sampleCourse, left: [{ atMs: sampleNowMs, amount: 223_320_000 }] };
    assert.match(burnDown(even, 'x', sampleNowMs, place).verdict, /On pace\.$/);
    assert.match(burnDown({ ...even, left: [{ atMs: sampleNowMs, amount: 312_500_000 }] }, 'x', sampleNowMs, place).verdict, /18 % spare\.$/);
  });

  it('offers budgets with a period that ends, everything first, then the balance', () => {
    const subjects = burnSubjects(ruledSnapshot(), 'ws_billing-service');
    assert.equal(subjects.at(-1)?.id, 'balance');
    assert.ok(subjects.length > 1);
    const each = sampleBudget({ id: 'each', per: 'workspace', period: 'month' }, { key: 'ws_other', label: 'other', used: 9, reserved: 0 }, { key: 'ws_own', label: 'own', used: 1, reserved: 0 });
    assert.deepEqual(burnSubjects({ ...sampleSnapshot(), budgets: [each] }, 'ws_own').map((one) => one.key), ['ws_own', undefined]);
    assert.deepEqual(burnSubjects({ ...sampleSnapshot(), budgets: [each] }, undefined).map((one) => one.key), ['ws_other', undefined]);
    const untracked = { ...sampleSnapshot().balance, tracked: false };
    assert.deepEqual(burnSubjects({ balance: untracked, budgets: [sampleBudget({ id: 'life', period: 'life' }), sampleBudget({ id: 'req', per: 'request' })] }, undefined), []);
  });
});

// Ledger rows, runs, explanations and the chart in words, and the sample's own sums.
import assert from 'node:assert/strict';
import { sum } from '../../src/domain/units.ts';
import { shownLayer } from '../../src/protocol/shownLayer.ts';
import { chartDays, dailyCostChart, scaleTop, stackTops } from '../../src/webview/chartSeries.ts';
import { entriesTable, entryText } from '../../src/webview/entryText.ts';
import { budgetVerdictRow, correctedCost, correctionRow, explainTitle, formulaLine, layerName, noChargeText, storyBesideLayers, termRow, waitedText } from '../../src/webview/explainText.ts';
import { runState, runSummary, waitSentence } from '../../src/webview/runText.ts';
import { correctedExplanation, refusedExplanation } from './sampleExplanations.ts';
import { sampleLedgerRows } from './sampleAnswers.ts';
import { sampleExplanation, sampleNowMs, sampleSnapshot } from './sampleSnapshot.ts';

const snapshot = sampleSnapshot();

describe('sample', () => {
  it('adds up', () => {
    const { today, balance, entries, days } = snapshot;
    for (const rows of [today.byModel, today.byWorkspace]) assert.equal(sum(rows.map((row) => row.costMicroCredits)), today.total.costMicroCredits);
    assert.equal(entries[0]!.balanceAfterMicroCredits, balance.balanceMicroCredits);
    assert.equal(sum(entries.map((entry) => entry.amountMicroCredits)), balance.balanceMicroCredits);
    assert.equal(days.at(-1)!.costMicroCredits, today.total.costMicroCredits);
  });
});

describe('ledger rows', () => {
  it('says what each kind was for', () => {
    const titles = Object.fromEntries(sampleLedgerRows.map((row) => [row.kind, entryText(row)]));
    assert.equal(titles['grant']?.title, 'Credits added');
    assert.equal(titles['post']?.title, 'billing-service');
    assert.equal(titles['reserve']?.title, 'Held for billing-service');
    assert.equal(titles['void']?.title, 'Hold returned to included credits');
    const post = snapshot.entries.find((entry) => entry.kind === 'post')!;
    assert.deepEqual(entryText(post), { icon: 'arrow-small-down', title: 'Request' });
    assert.match(entryText({ ...sampleLedgerRows[0]!, kind: 'overage' }).detail ?? '', /^Codex CLI, beyond its hold$/);
    assert.equal(entryText({ ...sampleLedgerRows.at(-1)!, allowanceId: 'weekly' }).title, 'Allowance renewed');
    assert.deepEqual((['auto', 'voucher'] as const).map((source) => entryText({ ...sampleLedgerRows.at(-1)!, source }).title), ['Credits added by the automatic top-up', 'Voucher redeemed']);
  });

  it('become a table whose values are the ledger\'s own', () => {
    const table = entriesTable(sampleLedgerRows, 'Ledger', sampleNowMs, { locale: 'en', timeZone: 'UTC' });
    const values = table.rows.map((row) => Object.fromEntries(table.columns.map((column, index) => [column.key, row[index]!.value])));
    assert.deepEqual(values.map((one) => [one['sequence'], one['amountMicroCredits'], one['balanceAfterMicroCredits'], one['requestId']]),
      sampleLedgerRows.map((row) => [row.sequence, row.amountMicroCredits, row.balanceAfterMicroCredits, row.requestId ?? null]));
    assert.equal(values[0]?.['at'], new Date(sampleLedgerRows[0]!.atMs).toISOString());
  });
});

describe('runs', () => {
  it('say their reason, place and start', () => {
    const [second, first] = snapshot.waiting;
    assert.equal(runState(first!), 'Waiting, 1st');
    assert.match(waitSentence(first!, sampleNowMs)!, /^Needs about 210 k tokens.* Starts in about 18 s\.$/);
    assert.equal(waitSentence(second!, sampleNowMs + 60_000), 'Batch goes after agent work. Starts now.');
    assert.equal(waitSentence(snapshot.running[0]!, sampleNowMs), undefined);
    const { reason: _reason, startsAtMs: _start, ...bare } = first!;
    assert.equal(waitSentence(bare, sampleNowMs), 'It waits for its turn. The start is not known yet.');
    const { place: _place, ...unplaced } = bare;
    const parked = { ...unplaced, state: 'parked', reason: 'Others hold all credits.' } as const;
    assert.deepEqual([runState(parked), waitSentence(parked, sampleNowMs)], ['Parked', 'Others hold all credits. It goes on by itself when what running requests reserve comes back.']);
    assert.deepEqual([runState(parked, true), waitSentence(parked, sampleNowMs, true)], ['Asks you', 'It goes on with your answer.']);
    assert.equal(runSummary(0, 0), 'nothing runs or waits');
    assert.equal(runSummary(2, 1), '2 running · 1 waiting');
  });
});

describe('explanations', () => {
  const result = sampleExplanation();

  it('print the terms of the charge', () => {
    assert.equal(explainTitle(result, 'en'), 'Why 3.372760 credits?');
    assert.equal(explainTitle(correctedExplanation(), 'en'), 'Why 2.622760 credits?', 'what it costs after its corrections');
    assert.deepEqual(termRow(result.charge!.terms[0]!, 'en'), { what: 'Fresh input', tokens: '26,868', price: '× 50', credits: '1.343400' });
    assert.equal(termRow({ ...result.charge!.terms[1]!, multiplier: { numerator: 1, denominator: 2 } }, 'en').price, '× 2.5 × 1/2');
    assert.equal(termRow({ ...result.charge!.terms[1]!, multiplier: { numerator: 2, denominator: 1 } }, 'en').price, '× 2.5 × 2');
  });

  it('say nothing twice', () => {
    assert.equal(storyBesideLayers(result).length, result.story.length - 1);
    assert.equal(formulaLine(result), undefined);
    assert.equal(formulaLine({ ...result, story: [] }), 'formula');
  });

  it('word each budget as it was at the decision', () => {
    const verdicts = refusedExplanation().decision.budgets!;
    assert.deepEqual(verdicts.map((verdict) => budgetVerdictRow(verdict, 'en')).map((row) => [row.id, row.mode, row.icon, row.word]), [
      ['everything-month', 'hard', 'check', 'Fits'], ['workspaces', 'hard', 'circle-slash', 'Does not fit'], ['family', 'soft', 'warning', 'Goes over, only warned'],
    ]);
    assert.equal(budgetVerdictRow(verdicts[1]!, 'en').sum, '17.40 used + 1.80 reserved + 4.00 wanted of 20.00 credits');
    assert.equal(budgetVerdictRow(verdicts[2]!, 'en').sum, '2.31 M used + 96.0 k wanted of 2.00 M tokens');
    assert.deepEqual([budgetVerdictRow({ ...verdicts[1]!, verdict: 'reserved' }, 'en').icon, budgetVerdictRow({ ...verdicts[1]!, verdict: 'reserved' }, 'en').word], ['clock', 'Fits once reservations come back']);
  });

  it('tell a question and its answer, and leave what stands in lists to them', () => {
    const story = storyBesideLayers(refusedExplanation());
    assert.deepEqual(story, ['Codex CLI in workspace billing-service asked for gpt-6.1-sol.', 'A person was asked whether it may use purchased credits, and answered "task" after 12.4 s.', 'It was refused (budget_exceeded); nothing was sent and nothing was charged.']);
  });

  it('tell no wait that one decimal would show as none', () => {
    assert.deepEqual([waitedText(0), waitedText(49), waitedText(50), waitedText(2_100)], [undefined, undefined, 'waited 0.1 s', 'waited 2.1 s']);
  });

  it('name a missing price beside the safety layer that passed, whichever name the story gives it', () => {
    const refused = refusedExplanation();
    const because = 'No price is known for the model "gpt-7".';
    const unpriced = { ...refused, decision: { ...refused.decision, code: 'model_unpriced', layers: [refused.decision.layers[0]!, { layer: 'safety', verdict: 'ended', because } as const] } };
    assert.deepEqual(unpriced.decision.layers.map((layer) => layerName(shownLayer(unpriced.decision, layer))), ['Safety', 'Price']);
    for (const name of ['Price', 'Safety']) assert.deepEqual(storyBesideLayers({ ...unpriced, story: ['It ran.', `${name}: ${because}`] }), ['It ran.']);
  });

  it('add corrections to the charge', () => {
    const corrected = correctedExplanation();
    assert.deepEqual(corrected.corrections.map((one) => correctionRow(one, 'en')), [{ what: 'Refund', credits: '−1.000000' }, { what: 'Usage corrected', credits: '+0.250000' }]);
    assert.equal(correctedCost(corrected), corrected.charge!.costMicroCredits - 750_000);
    assert.equal(correctedCost(result), result.charge!.costMicroCredits);
  });

  it('say why nothing was charged', () => {
    const free = { ...result, charge: null };
    assert.equal(explainTitle({ ...free, decision: { ...free.decision, outcome: 'refuse' } }, 'en'), 'Why was it refused?');
    assert.match(noChargeText({ ...free, decision: { ...free.decision, outcome: 'refuse' } }), /Nothing was charged/);
    assert.equal(noChargeText({ ...free, attempts: [{ ...free.attempts[0]!, freeReason: 'It was free.' }] }), 'It was free.');
    const { outcome: _outcome, ...running } = free.attempts[0]!;
    assert.match(noChargeText({ ...free, attempts: [running] }), /still running/);
  });
});

describe('chart', () => {
  it('draws at most 14 days in credits', () => {
    const days = chartDays([...snapshot.days, ...snapshot.days]);
    assert.equal(days.length, 14);
    const chart = dailyCostChart(days, 'en');
    assert.equal(chart.series[0]?.values[8], 75);
    assert.equal(chart.highest, 8);
    assert.match(chart.sentence, /highest Thu 12 Nov: 75\.00 credits, \$3\.00, 75 requests$/);
    assert.equal(dailyCostChart(days.map((day) => ({ ...day, costMicroCredits: 0 })), 'en').sentence, 'No cost in the last 14 days');
  });

  it('stacks each series on those below it', () => {
    assert.deepEqual(stackTops([[1, 2], [3, 0], [0, 5]]), [[1, 2], [4, null], [null, 7]]);
    assert.deepEqual(stackTops([]), []);
  });

  it('ends its scale on a round number above the bars', () => {
    assert.deepEqual([0, 0.03, 1, 7, 75, 81, 999].map(scaleTop), [1, 0.04, 1, 8, 80, 100, 1000]);
  });
});

// What a person takes along: the three formats of a table hold its values, and nothing from outside becomes a formula,
// Markdown, HTML or a path.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { HappeningDirective } from '../../src/protocol/ledgerPages.ts';
import { pageSaving } from '../../src/protocol/dashboardQuestions.ts';
import { happeningsTable, happeningText } from '../../src/webview/happeningText.ts';
import { receiptName, receiptText } from '../../src/webview/receiptText.ts';
import { fileName, markdown, tableText } from '../../src/webview/shownTable.ts';
import type { ShownTable } from '../../src/webview/shownTable.ts';
import { sampleHappenings } from './sampleAnswers.ts';
import { correctedExplanation, refusedExplanation } from './sampleExplanations.ts';
import { sampleExplanation, sampleNowMs } from './sampleSnapshot.ts';

const hostile = '=HYPERLINK("x")|<img src=x>\n# *b*';
const table: ShownTable = {
  title: 'T', columns: [{ key: 'name', title: 'Name' }, { key: 'costMicroCredits', title: 'Credits', isNumber: true }],
  rows: [[{ text: 'a, "b"', value: 'a, "b"' }, { text: '1.50', value: 1_500_000 }], [{ text: hostile, value: hostile }, { text: '—', value: null }]],
};

describe('a table that is taken along', () => {
  it('is CSV of values, with texts that no spreadsheet runs', () => {
    assert.equal(tableText(table, 'csv'), 'name,costMicroCredits\r\n"a, ""b""",1500000\r\n"\'=HYPERLINK(""x"")|<img src=x>\n# *b*",\r\n');
  });

  it('is JSON of values, with null where nothing is known', () => {
    assert.deepEqual(JSON.parse(tableText(table, 'json')), [{ name: 'a, "b"', costMicroCredits: 1_500_000 }, { name: hostile, costMicroCredits: null }]);
  });

  it('is Markdown of texts, in which nothing else is Markdown', () => {
    assert.deepEqual(tableText(table, 'md').split('\n'), ['## T', '', '| Name | Credits |', '| --- | ---: |', '| a, "b" | 1.50 |', '| =HYPERLINK("x")\\|\\<img src=x\\> \\# \\*b\\* | — |', '']);
    fc.assert(fc.property(fc.string(), (text) => { assert.doesNotMatch(markdown(text), /(?<!\\)(?:\\\\)*[|<>`]|[\n\r]/); }));
  });

  it('has a name that is only a name, which the extension takes', () => {
    assert.equal(fileName(['Codex usage', '2026-11-17', '30 d', 'by', 'model'], 'csv'), 'Codex usage 2026-11-17 30 d by model.csv');
    fc.assert(fc.property(fc.array(fc.string(), { maxLength: 4 }), fc.constantFrom('csv', 'json', 'md', 'png'), (parts, ending) => {
      const name = fileName(parts, ending);
      assert.ok(pageSaving.safeParse({ type: 'save', id: 1, name, to: 'file', content: '', encoding: 'text' }).success, name);
    }));
  });
});

describe('a receipt', () => {
  it('holds the formula, the charge and the entries of one request', () => {
    const text = receiptText(sampleExplanation(), false, 'en');
    for (const part of [/^# Receipt: request req\\_7f3a91c2$/m, /^\| Fresh input \| 26,868 \| × 50 \| 1\.343400 \|$/m, /^\| \*\*Charge\*\* \| \| \$0\.1349 \| \*\*3\.372760\*\* \|$/m, /^Price 2026-09-30, standard tier\./m, /^\| post \| 2026-11-17T14:21:00\.000Z \| grant\\_0042 \| −3\.372760 \| 581\.613550 \|$/m]) assert.match(text, part);
    assert.doesNotMatch(text, /Practice/);
    assert.equal(receiptName(sampleExplanation()), 'Codex receipt req_7f3a91c2.md');
  });

  it('tells corrections, practice, and that nothing was charged', () => {
    assert.match(receiptText(correctedExplanation(), true, 'en'), /Practice mode: nothing of this was billed\.[\s\S]*\| Refund, .*−1\.000000 \|[\s\S]*Corrected charge/);
    assert.match(receiptText(refusedExplanation(), false, 'en'), /It was refused before it was sent\. Nothing was charged\./);
  });
});

describe('what happened', () => {
  it('is told in words, each kind in its own', () => {
    const told = sampleHappenings.map((one) => happeningText(one, 'en'));
    assert.deepEqual(told.map((one) => one.title), ['Credits added', 'Limits changed', 'Plan window began anew', 'Price changed', 'Budget set', 'Model without a price: sent', 'Purchased credits allowed', 'Credits added', 'Rule set', 'Credits added']);
    assert.deepEqual([told[1]?.detail, told[2]?.detail], ['gpt-6.1-sol: 500 requests per minute, 200,000 tokens per minute, before 300 requests per minute, 100,000 tokens per minute', 'ChatGPT 0a1b: Plan per 5 hours']);
    assert.equal(told[3]?.detail, 'gpt-6.1-sol: 50 in, 2.5 cached, 225 out per million, before 50 in, 2.5 cached, 250 out per million');
    assert.deepEqual([told[0]?.detail, told[0]?.amountMicroCredits], ['included credits, Weekly', 250_000_000]);
    const directive = (one: HappeningDirective) => happeningText({ from: 'directive', atMs: 1, sequence: 1, directive: one }, 'en');
    assert.deepEqual([
      directive({ kind: 'auto-top-up', rule: { belowMicroCredits: 10_000_000, amountMicroCredits: 50_000_000, capMicroCredits: 200_000_000, timeZone: 'UTC' } }), directive({ kind: 'auto-top-up', rule: null }),
      directive({ kind: 'voucher-issuer', keyId: 'k', issuer: { keyId: 'k', name: 'Team lead', publicKey: 'p' } }), directive({ kind: 'voucher-issuer', keyId: 'k', issuer: null }),
    ].map(({ title, detail }) => [title, detail]), [
      ['Automatic top-up set', 'below 10.00: 50.00 at a time, at most 200.00 in a month'], ['Automatic top-up switched off', undefined],
      ['Vouchers taken', 'Team lead'], ['Vouchers refused', 'k'],
    ]);
    assert.deepEqual(directive({ kind: 'limit', note: { subject: 'm', limits: [{ measure: 'images', limit: 1, windowMinutes: 1440 }] } }), { icon: 'dashboard', title: 'Limits seen first', detail: 'm: 1 image per day' });
    assert.equal(directive({ kind: 'budget', id: 'b', budget: null }).title, 'Budget removed');
    assert.equal(directive({ kind: 'allowance', id: 'a', allowance: null }).title, 'Allowance removed');
    assert.equal(directive({ kind: 'void', grantId: 'g', disputed: true, reason: 'r' }).title, 'Credits disputed');
    assert.equal(directive({ kind: 'consent', consent: { scope: 'everywhere', of: '', answer: 'deny' } }).detail, 'every workspace');
    assert.equal(directive({ kind: 'restored', note: 'from Monday' }).detail, 'from Monday');
    assert.equal(directive({ kind: 'correction', attemptId: 'att', content: '{}' }).title, 'Charge corrected');
  });

  it('becomes a table of the same rows', () => {
    const values = happeningsTable(sampleHappenings, 'All events', sampleNowMs, { locale: 'en', timeZone: 'UTC' }).rows.map((row) => row.map((cell) => cell.value));
    assert.equal(values.length, sampleHappenings.length);
    assert.deepEqual(values[0]?.slice(1), ['Credits added', 'included credits, Weekly', 250_000_000]);
    assert.equal(values[1]?.[3], null);
  });
});

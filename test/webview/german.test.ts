// What the tables, forms, charts, receipts and exports of the dashboard say in German: nothing of it is English, and data that
// programs read has English names all the same.
import assert from 'node:assert/strict';
import type { HappeningDirective } from '../../src/protocol/ledgerPages.ts';
import { inEnglish, t } from '../../src/protocol/language.ts';
import { budgetOf, draftOf, draftSentence } from '../../src/webview/budgetDraft.ts';
import { budgetRows } from '../../src/webview/budgetText.ts';
import { burnDown } from '../../src/webview/burnText.ts';
import { dailyCostChart } from '../../src/webview/chartSeries.ts';
import { entriesTable, entryText } from '../../src/webview/entryText.ts';
import { budgetVerdictRow, correctionRow, explainTitle, layerName, noChargeText, sliceText, termRow, verdictMark } from '../../src/webview/explainText.ts';
import { allowanceText, expiryParts, restrictionText } from '../../src/webview/grantText.ts';
import { happeningsTable, happeningText } from '../../src/webview/happeningText.ts';
import { averageText, cachedWords, chartUnits, dearestShare, groupName, groupTable, historyChart, rangeText, sureness } from '../../src/webview/historyText.ts';
import { receiptText } from '../../src/webview/receiptText.ts';
import { tableText } from '../../src/webview/shownTable.ts';
import { addedText, draftAmount, notAddedText, requestsBought, submitLabel } from '../../src/webview/topUpDraft.ts';
import { german, pseudo, spokenIn, untranslated } from '../support/language/spokenIn.ts';
import { problem } from '../../src/domain/problem.ts';
import { sampleCourse, sampleHappenings, sampleHistory, sampleLedgerRows } from './sampleAnswers.ts';
import { correctedExplanation, refusedExplanation } from './sampleExplanations.ts';
import { ruledSnapshot, sampleGrants } from './sampleRules.ts';
import { sampleExplanation, sampleNowMs, sampleSnapshot } from './sampleSnapshot.ts';
import { sceneData } from './spokenScenes.ts';

const place = { locale: 'en', timeZone: 'UTC' };
const month = sampleHistory(30);
const data = [...sceneData(), 'thread_1', 'grant_0036', '$'];

/** Every directive that a person can lay down. */
const directives: readonly HappeningDirective[] = [
  ...(['everywhere', 'workspace', 'task', 'request'] as const).flatMap((scope) => (['allow', 'deny', 'ask'] as const).map((answer): HappeningDirective => ({ kind: 'consent', consent: { scope, of: 'thread_1', answer } }))),
  { kind: 'budget', id: 'docs-site', budget: null }, { kind: 'allowance', id: 'docs-site', allowance: null }, { kind: 'correction', attemptId: 'att_1', content: '{}' },
  { kind: 'allowance', id: 'docs-site', allowance: { id: 'docs-site', kind: 'promotional', amountMicroCredits: 5_000_000, every: 'day', timeZone: 'UTC', priority: 50 } },
  ...(['refuse', 'ask', 'ceiling', 'allow'] as const).map((value): HappeningDirective => ({ kind: 'policy', name: 'unpriced', value })), ...(['refuse', 'allow'] as const).map((value): HappeningDirective => ({ kind: 'policy', name: 'unattended', value })),
  ...(['allow', 'deny', 'ask'] as const).map((answer): HappeningDirective => ({ kind: 'unpriced-model', model: 'gpt-old', answer })),
  ...(['requests', 'tokens', 'images'] as const).map((measure): HappeningDirective => ({ kind: 'limit', note: { subject: 'gpt-old', limits: [{ measure, limit: 1, windowMinutes: 1 }] } })),
  ...[true, false].map((disputed): HappeningDirective => ({ kind: 'void', grantId: 'grant_0036', disputed, reason: 'Card payment' })),
];

/** What every part says, under its name. Names, ids and sentences of the broker in it are those of the samples. */
const said: Readonly<Record<string, () => readonly (string | undefined)[]>> = {
  budgets: () => (['left', 'used'] as const).flatMap((show) => budgetRows(ruledSnapshot(), 'ws_billing-service', sampleNowMs, show, place).flatMap((row) => [row.state, row.ends])),
  'budget form': () => {
    const wrong = (['', '12,5', '0'] as const).flatMap((limitText) => (['credits', 'tokens'] as const).map((unit) => budgetOf({ ...draftOf(undefined, 'en'), limitText, unit }, 'b', 'UTC', 'en')));
    const others = [{ of: 'a*b' }, { of: 'x'.repeat(300) }, { period: 'rolling', hoursText: '0' }].map((change) => budgetOf({ ...draftOf(undefined, 'en'), per: 'model', limitText: '5', ...change } as ReturnType<typeof draftOf>, 'b', 'UTC', 'en'));
    return [...wrong, ...others].map((read) => ('wrong' in read ? read.wrong : assert.fail(JSON.stringify(read))));
  },
  'left against even use': () => [burnDown(sampleCourse, 'docs-site', sampleNowMs, place).verdict, ...burnDown({ ...sampleCourse, unit: 'tokens' }, 'docs-site', sampleNowMs, place).table().columns.map((column) => column.title)],
  charts: () => [dailyCostChart(sampleSnapshot().days, 'en').title, ...chartUnits.flatMap((unit) => { const chart = historyChart(month, 'model', unit, 'en'); return [chart.title, chart.subtitle, chart.nothing, ...chart.series.map((one) => one.name)]; })],
  history: () => [rangeText(month, 'en'), averageText(month, 'en'), cachedWords(month.total), dearestShare(month, 'model', 0, 'en'), sureness({ ...month.total, estimated: 1, unpriced: 2 }, 'en'), ...groupTable(month, 'model', '', 'en').columns.map((column) => column.title),
    ...['request', 'turn', 'prewarm', 'compaction', 'review', 'chat', 'embeddings', 'background'].map((label) => groupName({ ...month.total, label }, 'kind')), ...(['branch', 'command', 'file'] as const).flatMap((by) => [groupName({ ...month.total, key: '' }, by), historyChart(month, by, 'credits', 'en').subtitle, groupTable(month, by, '', 'en').columns[0]!.title]), ...['ask-selection', 'ask-files', 'ask-changes', 'ask-failed-command', 'task'].map((label) => groupName({ ...month.total, key: label, label }, 'command')), groupName({ ...month.total, key: '', label: 'no thread' }, 'thread'), groupName({ ...month.total, key: '', label: 'unknown model' }, 'model')],
  entries: () => sampleLedgerRows.flatMap((row) => (['grant', 'owed', 'overshoot', 'exposure'] as const).flatMap((account) => (['grant', 'reserve', 'post', 'overage', 'void', 'expire', 'refund'] as const).flatMap((kind) => Object.entries(entryText({ ...row, account, kind })).flatMap(([name, text]) => (name === 'icon' ? [] : [text]))))),
  events: () => [...sampleHappenings.map((one) => happeningText(one, 'en')), ...directives.map((directive) => happeningText({ from: 'directive', atMs: 1, sequence: 1, directive }, 'en'))].flatMap(({ title, detail }) => [title, ...(detail?.includes('per week') ? [] : [detail])]),
  grants: () => [...sampleGrants.flatMap((grant) => expiryParts(grant, sampleNowMs, place)).filter((text) => !/\d (?:⟦ )?[dh]/.test(text)), restrictionText({ models: ['gpt-6*'], workspaces: ['docs-site'] }, (id) => id), restrictionText({ models: ['gpt-6*'] }, (id) => id), restrictionText({ workspaces: ['docs-site'] }, (id) => id),
    ...(['included', 'promotional'] as const).flatMap((kind) => (['day', 'week', 'month'] as const).map((every) => allowanceText({ ...ruledSnapshot().allowances[0]!, kind, every }, 'en')))],
  explanation: () => [
    ...[sampleExplanation(), refusedExplanation(), { ...sampleExplanation(), charge: null }].flatMap((result) => [explainTitle(result, 'en'), noChargeText(result)]), ...sampleExplanation().charge!.terms.map((term) => termRow(term, 'en').what), ...correctedExplanation().corrections.map((one) => correctionRow(one, 'en').what),
    ...refusedExplanation().decision.budgets!.flatMap((verdict) => { const row = budgetVerdictRow(verdict, 'en'); return [row.mode, row.word, row.sum]; }), ...(['included', 'promotional', 'purchased'] as const).map((kind) => sliceText({ grantId: 'grant_0036', kind, microCredits: 5 }, 'en')),
    ...(['safety', 'budgets', 'limits', 'included', 'promotional', 'purchased', 'consent', 'fallback', 'wait', 'price'] as const).map(layerName), ...(['passed', 'warned', 'took', 'waited', 'asked', 'ended', 'skipped'] as const).map((verdict) => verdictMark(verdict).word),
  ],
  receipt: () => [sampleExplanation(), refusedExplanation(), correctedExplanation()].map((result) => receiptText(result, true, 'en').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z|\\_/g, (part) => (part === '\\_' ? '_' : ''))),
  'top-up': () => {
    const { balance } = sampleSnapshot();
    const result = { grant: balance.grants[0]!, balance, created: true };
    return [...['', 'x', '9999', '10'].flatMap((text) => { const amount = draftAmount(text, 'en'); return ['wrong' in amount ? amount.wrong : '', submitLabel(amount, 'en'), submitLabel(amount, 'en', true)]; }), addedText(result, 'en'), addedText({ ...result, created: false }, 'en')];
  },
};

describe('the dashboard in German', () => {
  for (const [part, words] of Object.entries(said)) {
    it(`leaves nothing out: ${part}`, async () => {
      const found = await spokenIn(pseudo, () => [...new Set(words())].map((text) => untranslated((text ?? '').replaceAll(/⟦[^⟦⟧]*⟧/gu, ' '), data)).filter((rest) => rest !== ''));
      assert.deepEqual(found, []);
    });
  }

  it('speaks whole sentences', async () => {
    await spokenIn(german, () => {
      const read = budgetOf({ ...draftOf(undefined, 'en'), limitText: '100', per: 'workspace' }, 'b', 'UTC', 'en');
      assert.match('budget' in read ? draftSentence(read.budget, (id) => id) : '', /^Eine Anfrage, die .+ überschreiten würde, wird vor dem Senden abgelehnt\. Jeder Arbeitsbereich wird für sich gezählt\.$/);
      assert.equal(submitLabel(draftAmount('10', 'de'), 'de', true).replace(/\s/g, ' '), 'Weitere 250,00 Credits hinzufügen (10,00 $)');
      assert.equal(dearestShare(month, 'model', 0, 'de'), 'Davon entfielen 24,80 auf gpt-6.1-sol.');
      assert.match(sureness({ ...month.total, estimated: 1, unpriced: 2_000 }, 'de')!, /^1 Anfrage endete, .* 2\.000 Anfragen hatten keinen bekannten Preis und zählen hier nicht mit\.$/);
      assert.match(notAddedText(problem('broker_unreachable', 'x')), / Ein neuer Versuch mit demselben Betrag kann ihn nicht doppelt hinzufügen\.$/);
      assert.match(requestsBought(25_000_000, { microCredits: 1_000_000, requests: 3, isWholeDay: true }, 'de')!, /^25 .* beim heutigen Durchschnitt \(1,00\)$/);
      const receipt = receiptText(correctedExplanation(), true, 'de').replaceAll('\u00a0', ' ');
      for (const part of ['# Beleg: Anfrage req\\_7f3a91c2', 'Übungsmodus: Nichts davon wurde in Rechnung gestellt.', '| Tokens | Anzahl | Credits pro Million | Credits |', '| Neue Eingabe | 26.868 | × 50 | 1,343400 |', '| **Belastung** | | 0,1349 $ | **3,372760** |', '| Vormerkung | 2026-']) assert.ok(receipt.includes(part), part);
    });
  });

  it('gives people German tables, and programs the same data as in English', async () => {
    const tables = () => [
      historyChart(month, 'model', 'tokens', 'de').table, historyChart(month, 'model', 'credits', 'de').table, () => groupTable(month, 'model', t('Codex usage, {0}', '2026'), 'de'),
      () => entriesTable(sampleLedgerRows, t('Codex ledger'), sampleNowMs, place), () => happeningsTable(sampleHappenings, t('All events'), sampleNowMs, place), burnDown(sampleCourse, 'docs-site', sampleNowMs, place).table,
    ];
    const english = tables().map((table) => tableText(table(), 'csv') + tableText(table(), 'json'));
    await spokenIn(german, () => {
      const made = tables();
      assert.deepEqual(made.map((table) => inEnglish(() => tableText(table(), 'csv') + tableText(table(), 'json'))), english);
      const people = made.map((table) => tableText(table(), 'md'));
      for (const [index, head] of [/^## Tokens pro Tag · nach Art der Tokens\n\n\| Tag \| Neue Eingabe \|/, /\| 2 weitere \| Summe \|/, /^## Codex-Verbrauch, 2026[\s\S]*\| davon Reasoning \|[\s\S]*\| Summe \|/, /^## Codex-Kassenbuch[\s\S]*\| Gutschrift \| Belastung \| billing-service/, /^## Codex-Ereignisse[\s\S]*\| Preis geändert \|/, /\| Zeit \| Übrig \| Gleichmäßiger Verbrauch \|/].entries()) assert.match(people[index]!, head);
    });
  });
});

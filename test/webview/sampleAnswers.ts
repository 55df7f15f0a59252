// What the ledger answers to the page's questions in its tests: a month that ends on the sample's day, its entries with
// their requests, and what happened to credits and rules. Built from the sample, so that every sum agrees.
import { chargeFor } from '../../src/domain/pricing.ts';
import type { Insight } from '../../src/domain/insights.ts';
import { noTokens } from '../../src/domain/tokenUsage.ts';
import type { PageQuestion, QuestionAnswer } from '../../src/protocol/dashboardQuestions.ts';
import { historyOfSteps } from '../../src/protocol/history.ts';
import type { HistoryResult, HistoryStep } from '../../src/protocol/history.ts';
import type { Course, EntryPage, Happening, LedgerRow } from '../../src/protocol/ledgerPages.ts';
import type { EntryView, UsageRow } from '../../src/protocol/snapshot.ts';
import { sampleBudget } from './sampleRules.ts';
import { samplePrices, sampleNowMs, sampleRequests, sampleSnapshot, usageBy } from './sampleSnapshot.ts';

const dayMs = 86_400_000;
const models = ['gpt-6.1-sol', 'gpt-5.6-terra', 'gpt-6-luna', 'gpt-6.1-sol-mini', 'codex-auto-review', 'gpt-5.5'];
const shares = [0.62, 0.22, 0.08, 0.05, 0.02, 0.01];
/** Weekdays, with a quiet end of the week and one dear day. */
const courseOfCosts = [28, 30, 27, 3, 0.4, 41, 42, 41, 75, 34, 4, 0, 40, 36];

function rowOf(key: string, label: string, cost: number): UsageRow {
  const inputTokens = Math.round(cost * 40_000);
  return {
    key, label, requests: Math.ceil(cost * 6), ...noTokens, inputTokens, cachedInputTokens: Math.round(inputTokens * 0.6), outputTokens: Math.round(cost * 1_800), reasoningTokens: Math.round(cost * 700),
    costMicroCredits: Math.round(cost * 1_000_000), estimated: cost > 40 ? 1 : 0, unpriced: 0,
  };
}

/** A history of so many days, by model; today is the snapshot's. */
export function sampleHistory(days: number): HistoryResult {
  const steps: HistoryStep[] = Array.from({ length: days }, (_, index) => {
    const atMs = sampleNowMs - (days - 1 - index) * dayMs;
    const cost = courseOfCosts[(courseOfCosts.length * 9 - days + index) % courseOfCosts.length]!;
    const rows = index === days - 1 ? usageBy(sampleRequests, (each) => each.model, (each) => each.model) : models.map((model, place) => rowOf(model, model, cost * shares[place]!)).filter((row) => row.costMicroCredits > 0);
    return { key: new Date(atMs).toISOString().slice(0, 10), rows };
  });
  return historyOfSteps(steps);
}

/** A history of a long ledger by thread: so many threads of which the dearest are told. */
export function manyThreads(count: number, days: number): HistoryResult {
  const threads = Array.from({ length: count }, (_, index) => rowOf(`0193b2c4-${String(index).padStart(4, '0')}-7000-8000-000000000000`, `0193b2c4-${String(index).padStart(4, '0')}-7000-8000-000000000000`, 40 / (1 + index / 50)));
  return historyOfSteps(Array.from({ length: days }, (_, index) => ({ key: new Date(sampleNowMs - (days - 1 - index) * dayMs).toISOString().slice(0, 10), rows: index % 9 === 0 ? threads : threads.slice(0, 200) })));
}

/** The sample's entries as the ledger's pages tell them. */
export const sampleLedgerRows: readonly LedgerRow[] = sampleSnapshot().entries.map(ledgerRow);

function ledgerRow(entry: EntryView): LedgerRow {
  const request = sampleRequests.find((one) => one.requestId === entry.requestId);
  const grant = sampleSnapshot().balance.grants.find((one) => one.id === entry.grantId);
  return {
    ...entry, ...(request ? { workspaceId: request.workspaceId, workspaceLabel: request.workspaceLabel, client: request.client, model: request.model } : {}),
    ...(grant ? { grantKind: grant.kind } : {}), ...(grant?.note === undefined ? {} : { note: grant.note }),
  };
}

function entriesPage(question: Extract<PageQuestion, { about: 'entries' }>): EntryPage {
  const { kind, search = '', workspaceId, before = Infinity } = question;
  const rows = sampleLedgerRows.filter((row) => row.sequence < before && (kind !== 'moves' || row.amountMicroCredits !== 0) && (kind !== 'grants' || row.requestId === undefined) && kind !== 'corrections'
    && (workspaceId === undefined || row.workspaceId === workspaceId) && JSON.stringify([row.requestId, row.workspaceLabel, row.model]).includes(search));
  return { rows };
}

const newPrice = { ...samplePrices['gpt-6.1-sol']!, version: '2026-11-12', rates: { ...samplePrices['gpt-6.1-sol']!.rates, output: 225_000_000 } };
const perMinute = (requests: number, tokens: number) => [{ measure: 'requests', limit: requests, windowMinutes: 1 }, { measure: 'tokens', limit: tokens, windowMinutes: 1 }] as const;
const directives: readonly Happening[] = [
  { from: 'directive', atMs: sampleNowMs - 3 * dayMs, sequence: 8, directive: { kind: 'limit', note: { subject: 'gpt-6.1-sol', limits: perMinute(500, 200_000) } }, limitsBefore: perMinute(300, 100_000) },
  { from: 'directive', atMs: sampleNowMs - 4 * dayMs, sequence: 7, directive: { kind: 'limit', note: { subject: 'ChatGPT 0a1b/300', began: { plan: 'ChatGPT 0a1b', windowMinutes: 300, resetsAtMs: sampleNowMs } } } },
  { from: 'directive', atMs: sampleNowMs - 5 * dayMs, sequence: 6, directive: { kind: 'price', model: 'gpt-6.1-sol', price: newPrice }, before: samplePrices['gpt-6.1-sol']! },
  { from: 'directive', atMs: sampleNowMs - 6 * dayMs, sequence: 5, directive: { kind: 'budget', id: 'month', budget: sampleBudget({ id: 'month' }).budget } },
  { from: 'directive', atMs: sampleNowMs - 7 * dayMs, sequence: 4, directive: { kind: 'unpriced-model', model: 'gpt-7-preview', answer: 'allow' } },
  { from: 'directive', atMs: sampleNowMs - 8 * dayMs, sequence: 3, directive: { kind: 'consent', consent: { scope: 'workspace', of: 'ws_docs-site', answer: 'allow' } }, workspaceLabel: 'docs-site' },
  { from: 'directive', atMs: sampleNowMs - 9 * dayMs, sequence: 2, directive: { kind: 'policy', name: 'unpriced', value: 'ask' } },
];

/** What happened, newest first. */
export const sampleHappenings: readonly Happening[] = [...directives, ...sampleLedgerRows.filter((row) => row.requestId === undefined).map((row): Happening => ({ from: 'entry', atMs: row.atMs, sequence: row.sequence, row }))]
  .toSorted((a, b) => b.atMs - a.atMs);

/** A month's budget of 500 credits that is used a little fast. */
export const sampleCourse: Course = {
  unit: 'credits', fromMs: Date.UTC(2026, 10, 1), untilMs: Date.UTC(2026, 11, 1), ideal: { atStart: 500_000_000, atEnd: 0 },
  left: Array.from({ length: 17 }, (_, index) => ({ atMs: index === 16 ? sampleNowMs : Date.UTC(2026, 10, 1 + index), amount: Math.round(500_000_000 - 19_000_000 * index ** 1.02) })),
};

/** Findings of each sort: with a worth, with none, and one that is measured. */
export const sampleInsights: readonly Insight[] = [
  { kind: 'cache-fell', subject: 'billing-service', names: {}, numbers: { share: 0.41, shareBefore: 0.78, inputTokens: 24_000_000 }, worthMicroCredits: 38_200_000 },
  { kind: 'cheaper-model', subject: 'gpt-6.1-sol', names: { model: 'gpt-6-luna' }, numbers: { requests: 214, costMicroCredits: 20_600_000, otherMicroCredits: 1_000_000 }, worthMicroCredits: 19_600_000 },
  { kind: 'cut-answers', subject: '', names: {}, numbers: { requests: 9, share: 0.07 }, worthMicroCredits: 14_100_000 },
  { kind: 'waits', subject: 'docs-site', names: { task: '0193b2c4-0000-7000-8000-000000000000', workspace: 'billing-service' }, numbers: { waitedMs: 1_260_000, requests: 31, share: 0.64, tokens: 3_400_000 } },
];

/** The answer to a question. */
export function sampleAnswer(id: number, question: PageQuestion): QuestionAnswer {
  switch (question.about) {
    case 'history': return { type: 'answer', about: 'history', id, result: sampleHistory(question.days) };
    case 'saving': {
      const request = sampleRequests.at(-1)!;
      const fresh = chargeFor({ ...request, cachedInputTokens: 0 }, samplePrices[request.model]!, 'standard').costMicroCredits;
      return { type: 'answer', about: 'saving', id, result: { savedMicroCredits: (fresh - request.costMicroCredits!) * 70, cachedInputTokens: request.cachedInputTokens * 70 } };
    }
    case 'entries': return { type: 'answer', about: 'entries', id, result: entriesPage(question) };
    case 'happenings': return { type: 'answer', about: 'happenings', id, result: { rows: sampleHappenings } };
    case 'insights': return { type: 'answer', about: 'insights', id, result: { insights: sampleInsights, days: question.days, comparedDays: Math.max(28, question.days) } };
    case 'course': return { type: 'answer', about: 'course', id, result: { course: sampleCourse } };
  }
}

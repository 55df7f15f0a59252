// Budgets, questions, answers, prices and grants of every kind for the page's tests, over the sample snapshot: what
// people laid down, and what requests wait to be told.
import { budgetText } from '../../src/domain/budgets.ts';
import type { Budget } from '../../src/domain/budgets.ts';
import type { BudgetView, GrantView, PriceChangeView, QuestionView, Snapshot } from '../../src/protocol/snapshot.ts';
import { sampleNowMs, samplePrices, sampleSnapshot } from './sampleSnapshot.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const credits = (amount: number) => Math.round(amount * 1_000_000);
const own = { workspaceId: 'ws_billing-service', workspaceLabel: 'billing-service' };
const weekEndsAtMs = Date.UTC(2026, 10, 23);

/** A question about purchased credits by a task of the sample's own workspace. */
export function sampleQuestion(change: Partial<QuestionView> = {}): QuestionView {
  return {
    ...own, requestId: 'req_7f3c0001', kind: 'consent', threadId: 'thread_1', client: 'codex_exec', model: 'gpt-6.1-sol', sinceMs: sampleNowMs - 21_000, endsAtMs: sampleNowMs + 579_000, estimateMicroCredits: credits(4.5),
    text: 'Codex CLI in "billing-service" needs up to 4.50 credits for gpt-6.1-sol, and only purchased ones are left. May it use them?', hasWindow: true, ...change,
  };
}

/** A question about a model without a price, of another workspace. */
export function sampleUnpriced(): QuestionView {
  const { threadId: _thread, estimateMicroCredits: _estimate, ...rest } = sampleQuestion();
  return {
    ...rest, requestId: 'req_7f3c0002', kind: 'unpriced', workspaceId: 'ws_docs-site', workspaceLabel: 'docs-site', client: 'SDK script', model: 'gpt-7-preview', sinceMs: sampleNowMs - 4_000,
    text: 'SDK script in "docs-site" asks for gpt-7-preview, whose price is not known. May it be sent? It is counted as unpriced and draws no credits; OpenAI may bill it.',
  };
}

/** A budget with what is used of it. */
export function sampleBudget(budget: Partial<Budget> & { readonly id: string }, ...uses: BudgetView['uses']): BudgetView {
  const whole: Budget = { per: 'everything', unit: 'credits', limit: credits(100), period: 'week', timeZone: 'UTC', mode: 'hard', ...budget };
  return { id: whole.id, text: budgetText(whole), budget: whole, uses };
}

/** Budgets of every kind and level. */
export const sampleBudgets: readonly BudgetView[] = [
  sampleBudget({ id: 'everything-month', limit: credits(500), period: 'month' }, { key: '', used: credits(183.2), reserved: credits(24), endsAtMs: Date.UTC(2026, 11, 1) }),
  sampleBudget({ id: 'workspaces', per: 'workspace', limit: credits(20) },
    { key: own.workspaceId, label: own.workspaceLabel, used: credits(17.4), reserved: credits(1.8), endsAtMs: weekEndsAtMs }, { key: 'ws_mobile-app', label: 'mobile-app', used: credits(3.1), reserved: 0, endsAtMs: weekEndsAtMs }),
  sampleBudget({ id: 'family', per: 'model', of: 'gpt-6*', unit: 'tokens', limit: 2_000_000, period: { rollingHours: 5 }, mode: 'soft' }, { key: 'gpt-6*', used: 2_310_000, reserved: 148_000 }),
  sampleBudget({ id: 'one-request', per: 'request', limit: credits(10), period: 'life' }),
  sampleBudget({ id: 'docs', per: 'workspace', of: 'ws_docs-site', limit: credits(5), period: 'day' }, { key: 'ws_docs-site', label: 'docs-site', used: credits(5.02), reserved: 0, endsAtMs: Date.UTC(2026, 10, 18) }),
];

/** Grants in every state, over those of the sample. */
export const sampleGrants: readonly GrantView[] = [
  ...sampleSnapshot().balance.grants.map((grant) => (grant.kind === 'included' ? { ...grant, allowanceId: 'weekly' } : grant)),
  { id: 'grant_0043', kind: 'promotional', priority: 10, amountMicroCredits: credits(40), remainingMicroCredits: credits(40), heldMicroCredits: 0, createdAtMs: sampleNowMs - dayMs, startsAtMs: sampleNowMs + 2 * dayMs, expiresAtMs: sampleNowMs + 30 * dayMs, models: ['gpt-6*'], workspaces: ['ws_docs-site', 'ws_unseen'], note: 'Launch week' },
  { id: 'grant_0044', kind: 'purchased', priority: 50, amountMicroCredits: credits(125), remainingMicroCredits: 0, heldMicroCredits: 0, createdAtMs: sampleNowMs - 3 * dayMs, voided: 'undone' },
  { id: 'grant_0036', kind: 'purchased', priority: 50, amountMicroCredits: credits(250), remainingMicroCredits: 0, heldMicroCredits: 0, createdAtMs: sampleNowMs - 40 * dayMs, voided: 'disputed', note: 'Card payment' },
  { id: 'grant_0035', kind: 'included', priority: 50, amountMicroCredits: credits(250), remainingMicroCredits: 0, heldMicroCredits: 0, createdAtMs: sampleNowMs - 9 * dayMs, expiresAtMs: sampleNowMs - 2 * dayMs, note: 'Weekly' },
];

/** Two prices that changed, newest first. */
export const samplePriceChanges: readonly PriceChangeView[] = (['gpt-6.1-sol', 'gpt-6-luna'] as const).map((model, index) => {
  const before = samplePrices[model]!;
  return { model, atMs: sampleNowMs - (index + 1) * dayMs, before, after: { ...before, version: '2026-11-16', rates: { ...before.rates, output: before.rates.output * 1.2 } } };
});

/** The sample with everything that people laid down. */
export function ruledSnapshot(change: Partial<Snapshot> = {}): Snapshot {
  const base = sampleSnapshot();
  const estimates = { requests: 120, covered: 116, estimatedInputTokens: 900_000, usedInputTokens: 880_000, inputErrorTokens: 35_000, estimatedOutputTokens: 60_000, usedOutputTokens: 55_000, outputErrorTokens: 17_000 };
  return {
    ...base,
    balance: { ...base.balance, grants: sampleGrants, balanceMicroCredits: sampleGrants.reduce((total, grant) => total + grant.remainingMicroCredits, 0) },
    budgets: sampleBudgets, priceChanges: samplePriceChanges, policies: { unpriced: 'ask', unattended: 'refuse' },
    allowances: [{ id: 'weekly', kind: 'included', amountMicroCredits: credits(250), every: 'week', timeZone: 'UTC', priority: 50 }],
    consent: { everywhere: false, workspaceIds: ['ws_billing-service', 'ws_unseen'], deniedWorkspaceIds: ['ws_docs-site'] },
    autoTopUp: { belowMicroCredits: credits(10), amountMicroCredits: credits(50), capMicroCredits: credits(200), timeZone: 'UTC', addedMicroCredits: credits(50), beginsAnewAtMs: Date.UTC(2026, 11, 1) },
    voucherIssuers: [{ keyId: '21fe31dfa154a261', name: 'Team lead', publicKey: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }],
    unpricedModels: [{ model: 'gpt-7-preview', answer: 'allow' }, { model: 'gpt-old', answer: 'deny' }], workspaceLabels: { ws_unseen: 'old-prototype', 'ws_docs-site': 'docs-site' },
    days: base.days.map((day, index) => (index === base.days.length - 1 ? { ...day, estimates } : day)),
    ...change,
  };
}

/** The sample while two requests wait to be told something. */
export function askingSnapshot(change: Partial<Snapshot> = {}): Snapshot {
  const base = sampleSnapshot();
  const questions = [sampleUnpriced(), sampleQuestion()];
  const parked = questions.map((question) => ({
    requestId: question.requestId, state: 'parked' as const, workspaceId: question.workspaceId, workspaceLabel: question.workspaceLabel, client: question.client, model: question.model, sinceMs: question.sinceMs,
    estimatedTokens: 96_000, heldMicroCredits: 0, reason: 'This request would use 4.50 purchased credits, and this workspace has no permission to. Nothing was sent and nothing was charged.',
  }));
  const held = { ...parked[0]!, requestId: 'req_7f3c0003', ...own, reason: 'This request may cost up to 9.00 credits and 4.00 are free (12.00 more are reserved by running requests). Nothing was sent and nothing was charged.' };
  return { ...base, questions, waiting: [...base.waiting, ...parked, held], consent: { everywhere: false, workspaceIds: [], deniedWorkspaceIds: [] }, ...change };
}

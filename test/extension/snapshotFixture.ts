// A snapshot whose sums add up, and ways to vary it. Amounts are in microcredits.
import { policyDefaults } from '../../src/domain/directives.ts';
import type { BudgetView, QuestionView, Snapshot, UsageRow } from '../../src/protocol/snapshot.ts';

const noUsage = { inputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 };

/** Today's usage of the fixture: one request of 3.37 credits. */
const today: UsageRow = { ...noUsage, key: 'today', label: 'Today', inputTokens: 30_000, outputTokens: 3_900, requests: 1, costMicroCredits: 3_370_000, estimated: 0, unpriced: 0 };

/** 342.18 of 500 credits left, 2.98 of them held. */
export function snapshotFixture(change: Partial<Snapshot> = {}): Snapshot {
  return {
    sequence: 1, atMs: 1_000_000,
    broker: { version: '1.2.3', pid: 4242, startedAtMs: 900_000, mode: 'live', upstream: 'api.openai.com', dataDir: '/data' },
    key: { state: 'present', source: 'keychain' },
    balance: {
      tracked: true, balanceMicroCredits: 342_180_000, heldMicroCredits: 2_980_000, owedMicroCredits: 0,
      grants: [{ id: 'g1', kind: 'purchased', amountMicroCredits: 500_000_000, remainingMicroCredits: 342_180_000, heldMicroCredits: 2_980_000, priority: 50, createdAtMs: 900_000 }],
    },
    consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds: [] }, budgets: [], allowances: [], policies: policyDefaults, questions: [], priceChanges: [], nextDraw: 'purchased',
    windows: [{ id: 'gpt-5.5/tokens', model: 'gpt-5.5', measure: 'tokens', windowMinutes: 1, limit: 100_000, remaining: 38_000, resetsAtMs: 1_047_000, observedAtMs: 999_000 }],
    running: [], waiting: [],
    today: { dayStartMs: 0, total: today, byWorkspace: [], byModel: [] },
    days: [],
    recent: [{ ...noUsage, requestId: 'req_1', atMs: 950_000, workspaceId: 'ws_1', workspaceLabel: 'billing-service', client: 'codex_exec', model: 'gpt-5.5', outcome: 'completed', measured: true, durationMs: 900, waitedMs: 0, inputTokens: 30_000, outputTokens: 3_900, costMicroCredits: 3_370_000 }],
    entries: [], problems: [],
    ...change,
  };
}

/** The fixture with another balance. */
export function withBalance(balanceMicroCredits: number, change: Partial<Snapshot> = {}): Snapshot {
  const base = snapshotFixture(change);
  const grants = base.balance.grants.map((grant) => ({ ...grant, remainingMicroCredits: balanceMicroCredits, heldMicroCredits: 0 }));
  return { ...base, balance: { ...base.balance, balanceMicroCredits, heldMicroCredits: 0, grants } };
}

/** The fixture of a broker in practice mode. */
export function practiceSnapshot(change: Partial<Snapshot> = {}): Snapshot {
  const base = snapshotFixture();
  return { ...base, broker: { ...base.broker, mode: 'practice', upstream: 'sandbox' }, ...change };
}

/** The fixture before any grant was made. */
export function untrackedSnapshot(change: Partial<Snapshot> = {}): Snapshot {
  return snapshotFixture({ balance: { tracked: false, balanceMicroCredits: 0, heldMicroCredits: 0, owedMicroCredits: 0, grants: [] }, nextDraw: 'untracked', ...change });
}

/** A question about purchased credits by a task of the fixture's own workspace. */
export function questionFixture(change: Partial<QuestionView> = {}): QuestionView {
  return {
    requestId: 'req_q1', kind: 'consent', workspaceId: 'ws_1', workspaceLabel: 'billing-service', threadId: 'thread_1', client: 'codex_exec', model: 'gpt-5.5', sinceMs: 990_000, endsAtMs: 1_600_000,
    estimateMicroCredits: 4_500_000, text: 'Codex CLI in "billing-service" needs up to 4.50 credits for gpt-5.5, and only purchased ones are left. May it use them?', hasWindow: true, ...change,
  };
}

/** A budget of 100 credits a week over everything, with what is used of it. */
export function budgetFixture(used: number, change: Partial<BudgetView['budget']> = {}, use: Partial<BudgetView['uses'][number]> = {}): BudgetView {
  return {
    id: change.id ?? 'b1', text: '100.00 credits per week',
    budget: { id: 'b1', per: 'everything', unit: 'credits', limit: 100_000_000, period: 'week', timeZone: 'UTC', mode: 'hard', ...change },
    uses: [{ key: '', used: used * 1_000_000, reserved: 0, endsAtMs: 400_000_000, ...use }],
  };
}

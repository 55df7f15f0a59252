// The states that the page can be in, each as the messages that bring it about: for pictures and for
// the checks that hold in every state. Built from the sample snapshot.
import { meterFace } from '../../src/protocol/meterFace.ts';
import { problem } from '../../src/domain/problem.ts';
import type { ExtensionMessage, LinkState } from '../../src/protocol/dashboardMessages.ts';
import { meterInput } from '../../src/protocol/meterInput.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { askingSnapshot, ruledSnapshot, sampleBudget } from './sampleRules.ts';
import { sampleSnapshot } from './sampleSnapshot.ts';

/** A `state` message as the extension sends it. */
export function stateMessage(snapshot: Snapshot | undefined, change: { link?: LinkState; show?: 'left' | 'used'; workspace?: boolean; locale?: string } = {}): Extract<ExtensionMessage, { type: 'state' }> {
  const show = change.show ?? 'left';
  const link = change.link ?? { state: 'connected' };
  const locale = change.locale ?? 'en';
  return {
    type: 'state', link, show, locale,
    ...(snapshot ? { snapshot } : {}),
    meter: meterFace(meterInput(link.state, snapshot, { show, unit: 'credits', locale }, 'ws_billing-service')),
    ...(change.workspace === false ? {} : { workspaceId: 'ws_billing-service', workspaceLabel: 'billing-service' }),
  };
}

const full = sampleSnapshot();
const { total } = full.today;
const nothingYet: Partial<Snapshot> = {
  windows: [], running: [], waiting: [], recent: [], entries: [],
  today: { ...full.today, byWorkspace: [], byModel: [], total: { ...total, requests: 0, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0, costMicroCredits: 0, estimated: 0 } },
  days: full.days.map((day) => ({ ...day, requests: 0, inputTokens: 0, outputTokens: 0, costMicroCredits: 0 })),
};
const untracked = { tracked: false, balanceMicroCredits: 0, heldMicroCredits: 0, owedMicroCredits: 0, grants: [] };

/** The balance with a share of the last grant left and the others used up. */
function balanceOf(left: number): Partial<Snapshot> {
  const grants = full.balance.grants.map((grant) => ({ ...grant, heldMicroCredits: 0, remainingMicroCredits: grant.kind === 'purchased' ? left : 0 }));
  return { balance: { tracked: true, balanceMicroCredits: left, heldMicroCredits: 0, owedMicroCredits: 0, grants }, nextDraw: left > 0 ? 'purchased' : 'none', running: [] };
}

const dayMs = 86_400_000;

/** A plan's windows, the one of the week used up; without a key nothing else pays. */
function usedUpPlan(): Snapshot {
  const plan = { model: 'ChatGPT 3fa9', measure: 'percent', limit: 100, observedAtMs: full.atMs - 20_000 } as const;
  return sampleSnapshot({
    key: { state: 'missing' }, plans: [{ account: 'ChatGPT 3fa9', observedAtMs: full.atMs - 20_000 }], running: [], waiting: [],
    windows: [{ ...plan, id: 'plan/300', windowMinutes: 300, remaining: 40, resetsAtMs: full.atMs + dayMs / 12 }, { ...plan, id: 'plan/10080', windowMinutes: 10_080, remaining: 0, resetsAtMs: full.atMs + 2 * dayMs }],
  });
}

/** One model's requests per day are used up. @param isOnly no other model is in use */
function usedUpModel(isOnly: boolean): Snapshot {
  const model = 'gpt-5.6-terra';
  const windows = full.windows.map((window) => (window.model === model ? { ...window, remaining: 0, resetsAtMs: full.atMs + dayMs } : window));
  const onlyIt = <Row extends { readonly model: string }>(rows: readonly Row[]) => rows.filter((row) => row.model === model);
  return sampleSnapshot({ windows, ...(isOnly ? { running: [], waiting: [], recent: onlyIt(full.recent), today: { ...full.today, byModel: full.today.byModel.filter(({ key }) => key === model) } } : {}) });
}

/** Limits and budgets that tell until when they last: with a band and without, too early, and at their pace of the last hours. */
function aheadLimits(): Snapshot {
  const hourMs = dayMs / 24;
  const plan = { model: 'ChatGPT 3fa9', measure: 'percent', limit: 100, observedAtMs: full.atMs - 20_000 } as const;
  const paced = (spread: number) => ({ pace: { perMs: 1, spanMs: 1, spread } });
  const monthEndsAtMs = Date.UTC(2026, 11, 1);
  return sampleSnapshot({
    plans: [{ account: 'ChatGPT 3fa9', observedAtMs: full.atMs - 20_000 }],
    windows: [
      { ...plan, id: 'plan/300', windowMinutes: 300, remaining: 30, resetsAtMs: full.atMs + 2.25 * hourMs, ...paced(1e-9) }, { ...plan, id: 'plan/10080', windowMinutes: 10_080, remaining: 41, resetsAtMs: full.atMs + 4 * dayMs, ...paced(4e-11) },
      { id: 'gpt-6-luna/requests/day', model: 'gpt-6-luna', measure: 'requests', windowMinutes: 1440, limit: 1000, remaining: 310, pace: { perMs: 0.06 / hourMs, spanMs: 3 * hourMs, spread: 1e-9 } },
      { id: 'gpt-6.1-sol/requests/day', model: 'gpt-6.1-sol', measure: 'requests', windowMinutes: 1440, limit: 1000, remaining: 710 }, ...full.windows,
    ],
    budgets: [
      sampleBudget({ id: 'month', limit: 500_000_000, period: 'month' }, { key: '', used: 403_200_000, reserved: 0, endsAtMs: monthEndsAtMs, ...paced(2e-11) }), sampleBudget({ id: 'tokens', unit: 'tokens', limit: 90_000_000, period: 'month' }, { key: '', used: 38_000_000, reserved: 0, endsAtMs: monthEndsAtMs, ...paced(1e-10) }),
      sampleBudget({ id: 'day', limit: 50_000_000, period: 'day' }, { key: '', used: 21_000_000, reserved: 0, endsAtMs: Date.UTC(2026, 10, 18) }),
    ],
  });
}

const down: LinkState = { state: 'down', attempt: 2, problem: problem('broker_unreachable', 'The broker stopped and could not be started again. Requests from Codex are not answered until it runs.') };

/** Every state, by name. */
export const sampleStates: Readonly<Record<string, readonly ExtensionMessage[]>> = {
  loading: [],
  normal: [stateMessage(full)],
  used: [stateMessage(full, { show: 'used' })],
  'no-key': [stateMessage(sampleSnapshot({ ...nothingYet, key: { state: 'missing' }, balance: untracked, nextDraw: 'untracked' }))],
  'no-request': [stateMessage(sampleSnapshot({ ...nothingYet }))],
  untracked: [stateMessage(sampleSnapshot({ balance: untracked, nextDraw: 'untracked', entries: [] }))],
  practice: [stateMessage(sampleSnapshot({ broker: { ...full.broker, mode: 'practice', upstream: 'simulated upstream' }, key: { state: 'missing' } }))],
  down: [stateMessage(full, { link: down })],
  'down-first': [stateMessage(undefined, { link: down })],
  low: [stateMessage(sampleSnapshot(balanceOf(100_000_000)))],
  critical: [stateMessage(sampleSnapshot(balanceOf(30_000_000)))],
  blocked: [stateMessage(sampleSnapshot(balanceOf(0)))],
  'not-allowed': [stateMessage(sampleSnapshot({ ...balanceOf(250_000_000), consent: { everywhere: false, workspaceIds: ['ws_docs-site'], deniedWorkspaceIds: ['ws_billing-service'] } }))],
  asks: [stateMessage(sampleSnapshot({ ...balanceOf(250_000_000), consent: { everywhere: false, workspaceIds: [], deniedWorkspaceIds: [] } }))],
  owed: [stateMessage(sampleSnapshot({ balance: { ...full.balance, owedMicroCredits: 12_500_000 } }))],
  ruled: [stateMessage(ruledSnapshot())],
  ahead: [stateMessage(aheadLimits())],
  questions: [stateMessage(askingSnapshot())],
  'budget-used-up': [stateMessage(sampleSnapshot({ budgets: [sampleBudget({ id: 'workspaces', per: 'workspace' }, { key: 'ws_billing-service', label: 'billing-service', used: 100_400_000, reserved: 0, endsAtMs: Date.UTC(2026, 10, 23) })] }))],
  'window-used-up': [stateMessage(usedUpPlan())],
  'model-used-up': [stateMessage(usedUpModel(false))],
  'only-model-used-up': [stateMessage(usedUpModel(true))],
  'key-rejected': [stateMessage(sampleSnapshot({ key: { state: 'rejected' }, problems: [problem('api_key_rejected', 'The upstream refused the stored API key.')] }))],
  problem: [stateMessage(sampleSnapshot({ problems: [problem('upstream_unreachable', 'OpenAI does not answer. Requests wait and nothing is charged.')] }))],
};

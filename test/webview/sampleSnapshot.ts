// A believable moment of a broker for the page's tests: requests priced by the real rules, grants and
// entries that follow from them, so that every sum on the page adds up by construction.
import { policyDefaults } from '../../src/domain/directives.ts';
import { chargeFor } from '../../src/domain/pricing.ts';
import type { ModelPrice } from '../../src/domain/pricing.ts';
import { addUsage, noTokens } from '../../src/domain/tokenUsage.ts';
import { sum } from '../../src/domain/units.ts';
import type { ExplainResult } from '../../src/protocol/control.ts';
import type { EntryView, GrantView, RequestView, Snapshot, UsageRow } from '../../src/protocol/snapshot.ts';

/** Tuesday, 17 November 2026, 14:25 UTC. */
export const sampleNowMs = Date.UTC(2026, 10, 17, 14, 25);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const credits = (amount: number) => Math.round(amount * 1_000_000);

/** Prices of the sample's models, in microcredits per million tokens. */
export const samplePrices: Readonly<Record<string, ModelPrice>> = {
  'gpt-6.1-sol': { model: 'gpt-6.1-sol', version: '2026-09-30', rates: { input: credits(50), cachedInput: credits(2.5), cacheWrite: credits(50), output: credits(250) } },
  'gpt-5.6-terra': { model: 'gpt-5.6-terra', version: '2026-09-30', rates: { input: credits(50), cachedInput: credits(5), cacheWrite: credits(50), output: credits(300) } },
  'gpt-6-luna': { model: 'gpt-6-luna', version: '2026-09-30', rates: { input: credits(2.5), cachedInput: credits(0.25), cacheWrite: credits(2.5), output: credits(12.5) } },
};

const clients: Readonly<Record<string, string>> = { 'billing-service': 'Codex CLI', 'mobile-app': 'editor task', 'docs-site': 'SDK script', 'infra-scripts': 'SDK script' };

type Line = readonly [id: string, workspace: string, model: string, minutesAgo: number, input: number, cached: number, output: number, reasoning: number];
const lines: readonly Line[] = [
  ['req_7f1b02d3', 'billing-service', 'gpt-6.1-sol', 313, 61_024, 20_480, 7_760, 3_900],
  ['req_7f2e77c0', 'infra-scripts', 'gpt-5.6-terra', 149, 6_104, 0, 380, 120],
  ['req_7f35b0aa', 'docs-site', 'gpt-6-luna', 54, 33_812, 0, 1_402, 300],
  ['req_7f380a19', 'billing-service', 'gpt-5.6-terra', 23, 8_140, 2_048, 640, 210],
  ['req_7f38c75d', 'billing-service', 'gpt-6.1-sol', 16, 139_008, 12_288, 5_210, 2_830],
  ['req_7f39a411', 'docs-site', 'gpt-6-luna', 9, 33_870, 0, 1_408, 310],
  ['req_7f39e0b4', 'mobile-app', 'gpt-6.1-sol', 7, 96_410, 71_680, 3_120, 1_700],
  ['req_7f3a91c2', 'billing-service', 'gpt-6.1-sol', 4, 148_212, 121_344, 6_904, 3_412],
];

function requestOf([requestId, workspaceId, model, minutesAgo, inputTokens, cachedInputTokens, outputTokens, reasoningTokens]: Line): RequestView {
  const usage = { inputTokens, cachedInputTokens, cacheWriteTokens: 0, outputTokens, reasoningTokens };
  return {
    requestId, atMs: sampleNowMs - minutesAgo * minuteMs, workspaceId: `ws_${workspaceId}`, workspaceLabel: workspaceId, client: clients[workspaceId] ?? 'SDK script', model,
    outcome: 'completed', measured: requestId !== 'req_7f2e77c0', durationMs: 38_400, waitedMs: requestId === 'req_7f3a91c2' ? 2_100 : 0,
    costMicroCredits: chargeFor(usage, samplePrices[model]!, 'standard').costMicroCredits, ...usage,
  };
}

/** Requests of the day, oldest first; the failed one cost nothing. */
export const sampleRequests: readonly RequestView[] = [
  ...lines.slice(0, 3).map(requestOf),
  { requestId: 'req_7f36d1e8', atMs: sampleNowMs - 37 * minuteMs, workspaceId: 'ws_mobile-app', workspaceLabel: 'mobile-app', client: 'editor task', model: 'gpt-6.1-sol', outcome: 'failed', measured: true, durationMs: 900, waitedMs: 0, freeReason: 'The response failed and the upstream reported no usage.', ...noTokens },
  ...lines.slice(3).map(requestOf),
];

/** Sums requests by a key, as the broker's reports do. */
export function usageBy(requests: readonly RequestView[], keyOf: (request: RequestView) => string, labelOf: (request: RequestView) => string): UsageRow[] {
  return [...new Set(requests.map(keyOf))].map((key) => ({ key, members: requests.filter((each) => keyOf(each) === key) })).map(({ key, members }) => ({
    key, label: labelOf(members[0]!), requests: members.length, ...members.reduce((total, each) => addUsage(total, each), noTokens),
    costMicroCredits: sum(members.map((each) => each.costMicroCredits ?? 0)),
    estimated: members.filter((each) => !each.measured).length, unpriced: members.filter((each) => each.costMicroCredits === undefined && each.freeReason === undefined).length,
  }));
}

const grantTerms: readonly Omit<GrantView, 'remainingMicroCredits' | 'heldMicroCredits'>[] = [
  { id: 'grant_0038', priority: 50, kind: 'promotional', amountMicroCredits: credits(100), createdAtMs: sampleNowMs - 16 * dayMs, expiresAtMs: Date.UTC(2026, 10, 30, 23, 59), note: 'Team voucher' },
  { id: 'grant_0041', priority: 50, kind: 'purchased', amountMicroCredits: credits(250), createdAtMs: sampleNowMs - 8 * dayMs, note: 'Personal budget' },
  { id: 'grant_0042', priority: 50, kind: 'included', amountMicroCredits: credits(250), createdAtMs: sampleNowMs - 38 * hourMs, expiresAtMs: Date.UTC(2026, 10, 23), note: 'Weekly' },
];

/** Entries that follow from the grants and the requests, oldest first. */
export function entriesOf(requests: readonly RequestView[]): EntryView[] {
  const entries: EntryView[] = [];
  let balance = 0;
  const add = (entry: Omit<EntryView, 'sequence' | 'balanceAfterMicroCredits'>) => {
    balance += entry.amountMicroCredits;
    entries.push({ ...entry, sequence: entries.length + 1, balanceAfterMicroCredits: balance });
  };
  for (const grant of grantTerms) add({ atMs: grant.createdAtMs, account: 'grant', kind: 'grant', grantId: grant.id, amountMicroCredits: grant.amountMicroCredits, heldDeltaMicroCredits: 0 });
  for (const { requestId, atMs, costMicroCredits } of requests) {
    const held = (costMicroCredits ?? credits(1)) + credits(0.5);
    add({ atMs: atMs - 40_000, account: 'grant', kind: 'reserve', grantId: 'grant_0042', requestId, amountMicroCredits: 0, heldDeltaMicroCredits: held });
    add({ atMs, account: 'grant', kind: costMicroCredits === undefined ? 'void' : 'post', grantId: 'grant_0042', requestId, amountMicroCredits: -(costMicroCredits ?? 0), heldDeltaMicroCredits: -held });
  }
  return entries;
}

/** The sample; parts can be replaced. */
export function sampleSnapshot(change: Partial<Snapshot> = {}): Snapshot {
  const spent = sum(sampleRequests.map((each) => each.costMicroCredits ?? 0));
  const held = credits(2.98);
  const grants = grantTerms.map((grant): GrantView => ({
    ...grant, remainingMicroCredits: grant.amountMicroCredits - (grant.kind === 'included' ? spent : 0), heldMicroCredits: grant.kind === 'included' ? held : 0,
  }));
  const total = { ...usageBy(sampleRequests, () => 'today', () => 'today')[0]! };
  const earlier = [28.4, 29.8, 27.3, 3.4, 0.4, 40.7, 42.1, 41.1, 75, 34.1, 4.4, 0, 39.8];
  const days = earlier.map((cost, index): UsageRow => ({
    key: new Date(sampleNowMs - (earlier.length - index) * dayMs).toISOString().slice(0, 10), label: '', requests: Math.ceil(cost), ...noTokens,
    inputTokens: Math.round(cost * 30_000), outputTokens: Math.round(cost * 1_500), costMicroCredits: credits(cost), estimated: 0, unpriced: 0,
  }));
  const base = { workspaceId: 'ws_billing-service', workspaceLabel: 'billing-service', model: 'gpt-6.1-sol' };
  return {
    sequence: 41, atMs: sampleNowMs,
    broker: { version: '0.1.0', pid: 4242, startedAtMs: sampleNowMs - 6 * hourMs, mode: 'live', upstream: 'api.openai.com', dataDir: '/home/dev/.local/share/codex-usage-broker' },
    key: { state: 'present', source: 'keychain' },
    balance: { tracked: true, balanceMicroCredits: sum(grants.map((grant) => grant.remainingMicroCredits)), heldMicroCredits: held, owedMicroCredits: 0, grants },
    consent: { everywhere: false, workspaceIds: ['ws_billing-service', 'ws_docs-site', 'ws_mobile-app'], deniedWorkspaceIds: [] },
    budgets: [], allowances: [], policies: policyDefaults, questions: [], priceChanges: [],
    nextDraw: 'included',
    windows: [
      { id: 'gpt-6.1-sol/tokens', model: 'gpt-6.1-sol', measure: 'tokens', windowMinutes: 1, limit: 2_000_000, remaining: 440_000, resetsAtMs: sampleNowMs + 47_000, observedAtMs: sampleNowMs - 2_000 },
      { id: 'gpt-6.1-sol/requests', model: 'gpt-6.1-sol', measure: 'requests', windowMinutes: 1, limit: 500, remaining: 486, resetsAtMs: sampleNowMs + 2_000, observedAtMs: sampleNowMs - 2_000 },
      { id: 'gpt-5.6-terra/requests', model: 'gpt-5.6-terra', measure: 'requests', windowMinutes: 1440, limit: 10_000, remaining: 7_100, resetsAtMs: sampleNowMs + 9 * hourMs + 35 * minuteMs, observedAtMs: sampleNowMs - 60_000 },
      { id: 'gpt-6-luna/requests', model: 'gpt-6-luna', measure: 'requests', windowMinutes: 1440 },
    ],
    running: [
      { ...base, requestId: 'req_7f3b1100', state: 'running', client: 'Codex CLI', sinceMs: sampleNowMs - 21_000, estimatedTokens: 148_000, heldMicroCredits: credits(2.4) },
      { requestId: 'req_7f3b0e02', state: 'running', workspaceId: 'ws_mobile-app', workspaceLabel: 'mobile-app', client: 'editor task', model: 'gpt-6-luna', sinceMs: sampleNowMs - 64_000, estimatedTokens: 61_000, heldMicroCredits: credits(0.58) },
    ],
    waiting: [
      { requestId: 'req_7f3b2207', state: 'waiting', workspaceId: 'ws_docs-site', workspaceLabel: 'docs-site', client: 'SDK script', model: 'gpt-6-luna', sinceMs: sampleNowMs - 12_000, estimatedTokens: 34_000, heldMicroCredits: 0, reason: 'Batch goes after agent work.', priority: 'batch', startsAtMs: sampleNowMs + 25_000, place: 2 },
      { requestId: 'req_7f3b2201', state: 'waiting', workspaceId: 'ws_mobile-app', workspaceLabel: 'mobile-app', client: 'editor task', model: 'gpt-6.1-sol', sinceMs: sampleNowMs - 9_000, estimatedTokens: 210_000, heldMicroCredits: 0, reason: 'Needs about 210 k tokens; 440 k are left this minute and 380 k of them are kept for running requests.', priority: 'agent', startsAtMs: sampleNowMs + 18_000, place: 1 },
    ],
    today: {
      dayStartMs: Date.UTC(2026, 10, 17), total,
      byWorkspace: usageBy(sampleRequests, (each) => each.workspaceId, (each) => each.workspaceLabel),
      byModel: usageBy(sampleRequests, (each) => each.model, (each) => each.model),
    },
    days: [...days, { ...total, key: '2026-11-17', label: '2026-11-17' }],
    recent: sampleRequests.toReversed(), entries: entriesOf(sampleRequests).toReversed(), problems: [],
    ...change,
  };
}

/** The explanation of the newest request. */
export function sampleExplanation(): ExplainResult {
  const request = sampleRequests.at(-1)!;
  const charge = chargeFor(request, samplePrices[request.model]!, 'standard');
  const cost = charge.costMicroCredits;
  return {
    id: request.requestId, receivedAtMs: request.atMs - 40_500, workspaceId: request.workspaceId, workspaceLabel: request.workspaceLabel, client: request.client, model: request.model, waitedMs: 2_100,
    decision: {
      outcome: 'admit', holdMicroCredits: cost + credits(0.5), slices: [{ grantId: 'grant_0042', kind: 'included', microCredits: cost + credits(0.5) }],
      layers: [
        { layer: 'safety', verdict: 'passed', because: 'The ledger is healthy and a key is present.' },
        { layer: 'limits', verdict: 'waited', because: 'Waited 2.1 s for tokens per minute, then there was room for 162 k.' },
        { layer: 'included', verdict: 'took', because: 'Included credits cover all of it.', microCredits: cost + credits(0.5) },
        { layer: 'promotional', verdict: 'skipped', because: 'Not needed.' },
      ],
    },
    attempts: [{ attemptId: 'att_1', number: 1, startedAtMs: request.atMs - 38_400, outcome: 'completed', status: 200, measured: true, usage: request }],
    charge: { chargeId: 'chg_att_1', costMicroCredits: cost, model: request.model, priceVersion: '2026-09-30', tier: 'standard', terms: charge.terms, formula: 'formula', drawnMicroCredits: cost, uncoveredMicroCredits: 0 },
    corrections: [], entries: entriesOf(sampleRequests).filter((entry) => entry.requestId === request.requestId),
    story: ['Codex CLI in workspace billing-service asked for gpt-6.1-sol.', 'Safety: The ledger is healthy and a key is present.', 'It ended as completed, as the upstream reported; formula.'],
  };
}

// What happened in an imaginary quarter of a year, as the commands that the broker would have given: five
// models, twenty workspaces, four clients, one thread for fifty requests; some retries, refusals, requests
// that were cut off, and late corrections. The same size always gives the same history.
import { holdCost } from '../../src/domain/pricing.ts';
import type { ModelPrice, PriceTier } from '../../src/domain/pricing.ts';
import { problem } from '../../src/domain/problem.ts';
import { settle as applyPolicy } from '../../src/domain/settlement.ts';
import type { AttemptFacts } from '../../src/domain/settlement.ts';
import { noTokens } from '../../src/domain/tokenUsage.ts';
import type { LedgerCommand, ReserveCommand, SettleCommand } from '../../src/broker/store/ledgerCommands.ts';
import { seededRandom } from '../support/seededRandom.ts';
import type { SeededRandom } from '../support/seededRandom.ts';

/** Change it with anything that changes what comes out, so that ledgers that were kept are made anew. */
export const historyVersion = 2;

/** The moment at which the history ends: 2026-11-22T12:00:00Z. */
export const historyEndMs = Date.UTC(2026, 10, 22, 12);
/** How long it is. */
export const historyDays = 90;
const historyStartMs = historyEndMs - historyDays * 86_400_000;
const requestsPerThread = 50;

const rates = (input: number, output: number) => ({ input: input * 25_000_000, cachedInput: input * 2_500_000, cacheWrite: input * 25_000_000, output: output * 25_000_000 });
/** Models with their prices in dollars per million tokens, times 25 credits. */
const prices: readonly ModelPrice[] = [
  { model: 'gpt-5.4', version: 'bench 2026-08-01', rates: rates(2, 16), long: { aboveInputTokens: 272_000, rates: rates(4, 24) }, fast: { numerator: 5, denominator: 2 } },
  { model: 'gpt-5.4-mini', version: 'bench 2026-08-01', rates: rates(0.4, 3) }, { model: 'gpt-5.4-nano', version: 'bench 2026-08-01', rates: rates(0.04, 0.4) },
  { model: 'gpt-5.3-codex', version: 'bench 2026-08-01', rates: rates(1.2, 10) }, { model: 'gpt-5.2', version: 'bench 2026-08-01', rates: rates(1.2, 10) },
];
const clients = ['codex_cli_rs', 'codex_exec', 'codex_vscode', 'openai-node'] as const;
const kinds = ['turn', 'turn', 'turn', 'compaction', 'review', 'none'] as const;

/** The workspaces of the history. */
export const workspaceIds: readonly string[] = Array.from({ length: 20 }, (_, index) => `ws_${String(index).padStart(2, '0')}${'0'.repeat(20)}`);

/** Credits that are added so often that no request lacks any. */
const topUpEvery = 2000;
const topUpMicroCredits = 12_000_000_000;

/** An id as the broker makes it: time first, then chance. */
function newId(prefix: string, atMs: number, random: SeededRandom): string {
  const part = () => Math.floor(random.next() * 0x1_0000_0000).toString(16).padStart(8, '0');
  return `${prefix}_${atMs.toString(36).padStart(9, '0')}${part()}${part()}${part().slice(0, 4)}`;
}

/** One request that is about to be sent. */
export function benchReserve(random: SeededRandom, at: { readonly atMs: number; readonly workspaceId: string; readonly threadId: string; readonly client: string }): ReserveCommand {
  const { atMs, workspaceId, threadId, client } = at;
  const requestId = newId('req', atMs, random);
  const price = random.pick(prices);
  const chosen = random.pick(kinds);
  const kind = chosen === 'none' ? undefined : chosen;
  const tier: PriceTier = random.chance(0.02) ? 'flex' : 'standard';
  const estimatedInputTokens = random.whole(2_000, random.chance(0.01) ? 400_000 : 90_000);
  const likelyOutputTokens = random.whole(100, 3_000);
  const estimatedOutputTokens = likelyOutputTokens * 3;
  const basis = { model: price.model, bodyBytes: estimatedInputTokens * 4, textBytes: estimatedInputTokens * 3, textTokens: estimatedInputTokens, effort: 'medium', ...(kind === undefined ? {} : { kind }) };
  return {
    type: 'reserve', attemptId: `${requestId}-1`, number: 1, atMs, price, tier, basis: JSON.stringify(basis),
    request: { requestId, receivedAtMs: atMs, workspaceId, client, clientVersion: '0.169.0', threadId, branch: `feature/${threadId.at(-1)}`, turnId: newId('turn', atMs, random), ...(kind === undefined ? {} : { requestKind: kind }), model: price.model, stream: true },
    estimateMicroCredits: holdCost({ holdInputTokens: estimatedInputTokens, outputTokens: estimatedOutputTokens }, price, tier),
    estimatedInputTokens, estimatedOutputTokens, likelyOutputTokens, limits: { waitedMs: 0, because: 'The upstream\'s limits have room.' },
  };
}

/** How an attempt ended: mostly with reported usage, at times refused by the upstream, cut off, or lost before it began. */
export function benchSettle(random: SeededRandom, reserve: ReserveCommand, atMs: number, how: 'whole' | 'rejected' | 'cut' | 'lost' = 'whole'): SettleCommand {
  const inputTokens = Math.ceil(reserve.estimatedInputTokens * (0.7 + random.next() * 0.3));
  // One answer in two hundred is longer than was held for.
  const outputTokens = random.chance(0.005) ? reserve.estimatedOutputTokens * 4 : random.whole(20, (reserve.likelyOutputTokens ?? 50) * 2);
  const usage = { ...noTokens, inputTokens, cachedInputTokens: Math.floor(inputTokens * random.next() * 0.9), outputTokens, reasoningTokens: Math.floor(outputTokens / 3) };
  const facts: AttemptFacts = {
    estimatedInputTokens: reserve.estimatedInputTokens, estimatedOutputTokens: reserve.estimatedOutputTokens, outputChars: outputTokens * 2, begun: how === 'whole' || how === 'cut',
    ...(how === 'whole' ? { ending: 'finished', terminal: 'completed', reported: { usage, consistent: true } } : { ending: how === 'rejected' ? 'rejected' : how === 'cut' ? 'client-left' : 'upstream-broke' }),
  };
  const booked = applyPolicy(facts);
  return {
    type: 'settle', attemptId: reserve.attemptId, atMs, outcome: booked.outcome, usage: booked.usage, measured: booked.measured, chargeable: booked.charge !== undefined,
    tier: reserve.tier ?? 'standard', waitedMs: 0, durationMs: atMs - reserve.atMs, status: how === 'rejected' ? 429 : 200, firstByteMs: 400,
    upstreamRequestId: newId('up', atMs, random), ...(facts.begun ? { responseId: newId('resp', atMs, random), modelServed: reserve.request.model } : {}),
    ...(booked.freeReason === undefined ? {} : { freeReason: booked.freeReason }), ...(booked.notice === undefined ? {} : { notice: booked.notice }), ...(booked.exposed ? { exposed: true } : {}),
  };
}

/** What a ledger needs before its first request: workspaces, permission, and credits. */
export function* benchBeginning(atMs: number, microCredits = topUpMicroCredits): Generator<LedgerCommand> {
  for (const workspaceId of workspaceIds) yield { type: 'workspace', workspaceId, path: `/projects/${workspaceId}`, label: workspaceId.slice(0, 5), tokenHash: `hash-of-${workspaceId}`, atMs };
  yield { type: 'grant', grantId: 'grant_first', key: 'first', kind: 'purchased', amountMicroCredits: microCredits, atMs, consent: { scope: 'everywhere' } };
}

/** When each request comes, and of which thread: threads begin at any time and go on for an hour or so. */
function arrivals(requests: number, random: SeededRandom): { readonly atMs: Float64Array; readonly thread: Uint32Array; readonly order: Uint32Array } {
  const atMs = new Float64Array(requests);
  const thread = new Uint32Array(requests);
  for (let index = 0, number = 0; index < requests; number += 1) {
    let next = historyStartMs + random.next() * historyDays * 86_400_000;
    // Each begins a minute or so behind the one before it; one in five hundred comes a day later.
    for (let left = Math.ceil(-Math.log(1 - random.next()) * requestsPerThread); left > 0 && index < requests && next < historyEndMs; left -= 1) {
      atMs[index] = Math.floor(next);
      thread[index] = number;
      index += 1;
      next += -Math.log(1 - random.next()) * 60_000 + (random.chance(0.002) ? 86_400_000 : 0);
    }
  }
  return { atMs, thread, order: new Uint32Array(requests).map((_, index) => index).sort((a, b) => (atMs[a] ?? 0) - (atMs[b] ?? 0)) };
}

/** The whole history in the order of its time. */
export function* ledgerHistory(requests: number): Generator<LedgerCommand> {
  const random = seededRandom(requests);
  yield* benchBeginning(historyStartMs);
  yield { type: 'direct', key: 'weekly', atMs: historyStartMs, directive: { kind: 'allowance', id: 'weekly', allowance: { id: 'weekly', kind: 'included', amountMicroCredits: 250_000_000, every: 'week', timeZone: 'UTC', priority: 50 } } };
  const { atMs: times, thread, order } = arrivals(requests, random);
  // What is still to come of requests that were sent, the next one last.
  const coming: { readonly atMs: number; readonly command: LedgerCommand }[] = [];
  const plan = (atMs: number, command: LedgerCommand) => {
    let place = coming.length;
    while (place > 0 && (coming[place - 1]?.atMs ?? 0) < atMs) place -= 1;
    coming.splice(place, 0, { atMs, command });
  };
  for (const [count, index] of order.entries()) {
    const atMs = times[index] ?? 0;
    for (let next = coming.at(-1); next && next.atMs <= atMs; next = coming.at(-1)) {
      coming.pop();
      yield next.command;
    }
    if (count % topUpEvery === 0) yield { type: 'grant', grantId: newId('grant', atMs, random), key: `top-up ${count}`, kind: 'purchased', amountMicroCredits: topUpMicroCredits, atMs, consent: { scope: 'ask' } };
    const number = thread[index] ?? 0;
    const reserve = benchReserve(random, { atMs, workspaceId: workspaceIds[number % workspaceIds.length] ?? '', threadId: `thread-${String(number).padStart(6, '0')}-0000-7000-8000`, client: clients[number % 7 % clients.length] ?? 'codex_exec' });
    if (random.chance(0.01)) {
      yield { ...reserve, limits: { ...reserve.limits, ended: problem('wait_too_long', 'The wait would have been too long. Nothing was sent.') } };
      continue;
    }
    yield reserve;
    goOn(reserve, random, plan);
  }
  for (const { command } of coming.toReversed()) yield command;
}

/** Plans what becomes of a request that was admitted. */
function goOn(reserve: ReserveCommand, random: SeededRandom, plan: (atMs: number, command: LedgerCommand) => void): void {
  const { atMs, attemptId } = reserve;
  const how = random.next();
  if (how < 0.02 && reserve.number === 1) {
    plan(atMs + 300, benchSettle(random, reserve, atMs + 300, 'rejected'));
    const again: ReserveCommand = { ...reserve, attemptId: attemptId.replace(/1$/, '2'), number: 2, atMs: atMs + 5000, limits: { waitedMs: 5000, because: 'It waited 5.0 s: the upstream turned it away for its rate limit.' } };
    plan(again.atMs, again);
    goOn(again, random, plan);
    return;
  }
  const endsAtMs = atMs + random.whole(1500, 40_000);
  if (how < 0.022) { plan(endsAtMs, benchSettle(random, reserve, endsAtMs, 'lost')); return; }
  plan(atMs + 900, { type: 'begin', attemptId, atMs: atMs + 900, responseId: newId('resp', atMs, random) });
  const settled = benchSettle(random, reserve, endsAtMs, how < 0.042 ? 'cut' : 'whole');
  plan(endsAtMs, settled);
  if (!random.chance(0.001)) return;
  plan(endsAtMs + 60_000, {
    type: 'correct', key: `correction ${attemptId}`, atMs: endsAtMs + 60_000, reason: 'The upstream reported other usage later.',
    what: { kind: 'usage', attemptId, usage: { ...settled.usage, outputTokens: settled.usage.outputTokens + 10 } },
  });
}

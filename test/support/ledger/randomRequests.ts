// The requests of a random ledger: what they ask for, who pays for them and how they end; and responses that went
// around the broker. Everything is drawn from the ledger's own chance.
import { fallbackCauses } from '../../../src/domain/fallbackOffer.ts';
import type { ModelPrice } from '../../../src/domain/pricing.ts';
import type { TokenUsage } from '../../../src/domain/tokenUsage.ts';
import type { ImportCommand, ImportedUse, ReserveCommand, SettleCommand } from '../../../src/broker/store/ledgerCommands.ts';
import type { SeededRandom } from '../seededRandom.ts';
import { oddPrice, halfInLine, reserveCommand, settleCommand, testPrice } from './ledgerCommands.ts';
import { ceilingPrice, clients, fallbackPrices, models, smallPrices, threads, tiers, workspaces } from './randomDays.ts';
import type { Days, OpenAttempt } from './randomDays.ts';

function priceOf(random: SeededRandom, model: string): ModelPrice | undefined {
  return { 'gpt-test': testPrice, 'gpt-odd': oddPrice, 'gpt-small': random.pick(smallPrices) }[model];
}

/** What a request was for, by its number: as chance would have it, and nothing is drawn for it. */
function originOf(number: number): Pick<ReserveCommand['request'], 'branch' | 'command' | 'file'> {
  const [branch, command, file] = [['main', 'feature/a', undefined][number % 3], ['ask', 'task', undefined, undefined][number % 4], ['src/a.ts', 'a b.md', undefined, undefined, undefined][number % 5]];
  return { ...(branch === undefined ? {} : { branch }), ...(command === undefined ? {} : { command }), ...(file === undefined ? {} : { file }) };
}

/** An attempt of a request, mostly of a new one. */
export function reserveOf(days: Days): ReserveCommand {
  const { random, nowMs } = days;
  const known = random.chance(0.15) && days.requests.size > 0 ? random.pick([...days.requests.keys()]) : undefined;
  const requestId = known ?? `r${days.next += 1}`;
  const request: ReserveCommand['request'] = days.requests.get(requestId) ?? {
    requestId, receivedAtMs: nowMs, workspaceId: random.pick(workspaces), client: random.pick(clients), model: random.pick(models), stream: random.chance(0.8),
    ...(random.chance(0.7) ? { threadId: random.pick(threads) } : {}), ...(random.chance(0.3) ? { turnId: `turn_${requestId}`, clientVersion: '1.2.3' } : {}), ...(random.chance(0.5) ? { requestKind: random.pick(['turn', 'compaction', 'review']) } : {}),
    ...originOf(days.next),
  };
  days.requests.set(requestId, request);
  const { unpricedRule: _rule, price: _price, ...command } = reserveCommand(`${requestId}-${days.next += 1}`, undefined, {
    request, atMs: nowMs, number: 1, tier: random.pick(tiers), estimatedInputTokens: random.whole(1, 900), estimatedOutputTokens: random.whole(1, 120), canAsk: random.chance(0.2), canWait: random.chance(0.2),
    limits: { ...halfInLine(random.whole(0, 500)), because: 'There is room.', ...(random.chance(0.05) ? { ended: { code: random.pick(['wait_too_long', 'upstream_unreachable'] as const), message: 'Too long. Nothing was sent.', remedy: 'Try later.' } } : {}) },
    ...(random.chance(0.5) ? { likelyOutputTokens: random.whole(1, 60), basis: '{"bytes":12}' } : {}), ...(random.chance(0.1) ? { answered: { kind: random.pick(['consent', 'unpriced', 'runaway'] as const), afterMs: 900, ...(random.chance(0.5) ? { answer: 'no' } : {}) } } : {}),
    ...(random.chance(0.06) ? { runaway: { action: random.pick(['slow', 'ask', 'let', 'stop'] as const), because: 'It goes round in a circle.' } } : {}),
    ...(random.chance(0.01) ? { unsafe: { code: 'no_api_key' as const, message: 'There is no key.', remedy: 'Store one.' } } : {}),
  });
  const price = priceOf(random, request.model);
  // A plan's request has no estimate in credits, and nobody answers in its upstream's place.
  if (random.chance(0.08)) return { ...command, plan: { because: 'The client is signed in to a plan.' }, ...(price ? { price } : {}) };
  const estimate = () => random.whole(1, random.chance(0.25) ? 300_000 : 60_000);
  const own = random.pick(fallbackPrices);
  const fallback = {
    model: own.model, at: 'localhost:11434', causes: fallbackCauses.filter(() => random.chance(0.7)), price: own, estimateMicroCredits: own.rates.input === 0 ? 0 : random.whole(1, 700), ...(random.chance(0.15) ? { isElsewhere: true as const } : {}),
  };
  return { ...command, ...(price ? { price, estimateMicroCredits: estimate() } : random.chance(0.5) ? { ceiling: { price: ceilingPrice, estimateMicroCredits: estimate() } } : {}), ...(random.chance(0.4) ? { fallback } : {}) };
}

/** Usage as an upstream may report it. */
export function usageOf(random: SeededRandom): TokenUsage {
  const inputTokens = random.chance(0.03) ? random.pick([271_999, 272_000, 272_001]) : random.whole(0, 900);
  const cachedInputTokens = random.whole(0, inputTokens);
  const outputTokens = random.whole(0, 100);
  return { inputTokens, cachedInputTokens, cacheWriteTokens: random.chance(0.5) ? 0 : random.whole(0, inputTokens - cachedInputTokens), outputTokens, reasoningTokens: random.whole(0, outputTokens) };
}

/** How an attempt ends. */
export function settleOf(days: Days, { hold, fallback, isCovered }: OpenAttempt): SettleCommand {
  const { random, nowMs } = days;
  const { attemptId } = hold;
  const free = isCovered ? { chargeable: false, freeReason: 'A plan pays for it.' } : {};
  const shared = {
    atMs: nowMs, waitedMs: hold.limits.waitedMs, durationMs: random.whole(0, 9000), ...(random.chance(0.7) ? { firstByteMs: random.whole(0, 900), upstreamRequestId: `req_${attemptId}` } : {}),
    ...(fallback === undefined ? {} : { modelServed: fallback, notice: 'The fallback answered.' }),
  };
  if (random.chance(0.1)) return settleCommand(attemptId, {}, { ...shared, outcome: 'rejected', chargeable: false, freeReason: 'Refused upstream.', status: 429 });
  if (random.chance(0.06)) return settleCommand(attemptId, {}, { ...shared, outcome: 'broken', chargeable: false, measured: false, ...(isCovered ? {} : { exposed: true }), freeReason: 'Lost before it answered.' });
  if (random.chance(0.1)) return settleCommand(attemptId, { inputTokens: hold.estimatedInputTokens, outputTokens: random.whole(0, hold.estimatedOutputTokens) }, { notice: 'It was estimated.', ...shared, outcome: 'aborted', measured: false, ...free });
  const served = { ...oddPrice, model: 'gpt-served', version: 'served 1' };
  const responseId = `resp_${attemptId}`;
  days.responses.push(responseId);
  return settleCommand(attemptId, usageOf(random), {
    ...shared, tier: fallback === undefined ? hold.tier ?? 'standard' : 'standard', outcome: random.pick(['completed', 'completed', 'incomplete', 'failed']), responseId, ...free,
    ...(fallback !== undefined ? {} : random.chance(0.15) ? { modelServed: hold.request.model } : random.chance(0.1) ? { modelServed: served.model, servedPrice: served } : {}),
  });
}

/** Responses that a session file tells of: new ones, some that were imported before, and some that went through the broker. */
export function importOf(days: Days): ImportCommand {
  const { random, nowMs } = days;
  const uses = Array.from({ length: random.whole(1, 3) }, (): ImportedUse => {
    if (days.imported.length > 0 && random.chance(0.15)) return random.pick(days.imported);
    const seen = days.responses.length > 0 && random.chance(0.15) ? random.pick(days.responses) : `resp_around_${days.next += 1}`;
    const model = random.chance(0.9) ? random.pick(models) : undefined;
    const price = model === undefined ? undefined : priceOf(random, model);
    const threadId = random.chance(0.6) ? { threadId: random.pick(threads) } : {};
    const named = random.chance(0.7) ? { key: seen, responseId: seen } : { key: `th_9/${days.next += 1}` };
    const use = {
      ...named, ...threadId, atMs: nowMs - random.whole(0, 200) * 3_600_000, workspaceId: random.pick(workspaces), client: random.pick(clients), ...(random.chance(0.5) ? { clientVersion: '1.2.3' } : {}),
      ...(model === undefined ? {} : { model }), usage: usageOf(random), source: `rollout-${random.whole(1, 3)}.jsonl`, ...(price ? { price } : {}),
    };
    days.imported.push(use);
    return use;
  });
  return { type: 'import', atMs: nowMs, uses };
}

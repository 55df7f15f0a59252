// The price table against OpenAI's price list (US dollars per million tokens; 25 credits are a dollar),
// dates included: a price is the one of its day.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { overlayPrices, readUserPrices } from '../../../src/broker/prices/overlayPrices.ts';
import { ceilingLookup, priceLookup } from '../../../src/broker/prices/priceTable.ts';
import type { ProblemError } from '../../../src/domain/problem.ts';
import { withFolder } from '../../support/ledger/tempLedger.ts';

const todayMs = Date.UTC(2026, 10, 22, 12);
const prices = priceLookup([]);
const usd = (microCredits: number | undefined) => (microCredits === undefined ? undefined : microCredits / 25e6);
const ratesOf = (model: string, atMs = todayMs) => { const price = prices(model, atMs); return price && [usd(price.rates.input), usd(price.rates.cachedInput), usd(price.rates.output)]; };

describe('the price table', () => {
  it('knows the models of the list', () => {
    const list: Record<string, [number, number, number]> = {
      'gpt-5.5': [5, 0.5, 30], 'gpt-5.4': [2.5, 0.25, 15], 'gpt-5.4-mini': [0.75, 0.075, 4.5], 'gpt-5.3-codex': [1.75, 0.175, 14], 'gpt-5': [1.25, 0.125, 10], 'gpt-5-mini': [0.25, 0.025, 2], 'gpt-5-nano': [0.05, 0.005, 0.4],
      'gpt-6.1-sol': [2, 0.1, 10], 'gpt-5.3-codex-spark': [1.75, 0.175, 14],
    };
    for (const [model, expected] of Object.entries(list)) assert.deepEqual(ratesOf(model), expected, model);
  });

  it('gives whole numbers, names the edition, and has the long-context rates from one token above 272,000', () => {
    const price = prices('gpt-5.5', todayMs);
    assert.equal(price?.long?.aboveInputTokens, 272_000);
    assert.deepEqual([usd(price?.long?.rates.input), usd(price?.long?.rates.cachedInput), usd(price?.long?.rates.output)], [10, 1, 45]);
    assert.deepEqual(price?.fast, { numerator: 5, denominator: 2 });
    assert.match(price?.version ?? '', /^genai-prices 0\.1\.8, 2026-11-22$/);
    for (const rate of Object.values(price?.rates ?? {})) assert.ok(Number.isSafeInteger(rate) && rate > 0);
    const sol = prices('gpt-6.1-sol', todayMs);
    assert.deepEqual([usd(sol?.rates.cacheWrite), usd(sol?.long?.rates.output), sol?.fast], [2.5, 15, undefined]);
  });

  it('does not know what has no price: unknown is not zero', () => {
    for (const model of ['no-such-model', '', 'gpt', '__proto__', 'constructor', 'claude-sonnet-4-5', 'x'.repeat(10_000)]) assert.equal(prices(model, todayMs), undefined, model.slice(0, 20));
  });

  it('does not give a price before its day', () => {
    assert.equal(prices('gpt-6.1-sol', Date.parse('2026-09-28T23:59:59.999Z')), undefined);
    assert.ok(prices('gpt-6.1-sol', Date.parse('2026-09-29')));
    assert.equal(prices('gpt-6.1-sol', Date.parse('2026-09-28T12:00:00Z')), undefined, 'what was remembered is of another day');
  });

  it('takes a user\'s own price first, and the newest that holds', () => {
    const own = priceLookup([
      { model: 'gpt-5.5', from: '2026-01-01', usdPerMillion: { input: 1, output: 2 } }, { model: 'gpt-5.5', from: '2026-06-01', usdPerMillion: { input: 3, cachedInput: 0.3, output: 4 } }, { model: 'gpt-5.5', from: '2030-01-01', usdPerMillion: { input: 9, output: 9 } },
    ]);
    const price = own('gpt-5.5', todayMs);
    assert.deepEqual([usd(price?.rates.input), usd(price?.rates.cachedInput), usd(price?.rates.cacheWrite), usd(price?.rates.output)], [3, 0.3, 3, 4]);
    assert.equal(price?.version, 'prices.json, from 2026-06-01');
    assert.equal(usd(own('gpt-5.5', Date.parse('2026-02-01'))?.rates.cachedInput), 1, 'a cached token costs what a fresh one does when nothing else is said');
    assert.deepEqual(ratesOf('gpt-5.4'), [2.5, 0.25, 15]);
  });

  it('holds its answer for a while and keeps a bounded number of them', () => {
    const first = prices('gpt-5.5', todayMs);
    assert.equal(prices('gpt-5.5', todayMs + 59_999), first);
    for (let index = 0; index < 600; index += 1) prices(`unknown-${index}`, todayMs);
    assert.deepEqual(prices('gpt-5.5', todayMs), first);
  });
});

describe('a user\'s price file', () => {
  it('is read, and may be missing', () => withFolder((folder) => {
    const path = join(folder, 'prices.json');
    assert.deepEqual(readUserPrices(path), []);
    writeFileSync(path, JSON.stringify({ prices: overlayPrices }));
    assert.deepEqual(readUserPrices(path), overlayPrices);
  }));

  it('is refused as a whole when anything in it is wrong', () => withFolder((folder) => {
    const path = join(folder, 'prices.json');
    const good = { model: 'm', from: '2026-01-01', usdPerMillion: { input: 1, output: 2 } };
    for (const bad of ['', '[]', '{', '{"prices":[{}]}', JSON.stringify({ prices: [{ ...good, from: 'today' }] }), JSON.stringify({ prices: [{ ...good, usdPerMillion: { input: -1, output: 2 } }] }), JSON.stringify({ prices: [{ ...good, discount: 1 }] }), JSON.stringify({ prices: [good], more: 1 })]) {
      writeFileSync(path, bad);
      assert.throws(() => readUserPrices(path), (error: ProblemError) => error.problem.code === 'argument_invalid' && error.problem.message.includes(path), bad);
    }
  }));
});

describe('the ceiling price', () => {
  it('is at least as dear as every model that Codex uses, in each rate', () => {
    const ceiling = ceilingLookup([])(todayMs);
    for (const model of ['gpt-6-astra', 'gpt-6-sol', 'gpt-5.6-terra', 'gpt-5.5', 'gpt-5.4', 'gpt-5.3-codex', 'gpt-5.1-codex-max', 'gpt-5']) {
      const price = prices(model, todayMs);
      assert.ok(price, model);
      for (const rates of [price.rates, ...(price.long ? [price.long.rates] : [])]) {
        for (const kind of ['input', 'cachedInput', 'cacheWrite', 'output'] as const) assert.ok(rates[kind] <= ceiling.rates[kind], `${model} ${kind}`);
      }
    }
    assert.equal(ceiling.model, 'ceiling');
    assert.deepEqual(ceilingLookup([])(todayMs), ceiling);
  });

  it('is of no use if it were that of the dearest special model', () => {
    assert.ok((usd(ceilingLookup([])(todayMs).rates.output) ?? Infinity) <= 75);
  });

  it('is the one that a person names, from its day on', () => {
    const own = ceilingLookup([{ model: 'ceiling', from: '2026-11-22', usdPerMillion: { input: 3, output: 9 } }]);
    assert.deepEqual([usd(own(todayMs).rates.input), usd(own(todayMs).rates.output)], [3, 9]);
    assert.ok((usd(own(todayMs - 2 * 86_400_000).rates.input) ?? 0) > 3);
  });
});

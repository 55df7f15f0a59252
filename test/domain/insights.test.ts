// Findings are made from sums that prove them, with their numbers and what they are worth, and from nothing less.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { comparedDays, findInsights as findInRange } from '../../src/domain/insights.ts';
import type { InsightFacts, UsageSums } from '../../src/domain/insights.ts';
import type { ModelPrice } from '../../src/domain/pricing.ts';

const dayMs = 86_400_000;
const week = { days: 7, untilMs: 1000 * dayMs };
const findInsights = (all: InsightFacts, range = week) => findInRange(all, range);
const credit = 1_000_000;
const million = 1_000_000;
const price = (model: string, input: number): ModelPrice => ({ model, version: 'test', rates: { input: input * credit, cachedInput: input * credit / 10, cacheWrite: input * credit, output: 8 * input * credit } });
const sums = (more: Partial<UsageSums> = {}): UsageSums => ({ requests: 100, inputTokens: 2 * million, cachedInputTokens: 1.6 * million, cacheWriteTokens: 0, outputTokens: 20_000, costMicroCredits: 50 * credit, unpriced: 0, ...more });
const workspace = (more: Partial<InsightFacts['workspaces'][number]> = {}) => ({ workspaceId: 'ws_a', label: 'shop', recent: sums(), before: sums(), models: [{ model: 'big', inputTokens: 2 * million }], waitedMs: 0, waitingRequests: 0, ...more });
const facts = (more: Partial<InsightFacts> = {}): InsightFacts => ({ workspaces: [workspace()], tasks: [], models: [{ model: 'big', sums: sums(), price: price('big', 50) }], cut: { requests: 0, costMicroCredits: 0, ofMicroCredits: 50 * credit }, ...more });

describe('insights', () => {
  it('are none where all is as it was', () => { assert.deepEqual(findInsights(facts()), []); });

  it('tell of a cache that helps less than it did, and what that costs', () => {
    const [found] = findInsights(facts({ workspaces: [workspace({ recent: sums({ cachedInputTokens: million }) })] }));
    assert.deepEqual([found?.kind, found?.subject, found?.numbers], ['cache-fell', 'shop', { share: 0.5, shareBefore: 0.8, inputTokens: 2 * million }]);
    // 0.3 of 2 M tokens at 45 credits a million more.
    assert.equal(Math.round((found?.worthMicroCredits ?? 0) / credit), 27);
    const few = sums({ inputTokens: 100_000, cachedInputTokens: 0 });
    assert.deepEqual(findInsights(facts({ workspaces: [workspace({ recent: few })] })), []);
  });

  it('price a cache that fell by the models of its workspace, not by what others use most', () => {
    const models = [{ model: 'big', sums: sums({ inputTokens: 90 * million, cachedInputTokens: 80 * million }), price: price('big', 50) }, { model: 'small', sums: sums(), price: price('small', 5) }, { model: 'new', sums: sums() }];
    const worth = (used: InsightFacts['workspaces'][number]['models']) => {
      const found = findInsights(facts({ models, workspaces: [workspace({ recent: sums({ cachedInputTokens: million }), models: used })] })).find((one) => one.kind === 'cache-fell');
      return found?.worthMicroCredits === undefined ? undefined : Math.round(found.worthMicroCredits / credit * 100) / 100;
    };
    // 0.3 of 2 M tokens at 4.5 credits a million more.
    assert.equal(worth([{ model: 'small', inputTokens: 2 * million }]), 2.7);
    assert.equal(worth([{ model: 'small', inputTokens: million }, { model: 'big', inputTokens: million }]), 1.35 + 13.5);
    assert.equal(worth([{ model: 'new', inputTokens: million }, { model: 'small', inputTokens: million }]), 1.35, 'what has no price is left out');
    assert.equal(worth([{ model: 'new', inputTokens: million }]), undefined);
  });

  it('tell of a task that sends its whole history each time', () => {
    const task = (more: Partial<UsageSums>) => ({ tasks: [{ threadId: 't1', workspaceLabel: 'shop', model: 'big', sums: sums({ cachedInputTokens: 0.2 * million, ...more }) }] });
    const [found] = findInsights(facts(task({})));
    assert.deepEqual([found?.kind, found?.subject, found?.worthMicroCredits], ['history-resent', 't1', 0.8 * 2 * 45 * credit]);
    assert.deepEqual(findInsights(facts(task({ requests: 5 }))), []);
    assert.deepEqual(findInsights(facts(task({ cachedInputTokens: 1.5 * million }))), []);
  });

  it('tell of waits, and of the one task that caused them', () => {
    const waiting = (cause?: InsightFacts['workspaces'][number]['cause']) => ({ workspaces: [workspace({ waitedMs: 20 * 60_000, waitingRequests: 40, ...(cause ? { cause } : {}) })] });
    const busy = { threadId: 't9', workspaceId: 'ws_b', workspaceLabel: 'docs', share: 0.7, tokens: 3 * million };
    const [found] = findInsights(facts(waiting(busy)));
    assert.deepEqual([found?.kind, found?.names, found?.numbers['share']], ['waits', { task: 't9', workspace: 'docs' }, 0.7]);
    // It waited for itself: nobody else is to blame.
    assert.deepEqual(findInsights(facts(waiting({ ...busy, workspaceId: 'ws_a', workspaceLabel: 'shop' })))[0]?.names, {});
    // Another workspace of the same name is another, and who does not stand out is not named.
    assert.deepEqual(findInsights(facts(waiting({ ...busy, workspaceLabel: 'shop' })))[0]?.names, { task: 't9', workspace: 'shop' });
    assert.deepEqual(findInsights(facts(waiting({ ...busy, share: 0.4 }))).map((one) => [one.kind, one.names, one.numbers]), [['waits', {}, { waitedMs: 20 * 60_000, requests: 40 }]]);
  });

  it('name a cheaper model among those in use, with what the same tokens would have cost', () => {
    const [found] = findInsights(facts({ models: [{ model: 'big', sums: sums(), price: price('big', 50) }, { model: 'small', sums: sums({ inputTokens: 1000, cachedInputTokens: 0, outputTokens: 10 }), price: price('small', 5) }] }));
    assert.deepEqual([found?.kind, found?.subject, found?.names], ['cheaper-model', 'big', { model: 'small' }]);
    assert.equal(found?.numbers['costMicroCredits'], (found?.numbers['otherMicroCredits'] ?? 0) * 10);
    assert.equal(found?.worthMicroCredits, (found?.numbers['costMicroCredits'] ?? 0) - (found?.numbers['otherMicroCredits'] ?? 0));
  });

  it('tell of models without a price, and of answers that were cut', () => {
    assert.deepEqual(findInsights(facts({ models: [{ model: 'new', sums: sums({ unpriced: 3 }) }] })).map((one) => one.kind), ['unpriced']);
    assert.deepEqual(findInsights(facts({ cut: { requests: 9, costMicroCredits: 6 * credit, ofMicroCredits: 50 * credit } })).map((one) => [one.kind, one.worthMicroCredits]), [['cut-answers', 6 * credit]]);
    assert.deepEqual(findInsights(facts({ cut: { requests: 9, costMicroCredits: 4 * credit, ofMicroCredits: 50 * credit } })), []);
    assert.deepEqual(findInsights(facts({ cut: { requests: 9, costMicroCredits: 6 * credit, ofMicroCredits: 200 * credit } })), [], 'a small part of everything');
  });

  it('ask for more in a longer range, in proportion, and for no less in a shorter one', () => {
    const cut = { cut: { requests: 9, costMicroCredits: 6 * credit, ofMicroCredits: 50 * credit } };
    const waiting = { workspaces: [workspace({ waitedMs: 11 * 60_000, waitingRequests: 40 })] };
    for (const some of [cut, waiting]) assert.deepEqual([1, 7, 30, 90].map((days) => findInsights(facts(some), { ...week, days }).length), [1, 1, 0, 0]);
    assert.deepEqual(findInsights(facts({ cut: { requests: 9, costMicroCredits: 3 * credit, ofMicroCredits: 5 * credit } }), { ...week, days: 1 }), []);
    assert.deepEqual([1, 7, 30, 90].map(comparedDays), [28, 28, 30, 90]);
  });

  it('say since when they are known where that is not the whole range, and ask for no more than that time could give', () => {
    const closeSinceMs = week.untilMs - 7 * dayMs;
    const found = findInsights(facts({
      closeSinceMs, cut: { requests: 9, costMicroCredits: 6 * credit, ofMicroCredits: 50 * credit }, workspaces: [workspace({ recent: sums({ cachedInputTokens: million }) })],
      models: [{ model: 'big', sums: sums(), price: price('big', 500) }, { model: 'small', sums: sums(), price: price('small', 5) }],
    }), { ...week, days: 90 });
    assert.deepEqual(Object.fromEntries(found.map((one) => [one.kind, one.sinceMs])), { 'cache-fell': undefined, 'cheaper-model': undefined, 'cut-answers': closeSinceMs });
    const close = findInsights(facts({ closeSinceMs, areModelsClose: true, models: [{ model: 'new', sums: sums({ unpriced: 3 }) }] }), { ...week, days: 90 });
    assert.deepEqual(close.map((one) => [one.kind, one.sinceMs]), [['unpriced', closeSinceMs]]);
  });

  it('are at most three of a kind, those that are worth most first, and never of numbers that are none', () => {
    fc.assert(fc.property(fc.array(fc.record({ input: fc.nat(100 * million), cached: fc.double({ min: 0, max: 1, noNaN: true }), requests: fc.nat(1000) }), { maxLength: 12 }), (list) => {
      const made = list.map((one) => sums({ requests: one.requests, inputTokens: one.input, cachedInputTokens: Math.floor(one.input * one.cached) }));
      const found = findInsights(facts({
        workspaces: made.map((one, index) => workspace({ label: `w${index}`, recent: one, before: sums() })), tasks: made.map((one, index) => ({ threadId: `t${index}`, workspaceLabel: 'w', model: 'big', sums: one })),
        models: made.map((one, index) => ({ model: `m${index}`, sums: one, price: price(`m${index}`, index + 1) })),
      }));
      for (const one of found) for (const value of [...Object.values(one.numbers), one.worthMicroCredits ?? 0]) assert.ok(Number.isFinite(value) && value >= 0);
      for (const kind of new Set(found.map((one) => one.kind))) assert.ok(found.filter((one) => one.kind === kind).length <= 3);
      assert.deepEqual(found.map((one) => one.worthMicroCredits ?? 0), found.map((one) => one.worthMicroCredits ?? 0).toSorted((a, b) => b - a));
    }));
  });
});

// What every ledger store promises about what people lay down (budgets, allowances, permissions, policies)
// and about late corrections, with the figures written out. A store's own test file calls it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Allowance } from '../../../src/domain/allowances.ts';
import type { Budget } from '../../../src/domain/budgets.ts';
import type { Directive } from '../../../src/domain/directives.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { noTokens } from '../../../src/domain/tokenUsage.ts';
import type { Correction, ReserveCommand } from '../../../src/broker/store/ledgerCommands.ts';
import type { LedgerStore } from '../../../src/broker/store/ledgerPort.ts';
import { beginCommand, credit, grantCommand, reserveCommand, settleCommand, startMs, testPrice } from '../../support/ledger/ledgerCommands.ts';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { checkAgain } from '../../support/secondChecker.ts';
import type { OpenStore } from './ledgerContract.ts';

const dayMs = 86_400_000;
/** Of a day budget: 2026-11-22 in UTC, the day of `startMs`. */
const dayEndMs = Date.UTC(2026, 10, 23);

/** Declares the tests of the contract for one store. */
export function describeDirectiveContract(name: string, open: OpenStore): void {
  describe(`${name}, told what to do`, () => {
    const proven = (title: string, run: (store: LedgerStore) => Promise<void>) => it(title, () => withFolder(async (folder) => {
      const path = join(folder, 'ledger.db');
      const store = await open(path);
      try {
        await run(store);
        assert.deepEqual((await store.query('audit', { full: true })).violations, []);
      } finally {
        await store.close();
      }
      assert.deepEqual(checkAgain(path), []);
    }));
    let keys = 0;
    const lay = (store: LedgerStore, directive: Directive, key = `key-${keys += 1}`) => store.command({ type: 'direct', key, atMs: startMs, directive });
    const budget = (store: LedgerStore, more: Partial<Budget>) => lay(store, { kind: 'budget', id: more.id ?? 'b', budget: { id: 'b', per: 'workspace', unit: 'credits', limit: credit, period: 'day', timeZone: 'UTC', mode: 'hard', ...more } });
    const ask = async (store: LedgerStore, attemptId: string, estimate: number, more: Partial<ReserveCommand> & { readonly workspaceId?: string; readonly threadId?: string; readonly model?: string } = {}) => {
      const { workspaceId = 'ws_a', threadId, model = 'gpt-test', ...rest } = more;
      const asked = reserveCommand(attemptId, estimate, rest);
      return (await store.command({ ...asked, request: { ...asked.request, workspaceId, model, ...(threadId === undefined ? {} : { threadId }) } })).decision;
    };
    const left = async (store: LedgerStore) => Object.fromEntries((await store.query('balance', { nowMs: startMs })).grants.map((one) => [one.id, one.remainingMicroCredits]));

    proven('lays a directive down once for one key, so that none comes back late', async (store) => {
      const deny: Directive = { kind: 'consent', consent: { scope: 'workspace', of: 'ws_a', answer: 'deny' } };
      assert.deepEqual([await lay(store, deny, 'k1'), await lay(store, deny, 'k1'), await lay(store, deny, 'k2')], [{ exists: false }, { exists: true }, { exists: false }]);
      const conflict = await lay(store, { ...deny, consent: { ...deny.consent, answer: 'allow' } }, 'k1');
      assert.ok('problem' in conflict && conflict.problem.code === 'key_conflict');
      // An answer that comes again late, behind a newer one, does not bring the old one back.
      await lay(store, { ...deny, consent: { ...deny.consent, answer: 'allow' } }, 'k3');
      for (const late of ['k1', 'k2']) assert.deepEqual(await lay(store, deny, late), { exists: true });
      assert.equal((await store.query('balance', { nowMs: startMs })).directives.consents[0]?.answer, 'allow');
      assert.equal((await store.query('audit', { full: false })).directives, 3);
    });

    proven('counts what was used and what is reserved against a budget, and opens it with the next period', async (store) => {
      await store.command(grantCommand('g1', 100 * credit));
      await budget(store, { limit: 500_000 });
      assert.equal((await ask(store, 'r1-1', 300_000)).outcome, 'admit');
      assert.deepEqual([(await ask(store, 'r2-1', 200_001)).code, (await ask(store, 'r3-1', 200_000)).outcome], ['budget_exceeded', 'admit']);
      assert.equal((await ask(store, 'r4-1', 1, { workspaceId: 'ws_b' })).outcome, 'admit', 'each workspace by itself');
      // 1,000 tokens in cost 125,000: what the holds did not use comes back to the budget too.
      for (const id of ['r1-1', 'r3-1']) await store.command(settleCommand(id, { inputTokens: 1000 }));
      const over = await ask(store, 'r5-1', 250_001);
      assert.deepEqual([over.code, over.retryAtMs, over.budgets?.[0]?.used, over.budgets?.[0]?.reserved], ['budget_exceeded', dayEndMs, 250_000, 0]);
      assert.equal((await ask(store, 'r6-1', 500_000, { atMs: dayEndMs })).outcome, 'admit');
    });

    proven('counts an untracked balance and tokens against budgets too', async (store) => {
      await budget(store, { id: 't', per: 'task', unit: 'tokens', limit: 2000, period: 'life' });
      assert.equal((await ask(store, 'r1-1', 9, { threadId: 't1' })).outcome, 'admit');
      assert.equal((await ask(store, 'r2-1', 9, { threadId: 't1' })).code, 'budget_exceeded');
      assert.deepEqual([(await ask(store, 'r3-1', 9, { threadId: 't2' })).outcome, (await ask(store, 'r4-1', 9)).outcome], ['admit', 'admit']);
      assert.deepEqual((await ask(store, 'r5-1', 9, { threadId: 't3' })).stops, [{ budgetId: 't', unit: 'tokens', amount: 2000 }]);
    });

    proven('counts a family of models together, and a rolling budget over its hours', async (store) => {
      await budget(store, { per: 'model', of: 'gpt-5*', limit: 400_000, period: { rollingHours: 2 } });
      assert.equal((await ask(store, 'r1-1', 200_000, { model: 'gpt-5-mini' })).outcome, 'admit');
      await store.command(settleCommand('r1-1', { inputTokens: 2400 }));
      assert.deepEqual([(await ask(store, 'r2-1', 200_000, { model: 'gpt-5.4' })).code, (await ask(store, 'r3-1', 200_000, { model: 'gpt-6' })).outcome], ['budget_exceeded', 'admit']);
      // It ended at 12:00 and something: two hours later it is out, and so is the quarter hour that it lay in.
      assert.equal((await ask(store, 'r4-1', 200_000, { model: 'gpt-5.4', atMs: startMs + 2 * 3_600_000 })).code, 'budget_exceeded');
      assert.equal((await ask(store, 'r5-1', 200_000, { model: 'gpt-5.4', atMs: startMs + 2 * 3_600_000 + 900_000 })).outcome, 'admit');
    });

    proven('gives each period of an allowance once, whatever the clock does', async (store) => {
      const allowance: Allowance = { id: 'weekly', kind: 'included', amountMicroCredits: 250 * credit, every: 'week', timeZone: 'UTC', priority: 50 };
      await lay(store, { kind: 'allowance', id: 'weekly', allowance });
      const at = async (atMs: number) => (await store.command({ type: 'upkeep', atMs })).granted;
      assert.deepEqual([await at(startMs), await at(startMs), await at(startMs - 5 * 3_600_000), await at(startMs + 7 * dayMs), await at(startMs)], [1, 0, 0, 1, 0]);
      // The week before had expired while the clock was ahead; that came back, and the next week has not begun.
      const slicesAt = async (attemptId: string, atMs: number) => (await ask(store, attemptId, credit, { atMs })).slices.map((one) => one.grantId);
      const [first] = await slicesAt('r1-1', startMs);
      const [second] = await slicesAt('r2-1', startMs + 7 * dayMs);
      assert.ok(first !== undefined && second !== undefined && first !== second);
      await lay(store, { kind: 'allowance', id: 'weekly', allowance: null });
      assert.equal(await at(startMs + 21 * dayMs), 0);
    });

    proven('gives back what expired while the clock was ahead, once, and not what is over', async (store) => {
      await store.command(grantCommand('a', credit, { expiresAtMs: startMs + dayMs }));
      await store.command(grantCommand('b', credit, { expiresAtMs: startMs + 3 * dayMs }));
      await store.command(grantCommand('undone', credit, { expiresAtMs: startMs + 3 * dayMs }));
      await ask(store, 'r1-1', 400_000);
      const upkeep = async (atMs: number) => { const { expired, returned } = await store.command({ type: 'upkeep', atMs }); return [expired, returned]; };
      const free = async () => { const grants = await left(store); return [grants['a'], grants['b'], grants['undone']]; };
      assert.deepEqual([await upkeep(startMs + 3650 * dayMs), await free()], [[3, 0], [400_000, 0, 0]]);
      await store.command({ type: 'correct', key: 'undo', atMs: startMs, reason: 'By mistake.', what: { kind: 'void', grantId: 'undone', disputed: false } });
      // Whoever waits for what time brings is told that something is due at once.
      assert.equal((await store.query('balance', { nowMs: startMs + 2 * dayMs })).upkeepAtMs, startMs + 2 * dayMs);
      assert.deepEqual([await upkeep(startMs + 2 * dayMs), await free()], [[0, 1], [400_000, credit, 0]]);
      assert.deepEqual([await upkeep(startMs + 2 * dayMs), await upkeep(startMs + dayMs - 600_000), await upkeep(startMs + dayMs - 600_001), await upkeep(startMs)], [[0, 0], [0, 0], [0, 1], [0, 0]]);
      assert.deepEqual(await free(), [credit, credit, 0]);
      // It expires again in its time, and what its hold gives back then as well.
      await store.command(settleCommand('r1-1', { inputTokens: 800 }, { atMs: startMs + dayMs }));
      assert.deepEqual([await upkeep(startMs + dayMs), await upkeep(startMs + 3 * dayMs), await free()], [[1, 0], [1, 0], [0, 0, 0]]);
      // A clock that is before the making of a grant says nothing about it.
      assert.deepEqual([await upkeep(startMs - 1), (await store.query('balance', { nowMs: startMs - 1 })).upkeepAtMs], [[0, 0], undefined]);
      assert.deepEqual([await upkeep(startMs), await free()], [[0, 2], [900_000, credit, 0]]);
    });

    proven('draws only from grants that have begun and that are for this model and workspace', async (store) => {
      await store.command(grantCommand('later', credit, { startsAtMs: startMs + 5 }));
      await store.command(grantCommand('model', credit, { models: ['gpt-x*'] }));
      await store.command(grantCommand('place', credit, { workspaces: ['ws_b'], priority: 1 }));
      assert.equal((await ask(store, 'r1-1', 10)).code, 'credits_exhausted');
      assert.deepEqual((await ask(store, 'r2-1', 10, { model: 'gpt-x9' })).slices.map((one) => one.grantId), ['model']);
      assert.deepEqual((await ask(store, 'r3-1', 10, { workspaceId: 'ws_b' })).slices.map((one) => one.grantId), ['place']);
      assert.deepEqual((await ask(store, 'r4-1', 10, { atMs: startMs + 5 })).slices.map((one) => one.grantId), ['later']);
    });

    proven('refunds to the grants that were drawn from, the last first, and never more than was charged', async (store) => {
      await store.command(grantCommand('a', 100_000, { kind: 'included' }));
      await store.command(grantCommand('b', credit));
      await ask(store, 'r1-1', 300_000);
      await store.command(settleCommand('r1-1', { inputTokens: 2000 }));
      assert.deepEqual(await left(store), { a: 0, b: 850_000 });
      const refund = (microCredits: number, key: string) => store.command({ type: 'correct', key, atMs: startMs + 2000, reason: 'A mistake.', what: { kind: 'refund', attemptId: 'r1-1', microCredits } });
      assert.deepEqual(await refund(160_000, 'back'), { exists: false, changedMicroCredits: 160_000 });
      assert.deepEqual(await left(store), { a: 10_000, b: credit });
      assert.deepEqual(await refund(160_000, 'back'), { exists: true, changedMicroCredits: 0 });
      const more = await refund(90_001, 'more');
      assert.ok('problem' in more && more.problem.code === 'argument_invalid');
      const other = await refund(5, 'back');
      assert.ok('problem' in other && other.problem.code === 'key_conflict');
      assert.equal((await store.query('usage', { by: 'model' }))[0]?.costMicroCredits, 90_000);
      const told = await store.query('explain', { id: 'r1' });
      assert.deepEqual(told?.corrections.map((one) => [one.basis, one.costMicroCredits, one.drawnMicroCredits, one.reason]), [['refund', -160_000, -160_000, 'A mistake.']]);
    });

    proven('refunds to the grant that was drawn from last, though it was reserved of first', async (store) => {
      for (const [id, priority] of [['a', 10], ['b', 30]] as const) await store.command(grantCommand(id, 200_000, { priority }));
      await ask(store, 'r1-1', 300_000);
      await store.command(settleCommand('r1-1', { inputTokens: 1000 }));
      await ask(store, 's1-1', 75_000);
      for (const command of [settleCommand('s1-1', { inputTokens: 600 }), grantCommand('c', 100_000, { priority: 20 })]) await store.command(command);
      await store.command({ type: 'correct', key: 'more', atMs: startMs + 3000, reason: 'More.', what: { kind: 'usage', attemptId: 'r1-1', usage: { ...noTokens, inputTokens: 2000 } } });
      assert.deepEqual(await left(store), { a: 0, b: 175_000, c: 0 });
      await store.command({ type: 'correct', key: 'less', atMs: startMs + 3000, reason: 'Less.', what: { kind: 'refund', attemptId: 'r1-1', microCredits: 50_000 } });
      assert.deepEqual(await left(store), { a: 0, b: 200_000, c: 25_000 });
    });

    proven('reconciles usage both ways, at the price of the hold, and beside earlier refunds', async (store) => {
      await store.command(grantCommand('a', credit));
      await ask(store, 'r1-1', 300_000);
      await store.command(settleCommand('r1-1', { inputTokens: 1000 }));
      const usage = (inputTokens: number, key: string) => store.command({ type: 'correct', key, atMs: startMs + 2000, reason: 'Reconciled.', what: { kind: 'usage', attemptId: 'r1-1', usage: { ...noTokens, inputTokens } } });
      await store.command({ type: 'correct', key: 'back', atMs: startMs + 2000, reason: 'Sorry.', what: { kind: 'refund', attemptId: 'r1-1', microCredits: 25_000 } });
      assert.deepEqual(await usage(2000, 'up'), { exists: false, changedMicroCredits: -125_000 });
      assert.deepEqual(await usage(400, 'down'), { exists: false, changedMicroCredits: 200_000 });
      // 400 tokens are 50,000, of which 25,000 had been refunded.
      assert.deepEqual(await left(store), { a: 975_000 });
      const [row] = await store.query('usage', { by: 'model' });
      assert.deepEqual([row?.requests, row?.inputTokens, row?.costMicroCredits], [1, 400, 25_000]);
      const below = await usage(0, 'nothing');
      assert.ok('problem' in below && below.problem.code === 'argument_invalid');
    });

    proven('books what no credits cover openly, and takes it from nobody', async (store) => {
      await store.command(grantCommand('a', 100_000));
      await ask(store, 'r1-1', 100_000);
      await store.command(settleCommand('r1-1', { inputTokens: 2000 }));
      const beside = (await store.query('entries', { limit: 9 })).filter((one) => one.account === 'overshoot');
      assert.deepEqual(beside.map((one) => [one.kind, one.amountMicroCredits, one.corrects]), [['refund', 150_000, 'overage_r1-1_overshoot'], ['overage', -150_000, undefined]]);
      assert.deepEqual([await left(store), (await store.query('audit', { full: true })).overshootMicroCredits], [{ a: 0 }, 150_000]);
    });

    proven('notes what a lost attempt may have cost, and charges it nothing', async (store) => {
      await store.command(grantCommand('a', credit));
      for (const id of ['r1-1', 'r2-1']) await ask(store, id, 300_000);
      await store.command(settleCommand('r1-1', {}, { outcome: 'broken', chargeable: false, measured: false, freeReason: 'Lost.', exposed: true }));
      await store.command({ type: 'recover', atMs: startMs + 9000 });
      assert.deepEqual([await left(store), (await store.query('audit', { full: true })).exposureMicroCredits], [{ a: credit }, 600_000]);
      assert.equal((await store.query('explain', { id: 'r1' }))?.attempts[0]?.exposureMicroCredits, 300_000);
    });

    proven('takes a grant back: what is free at once, what is reserved when its holds end', async (store) => {
      await store.command(grantCommand('a', credit));
      await ask(store, 'r1-1', 300_000);
      const taken = { type: 'correct', key: 'undo', atMs: startMs + 2000, reason: 'Undone.', what: { kind: 'void', grantId: 'a', disputed: false } } as const;
      assert.deepEqual([await store.command(taken), await store.command(taken)], [{ exists: false, changedMicroCredits: -700_000 }, { exists: true, changedMicroCredits: 0 }]);
      assert.equal((await ask(store, 'r2-1', 1)).code, 'credits_exhausted');
      await store.command(settleCommand('r1-1', { inputTokens: 1000 }));
      assert.deepEqual([await left(store), (await store.query('balance', { nowMs: startMs })).owedMicroCredits], [{ a: 0 }, 0]);
    });

    proven('stops when disputed credits had been spent, until new ones have paid for them', async (store) => {
      await store.command(grantCommand('a', credit, { kind: 'purchased', consent: { scope: 'everywhere' } }));
      await store.command(grantCommand('free', credit, { kind: 'included' }));
      await ask(store, 'r1-1', 1_500_000);
      await ask(store, 'r2-1', 200_000);
      await store.command(settleCommand('r1-1', { inputTokens: 9600 }));
      await store.command({ type: 'correct', key: 'dispute', atMs: startMs + 2000, reason: 'Disputed.', what: { kind: 'void', grantId: 'a', disputed: true } });
      const owed = async () => (await store.query('balance', { nowMs: startMs })).owedMicroCredits;
      assert.equal(await owed(), 200_000);
      assert.equal((await ask(store, 'r3-1', 1)).code, 'credits_owed');
      // What a hold that still ran draws of it afterwards is owed too.
      await store.command(beginCommand('r2-1'));
      await store.command(settleCommand('r2-1', { inputTokens: 800 }));
      assert.equal(await owed(), 300_000);
      await store.command(grantCommand('small', 100_000, { kind: 'purchased' }));
      assert.deepEqual([await owed(), (await ask(store, 'r4-1', 1)).code], [200_000, 'credits_owed']);
      await store.command(grantCommand('new', credit, { kind: 'purchased' }));
      assert.deepEqual([await owed(), (await left(store))['new'], (await ask(store, 'r5-1', 1)).outcome], [0, 800_000, 'admit']);
    });

    proven('lowers what is owed when a request that disputed credits paid is refunded, and gives back what new ones had paid', async (store) => {
      await store.command(grantCommand('a', credit, { kind: 'purchased', consent: { scope: 'everywhere' } }));
      await ask(store, 'r1-1', 500_000);
      await store.command(settleCommand('r1-1', { inputTokens: 4000 }));
      const correct = async (key: string, what: Correction) => store.command({ type: 'correct', key, atMs: startMs + 2000, reason: 'A reason.', what });
      const owed = async () => (await store.query('balance', { nowMs: startMs })).owedMicroCredits;
      // Undone by mistake first: nothing is owed for that. Disputed later: it is.
      await correct('undo', { kind: 'void', grantId: 'a', disputed: false });
      assert.equal(await owed(), 0);
      await correct('dispute', { kind: 'void', grantId: 'a', disputed: true });
      assert.deepEqual([await owed(), await correct('again', { kind: 'void', grantId: 'a', disputed: false })], [500_000, { exists: true, changedMicroCredits: 0 }]);
      assert.deepEqual(await correct('back 1', { kind: 'refund', attemptId: 'r1-1', microCredits: 100_000 }), { exists: false, changedMicroCredits: 0 });
      assert.equal(await owed(), 400_000);
      await store.command(grantCommand('small', 350_000, { kind: 'purchased' }));
      assert.deepEqual(await correct('back 2', { kind: 'refund', attemptId: 'r1-1', microCredits: 300_000 }), { exists: false, changedMicroCredits: 250_000 });
      const { grants } = await store.query('balance', { nowMs: startMs });
      assert.deepEqual([await owed(), grants.filter((one) => one.remainingMicroCredits > 0).map((one) => [one.kind, one.remainingMicroCredits])], [0, [['purchased', 250_000]]]);
      assert.deepEqual(await correct('back 3', { kind: 'refund', attemptId: 'r1-1', microCredits: 100_000 }), { exists: false, changedMicroCredits: 100_000 });
    });

    proven('takes no key and no directive that are its own', async (store) => {
      const own: readonly Directive[] = [{ kind: 'void', grantId: 'a', disputed: true, reason: 'x' }, { kind: 'correction', attemptId: 'r1-1', content: '[]' }, { kind: 'price', model: 'gpt-test', price: testPrice }, { kind: 'limit', note: { subject: 'gpt-test', limits: [] } }];
      const codeOf = (result: object) => ('problem' in result ? (result as { problem: Problem }).problem.code : 'taken');
      await store.command(grantCommand('a', credit));
      for (const [index, directive] of own.entries()) assert.equal(codeOf(await store.command({ type: 'direct', key: `own-${index}`, atMs: startMs, directive })), 'argument_invalid');
      for (const key of ['price gpt-test 1', 'limit gpt-test 1', 'grant a', 'allowance weekly 0', 'refund r1-1']) {
        assert.equal(codeOf(await store.command({ type: 'direct', key, atMs: startMs, directive: { kind: 'policy', name: 'unpriced', value: 'ask' } })), 'argument_invalid', key);
        assert.equal(codeOf(await store.command(grantCommand('b', credit, { key }))), 'argument_invalid', key);
        assert.equal(codeOf(await store.command({ type: 'correct', key, atMs: startMs, reason: 'x', what: { kind: 'void', grantId: 'a', disputed: false } })), 'argument_invalid', key);
      }
      assert.deepEqual(await left(store), { a: credit });
    });

    proven('keeps a checkpoint and looks only at what came after it', async (store) => {
      await store.command(grantCommand('a', credit));
      assert.equal((await store.query('audit', { full: true, keepAtMs: startMs })).full, true);
      await ask(store, 'r1-1', 1000);
      const next = await store.query('audit', { full: false, keepAtMs: startMs });
      assert.deepEqual([next.full, next.violations, next.openHolds, next.entries, next.balanceMicroCredits], [false, [], 1, 2, credit]);
      await store.command(settleCommand('r1-1', { inputTokens: 3 }));
      assert.deepEqual((await store.query('audit', { full: false })).violations, []);
    });

    proven('knows an older copy of itself by where its chains stood', async (store) => {
      await store.command(grantCommand('a', credit));
      const before = await store.query('head', {});
      await ask(store, 'r1-1', 1000);
      const after = await store.query('head', {});
      assert.deepEqual([before.entries.rows, after.entries.rows, await store.query('stoodAt', { head: before }), await store.query('stoodAt', { head: after })], [1, 2, true, true]);
      const elsewhere = { ...after, entries: { rows: after.entries.rows + 1, hash: after.entries.hash } };
      assert.equal(await store.query('stoodAt', { head: elsewhere }), false);
    });

    proven('decides a request that is not sent, and leaves no trace of it', async (store) => {
      await store.command(grantCommand('a', credit));
      const { type: _type, attemptId: _attempt, number: _number, ...facts } = reserveCommand('dry-1', 300_000);
      const head = await store.query('head', {});
      assert.deepEqual([(await store.query('decide', facts)).outcome, (await store.query('decide', { ...facts, estimateMicroCredits: 9 * credit })).code], ['admit', 'credits_exhausted']);
      assert.deepEqual([await store.query('head', {}), await store.query('explain', { id: 'dry' })], [head, null]);
    });

    proven('tells a price that changed, once', async (store) => {
      const price = { model: 'gpt-test', version: 'monday', rates: { input: 1, cachedInput: 1, cacheWrite: 1, output: 1 } };
      await ask(store, 'r1-1', 9, { price });
      await ask(store, 'r2-1', 9, { price: { ...price, version: 'tuesday' } });
      assert.deepEqual(await store.query('priceChanges', { sinceMs: 0 }), []);
      const dearer = { ...price, version: 'wednesday', rates: { ...price.rates, output: 2 } };
      for (const id of ['r3-1', 'r4-1']) await ask(store, id, 9, { price: dearer });
      assert.deepEqual((await store.query('priceChanges', { sinceMs: 0 })).map((one) => [one.model, one.before.rates.output, one.after.rates.output]), [['gpt-test', 1, 2]]);
    });
  });
}

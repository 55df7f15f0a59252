// What every ledger store promises, whatever it is made of: each command is atomic and happens once
// however often it is given, and the money always adds up. A store's own test file calls it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { ModelPrice } from '../../../src/domain/pricing.ts';
import type { LedgerStore } from '../../../src/broker/store/ledgerPort.ts';
import { beginCommand, credit, grantCommand, reserveCommand, settleCommand, startMs, testPrice, workspaceCommand } from '../../support/ledger/ledgerCommands.ts';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { checkAgain } from '../../support/secondChecker.ts';

/** Opens a store on a path; the contract closes it. */
export type OpenStore = (path: string) => Promise<LedgerStore>;

/** Declares the tests of the contract for one store. */
export function describeLedgerContract(name: string, open: OpenStore): void {
  describe(`${name} as a ledger store`, () => {
    const proven = (title: string, run: (store: LedgerStore, path: string) => Promise<void>) => it(title, () => withFolder(async (folder) => {
      const path = join(folder, 'ledger.db');
      const store = await open(path);
      try {
        await run(store, path);
        const audit = await store.query('audit', { full: true });
        assert.deepEqual(audit.violations, []);
      } finally {
        await store.close();
      }
      assert.deepEqual(checkAgain(path), []);
    }));
    const balance = async (store: LedgerStore) => {
      const { grants } = await store.query('balance', { nowMs: startMs });
      const sum = (pick: (grant: (typeof grants)[number]) => number) => grants.reduce((total, grant) => total + pick(grant), 0);
      return { left: sum((grant) => grant.remainingMicroCredits), held: sum((grant) => grant.heldMicroCredits) };
    };

    proven('adds a grant once for one key, and says when the key is used for another', async (store) => {
      const first = await store.command(grantCommand('g1', 10 * credit));
      assert.ok('grant' in first && first.created);
      const again = await store.command({ ...grantCommand('g2', 10 * credit), key: 'key-g1' });
      assert.ok('grant' in again && !again.created && again.grant.id === 'g1');
      for (const other of [{ amountMicroCredits: 11 * credit }, { kind: 'included' as const }, { expiresAtMs: startMs + 5 }, { consent: { scope: 'everywhere' as const } }]) {
        const conflict = await store.command({ ...grantCommand('g3', 10 * credit), key: 'key-g1', ...other });
        assert.ok('problem' in conflict && conflict.problem.code === 'key_conflict', JSON.stringify(other));
      }
      assert.deepEqual(await balance(store), { left: 10 * credit, held: 0 });
      assert.equal((await store.query('entries', { limit: 10 })).length, 1);
    });

    proven('refuses a grant that has expired already', async (store) => {
      for (const expiresAtMs of [startMs, startMs - 1]) {
        const result = await store.command(grantCommand('g1', credit, { expiresAtMs }));
        assert.ok('problem' in result && result.problem.code === 'argument_invalid');
      }
      assert.deepEqual((await store.query('balance', { nowMs: startMs })).grants, []);
    });

    proven('reserves, posts what was used and gives back the rest', async (store) => {
      await store.command(grantCommand('g1', 10 * credit));
      const { decision, exists } = await store.command(reserveCommand('r1-1', 3 * credit));
      assert.equal(exists, false);
      assert.deepEqual(decision.slices, [{ grantId: 'g1', kind: 'promotional', microCredits: 3 * credit }]);
      assert.deepEqual(await balance(store), { left: 10 * credit, held: 3 * credit });
      // 1,000 in at 125 a token and 100 out at 750 a token.
      const settled = await store.command(settleCommand('r1-1', { inputTokens: 1000, outputTokens: 100 }));
      assert.deepEqual(settled, { exists: false, costMicroCredits: 200_000, drawnMicroCredits: 200_000 });
      assert.deepEqual(await balance(store), { left: 9_800_000, held: 0 });
      assert.deepEqual((await store.query('entries', { limit: 9 })).map((entry) => [entry.kind, entry.amountMicroCredits, entry.heldDeltaMicroCredits]),
        [['post', -200_000, -3 * credit], ['reserve', 0, 3 * credit], ['grant', 10 * credit, 0]]);
    });

    proven('does each command once, however often and in whatever order it comes', async (store) => {
      const reserve = reserveCommand('r1-1', credit);
      const settle = settleCommand('r1-1', { inputTokens: 1000 });
      await Promise.all([grantCommand('g1', 5 * credit), grantCommand('g1', 5 * credit), workspaceCommand('ws_a'), workspaceCommand('ws_a')].map((command) => store.command(command)));
      const holds = await Promise.all([reserve, reserve, reserve].map((command) => store.command(command)));
      assert.deepEqual(holds.map((one) => one.exists), [false, true, true]);
      assert.deepEqual(holds[1]?.decision, holds[0]?.decision);
      await Promise.all([store.command(beginCommand('r1-1')), store.command(beginCommand('r1-1'))]);
      const settles = await Promise.all([settle, settle].map((command) => store.command(command)));
      assert.deepEqual(settles.map((one) => [one.exists, one.drawnMicroCredits]), [[false, 125_000], [true, 125_000]]);
      // What comes late changes nothing, even with another content.
      assert.deepEqual(await store.command(settleCommand('r1-1', { inputTokens: 9_000 })), { exists: true, costMicroCredits: 125_000, drawnMicroCredits: 125_000 });
      assert.equal((await store.command(reserve)).exists, true);
      assert.deepEqual(await store.command(beginCommand('r1-1')), { exists: true });
      assert.deepEqual(await balance(store), { left: 5 * credit - 125_000, held: 0 });
    });

    proven('settles nothing that was never reserved, and begins nothing either', async (store) => {
      await assert.rejects(store.command(settleCommand('ghost-1', { inputTokens: 5 })), (error: { problem?: { code: string } }) => error.problem?.code === 'ledger_unavailable');
      await assert.rejects(store.command(beginCommand('ghost-1')));
      assert.equal((await store.query('audit', { full: true })).usageEvents, 0);
    });

    proven('takes back everything of a command that fails half way, and goes on', async (store) => {
      await store.command(grantCommand('g1', 5 * credit));
      await store.command(reserveCommand('r1-1', credit));
      // The usage event is written before the cost turns out to be no exact integer.
      await assert.rejects(store.command(settleCommand('r1-1', { inputTokens: Number.MAX_SAFE_INTEGER })));
      assert.deepEqual(await balance(store), { left: 5 * credit, held: credit });
      assert.equal((await store.command(settleCommand('r1-1', { inputTokens: 1000 }))).exists, false);
    });

    proven('admits exactly as many holds at once as the last credits cover', async (store) => {
      await store.command(grantCommand('g1', credit, { amountMicroCredits: 1_050_000 }));
      const results = await Promise.all(Array.from({ length: 100 }, (_, index) => store.command(reserveCommand(`r${index}-1`, 100_000))));
      assert.equal(results.filter((one) => one.decision.outcome === 'admit').length, 10);
      assert.ok(results.every(({ decision }) => decision.outcome === 'admit' || decision.code === 'credits_exhausted'));
      assert.deepEqual(await balance(store), { left: 1_050_000, held: 1_000_000 });
      assert.equal((await store.query('audit', { full: true })).usageEvents, 90);
    });

    proven('keeps purchased credits from whoever has no permission', async (store) => {
      await store.command(grantCommand('g1', credit, { kind: 'purchased', consent: { scope: 'workspace', workspaceId: 'ws_b' } }));
      const refused = await store.command(reserveCommand('r1-1', 1000));
      assert.equal(refused.decision.code, 'consent_missing');
      const other = reserveCommand('r2-1', 1000);
      const admitted = await store.command({ ...other, request: { ...other.request, workspaceId: 'ws_b' } });
      assert.equal(admitted.decision.outcome, 'admit');
    });

    proven('gives a permission by itself once, to whom it names and to nobody else', async (store) => {
      await store.command(grantCommand('g1', 10 * credit, { kind: 'purchased' }));
      const from = async (attemptId: string, workspaceId: string) => {
        const asked = reserveCommand(attemptId, 1000);
        return (await store.command({ ...asked, request: { ...asked.request, workspaceId } })).decision;
      };
      const allow = { type: 'direct', key: 'first', atMs: startMs, directive: { kind: 'consent', consent: { scope: 'workspace', of: 'ws_b', answer: 'allow' } } } as const;
      assert.equal((await from('r1-1', 'ws_b')).code, 'consent_missing');
      assert.deepEqual(await store.command(allow), { exists: false });
      assert.deepEqual(await store.command({ ...allow, atMs: startMs + 5 }), { exists: true });
      assert.equal((await from('r2-1', 'ws_b')).outcome, 'admit');
      assert.equal((await from('r3-1', 'ws_c')).code, 'consent_missing');
      assert.deepEqual((await store.query('balance', { nowMs: startMs })).directives.consents, [allow.directive.consent]);
      assert.deepEqual(await store.command({ type: 'direct', key: 'all', atMs: startMs, directive: { kind: 'consent', consent: { scope: 'everywhere', of: '', answer: 'allow' } } }), { exists: false });
      assert.equal((await from('r4-1', 'ws_c')).outcome, 'admit');
      assert.deepEqual((await store.query('balance', { nowMs: startMs })).directives.consents.map((one) => one.scope), ['workspace', 'everywhere']);
    });

    proven('draws a cost above the hold openly, never below zero and never from what was not permitted', async (store) => {
      await store.command(grantCommand('promo', 300_000));
      await store.command(grantCommand('bought', 10 * credit, { kind: 'purchased' }));
      await store.command(reserveCommand('r1-1', 100_000));
      // 8,000 tokens cost 1,000,000; 300,000 are there, and nobody allowed the purchased ones.
      assert.deepEqual(await store.command(settleCommand('r1-1', { inputTokens: 8000 })), { exists: false, costMicroCredits: 1_000_000, drawnMicroCredits: 300_000 });
      const told = await store.query('explain', { id: 'r1' });
      assert.equal(told?.charge?.uncoveredMicroCredits, 700_000);
      assert.deepEqual(await balance(store), { left: 10 * credit, held: 0 });
    });

    proven('draws overage from purchased credits once they are permitted', async (store) => {
      await store.command(grantCommand('bought', 10 * credit, { kind: 'purchased', consent: { scope: 'everywhere' } }));
      await store.command(reserveCommand('r1-1', 100_000));
      assert.deepEqual(await store.command(settleCommand('r1-1', { inputTokens: 8000 })), { exists: false, costMicroCredits: 1_000_000, drawnMicroCredits: 1_000_000 });
      assert.deepEqual((await store.query('entries', { limit: 2 })).map((entry) => [entry.kind, entry.amountMicroCredits]), [['overage', -900_000], ['post', -100_000]]);
    });

    proven('draws what an attempt costs that was expected to cost nothing', async (store) => {
      await store.command(grantCommand('a', credit));
      const free: ModelPrice = { ...testPrice, model: 'free', rates: { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 } };
      await store.command(reserveCommand('r1-1', 0, { price: free }));
      await store.command(reserveCommand('r2-1', undefined, { unpricedRule: 'allow' }));
      const served = { modelServed: 'other', servedPrice: testPrice };
      assert.deepEqual(await store.command(settleCommand('r1-1', { inputTokens: 1000 }, served)), { exists: false, costMicroCredits: 125_000, drawnMicroCredits: 125_000 });
      assert.deepEqual(await store.command(settleCommand('r2-1', { inputTokens: 8000 }, served)), { exists: false, costMicroCredits: 1_000_000, drawnMicroCredits: 875_000 });
      assert.deepEqual(await balance(store), { left: 0, held: 0 });
    });

    proven('lets no second attempt be of another request than the first', async (store) => {
      await store.command(grantCommand('a', credit));
      await store.command(reserveCommand('r1-1', 1000));
      const second = reserveCommand('r1-2', 1000);
      await assert.rejects(store.command({ ...second, request: { ...second.request, workspaceId: 'ws_b' } }), /another when its first attempt/);
      assert.equal((await store.command(second)).decision.outcome, 'admit');
    });

    proven('voids the whole hold of an attempt that cost nothing', async (store) => {
      await store.command(grantCommand('g1', credit));
      await store.command(reserveCommand('r1-1', 500_000));
      const settled = await store.command(settleCommand('r1-1', {}, { outcome: 'rejected', chargeable: false, freeReason: 'Refused upstream.', status: 429 }));
      assert.deepEqual(settled, { exists: false, drawnMicroCredits: 0 });
      assert.deepEqual(await balance(store), { left: credit, held: 0 });
    });

    proven('expires what is free at the very moment, and what was reserved when its hold ends', async (store) => {
      await store.command(grantCommand('g1', credit, { expiresAtMs: startMs + 10_000 }));
      await store.command(reserveCommand('r1-1', 400_000));
      assert.deepEqual(await store.command({ type: 'upkeep', atMs: startMs + 9_999 }), { expired: 0, returned: 0, granted: 0 });
      assert.deepEqual(await store.command({ type: 'upkeep', atMs: startMs + 10_000 }), { expired: 1, returned: 0, granted: 0 });
      assert.deepEqual(await store.command({ type: 'upkeep', atMs: startMs + 10_000 }), { expired: 0, returned: 0, granted: 0 });
      assert.deepEqual(await balance(store), { left: 400_000, held: 400_000 });
      const late = await store.command(reserveCommand('r2-1', 1, { atMs: startMs + 10_000 }));
      assert.equal(late.decision.code, 'credits_exhausted');
      await store.command(settleCommand('r1-1', { inputTokens: 1000 }, { atMs: startMs + 11_000 }));
      assert.deepEqual(await store.command({ type: 'upkeep', atMs: startMs + 11_000 }), { expired: 1, returned: 0, granted: 0 });
      assert.deepEqual(await balance(store), { left: 0, held: 0 });
    });

    proven('tells what the reason of a refused request was made of', async (store) => {
      await store.command(grantCommand('g1', credit));
      for (const [id, cost] of [['r1-1', 2 * credit], ['r2-1', credit]] as const) await store.command(reserveCommand(id, cost));
      await store.command(settleCommand('r2-1', { inputTokens: 4 }));
      const [sent, refused] = await store.query('recent', { limit: 5 });
      assert.deepEqual([sent?.said, refused?.outcome, refused?.said], [undefined, 'refused', {
        sentence: 'This request may cost up to {0} credits and {1} are free. Nothing was sent and nothing was charged.', values: [{ credits: 2 * credit, decimals: 2 }, { credits: credit, decimals: 2 }],
      }]);
      assert.match(refused?.freeReason ?? '', /^This request may cost up to 2\.00 credits and 1\.00 are free\./);
    });

    proven('resolves what a crash left open once, by what is known of it', async (store) => {
      await store.command(grantCommand('g1', 10 * credit));
      for (const id of ['r1-1', 'r2-1']) await store.command(reserveCommand(id, 5 * credit));
      await store.command(reserveCommand('r3-1', undefined, { unpricedRule: 'allow' }));
      await store.command(beginCommand('r2-1'));
      assert.deepEqual(await store.command({ type: 'recover', atMs: startMs + 60_000 }), { resolved: 3 });
      assert.deepEqual(await store.command({ type: 'recover', atMs: startMs + 60_000 }), { resolved: 0 });
      // The one that had begun is charged for its estimated 1,000 tokens in; the others cost nothing.
      assert.deepEqual(await balance(store), { left: 10 * credit - 125_000, held: 0 });
      const outcomes = (await store.query('recent', { limit: 5 })).map((one) => [one.requestId, one.outcome, one.measured, one.costMicroCredits]);
      assert.deepEqual(outcomes, [['r3', 'crashed', false, undefined], ['r2', 'crashed', false, 125_000], ['r1', 'crashed', false, undefined]]);
      assert.equal((await store.command(settleCommand('r2-1', { inputTokens: 4 }))).exists, true);
    });

    proven('leaves a response in the background open at a start, as far as it can be asked for', async (store) => {
      await store.command(grantCommand('g1', 10 * credit));
      const inBackground = (requestId: string) => ({ request: { requestId, receivedAtMs: startMs, workspaceId: 'ws_a', client: 'sdk', model: 'gpt-test', stream: false, requestKind: 'background', threadId: 't' } });
      await store.command(reserveCommand('r1-1', credit, { ...inBackground('r1'), tier: 'flex', basis: '{"model":"gpt-test","bodyBytes":5}' }));
      for (const id of ['r2', 'r3']) await store.command(reserveCommand(`${id}-1`, credit, inBackground(id)));
      await store.command(reserveCommand('r4-1', credit));
      for (const id of ['r1-1', 'r3-1', 'r4-1']) await store.command(beginCommand(id));
      await store.command(settleCommand('r3-1', { inputTokens: 4 }));
      const open = await store.query('openBackground', {});
      assert.deepEqual(open, [{
        attemptId: 'r1-1', number: 1, waitedMs: 0, openedAtMs: startMs, responseId: 'resp_r1-1', tier: 'flex', price: testPrice, estimatedInputTokens: 1000, estimatedOutputTokens: 500, basis: '{"model":"gpt-test","bodyBytes":5}',
        workspaceLabel: 'ws_a', holdMicroCredits: credit,
        facts: { requestId: 'r1', receivedAtMs: startMs, workspaceId: 'ws_a', client: 'sdk', model: 'gpt-test', stream: false, requestKind: 'background', threadId: 't' },
      }]);
      assert.deepEqual(await store.command({ type: 'recover', atMs: startMs + 1000, keep: open.map((one) => one.attemptId) }), { resolved: 2 });
      assert.equal((await balance(store)).held, credit);
      assert.equal((await store.command(settleCommand('r1-1', { inputTokens: 1000 }))).exists, false);
      assert.deepEqual([await store.query('openBackground', {}), (await balance(store)).held], [[], 0]);
    });

    proven('charges what a crash left behind by the tier that was asked for', async (store) => {
      await store.command(grantCommand('g1', 10 * credit));
      await store.command(reserveCommand('r1-1', credit, { tier: 'flex' }));
      await store.command(beginCommand('r1-1'));
      await store.command({ type: 'recover', atMs: startMs + 1 });
      assert.deepEqual(await balance(store), { left: 10 * credit - 62_500, held: 0 });
    });

    proven('counts without drawing while no credits were ever added', async (store) => {
      const { decision } = await store.command(reserveCommand('r1-1', credit));
      assert.deepEqual([decision.outcome, decision.holdMicroCredits, decision.slices], ['admit', 0, []]);
      await store.command(grantCommand('g1', credit));
      assert.deepEqual(await store.command(settleCommand('r1-1', { inputTokens: 1000 })), { exists: false, costMicroCredits: 125_000, drawnMicroCredits: 0 });
      assert.deepEqual(await balance(store), { left: credit, held: 0 });
    });

    proven('keeps the price of the hold, and takes the served model\'s own price where another served', async (store) => {
      await store.command(grantCommand('g1', 10 * credit));
      await store.command(reserveCommand('r1-1', credit));
      const served = { model: 'gpt-mini', version: 'test 3', rates: { input: 1_000_000, cachedInput: 1_000_000, cacheWrite: 1_000_000, output: 1_000_000 } };
      const settled = await store.command(settleCommand('r1-1', { inputTokens: 1000 }, { modelServed: 'gpt-mini', servedPrice: served }));
      assert.equal(settled.costMicroCredits, 1000);
      const told = await store.query('explain', { id: 'r1-1' });
      assert.deepEqual([told?.charge?.model, told?.charge?.priceVersion], ['gpt-mini', 'test 3']);
    });
  });
}

// What an amount buys in tokens of the models in use: by the mix that they were used with, of today or of the last
// requests, and of nothing that had no price.
import assert from 'node:assert/strict';
import type { RequestView, UsageRow } from '../../src/protocol/snapshot.ts';
import { modelMixes, tokensBought } from '../../src/webview/tokensBought.ts';
import { sampleSnapshot } from './sampleSnapshot.ts';

const { today, recent } = sampleSnapshot();
const [row] = today.byModel;
const used = (key: string, change: Partial<UsageRow>): UsageRow => ({ ...row!, key, label: key, unpriced: 0, inputTokens: 900_000, outputTokens: 100_000, costMicroCredits: 10_000_000, ...change });
const asked = (model: string, change: Partial<RequestView> = {}): RequestView => ({ ...recent[0]!, model, inputTokens: 9000, outputTokens: 1000, costMicroCredits: 1_000_000, ...change });

describe('tokens that an amount buys', () => {
  it('are those of the two models that cost most today, at today\'s mix', () => {
    const mixes = modelMixes({ today: { ...today, byModel: [used('cheap', { costMicroCredits: 1_000_000 }), used('dear', { costMicroCredits: 50_000_000 }), used('middle', {})] }, recent });
    assert.deepEqual(mixes.map(({ model }) => model), ['dear', 'middle']);
    assert.deepEqual(mixes.map((mix) => tokensBought(250_000_000, mix, 'en')), ['5.00 M tokens of dear', '25.00 M tokens of middle']);
  });

  it('leave out what had no price, cost nothing, or was answered by a fallback', () => {
    const byModel = [used('half', { unpriced: 1 }), used('free', { costMicroCredits: 0 })];
    assert.deepEqual(modelMixes({ today: { ...today, byModel }, recent: [asked('free', { costMicroCredits: 0 }), asked('other', { fallback: 'llama' })] }), []);
  });

  it('are those of the last requests while today has none', () => {
    const mixes = modelMixes({ today: { ...today, byModel: [] }, recent: [asked('a'), asked('a', { costMicroCredits: 3_000_000 }), asked('b')] });
    assert.deepEqual(mixes, [{ model: 'a', tokens: 20_000, microCredits: 4_000_000 }, { model: 'b', tokens: 10_000, microCredits: 1_000_000 }]);
    assert.equal(tokensBought(1, { model: 'a', tokens: 1, microCredits: 2 }, 'en'), undefined);
  });
});

// The bundle's price list is the library's, for the one provider that the broker asks for, and the build fails where it
// cannot find it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { onlyOwnPrices } from '../../src/setup/priceData.mjs';

const library = createRequire(import.meta.url).resolve('@pydantic/genai-prices').replace(/index\.cjs$/, 'index.js');

interface Prices {
  readonly calcPrice: (usage: object, model: string, options: object) => { readonly input_price: number; readonly output_price: number } | null;
  readonly findProvider: (options: { readonly providerId: string }) => { readonly models: readonly { readonly id: string }[] } | undefined;
}

const moduleOf = async (source: string) => await import(`data:text/javascript;base64,${Buffer.from(source).toString('base64')}`) as Prices;

describe('the price list in the bundle', () => {
  it('knows every model of OpenAI at the library\'s price, and no other provider', async () => {
    const source = fs.readFileSync(library, 'utf8');
    const cut = await onlyOwnPrices(source);
    assert.ok(cut.length < source.length / 3);
    const [own, all] = [await moduleOf(cut), await moduleOf(source)];
    const models = all.findProvider({ providerId: 'openai' })?.models ?? [];
    assert.ok(models.length > 50);
    const usage = { input_tokens: 400_000, cache_read_tokens: 10_000, output_tokens: 3000 };
    for (const { id } of models) for (const timestamp of [new Date('2025-06-01'), new Date('2026-11-01')]) {
      assert.deepEqual(own.calcPrice(usage, id, { providerId: 'openai', timestamp }), all.calcPrice(usage, id, { providerId: 'openai', timestamp }), id);
    }
    assert.ok(all.findProvider({ providerId: 'anthropic' }));
    assert.equal(own.findProvider({ providerId: 'anthropic' }), undefined);
  });

  it('is not guessed at where the library looks otherwise', async () => {
    await assert.rejects(onlyOwnPrices('const E = [{ id: "other", pricing_urls: [], models: [] }, { id: "more", pricing_urls: [], models: [] }];'), /openai is not in it/);
    await assert.rejects(onlyOwnPrices('export const E = 1;'), /was not found/);
  });
});

// What an amount buys in tokens of the models in use: at the mix of input, cached input and output that they have been
// used with. Pure.
import { formatTokens } from '../domain/units.ts';
import { t } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';

/** What a model was used for: its tokens, in and out, and what they cost. */
export interface ModelMix { readonly model: string; readonly tokens: number; readonly microCredits: number }

/** Models that are told of: those that cost most. */
const modelsMax = 2;

/** The models in use, the dearest first: today's, or those of the last requests while today has none. What had no price or cost nothing says nothing. */
export function modelMixes({ today, recent }: Pick<Snapshot, 'today' | 'recent'>): readonly ModelMix[] {
  const ofToday = today.byModel.filter(({ unpriced }) => unpriced === 0).map((row) => ({ model: row.key, tokens: row.inputTokens + row.outputTokens, microCredits: row.costMicroCredits }));
  return dearest(ofToday.some(isTelling) ? ofToday : mixesOf(recent));
}

/** "4.9 M tokens of gpt-6.1-sol", about; undefined when it is not one. */
export function tokensBought(microCredits: number, { model, tokens, microCredits: cost }: ModelMix, locale: string): string | undefined {
  const bought = Math.floor(microCredits / cost * tokens);
  return bought < 1 ? undefined : t('{0} tokens of {1}', formatTokens(bought, locale), model);
}

function mixesOf(recent: Snapshot['recent']): readonly ModelMix[] {
  const mixes = new Map<string, ModelMix>();
  for (const { model, fallback, inputTokens, outputTokens, costMicroCredits = 0 } of recent) {
    if (fallback !== undefined || costMicroCredits <= 0) continue;
    const before = mixes.get(model) ?? { model, tokens: 0, microCredits: 0 };
    mixes.set(model, { model, tokens: before.tokens + inputTokens + outputTokens, microCredits: before.microCredits + costMicroCredits });
  }
  return [...mixes.values()];
}

const isTelling = ({ tokens, microCredits }: ModelMix) => tokens > 0 && microCredits > 0;

function dearest(mixes: readonly ModelMix[]): readonly ModelMix[] {
  return mixes.filter(isTelling).toSorted((a, b) => b.microCredits - a.microCredits).slice(0, modelsMax);
}

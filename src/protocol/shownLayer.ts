// The layers of a decision as people are told of them: one name for each question that was asked. Pure.
import type { DecisionRecord, Layer, LayerVerdict } from '../domain/decisionRecord.ts';

/** A layer, or the price that was looked for. */
export type ShownLayer = Layer | 'price';

/** What a layer is told as. A missing price is kept as a second verdict of the safety layer, which had passed before: it goes by its own name. */
export function shownLayer({ code }: Pick<DecisionRecord, 'code'>, { layer, verdict }: LayerVerdict): ShownLayer {
  return layer === 'safety' && code === 'model_unpriced' && (verdict === 'ended' || verdict === 'asked') ? 'price' : layer;
}

/** A layer as a sentence of a story, in English: "Safety: The ledger is healthy and a key is present." */
export function layerSentence(name: ShownLayer, because: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}: ${because}`;
}

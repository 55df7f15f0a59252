// A translated sentence with pieces of the page in its places, in the order of its language.
import type { TemplateResult } from 'lit';

/** The sentence in parts: {0}, {1} … give way to `pieces`. @param sentence from `t`, with its places left open */
export function filled(sentence: string, ...pieces: readonly (TemplateResult | string)[]): readonly (TemplateResult | string)[] {
  return sentence.split(/(\{\d+\})/).map((part) => pieces[Number(/^\{(\d+)\}$/.exec(part)?.[1] ?? -1)] ?? part);
}

// Parts of a sentence that a translation has to keep: the places where values go in.

/** The places of a sentence, each once, in order: "Add {0} of {1}" has {0} and {1}. */
export function placeholdersOf(sentence: string): readonly string[] {
  return [...new Set(sentence.match(/\{\w+\}/g) ?? [])].sort();
}

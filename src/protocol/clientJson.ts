// Parses the JSON of a client. Parsing cannot be interrupted, and everybody waits meanwhile: text is quick however long it
// is, but tens of millions of small values take many seconds, and no model is ever given them. Pure.

/** Values of one body at the most; a conversation that fills a model's window has some ten thousand. */
export const valuesMax = 2_000_000;

/** What a text says, or why it is not read, as the end of a sentence. */
export type ParsedJson = { readonly value: unknown } | { readonly broken: 'is not valid JSON' | 'has more than 2,000,000 values' };

/** Parses a text. Never throws. */
export function parseClientJson(text: string): ParsedJson {
  // Each value but the first comes behind a comma or inside of something that was opened, so a short text has no more than it has characters.
  if (text.length > valuesMax && hasTooManyValues(text)) return { broken: 'has more than 2,000,000 values' };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    // The parser's own words point into the text; the client only needs to know that it is no JSON.
    return { broken: 'is not valid JSON' };
  }
}

/** Codes of the characters that matter. */
const quote = 0x22;
const comma = 0x2c;
const openList = 0x5b;
const backslash = 0x5c;
const openObject = 0x7b;

/** Counts what stands between strings, which are skipped. */
function hasTooManyValues(text: string): boolean {
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at + 1);
    else if (code === comma || code === openList || code === openObject) values += 1;
    if (values > valuesMax) return true;
  }
  return false;
}

/** Where a string ends: at the next quotation mark before which stands an even number of backslashes. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (end - 1 - escapes >= from && text.charCodeAt(end - 1 - escapes) === backslash) escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}

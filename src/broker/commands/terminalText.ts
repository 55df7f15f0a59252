// Text on its way to a terminal. Names of folders, models and clients and the words of an upstream are others' text:
// what a terminal would obey in them is shown instead. Pure.
import { steering } from '../../protocol/responseUsage.ts';

/** Writes what steers a terminal as `\u001b`, which is also how JSON writes it; line breaks and tabs stay. */
export function forTerminal(text: string): string {
  return text.replaceAll(steering, (one) => (one === '\n' || one === '\t' ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`));
}

// Names and ids that clients give themselves, made fit to be kept and shown. Pure.
import { nameCharactersMax, steering } from './responseUsage.ts';

/** Without control characters and marks that turn the direction of text, bounded; undefined when nothing is left. */
export function clean(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.slice(0, 4 * nameCharactersMax).replaceAll(steering, '').trim();
  // A cut may go through a character.
  return text === '' ? undefined : text.slice(0, nameCharactersMax).toWellFormed();
}

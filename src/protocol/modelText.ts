// How a request's model is named to people: the one asked for, or the fallback that answers in its place. Pure.
import { t } from './language.ts';

/** `gpt-5.5`, or `fallback: llama3` where that answers. */
export function modelText({ model, fallback }: { readonly model: string; readonly fallback?: string }): string {
  return fallback === undefined ? model : t('fallback: {0}', fallback);
}

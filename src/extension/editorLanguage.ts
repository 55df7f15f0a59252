// The language in which the editor runs, for this process and for its pages.
import type { Language } from '../protocol/language.ts';
import type { Editor } from './editorApi.ts';

/** The editor's language, with the sentences that it found for it in `l10n/`. */
export function editorLanguage({ env, l10n }: Pick<Editor, 'env' | 'l10n'>): Language {
  return { tag: env.language, ...(l10n.bundle ? { sentences: l10n.bundle } : {}) };
}

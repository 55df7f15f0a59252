// Names of workspaces that are no folder's own, in the language of whoever reads them. The broker keeps them in English, so
// that windows of every language and the command line mean the same. Pure.
import { t } from './language.ts';

/** What a window without a folder is called where it is stored. */
export const noFolderLabel = 'No folder';

/** A workspace's name as it is shown. */
export function workspaceWords(label: string): string {
  if (label === noFolderLabel) return t('No folder');
  return label === 'outside the broker' ? t('outside the broker') : label;
}

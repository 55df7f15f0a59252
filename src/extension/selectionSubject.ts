// The selected text of the active editor, as what a question is about.
import { t } from '../protocol/language.ts';
import { ownCommands } from '../protocol/originWords.ts';
import { baseName, fenced, subjectCharactersMax, type AskSubject, type NoSubject } from './askSubject.ts';
import type { Editor } from './editorApi.ts';

/** Takes the selection. */
export function selectionSubject({ window, env }: Pick<Editor, 'window' | 'env'>): AskSubject | NoSubject {
  const source = window.activeTextEditor;
  if (!source || source.selection.isEmpty) return { sorry: t('Select the text that the question is about, then run the command again.') };
  const selected = source.document.getText(source.selection);
  if (selected.length > subjectCharactersMax) {
    return { isWarning: true, sorry: t('The selection has more than {0} characters. Select less; nothing was sent.', new Intl.NumberFormat(env.language).format(subjectCharactersMax)) };
  }
  return {
    command: ownCommands.askSelection, file: source.document.fileName, example: t('What does this do?'), title: t('Ask Codex About the Selection'),
    text: `From the file ${baseName(source.document.fileName)}:\n\n${fenced(selected, source.document.languageId)}`,
  };
}

// Whole files as what a question is about: those that a menu was opened on, or the active editor's. What is not saved
// yet counts as it stands in the editor.
import type * as vscode from 'vscode';
import { plural, t } from '../protocol/language.ts';
import { ownCommands } from '../protocol/originWords.ts';
import { baseName, fenced, subjectCharactersMax, type AskSubject, type NoSubject } from './askSubject.ts';
import type { Editor } from './editorApi.ts';

type FileEditor = Pick<Editor, 'window' | 'workspace' | 'env'>;

/** A character takes at most this many bytes in a file, so that one with more is too large without being read. */
const bytesPerCharacterMax = 3;

/** Takes the files. @param values what a menu passes on: the file under the pointer, and all that are selected */
export async function fileSubject(editor: FileEditor, values: readonly unknown[]): Promise<AskSubject | NoSubject> {
  const uris = urisOf(values);
  if (uris.length === 0) {
    const active = editor.window.activeTextEditor?.document.uri;
    if (!active) return { sorry: t('Open the file that the question is about, then run the command again.') };
    uris.push(active);
  }
  const parts: string[] = [];
  let characters = 0;
  for (const uri of uris) {
    const document = await readable(editor, uri);
    if (document === 'too large') return tooLarge(editor, uris);
    if (document === undefined) return { isWarning: true, sorry: t('{0} cannot be read as text, so nothing was sent. Choose files with text.', baseName(uri.path)) };
    const text = document.getText();
    characters += text.length;
    if (characters > subjectCharactersMax) return tooLarge(editor, uris);
    parts.push(`The file ${editor.workspace.asRelativePath(uri)}:\n\n${fenced(text, document.languageId)}`);
  }
  if (characters === 0) return { sorry: t('There is no text in it, so there is nothing to ask about.') };
  const [first] = uris;
  return {
    command: ownCommands.askFiles, ...(uris.length === 1 && first ? { file: first.fsPath } : {}), example: t('What does this do?'), text: parts.join('\n\n'),
    title: uris.length === 1 && first ? t('Ask Codex About {0}', baseName(first.path)) : plural(uris.length, 'Ask Codex About {0} File', 'Ask Codex About {0} Files'),
  };
}

/** Menus pass the file under the pointer first, and all that are selected with it second. */
function urisOf([under, selected]: readonly unknown[]): vscode.Uri[] {
  const all = Array.isArray(selected) && selected.length > 0 ? selected : [under];
  return all.filter(isUri);
}

function isUri(value: unknown): value is vscode.Uri {
  return typeof value === 'object' && value !== null && 'scheme' in value && 'path' in value;
}

async function readable({ workspace }: FileEditor, uri: vscode.Uri): Promise<vscode.TextDocument | 'too large' | undefined> {
  // What is on no disk has no size there.
  const size = await Promise.resolve(workspace.fs.stat(uri)).then((stat) => stat.size, () => 0);
  if (size > subjectCharactersMax * bytesPerCharacterMax) return 'too large';
  return Promise.resolve(workspace.openTextDocument(uri)).catch(() => undefined);
}

function tooLarge({ env }: FileEditor, { length }: readonly vscode.Uri[]): NoSubject {
  const most = new Intl.NumberFormat(env.language).format(subjectCharactersMax);
  return { isWarning: true, sorry: length === 1 ? t('The file has more than {0} characters. Select the part that you mean and ask about the selection; nothing was sent.', most) : t('The files have more than {0} characters together. Choose fewer; nothing was sent.', most) };
}

// Keeps what the dashboard page shows for the person: in a file of their choice, or on the clipboard. The page gives the
// text or the picture; where it goes is chosen in VS Code's own dialog.
import { problem } from '../domain/problem.ts';
import type { PageSaving, SaveResult } from '../protocol/dashboardQuestions.ts';
import { t } from '../protocol/language.ts';
import type { Editor } from './editorApi.ts';

function filtersOf(ending: string): Record<string, string[]> {
  switch (ending) {
    case 'csv': return { [t('Comma-separated values')]: ['csv'] };
    case 'json': return { JSON: ['json'] };
    case 'md': return { Markdown: ['md'] };
    case 'png': return { [t('Picture')]: ['png'] };
    default: return {};
  }
}

/** Saves or copies. @returns the answer for the page; failures are part of it */
export async function saveForPage(editor: Pick<Editor, 'window' | 'env' | 'workspace' | 'Uri'>, { id, name, to, content, encoding }: PageSaving): Promise<SaveResult> {
  const answer = { type: 'saveResult', id } as const;
  try {
    if (to === 'clipboard') {
      if (encoding !== 'text') return { ...answer, saved: false, problem: problem('argument_invalid', 'Only text can be copied to the clipboard from here.') };
      await editor.env.clipboard.writeText(content);
      return { ...answer, saved: true };
    }
    const folder = editor.workspace.workspaceFolders?.[0]?.uri;
    const chosen = await editor.window.showSaveDialog({
      title: t('Save from the Codex dashboard'), filters: filtersOf(name.slice(name.lastIndexOf('.') + 1)), ...(folder ? { defaultUri: editor.Uri.joinPath(folder, name) } : {}),
    });
    if (!chosen) return { ...answer, saved: false };
    await editor.workspace.fs.writeFile(chosen, Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8'));
    return { ...answer, saved: true };
  } catch (error) {
    return { ...answer, saved: false, problem: problem('argument_invalid', 'It was not saved ({0}).', { values: [error instanceof Error ? error.message : 'unknown failure'], remedy: 'Choose another place, or check that the folder can be written.' }) };
  }
}

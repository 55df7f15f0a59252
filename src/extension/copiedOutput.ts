// What the last command of the active terminal wrote, by the one way that VS Code has for it: its command that copies it. What was in
// the clipboard is put back at once; where that is no text, or cannot be read, the clipboard is left alone.
import type { Editor } from './editorApi.ts';

/** The output; undefined where it cannot be had without harm, or where there is none. */
export async function copiedOutput({ commands, env: { clipboard } }: Pick<Editor, 'commands' | 'env'>): Promise<string | undefined> {
  const before = await Promise.resolve(clipboard.readText()).catch(() => '');
  // An empty text may be a picture, which only a person can copy again.
  if (before === '') return undefined;
  try {
    await commands.executeCommand('workbench.action.terminal.copyLastCommandOutput');
    const copied = await clipboard.readText();
    return copied === before ? undefined : copied;
  } catch {
    return undefined;
  } finally {
    await Promise.resolve(clipboard.writeText(before)).catch(() => undefined);
  }
}

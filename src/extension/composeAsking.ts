// Puts together what asks Codex about something in the editor: the commands, the answers' documents, and the memory of
// commands that failed in terminals.
import { askAbout, type AskParts } from './askCodex.ts';
import { AnswerDocuments, answerScheme } from './answerDocument.ts';
import { answerLens } from './answerLens.ts';
import { changesSubject } from './changesSubject.ts';
import type { CommandName } from './commandNames.ts';
import type { Editor, EditorContext } from './editorApi.ts';
import { failedCommandSubject } from './failedCommandSubject.ts';
import { FailedCommands } from './failedCommands.ts';
import { fileSubject } from './fileSubject.ts';
import { selectionSubject } from './selectionSubject.ts';

/** What asking needs from the rest of the extension. */
export interface AskingParts extends Omit<AskParts, 'answers' | 'editor'> {
  readonly editor: Editor;
  readonly subscriptions: EditorContext['subscriptions'];
  /** A command failed in a terminal, or the terminal is gone. */
  changed(): void;
}

/** The commands that ask. */
export interface Asking {
  readonly commands: Readonly<Record<Extract<CommandName, `askAbout${string}`>, (...values: readonly unknown[]) => Promise<void>>>;
  /** A command that failed can be asked about. */
  hasFailedCommand(): boolean;
}

/** Puts it together. */
export function composeAsking(parts: AskingParts): Asking {
  const { editor } = parts;
  const answers = new AnswerDocuments();
  const failed = new FailedCommands({ window: editor.window, isTrusted: () => editor.workspace.isTrusted, changed: parts.changed });
  parts.subscriptions.push(
    failed,
    editor.workspace.registerTextDocumentContentProvider(answerScheme, answers),
    editor.languages.registerCodeLensProvider({ scheme: answerScheme }, answerLens(editor, answers)),
  );
  const asking: AskParts = { ...parts, answers };
  return {
    commands: {
      askAboutSelection: () => askAbout(asking, () => selectionSubject(editor)),
      askAboutFile: (...values) => askAbout(asking, () => fileSubject(editor, values)),
      askAboutChanges: (...values) => askAbout(asking, () => changesSubject(editor, values)),
      askAboutFailedCommand: () => askAbout(asking, () => failedCommandSubject(failed.last(editor.window.activeTerminal))),
    },
    hasFailedCommand: () => failed.last(undefined) !== undefined,
  };
}

// An untitled editor that an answer flows into. Text is gathered and inserted in few edits, in
// order; when the person closes the editor, it says so and takes no more.
import type * as vscode from 'vscode';
import type { Editor } from './editorApi.ts';
import { pause, type Schedule } from './schedule.ts';

const editPauseMs = 80;

/** The parts of the editor's API that it uses. */
export type DocumentEditor = Pick<Editor, 'workspace' | 'window' | 'WorkspaceEdit' | 'ViewColumn'>;

/** A document that only grows at its end. */
export class AnswerDocument {
  readonly #editor: DocumentEditor;
  readonly #schedule: Schedule;
  readonly #document: vscode.TextDocument;
  readonly #closed: () => void;
  #waiting = '';
  #writing: Promise<void> | undefined;
  #gone = false;

  private constructor(editor: DocumentEditor, schedule: Schedule, document: vscode.TextDocument, closed: () => void) {
    this.#editor = editor;
    this.#schedule = schedule;
    this.#document = document;
    this.#closed = closed;
  }

  /** Opens the editor beside the present one. @param closed called once when the person closed it */
  static async open(editor: DocumentEditor, schedule: Schedule, content: string, closed: () => void): Promise<AnswerDocument> {
    const document = await editor.workspace.openTextDocument({ language: 'markdown', content });
    await editor.window.showTextDocument(document, { viewColumn: editor.ViewColumn.Beside, preserveFocus: true, preview: false });
    return new AnswerDocument(editor, schedule, document, closed);
  }

  /** Adds text at the end, soon. */
  append(text: string): void {
    if (this.#gone || text === '') return;
    this.#waiting += text;
    this.#writing ??= this.#write();
  }

  /** Resolves when everything appended so far is in the document, or it was closed. */
  async written(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting !== '' && !this.#gone) {
      const text = this.#waiting;
      this.#waiting = '';
      if (!await this.#insert(text)) {
        this.#gone = true;
        this.#closed();
        break;
      }
      await pause(this.#schedule, editPauseMs);
    }
    this.#writing = undefined;
  }

  async #insert(text: string): Promise<boolean> {
    if (this.#document.isClosed) return false;
    const edit = new this.#editor.WorkspaceEdit();
    edit.insert(this.#document.uri, this.#document.lineAt(this.#document.lineCount - 1).range.end, text);
    try {
      return await this.#editor.workspace.applyEdit(edit);
    } catch {
      // An editor that refuses the edit is as good as closed: the answer has nowhere to go.
      return false;
    }
  }
}

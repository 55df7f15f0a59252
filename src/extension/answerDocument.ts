// Answers as read-only documents: their text grows while the model writes, and nothing of them is
// left to save. The newest answers are kept in memory for this window; none is written to disk.
import type * as vscode from 'vscode';
import { t } from '../protocol/language.ts';
import { DocumentNews } from './documentNews.ts';
import type { Editor } from './editorApi.ts';
import { pause, type Schedule } from './schedule.ts';

/** Scheme of the documents' addresses; the path is the question in short, the query a number. */
export const answerScheme = 'codex-answer';
/** How many answers a window keeps; the text of an older one is gone. */
export const answersMax = 50;
const showPauseMs = 80;
const titleCharactersMax = 40;

/** The parts of the editor's API that it uses. */
export type DocumentEditor = Pick<Editor, 'workspace' | 'window' | 'ViewColumn' | 'Uri'>;

/** Gives the documents their text and tells the editor when one has grown. One per window. */
export class AnswerDocuments implements vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  /** The request of each answer that has ended, by the document's number. */
  readonly #requests = new Map<string, string>();
  readonly #news = new DocumentNews();
  #opened = 0;

  /** The editor's way of listening for documents that have grown. */
  readonly onDidChange = this.#news.onDidChange;

  /** The text of one document, as far as it has come. */
  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.query) ?? `${t('This answer is not kept any more: answers live as long as their window.')}\n`;
  }

  /** The request that a document's answer came from; undefined while it is written. */
  requestOf(uri: Pick<vscode.Uri, 'query'>): string | undefined {
    return this.#requests.get(uri.query);
  }

  /** Opens a document beside the present editor. @param closed called once when the person closed it */
  async open(editor: DocumentEditor, schedule: Schedule, question: string, content: string, closed: () => void): Promise<AnswerDocument> {
    const query = String(this.#opened += 1);
    this.#texts.set(query, content);
    for (const [oldest] of this.#texts) {
      if (this.#texts.size <= answersMax) break;
      this.#texts.delete(oldest);
      this.#requests.delete(oldest);
    }
    const uri = editor.Uri.from({ scheme: answerScheme, path: `/${titleOf(question)}.md`, query });
    const document = await editor.workspace.openTextDocument(uri);
    await editor.window.showTextDocument(document, { viewColumn: editor.ViewColumn.Beside, preserveFocus: true, preview: false });
    const grow = (text: string) => {
      this.#texts.set(query, (this.#texts.get(query) ?? '') + text);
      this.#news.tell(uri);
    };
    return new AnswerDocument({ editor, schedule, document, closed, grow, settled: (requestId) => this.#requests.set(query, requestId) });
  }
}

interface AnswerParts {
  readonly editor: Pick<DocumentEditor, 'window'>;
  readonly schedule: Schedule;
  readonly document: vscode.TextDocument;
  readonly closed: () => void;
  readonly grow: (text: string) => void;
  readonly settled: (requestId: string) => void;
}

/** A document that only grows at its end. Text is gathered, so that the editor is told a few times a second. */
export class AnswerDocument {
  readonly #parts: AnswerParts;
  #waiting = '';
  #writing: Promise<void> | undefined;
  #gone = false;

  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  /** Whether the person has it before them. */
  isShown(): boolean {
    const { editor, document } = this.#parts;
    return editor.window.visibleTextEditors.some((one) => one.document === document);
  }

  /** Brings it to the front. */
  async show(): Promise<void> {
    const { editor, document } = this.#parts;
    await editor.window.showTextDocument(document, { preview: false });
  }

  /** Tells which request it came from, once that has ended. */
  settled(requestId: string): void {
    this.#parts.settled(requestId);
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
    const { schedule, document, closed, grow } = this.#parts;
    while (this.#waiting !== '' && !this.#gone) {
      const text = this.#waiting;
      this.#waiting = '';
      if (document.isClosed) {
        this.#gone = true;
        closed();
        break;
      }
      grow(text);
      await pause(schedule, showPauseMs);
    }
    this.#writing = undefined;
  }
}

/** The question as a tab's title: letters and digits of any script, short. */
function titleOf(question: string): string {
  return Array.from(question.replace(/[^\p{L}\p{N} ]+/gu, ' ').replace(/ +/g, ' ').trim()).slice(0, titleCharactersMax).join('').trim() || t('Codex Answer');
}

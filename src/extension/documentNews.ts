// Tells the editor that documents made here are not what they were.
import type * as vscode from 'vscode';

/** The listeners of one kind of document. */
export class DocumentNews {
  readonly #listeners = new Set<(uri: vscode.Uri) => unknown>();

  /** The editor's way of listening. */
  readonly onDidChange: vscode.Event<vscode.Uri> = (listener, self, disposables) => {
    const bound = (uri: vscode.Uri) => { listener.call(self, uri); };
    this.#listeners.add(bound);
    const end = { dispose: () => { this.#listeners.delete(bound); } };
    disposables?.push(end);
    return end;
  };

  /** A document changed. */
  tell(uri: vscode.Uri): void {
    for (const listener of this.#listeners) listener(uri);
  }
}

// The commands that route the person's own Codex through the broker and take that back. The change is shown
// in a diff editor and agreed to before anything is written, and can be undone where it was told.
import { basename } from 'node:path';
import type * as vscode from 'vscode';
import { t } from '../protocol/language.ts';
import type { Editor } from './editorApi.ts';
import type { RouteAnswer, RouteProgram } from './routeProgram.ts';

/** Scheme of the two documents of a difference. */
export const routeScheme = 'codex-broker-route';

/** Gives the documents of the newest difference their texts; older ones are empty. */
export class RouteTexts implements vscode.TextDocumentContentProvider {
  #number = 0;
  #texts = new Map<string, string>();

  /** Keeps the texts of a change. @returns the queries that name them, before and after */
  keep(change: Pick<RouteAnswer, 'before' | 'after'>): [string, string] {
    this.#number += 1;
    const [before, after] = [`before${this.#number}`, `after${this.#number}`] as const;
    this.#texts = new Map([[before, change.before], [after, change.after]]);
    return [before, after];
  }

  /** The text of one document. */
  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.query) ?? '';
  }
}

/** What the commands need from outside. */
export interface RouteParts {
  readonly editor: Pick<Editor, 'window' | 'commands' | 'Uri'>;
  readonly program: RouteProgram;
  readonly texts: RouteTexts;
}

/** Shows the change, asks, writes it, and offers to undo it. */
export async function routeCodex(parts: RouteParts): Promise<void> {
  const { editor, program } = parts;
  const shown = await program.plan();
  const [writeLabel, undoLabel] = [t('Route Codex'), t('Undo')];
  if (!shown.changes) {
    const chosen = await editor.window.showInformationMessage(t('Codex is routed through the broker already, by {0}.', shown.path), undoLabel);
    if (chosen === undoLabel) await undoRoute(parts);
    return;
  }
  await showDifference(parts, shown);
  const agreed = await editor.window.showWarningMessage([t('Change {0} as shown?', shown.path), plain(shown.notes.join(' '))].join(' '), writeLabel, t('Cancel'));
  if (agreed !== writeLabel) return;
  const written = await program.write(shown);
  const kept = written.backup === undefined ? t('The file is new.') : t('What the file was is kept in {0}, beside it.', basename(written.backup));
  const chosen = await editor.window.showInformationMessage([t('Codex is routed through the broker.'), kept, t('Codex windows that are open now take it up when they are restarted.')].join(' '), undoLabel);
  if (chosen === undoLabel) await undoRoute(parts);
}

/** Takes the route back, and tells what the file is now. */
export async function undoRoute({ editor, program }: Pick<RouteParts, 'editor' | 'program'>): Promise<void> {
  const { said } = await program.undo();
  await editor.window.showInformationMessage(plain(said));
}

async function showDifference({ editor, texts }: RouteParts, shown: RouteAnswer): Promise<void> {
  const name = basename(shown.path);
  const [before, after] = texts.keep(shown).map((query) => editor.Uri.from({ scheme: routeScheme, path: `/${name}`, query }));
  await editor.commands.executeCommand('vscode.diff', before, after, t('{0}: as it is ↔ through the broker', name), { preview: true });
}

/** Notifications show plain text. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}

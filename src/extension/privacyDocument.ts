// The document that tells what left this computer and what is kept on it: asks the broker day by day, puts it into markdown, and
// opens it rendered and read-only. Whoever asks again gets a new document.
import type * as vscode from 'vscode';
import { problem, ProblemError } from '../domain/problem.ts';
import { t } from '../protocol/language.ts';
import type { PrivacyFacts, PrivacySection, PrivacyTable } from '../protocol/privacyReport.ts';
import { privacySections } from '../protocol/privacyWords.ts';
import { checkedSent, checkedStored, sentDays } from '../protocol/sentReport.ts';
import type { SentRow } from '../protocol/sentReport.ts';
import { DocumentNews } from './documentNews.ts';
import type { Editor } from './editorApi.ts';
import type { BrokerCall } from './liveSocket.ts';
import { plain } from './markdownText.ts';
import { isSnapshot } from './snapshotCheck.ts';

/** Scheme of the documents' addresses; the query is their number. */
export const privacyScheme = 'codex-broker-privacy';

const sentenceCharactersMax = 600;
const cellCharactersMax = 160;
/** Documents whose text is kept; those that are not open any more are asked for anew. */
const documentsMax = 8;

/** What the document needs from outside. */
export interface PrivacyParts {
  readonly editor: Pick<Editor, 'window' | 'commands' | 'Uri' | 'ProgressLocation' | 'env'>;
  readonly call: BrokerCall;
  nowMs(): number;
  utcOffsetMs(atMs: number): number;
  /** Tells one ledger from another in the same folder. */
  ledger(): string;
  /** What VS Code keeps for the extension. */
  kept(): Promise<NonNullable<PrivacyFacts['editor']>>;
}

/** Makes the documents and gives them their text. */
export class PrivacyDocuments implements vscode.TextDocumentContentProvider {
  readonly #parts: PrivacyParts;
  readonly #texts = new Map<string, string>();
  #number = 0;
  /** Days of one ledger that are over. */
  #known = { of: '', days: new Map<string, readonly SentRow[]>() };

  readonly #shown = new Set<vscode.Uri>();
  readonly #news = new DocumentNews();

  constructor(parts: PrivacyParts) {
    this.#parts = parts;
  }

  /** The editor's way of listening for documents that are not true any more. */
  readonly onDidChange = this.#news.onDidChange;

  /** Takes the texts away, also out of documents that stand open. */
  forget(): void {
    this.#texts.clear();
    this.#known = { of: '', days: new Map() };
    for (const uri of this.#shown) this.#news.tell(uri);
    this.#shown.clear();
  }

  /** The text of one document. */
  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.query) ?? t('This report is old. Run the command again for a new one.');
  }

  /** Asks, and opens the document. @throws ProblemError when the broker does not tell */
  async show(): Promise<void> {
    const { editor } = this.#parts;
    const text = await editor.window.withProgress({ location: editor.ProgressLocation.Notification, title: t('Looking up what left this computer') }, async (progress) => {
      let before = 0;
      return this.#report((done, of) => {
        progress.report({ increment: (done - before) * 100 / of });
        before = done;
      });
    });
    this.#number += 1;
    this.#texts.set(String(this.#number), text);
    for (const old of [...this.#texts.keys()].slice(0, -documentsMax)) this.#texts.delete(old);
    for (const old of [...this.#shown].slice(0, 1 - documentsMax)) this.#shown.delete(old);
    const uri = editor.Uri.from({ scheme: privacyScheme, path: `/${t('What Left This Computer')}.md`, query: String(this.#number) });
    this.#shown.add(uri);
    await editor.commands.executeCommand('markdown.showPreview', uri);
  }

  async #report(told: (done: number, of: number) => void): Promise<string> {
    const { call, nowMs, utcOffsetMs, kept, editor } = this.#parts;
    const snapshot = await call('status', {});
    if (!isSnapshot(snapshot)) throw senseless();
    // A restore puts another ledger in the place of one; no broker runs meanwhile.
    const of = `${snapshot.broker.dataDir} ${snapshot.broker.startedAtMs} ${this.#parts.ledger()}`;
    if (this.#known.of !== of) this.#known = { of, days: new Map() };
    const days = await sentDays({
      daysWithUse: async (sinceMs) => (await call('usage', { by: 'day', sinceMs, withoutImported: true })).rows.map((row) => row.key),
      sent: async (span) => checked(checkedSent, await call('sent', span)),
    }, { nowMs: nowMs(), utcOffsetMs, told, known: this.#known.days });
    const stored = checked(checkedStored, await call('stored', {}));
    return privacyText(privacySections({ snapshot, isBrokerRunning: true, days, stored, editor: await kept() }, editor.env.language));
  }
}

/** The report as markdown. */
export function privacyText(sections: readonly PrivacySection[]): string {
  return sections.map(({ title, isDay, sentences = [], table, list = [] }, index) => [
    `${index === 0 ? '#' : isDay ? '###' : '##'} ${plain(title, sentenceCharactersMax)}`, '',
    ...sentences.flatMap((sentence) => [plain(sentence, sentenceCharactersMax), '']),
    ...(table && table.rows.length > 0 ? [...tableLines(table), ''] : []),
    ...list.map((sentence) => `- ${plain(sentence, sentenceCharactersMax)}`), '',
  ].join('\n')).join('\n');
}

function tableLines({ head, rows, numbersFrom }: PrivacyTable): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => plain(cell, cellCharactersMax)).join(' | ')} |`;
  return [line(head), `|${head.map((_, column) => (column < numbersFrom ? '---' : '---:')).join('|')}|`, ...rows.map(line)];
}

function checked<T>(check: (answer: unknown) => T, answer: unknown): T {
  try {
    return check(answer);
  } catch (error) {
    throw senseless(error);
  }
}

function senseless(cause?: unknown): ProblemError {
  return new ProblemError(problem('internal', 'The broker\'s answer about what left this computer makes no sense.'), { cause });
}

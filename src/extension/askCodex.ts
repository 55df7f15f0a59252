// Asks the model a question about something in the editor: the answer streams into a read-only
// document, can be cancelled at any time, and ends with what it cost and why.
import { isAbsolute, relative } from 'node:path';
import { ProblemError } from '../domain/problem.ts';
import { t } from '../protocol/language.ts';
import type { AnswerDocument, AnswerDocuments, DocumentEditor } from './answerDocument.ts';
import type { AskSubject, NoSubject } from './askSubject.ts';
import { commandNames } from './commandNames.ts';
import type { Editor, Log } from './editorApi.ts';
import type { BrokerCall } from './liveSocket.ts';
import type { LoopbackRequest } from './loopbackHttp.ts';
import { withoutLinks } from './markdownText.ts';
import { problemText, showFailure } from './problemNotice.ts';
import { costSentence, settledRequest } from './requestCost.ts';
import { streamAnswer } from './responsesStream.ts';
import type { Schedule } from './schedule.ts';
import type { WindowWorkspace } from './windowWorkspace.ts';

/** What asking needs from outside. */
export interface AskParts {
  readonly editor: DocumentEditor & Pick<Editor, 'window' | 'commands' | 'ProgressLocation' | 'env'>;
  readonly log: Log;
  readonly schedule: Schedule;
  readonly request: LoopbackRequest;
  readonly call: BrokerCall;
  readonly workspace: Pick<WindowWorkspace, 'token' | 'folder' | 'forget'>;
  readonly answers: Pick<AnswerDocuments, 'open'>;
  model(): string;
  /** True while no money is meant. */
  practice(): boolean;
  passGate(): Promise<boolean>;
}

const instructions = 'You answer a question about text, code, changes or the output of a command from the person\'s editor. Answer the question and nothing else, in Markdown, as briefly as is useful.';

/** Asks. @param gather takes what the question is about; undefined when the person left it */
export async function askAbout(parts: AskParts, gather: () => AskSubject | NoSubject | undefined | Promise<AskSubject | NoSubject | undefined>): Promise<void> {
  const { window } = parts.editor;
  try {
    const subject = await gather();
    if (!subject) return;
    if ('sorry' in subject) {
      const sorry = withoutLinks(subject.sorry);
      await (subject.isWarning ? window.showWarningMessage(sorry) : window.showInformationMessage(sorry));
      return;
    }
    if (!await parts.passGate()) return;
    const prompt = [...(subject.note === undefined ? [] : [withoutLinks(subject.note)]), t('{0} answers; the cost is shown at the end.', parts.model())].join(' ');
    const question = (await window.showInputBox({ title: subject.title, prompt, placeHolder: subject.example, ignoreFocusOut: true }))?.trim();
    if (!question) return;
    await window.withProgress({ location: parts.editor.ProgressLocation.Notification, title: 'Codex', cancellable: true }, async (progress, cancellation) => {
      const abort = new AbortController();
      const listening = cancellation.onCancellationRequested(() => abort.abort());
      try {
        progress.report({ message: t('in line at the broker') });
        await answerInto(parts, abort, subject, question, (message) => progress.report({ message }));
      } finally {
        listening.dispose();
      }
    });
  } catch (error) {
    await showFailure(parts.editor, parts.log, 'Asking Codex', error);
  }
}

async function answerInto(parts: AskParts, abort: AbortController, { command, file, text: about }: AskSubject, question: string, report: (message: string) => void): Promise<void> {
  const model = parts.model();
  const text = `${about}\n\nQuestion: ${question}`;
  const within = file === undefined ? undefined : fileWithin(parts.workspace.folder, file);
  const origin = { command, ...(within === undefined ? {} : { file: within }) };
  const token = await parts.workspace.token();
  let opened: Promise<AnswerDocument> | undefined;
  let requestId: string | undefined;
  let early = '';
  let document: AnswerDocument | undefined;
  const open = () => parts.answers.open(parts.editor, parts.schedule, question, `# ${question.replace(/\s+/g, ' ')}\n\n`, () => abort.abort());
  let outcome = '';
  try {
    const end = await streamAnswer(parts.request, token, { model, instructions, text, origin }, abort.signal, (id) => {
      requestId = id;
      report(t('answering'));
      opened = open().then((ready) => {
        document = ready;
        ready.append(early);
        return ready;
      });
      // A failure to open surfaces where the promise is awaited below.
      opened.catch(() => undefined);
    }, (delta) => {
      if (document) document.append(delta);
      else early += delta;
    });
    outcome = end.incomplete ? t('The model stopped before it was done.') : '';
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'unknown_token') parts.workspace.forget();
    if (!abort.signal.aborted && !opened) throw error;
    outcome = abort.signal.aborted ? t('Cancelled.') : error instanceof ProblemError ? problemText(error.problem) : t('The answer could not be read.');
    if (!opened) return;
  }
  const page = await opened;
  if (!page) return;
  await page.written();
  report(t('settling'));
  const told = requestId === undefined ? undefined : await settledRequest(parts.call, parts.schedule, requestId);
  const cost = told ? costSentence(told, parts.practice(), parts.editor.env.language) : t('The cost is not known yet; the dashboard shows it once it is settled.');
  const ofRequest = requestId === undefined ? [cost] : [`${cost} · ${t('request {0}', requestId)}`, t('Why: {0}', `\`codex-broker explain ${requestId}\``)];
  if (requestId !== undefined) page.settled(requestId);
  page.append(`\n\n---\n\n${[...(outcome === '' ? [] : [outcome]), ...ofRequest].join('  \n')}\n`);
  await page.written();
  parts.log.info(`Question answered (${command}): ${told ? `${told.charge?.costMicroCredits ?? 0} microcredits` : 'cost not known yet'}, request ${requestId ?? 'unknown'}.`);
  // Who has the answer before them reads how it ended and what it cost there.
  if (requestId !== undefined && !page.isShown()) void tellAway(parts, page, requestId, outcome || t('Answered'), cost);
}

/** For a person who turned elsewhere meanwhile: that the answer is there, and what it cost. Nobody waits for what they choose. */
async function tellAway(parts: AskParts, page: AnswerDocument, requestId: string, outcome: string, cost: string): Promise<void> {
  const [show, explain] = [t('Show Answer'), t('Explain')];
  const chosen = await parts.editor.window.showInformationMessage(withoutLinks(`${outcome.replace(/\.$/, '')} · ${cost}`), show, explain);
  if (chosen === show) await page.show();
  if (chosen === explain) await parts.editor.commands.executeCommand(commandNames.explainRequest, requestId);
}

/** A file's path within a folder, with slashes on every system; undefined for one that is elsewhere or nowhere. */
function fileWithin(folder: string | undefined, file: string): string | undefined {
  if (folder === undefined || !isAbsolute(file)) return undefined;
  const within = relative(folder, file);
  return within === '' || /^\.\.(?:[\\/]|$)/.test(within) || isAbsolute(within) ? undefined : within.replaceAll('\\', '/');
}

// Puts the questions that requests wait with to the person: one message at a time, in the window of their
// workspace. A message never answers a question that is over, and closing it answers nothing: the request waits on,
// and the meter and the dashboard ask again. What an answer means is decided by the broker.
import type * as vscode from 'vscode';
import { answerChoices, questionDetail, questionTitle, type QuestionAnswer } from '../protocol/answerWords.ts';
import { plural, t } from '../protocol/language.ts';
import type { QuestionView, Snapshot } from '../protocol/snapshot.ts';
import { isAnsweredToo, windowQuestions } from '../protocol/windowQuestions.ts';
import { answerConfirmed } from './answerConfirm.ts';
import { commandNames } from './commandNames.ts';
import type { Editor, Log } from './editorApi.ts';
import type { BrokerCall } from './liveSocket.ts';
import { withoutLinks } from './markdownText.ts';
import { showFailure } from './problemNotice.ts';

/** What the questions need from outside. */
export interface QuestionParts {
  readonly editor: Pick<Editor, 'window' | 'commands' | 'env'>;
  readonly log: Log;
  readonly call: BrokerCall;
  /** The newest snapshot of a live connection; absent while there is none. */
  snapshot(): Snapshot | undefined;
  /** This window's workspace; absent until the broker told it. */
  workspaceId(): string | undefined;
}

/**
 * Messages that may stand at once. The editor cannot close one whose question is over, so that a client which gives
 * up and comes back over and over would fill the window with them; beyond this the meter alone tells.
 */
export const messagesMax = 3;

/** Asks. One per window. */
export class ConsentQuestions {
  readonly #parts: QuestionParts;
  /** Requests whose question was put in a message, or is answered by another one's answer. */
  readonly #asked = new Set<string>();
  #current: string | undefined;
  #messages = 0;

  constructor(parts: QuestionParts) {
    this.#parts = parts;
  }

  /** Looks at the newest snapshot: asks what was not asked yet, if nothing is being asked. */
  see(): void {
    const snapshot = this.#parts.snapshot();
    if (!snapshot) return;
    const open = new Set(snapshot.questions.map((question) => question.requestId));
    for (const requestId of this.#asked) if (!open.has(requestId)) this.#asked.delete(requestId);
    // A message whose question is over may stand on; it no longer keeps the next question from being asked.
    if (this.#current !== undefined && open.has(this.#current) || this.#messages >= messagesMax) return;
    const { focused } = this.#parts.editor.window.state;
    const next = windowQuestions(snapshot.questions, this.#parts.workspaceId())
      .find((question) => !this.#asked.has(question.requestId) && (question.workspaceId === this.#parts.workspaceId() || focused));
    if (next) void this.#ask(next);
  }

  /** Asks the oldest question of this window again, with every answer there is. */
  async askAgain(): Promise<void> {
    const { editor, snapshot, workspaceId } = this.#parts;
    const [question] = windowQuestions(snapshot()?.questions ?? [], workspaceId());
    if (question) {
      await this.#choose(question);
      return;
    }
    const known = snapshot();
    if (!known) {
      const button = await editor.window.showWarningMessage(t('The broker is not connected, so it is not known whether a request waits for an answer.'), t('Start Broker'));
      if (button !== undefined) await editor.commands.executeCommand(commandNames.startBroker);
      return;
    }
    const chosen = await editor.window.showInformationMessage(known.questions.length > 0 ? t('Another window is asked about its requests. The dashboard shows their questions too.') : t('No request waits for an answer.'), t('Open Dashboard'));
    if (chosen !== undefined) await editor.commands.executeCommand(commandNames.openDashboard);
  }

  async #ask(question: QuestionView): Promise<void> {
    const { requestId } = question;
    this.#asked.add(requestId);
    this.#current = requestId;
    this.#messages += 1;
    try {
      const choices = answerChoices(question);
      const others = this.#others(question);
      const wait = others === 0 ? '' : ` ${plural(others, '{0} more request waits with a question.', '{0} more requests wait with a question.')}`;
      const more = t('More…');
      // Of others than models without a price the two widest answers lie behind "More…", where each says what it means.
      const offered = question.kind === 'unpriced' ? choices.map((choice) => (choice.isLasting ? `${choice.title}…` : choice.title))
        : [...choices.filter(({ answer }) => answer !== 'always' && answer !== 'never').map((choice) => choice.title), more];
      const chosen = await this.#parts.editor.window.showWarningMessage(`${withoutLinks(question.text)}${wait}`, ...offered)
        .then((button) => button, () => undefined);
      this.#messages -= 1;
      if (chosen === more) await this.#choose(question);
      else {
        const choice = choices.find(({ title }) => chosen === title || chosen === `${title}…`);
        if (choice) await this.#answer(question, choice.answer);
      }
    } catch (error) {
      await showFailure(this.#parts.editor, this.#parts.log, 'Asking about a request', error);
    } finally {
      if (this.#current === requestId) this.#current = undefined;
    }
    this.see();
  }

  /** Lets the person choose among all answers, each with what it means. */
  async #choose(question: QuestionView): Promise<void> {
    if (!this.#isOpen(question)) {
      await this.#sayOver();
      return;
    }
    const { editor } = this.#parts;
    const items = answerChoices(question).map((choice): vscode.QuickPickItem & { readonly answer: QuestionAnswer } => ({ label: choice.title, detail: choice.lasts, answer: choice.answer }));
    const picked = await editor.window.showQuickPick(items, { title: questionTitle(question), placeHolder: questionDetail(question, editor.env.language), ignoreFocusOut: true });
    if (picked) await this.#answer(question, picked.answer);
  }

  async #answer(question: QuestionView, answer: QuestionAnswer): Promise<void> {
    const { editor, log, call, snapshot } = this.#parts;
    try {
      const stands = this.#isOpen(question) && (snapshot()?.broker.mode === 'practice' || await answerConfirmed(editor, question, answer));
      // The question may have ended while the confirmation stood open.
      if (!this.#isOpen(question)) {
        await this.#sayOver();
        return;
      }
      if (!stands) return;
      const { answered } = await call('answer', { requestId: question.requestId, answer });
      if (!answered) {
        await this.#sayOver();
        return;
      }
      // What the same answer answers too is over soon; until the broker says so it must not be asked.
      for (const other of snapshot()?.questions ?? []) if (isAnsweredToo(question, answer, other)) this.#asked.add(other.requestId);
      log.info(`The question of request ${question.requestId} was answered: ${answer}.`);
    } catch (error) {
      this.#current = undefined;
      await showFailure(editor, log, 'Answering', error);
    }
  }

  /** Whether a request still waits with the question. */
  #isOpen({ requestId }: QuestionView): boolean {
    return this.#parts.snapshot()?.questions.some((question) => question.requestId === requestId) === true;
  }

  #others(question: QuestionView): number {
    return windowQuestions(this.#parts.snapshot()?.questions ?? [], this.#parts.workspaceId()).filter(({ requestId }) => requestId !== question.requestId && !this.#asked.has(requestId)).length;
  }

  async #sayOver(): Promise<void> {
    this.#current = undefined;
    await this.#parts.editor.window.showInformationMessage(t('That question is over: it was answered elsewhere, or its request has ended. Nothing was changed.'));
  }
}

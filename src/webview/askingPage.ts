// What the pages that ask the ledger on demand share: what they are given, that one which is not open is not painted, and
// what they say where a question was answered with a problem.
import { html, LitElement, nothing } from 'lit';
import type { PropertyDeclarations, PropertyValues, TemplateResult } from 'lit';
import type { QuestionAbout } from '../protocol/dashboardQuestions.ts';
import { t } from '../protocol/language.ts';
import { problemWords } from '../protocol/problemWords.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { isOpen } from './pageQuestions.ts';
import type { Asking, Questions } from './pageQuestions.ts';
import { icon, prose } from './view.ts';
import type { View } from './view.ts';

/** Properties: `shown`, `snapshot`, `view`, `questions` (with their answers) and `asking`. */
export abstract class AskingPage extends LitElement {
  static override properties: PropertyDeclarations = { shown: { type: Boolean }, snapshot: { attribute: false }, view: { attribute: false }, questions: { attribute: false }, asking: { attribute: false } };

  declare shown: boolean;
  declare snapshot: Snapshot;
  declare view: View;
  declare questions: Questions;
  declare asking: Asking;

  /** Forgets what was asked, so that it is asked anew. */
  protected abstract forgetAsked(): void;

  /** What went wrong with a question, what to do, and a button that asks anew: what was in the way may be over. */
  protected problemLine(about: QuestionAbout): TemplateResult | typeof nothing {
    const problem = this.questions.answers[about]?.problem;
    if (!problem) return nothing;
    const again = () => {
      this.forgetAsked();
      this.requestUpdate();
    };
    return html`<p role="status">${icon('error', 's bad')} ${prose(problemWords(problem))} <button type="button" class="link" data-test="ask-again" ?disabled=${this.view.stale || isOpen(this.questions, about)} @click=${again}>${t('Try again')}</button></p>`;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Nobody sees a page that is not open. */
  protected override shouldUpdate(changed: PropertyValues): boolean {
    return this.shown || changed.has('shown');
  }
}

// What the pages that ask the ledger on demand share: what they are given, and that one which is not open is not painted.
import { LitElement } from 'lit';
import type { PropertyDeclarations, PropertyValues } from 'lit';
import type { Snapshot } from '../protocol/snapshot.ts';
import type { Asking, Questions } from './pageQuestions.ts';
import type { View } from './view.ts';

/** Properties: `shown`, `snapshot`, `view`, `questions` (with their answers) and `asking`. */
export abstract class AskingPage extends LitElement {
  static override properties: PropertyDeclarations = { shown: { type: Boolean }, snapshot: { attribute: false }, view: { attribute: false }, questions: { attribute: false }, asking: { attribute: false } };

  declare shown: boolean;
  declare snapshot: Snapshot;
  declare view: View;
  declare questions: Questions;
  declare asking: Asking;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Nobody sees a page that is not open. */
  protected override shouldUpdate(changed: PropertyValues): boolean {
    return this.shown || changed.has('shown');
  }
}

// Where a waiting request stands among the classes, and the way to another one: the same on the dashboard and in the side bar.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Priority } from '../domain/fairQueue.ts';
import { t } from '../protocol/language.ts';
import type { RunView } from '../protocol/snapshot.ts';

/** What is known of a request's next class. */
interface TurnState {
  /** The class that was asked for and is not answered yet. */
  readonly underWay: Priority | undefined;
  /** Nothing can be asked for now. */
  readonly isLocked: boolean;
}

const turns: readonly Priority[] = ['interactive', 'agent', 'batch'];

function turnName(priority: Priority): string {
  switch (priority) {
    case 'interactive': return t('Goes first');
    case 'agent': return t('In turn');
    case 'batch': return t('Goes last');
  }
}

/** The choice, for a request that waits in the line; nothing for any other. */
export function turnChoice({ state, priority: own, workspaceLabel }: RunView, { underWay, isLocked }: TurnState, choose: (priority: Priority) => void): TemplateResult | typeof nothing {
  if (state !== 'waiting' || own === undefined) return nothing;
  return html`<select class="input turn" data-test="turn" aria-label=${t('Turn of the request of {0}', workspaceLabel)} ?disabled=${isLocked || underWay !== undefined}
    @change=${(event: Event) => choose((event.target as HTMLSelectElement).value as Priority)}>${turns.map((priority) => html`<option value=${priority} .selected=${priority === (underWay ?? own)}>${turnName(priority)}</option>`)}</select>`;
}

/** What is said aloud when a request got another turn. */
export function turnSentence(priority: Priority): string {
  switch (priority) {
    case 'interactive': return t('It goes first.');
    case 'agent': return t('It waits in turn.');
    case 'batch': return t('It goes last.');
  }
}

// Says that a changed setting holds from the broker's next start, and starts it anew where the person wants that.
// Requests that run would be cut off, so nobody's broker is restarted without a word.
import { plural, t } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import type { BrokerCall } from './liveSocket.ts';
import type { BrokerSurroundings } from './brokerSurroundings.ts';
import type { Editor } from './editorApi.ts';

/** What it needs. */
export interface BrokerNewsParts {
  readonly editor: Pick<Editor, 'window'>;
  /** What a broker would be started with now; absent in practice mode, whose broker takes none of it. */
  readonly surroundings: () => BrokerSurroundings | undefined;
  /** The snapshot of a connected broker. */
  readonly snapshot: () => Snapshot | undefined;
  readonly call: BrokerCall;
}

/** Watches what a broker would be started with. */
export class BrokerNews {
  readonly #parts: BrokerNewsParts;
  /** What settings decide of it, when it was looked at last; absent in practice mode. */
  #known: string | undefined;

  constructor(parts: BrokerNewsParts) {
    this.#parts = parts;
    this.#known = settled(parts.surroundings());
  }

  /** A setting changed. One window asks: the one in front. @throws ProblemError when the broker cannot be told to end */
  async look(): Promise<void> {
    const [before, now] = [this.#known, settled(this.#parts.surroundings())];
    this.#known = now;
    // Who comes from practice mode, or goes there, gets another broker anyway.
    if (before === undefined || now === undefined || before === now) return;
    const snapshot = this.#parts.snapshot();
    const { window } = this.#parts.editor;
    if (!snapshot || !window.state.focused) return;
    const count = snapshot.running.length;
    const cut = count === 0 ? [] : [plural(count, 'One request runs; a restart cuts off what does not end within seconds.', '{0} requests run; a restart cuts off what does not end within seconds.')];
    const restart = t('Restart Broker');
    const chosen = await window.showInformationMessage([t('The broker uses the changed setting from its next start on.'), ...cut].join(' '), restart);
    if (chosen === restart) await this.#parts.call('shutdown', {});
  }
}

/** Arguments and proxies. The rest of the environment is the editor's own, which changes it as it runs; no setting does. */
function settled(surroundings: BrokerSurroundings | undefined): string | undefined {
  return surroundings && JSON.stringify([surroundings.args, Object.entries(surroundings.env).filter(([name]) => /^(?:https?|all|no)_proxy$/i.test(name)).toSorted(([a], [b]) => a.localeCompare(b))]);
}

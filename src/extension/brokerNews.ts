// Says that a changed setting holds from the broker's next start, and starts it anew where the person wants that.
// Requests that run would be cut off, so nobody's broker is restarted without a word.
import type { Snapshot } from '../protocol/snapshot.ts';
import type { BrokerCall } from './liveSocket.ts';
import type { BrokerSurroundings } from './brokerSurroundings.ts';
import type { Editor } from './editorApi.ts';

/** What it needs. */
export interface BrokerNewsParts {
  readonly editor: Pick<Editor, 'window'>;
  readonly surroundings: () => BrokerSurroundings;
  /** The snapshot of a connected broker. */
  readonly snapshot: () => Snapshot | undefined;
  readonly call: BrokerCall;
}

/** Watches what a broker would be started with. */
export class BrokerNews {
  readonly #parts: BrokerNewsParts;
  #known: string;

  constructor(parts: BrokerNewsParts) {
    this.#parts = parts;
    this.#known = JSON.stringify(parts.surroundings());
  }

  /** A setting changed. One window asks: the one in front. @throws ProblemError when the broker cannot be told to end */
  async look(): Promise<void> {
    const now = JSON.stringify(this.#parts.surroundings());
    if (now === this.#known) return;
    this.#known = now;
    const snapshot = this.#parts.snapshot();
    const { window } = this.#parts.editor;
    if (!snapshot || !window.state.focused) return;
    const cut = snapshot.running.length === 0 ? '' : ` ${snapshot.running.length === 1 ? 'One request runs' : `${snapshot.running.length} requests run`}; a restart cuts off what does not end within seconds.`;
    const chosen = await window.showInformationMessage(`The broker uses the changed setting from its next start on.${cut}`, 'Restart Broker');
    if (chosen === 'Restart Broker') await this.#parts.call('shutdown', {});
  }
}

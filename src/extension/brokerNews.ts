// Says that a changed setting holds from the broker's next start, and starts it anew where the person wants that.
// Requests that run would be cut off, so nobody's broker is restarted without a word.
import { t } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import type { BrokerSurroundings } from './brokerSurroundings.ts';
import type { Editor } from './editorApi.ts';
import { busyWith, cutOffWords, restartLabel } from './restartBroker.ts';

/** What it needs. */
export interface BrokerNewsParts {
  readonly editor: Pick<Editor, 'window'>;
  /** What a broker would be started with now; absent in practice mode, whose broker takes none of it. */
  readonly surroundings: () => BrokerSurroundings | undefined;
  /** The snapshot of a connected broker. */
  readonly snapshot: () => Snapshot | undefined;
  /** Restarts the broker. @param toldOf of how many requests that run or wait the person was told */
  restart(toldOf: number): Promise<void>;
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

  /** A setting changed. One window asks: the one in front. @throws ProblemError when the broker does not end or come back */
  async look(): Promise<void> {
    const [before, now] = [this.#known, settled(this.#parts.surroundings())];
    this.#known = now;
    // Who comes from practice mode, or goes there, gets another broker anyway.
    if (before === undefined || now === undefined || before === now) return;
    const snapshot = this.#parts.snapshot();
    const { window } = this.#parts.editor;
    if (!snapshot || !window.state.focused) return;
    const restart = restartLabel();
    const chosen = await window.showInformationMessage([t('The broker uses the changed setting from its next start on.'), cutOffWords(snapshot)].join(' ').trimEnd(), restart);
    if (chosen === restart) await this.#parts.restart(busyWith(snapshot));
  }
}

/** Arguments and proxies. The rest of the environment is the editor's own, which changes it as it runs; no setting does. */
function settled(surroundings: BrokerSurroundings | undefined): string | undefined {
  return surroundings && JSON.stringify([surroundings.args, Object.entries(surroundings.env).filter(([name]) => /^(?:https?|all|no)_proxy$/i.test(name)).toSorted(([a], [b]) => a.localeCompare(b))]);
}

// Gives settlements to the ledger until it has taken them. A disk that is full for a while must not
// leave credits reserved until the next start. It decides nothing about money; what it still holds
// when the process ends is resolved by recovery.
import type { Clock } from './clock.ts';
import type { SettleCommand, SettleResult } from './store/ledgerCommands.ts';
import type { LedgerStore } from './store/ledgerPort.ts';

/** Settlements that wait for the ledger at most; what comes beyond is left to recovery. */
export const waitingMax = 10_000;
/** First pause before another try; it doubles while nothing gets through. */
const retryMsMin = 500;
const retryMsMax = 30_000;

interface Waiting { readonly command: SettleCommand; resolve(result: SettleResult): void; reject(error: unknown): void }

/** Settles, again and again where it has to. A settlement has its own key, so that none counts twice. */
export class SettlementRetry {
  readonly #ledger: LedgerStore;
  readonly #clock: Clock;
  readonly #failed: (command: SettleCommand, error: unknown) => void;
  #waiting: Waiting[] = [];
  #retryMs = retryMsMin;
  #underWay = 0;
  #scheduled = false;
  #trying = false;

  /** @param failed told once of each settlement that was not taken at once */
  constructor(ledger: LedgerStore, clock: Clock, failed: (command: SettleCommand, error: unknown) => void) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#failed = failed;
  }

  /** How many settlements the ledger has not taken yet. */
  get size(): number { return this.#underWay; }

  /** Tries until the ledger has everything or the time is over. */
  async finish(msMax: number): Promise<void> {
    const endMs = this.#clock.monotonicMs() + msMax;
    await this.tryAll();
    while (this.#waiting.length > 0 && this.#clock.monotonicMs() < endMs) {
      await new Promise<void>((resolve) => { this.#clock.after(retryMsMin, resolve); });
      await this.tryAll();
    }
  }

  /** Resolves when the ledger has the settlement. @throws what the ledger threw, when too many wait already */
  async settle(command: SettleCommand): Promise<SettleResult> {
    this.#underWay += 1;
    try {
      return await this.#ledger.command(command);
    } catch (error) {
      this.#failed(command, error);
      if (this.#waiting.length >= waitingMax) throw error;
      return await new Promise((resolve, reject) => {
        this.#waiting.push({ command, resolve, reject });
        this.#schedule();
      });
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Tries everything that waits once more. */
  async tryAll(): Promise<void> {
    if (this.#trying) return;
    this.#trying = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    const left: Waiting[] = [];
    await Promise.all(waiting.map(async (one) => {
      try {
        one.resolve(await this.#ledger.command(one.command));
      } catch {
        // It was told when it failed first; it only waits on.
        left.push(one);
      }
    }));
    this.#trying = false;
    this.#retryMs = left.length < waiting.length ? retryMsMin : Math.min(retryMsMax, this.#retryMs * 2);
    this.#waiting.unshift(...left);
    if (this.#waiting.length > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.after(this.#retryMs, () => {
      this.#scheduled = false;
      void this.tryAll();
    });
  }
}

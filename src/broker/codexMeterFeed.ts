// Keeps what the meter inside Codex shows ready, so that no answer waits for it: read from the ledger when a
// request of Codex comes, and shown with its answer as it was then.
import { codexMeter } from '../protocol/codexMeter.ts';
import type { CodexMeter, MeterPicture } from '../protocol/codexMeter.ts';
import { balanceView } from './balanceView.ts';
import type { Clock } from './clock.ts';
import { freshBalance } from './freshBalance.ts';
import type { RequestFacts } from './store/ledgerCommands.ts';
import type { LedgerStore } from './store/ledgerPort.ts';

/** A picture that is younger than this is not read anew. */
const freshMs = 250;
/** A picture that is older than this is shown to nobody. */
const ageMsMax = 60 * 60_000;

/** The newest picture. */
export class CodexMeterFeed {
  readonly #ledger: LedgerStore;
  readonly #clock: Clock;
  #picture: (MeterPicture & { readonly atMs: number }) | undefined;
  #isReading = false;

  constructor(ledger: LedgerStore, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** Reads anew; one reading at a time. Never rejects: a ledger that cannot be read is told elsewhere. */
  async refresh(): Promise<void> {
    if (this.#isReading || this.#picture && this.#clock.monotonicMs() - this.#picture.atMs < freshMs) return;
    this.#isReading = true;
    try {
      const nowMs = this.#clock.nowMs();
      const [balance, budgets] = await Promise.all([freshBalance(this.#ledger, nowMs), this.#ledger.query('budgets', { nowMs })]);
      this.#picture = { balance: balanceView(balance), budgets, atMs: this.#clock.monotonicMs() };
    } catch {
      // Nothing is shown in the place of what is not known.
      this.#picture = undefined;
    } finally {
      this.#isReading = false;
    }
  }

  /** What is shown with the answer to a request. */
  meterOf(request: RequestFacts): CodexMeter | undefined {
    const picture = this.#picture;
    return picture && this.#clock.monotonicMs() - picture.atMs <= ageMsMax ? codexMeter(picture, request) : undefined;
  }
}

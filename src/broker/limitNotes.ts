// Lets the ledger note what the upstream changed of its limits. An ordinary answer costs no command: what was
// noted last is known in memory, and the ledger itself passes over what it knows from before a start.
import type { LimitNote } from '../domain/limitWatch.ts';
import { LimitWatch } from '../domain/limitWatch.ts';
import { measures } from '../domain/measure.ts';
import type { PacedWindow } from '../domain/pacedWindow.ts';
import type { PlanWindow } from '../domain/planLimits.ts';
import type { RateLimitObservation } from '../domain/rateWindow.ts';
import type { Clock } from './clock.ts';
import type { LedgerStore } from './store/ledgerPort.ts';

/** What it needs. */
export interface LimitNotesParts {
  readonly ledger: Pick<LedgerStore, 'command'>;
  readonly clock: Clock;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** Notes limits. */
export class LimitNotes {
  readonly #parts: LimitNotesParts;
  readonly #watch = new LimitWatch();

  constructor(parts: LimitNotesParts) {
    this.#parts = parts;
  }

  /** An answer came. @param observation what it told @param windows the model's limits as known after it, whose lengths are no header's */
  answered(observation: RateLimitObservation, windows: readonly PacedWindow[]): void {
    for (const model of new Set(windows.map((window) => window.model))) {
      const told = measures.flatMap((measure) => {
        const limit = observation[measure]?.limit;
        const window = windows.find((one) => one.id === `${model}/${measure}`);
        return limit === undefined || !window ? [] : [{ measure, limit, windowMinutes: window.windowMinutes }];
      });
      this.#note(this.#watch.limitsTold(model, told, this.#parts.clock.monotonicMs()));
    }
  }

  /** Something told windows of a plan. */
  planTold(plan: string, windows: readonly PlanWindow[]): void {
    for (const window of windows) this.#note(this.#watch.windowTold(plan, window, this.#parts.clock.monotonicMs()));
  }

  #note(note: LimitNote | undefined): void {
    if (!note) return;
    const { ledger, clock, log } = this.#parts;
    // No request waits for it; one that the ledger does not take is lost, as it would be for a broker that was not running.
    ledger.command({ type: 'note-limit', atMs: clock.nowMs(), note }).catch((error: unknown) => {
      log('limit-not-noted', { subject: note.subject, error: error instanceof Error ? error.message : String(error) });
    });
  }
}

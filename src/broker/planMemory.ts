// What ChatGPT told of plans, remembered over a restart of the broker in `plans.json`, so that their windows are shown with their
// age before the first request. Of an account only the hash of its id is kept; nothing of a sign-in. That a plan is used up is
// believed for a minute only (`usedUpMsMax`), so an old file refuses nothing.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { planWindowsMax } from '../domain/planLimits.ts';
import type { PlanLimits } from '../domain/planLimits.ts';
import type { Clock } from './clock.ts';

/** A plan as it was known: the hash of its account's id, and what was told. */
export interface RememberedPlan {
  readonly id: string;
  readonly limits: PlanLimits;
}

/** Longer than the longest window of a plan nothing of it is worth telling. */
export const rememberedMsMax = 7 * 86_400_000;
/** Answers tell of a plan all the time; it is written this often at the most. */
export const writeEveryMs = 30_000;
const plansMax = 16;
const plansFile = 'plans.json';

const moment = z.number().int().nonnegative();
const remembered = z.array(z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  limits: z.object({
    windows: z.array(z.object({ windowMinutes: z.number().int().positive(), usedPercent: z.number().nonnegative(), resetsAtMs: moment.optional(), observedAtMs: moment })).max(planWindowsMax),
    credits: z.object({ hasCredits: z.boolean(), isUnlimited: z.boolean(), balance: z.string().max(100).optional() }).optional(),
    planType: z.string().max(100).optional(),
    observedAtMs: moment,
  }),
})).max(plansMax);

/** Reads and writes the file. Close it with the broker. */
export class PlanMemory {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
  #latest: readonly RememberedPlan[] | undefined;
  #cancel: (() => void) | undefined;

  constructor(dataDir: string, clock: Clock, log: (event: string, fields: Readonly<Record<string, unknown>>) => void) {
    this.#path = join(dataDir, plansFile);
    this.#clock = clock;
    this.#log = log;
  }

  /** What was known before, the one that was used last at the end; nothing where there is no file, or one that makes no sense. */
  read(): RememberedPlan[] {
    try {
      const nowMs = this.#clock.nowMs();
      return remembered.parse(JSON.parse(readFileSync(this.#path, 'utf8'))).filter(({ limits: { observedAtMs } }) => observedAtMs <= nowMs && nowMs - observedAtMs <= rememberedMsMax) as RememberedPlan[];
    } catch {
      // The next answer tells it anew.
      return [];
    }
  }

  /** Keeps what is known now; written a little later, once for all that comes meanwhile. */
  keep(plans: readonly RememberedPlan[]): void {
    this.#latest = plans;
    this.#cancel ??= this.#clock.after(writeEveryMs, () => this.#write());
  }

  /** Writes what was not written yet. */
  close(): void {
    this.#cancel?.();
    if (this.#cancel) this.#write();
  }

  #write(): void {
    this.#cancel = undefined;
    const plans = (this.#latest ?? []).filter(({ limits }) => limits.observedAtMs !== undefined).slice(-plansMax)
      .map(({ id, limits: { refused: _refused, ...limits } }) => ({ id, limits }));
    try {
      writeFileSync(`${this.#path}.new`, `${JSON.stringify(plans)}\n`, { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      // It only spares a first look; the ledger has its own care for a full disk.
      this.#log('plans-not-remembered', { error: error instanceof Error ? error.message : String(error) });
    }
  }
}

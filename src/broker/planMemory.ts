// What ChatGPT told of plans, and of their limits for some models alone, remembered over a restart of the broker in `plans.json`, so
// that both are shown with their age before the first request. Of an account only the hash of its id is kept; nothing of a sign-in. That
// a plan or a limit is used up is believed for a minute only (`usedUpMsMax`), so an old file refuses nothing.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { limitModelsMax, modelLimitsMax } from '../domain/modelLimits.ts';
import type { ModelLimit } from '../domain/modelLimits.ts';
import { planWindowsMax, unknownPlan } from '../domain/planLimits.ts';
import type { PlanLimits } from '../domain/planLimits.ts';
import { percentMax, resetMsMax, windowMinutesMax } from '../protocol/codexLimits.ts';
import { nameCharactersMax } from '../protocol/responseUsage.ts';
import type { Clock } from './clock.ts';

/** A plan as it was known: the hash of its account's id, and what was told of it and of its limits for some models alone. */
export interface RememberedPlan {
  readonly id: string;
  readonly limits: PlanLimits;
  readonly modelLimits: readonly ModelLimit[];
}

/** Longer than the longest window of a plan nothing of it is worth telling. */
export const rememberedMsMax = 7 * 86_400_000;
/** Answers tell of a plan all the time; it is written this often at the most. */
export const writeEveryMs = 30_000;
const plansMax = 16;
const plansFile = 'plans.json';

/** The last moment that has a date. */
const momentMax = 8.64e15;

const moment = z.number().int().nonnegative().max(momentMax);
const windows = z.array(z.object({ windowMinutes: z.number().int().positive().max(windowMinutesMax), usedPercent: z.number().nonnegative().max(percentMax), resetsAtMs: moment.optional(), observedAtMs: moment })).max(planWindowsMax);
const modelLimit = z.object({
  limitId: z.string().regex(/^[a-z0-9_]{1,64}$/),
  name: z.string().min(1).max(nameCharactersMax),
  limits: z.object({ windows, observedAtMs: moment }),
  models: z.array(z.string().max(nameCharactersMax)).max(limitModelsMax),
});
const remembered = z.array(z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  limits: z.object({
    windows,
    credits: z.object({ hasCredits: z.boolean(), isUnlimited: z.boolean(), balance: z.string().max(100).optional() }).optional(),
    planType: z.string().max(nameCharactersMax).optional(),
    observedAtMs: moment.optional(),
  }),
  // A file of before has none, and what makes no sense of them takes nothing from the plan's own.
  modelLimits: z.array(modelLimit).max(modelLimitsMax).catch([]),
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
      const isFresh = ({ limits: { observedAtMs } }: { readonly limits: PlanLimits }) => observedAtMs !== undefined && observedAtMs <= nowMs && nowMs - observedAtMs <= rememberedMsMax;
      const believed = <L extends PlanLimits>(limits: L): L => ({ ...limits, windows: limits.windows.filter(({ observedAtMs, resetsAtMs = 0 }) => observedAtMs <= nowMs && resetsAtMs <= observedAtMs + resetMsMax) });
      const plans = remembered.parse(JSON.parse(readFileSync(this.#path, 'utf8'))) as RememberedPlan[];
      return plans.map((plan) => ({ ...plan, limits: isFresh(plan) ? believed(plan.limits) : unknownPlan, modelLimits: plan.modelLimits.filter(isFresh).map((one) => ({ ...one, limits: believed(one.limits) })) }))
        .filter((plan) => isFresh(plan) || plan.modelLimits.length > 0);
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
    const isTold = ({ limits }: { readonly limits: PlanLimits }) => limits.observedAtMs !== undefined;
    const plans = (this.#latest ?? []).map(({ id, limits, modelLimits }): RememberedPlan => ({
      id, limits: withoutRefusal(limits), modelLimits: modelLimits.filter(isTold).map((one) => ({ ...one, limits: withoutRefusal(one.limits) })),
    })).filter((plan) => isTold(plan) || plan.modelLimits.length > 0).slice(-plansMax);
    try {
      writeFileSync(`${this.#path}.new`, `${JSON.stringify(plans)}\n`, { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      // It only spares a first look; the ledger has its own care for a full disk.
      this.#log('plans-not-remembered', { error: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** A refusal is worth nothing after a minute. */
function withoutRefusal({ refused: _refused, ...limits }: PlanLimits): PlanLimits {
  return limits;
}

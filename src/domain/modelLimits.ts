// Limits of a plan that belong to some models alone, each beside the plan's own and under its own name. Which models
// one belongs to is known by the answers to them, which name the limit that applied. Values only.
import { observePlan, unknownPlan, usedUp } from './planLimits.ts';
import type { ModelLimitTold, PlanCredits, PlanLimits } from './planLimits.ts';

/** What is known of one. */
export interface ModelLimit {
  readonly limitId: string;
  readonly name: string;
  readonly limits: PlanLimits;
  /** The models that it is known to apply to, as they are asked for. */
  readonly models: readonly string[];
}

/** Limits of one plan that are kept, and models of one limit; the ones that were told longest ago make room. */
export const modelLimitsMax = 8;
/** See `modelLimitsMax`. */
export const limitModelsMax = 16;

/**
 * Lays what an answer told over what was known.
 * @param applied which limit applied to the model that was asked for; absent where the answer did not say
 */
export function observeModelLimits(known: readonly ModelLimit[], told: readonly ModelLimitTold[], applied: { readonly limitId: string; readonly model: string } | undefined, nowMs: number, sentAtMs = nowMs): readonly ModelLimit[] {
  const fresh = told.map(({ limitId, name, ...observation }): ModelLimit => {
    const before = known.find((one) => one.limitId === limitId);
    return { limitId, name: name ?? before?.name ?? limitId, limits: observePlan(before?.limits ?? unknownPlan, observation, nowMs, sentAtMs), models: before?.models ?? [] };
  });
  const all = [...known.filter((one) => !fresh.some(({ limitId }) => limitId === one.limitId)), ...fresh].slice(-modelLimitsMax);
  if (!applied) return all;
  return all.map((one) => {
    const others = one.models.filter((model) => model !== applied.model);
    return { ...one, models: one.limitId === applied.limitId ? [...others, applied.model].slice(-limitModelsMax) : others };
  });
}

/** The limit that a model cannot go on with now, as far as that was told just now; and until when, where that is known. */
export function usedUpModelLimit(known: readonly ModelLimit[], model: string, credits: PlanCredits | undefined, nowMs: number): { readonly name: string; readonly untilMs?: number; readonly windowMinutes?: number } | undefined {
  for (const { name, limits, models } of known) {
    const end = models.includes(model) ? usedUp({ ...limits, ...(credits ? { credits } : {}) }, nowMs) : undefined;
    if (end) return { name, ...end };
  }
  return undefined;
}

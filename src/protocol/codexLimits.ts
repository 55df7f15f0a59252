// Reads what a Codex backend tells about plan windows and credits: `x-codex-*` headers, `codex.rate_limits`
// events, `usage_limit_reached` refusals and the body of `wham/usage` (shapes: openai/codex,
// codex-rs/codex-api/src/rate_limits.rs and codex-rs/backend-client). One bad field hides no other.
import type { PlanCredits, PlanObservation, PlanWindow } from '../domain/planLimits.ts';
import type { HeaderGetter } from './rateLimitHeaders.ts';
import { field, readable, record } from './responseUsage.ts';

/** The longest window and the furthest reset that are believed. */
const windowMinutesMax = 400 * 1440;
const resetMsMax = windowMinutesMax * 60_000;
const percentMax = 100_000;
/** The longest body of `wham/usage` that is parsed, in characters. */
export const planUsageCharactersMax = 65_536;

/** The type of the event that tells limits over a WebSocket. */
export const rateLimitsEvent = 'codex.rate_limits';

/**
 * Whether an answer's head speaks of a limit beside the plan's own, as of a model that has one. ChatGPT then names it in
 * `x-codex-active-limit` and repeats its numbers under the plan's names, so that these say nothing of the plan.
 */
export function isOfAnotherLimit(header: HeaderGetter): boolean {
  const active = readable(header('x-codex-active-limit'))?.trim().toLowerCase().replaceAll('_', '-');
  return active !== undefined && active !== 'codex' && ['primary', 'secondary'].some((slot) => header(`x-${active}-${slot}-used-percent`) !== undefined);
}

/** Reads the headers of an answer; of other limits than the plan's own nothing is read. */
export function readPlanHeaders(header: HeaderGetter, nowMs: number): PlanObservation {
  if (isOfAnotherLimit(header)) return { windows: [] };
  const named = (name: string) => header(`x-codex-${name}`);
  const windows = ['primary', 'secondary'].flatMap((slot) => windowOf({
    used: numberOf(named(`${slot}-used-percent`)), minutes: numberOf(named(`${slot}-window-minutes`)), resetAt: numberOf(named(`${slot}-reset-at`)),
  }, nowMs));
  const credits = creditsOf({ has: named('credits-has-credits'), unlimited: named('credits-unlimited'), balance: named('credits-balance') });
  return { windows, ...field('credits', credits), ...field('planType', readable(named('plan-type'))) };
}

/** Reads a parsed `codex.rate_limits` event; undefined for one of another limit than the plan's own. */
export function readPlanEvent(event: Readonly<Record<string, unknown>>, nowMs: number): PlanObservation | undefined {
  const name = readable(event['metered_limit_name']) ?? readable(event['limit_name']);
  if (name !== undefined && name.toLowerCase() !== 'codex') return undefined;
  const limits = record(event['rate_limits']);
  const windows = [limits?.['primary'], limits?.['secondary']].flatMap((value) => {
    const window = record(value);
    return windowOf({ used: numberOf(window?.['used_percent']), minutes: numberOf(window?.['window_minutes']), resetAt: numberOf(window?.['reset_at']) }, nowMs);
  });
  return { windows, ...field('credits', creditsIn(event['credits'])), ...field('planType', readable(event['plan_type'])) };
}

/** Reads the body of `wham/usage`; undefined where it is none. */
export function readPlanUsage(body: string, nowMs: number): PlanObservation | undefined {
  if (body.length > planUsageCharactersMax) return undefined;
  let usage: Readonly<Record<string, unknown>> | undefined;
  try {
    usage = record(JSON.parse(body));
  } catch {
    // A page of the network's own, for example; it tells nothing of the plan.
    return undefined;
  }
  const limits = record(usage?.['rate_limit']);
  if (!usage || !limits && record(usage['credits']) === undefined) return undefined;
  const windows = [limits?.['primary_window'], limits?.['secondary_window']].flatMap((value) => {
    const window = record(value);
    const seconds = numberOf(window?.['limit_window_seconds']);
    return windowOf({ used: numberOf(window?.['used_percent']), minutes: seconds === undefined ? undefined : Math.round(seconds / 60), resetAt: numberOf(window?.['reset_at']) }, nowMs);
  });
  return { windows, ...field('credits', creditsIn(usage['credits'])), ...field('planType', readable(usage['plan_type'])) };
}

/** A window without a length cannot be told from others, and one of no length is switched off. */
function windowOf(told: { readonly used: number | undefined; readonly minutes: number | undefined; readonly resetAt: number | undefined }, nowMs: number): PlanWindow[] {
  const { used, minutes, resetAt } = told;
  if (used === undefined || used < 0 || minutes === undefined || !Number.isInteger(minutes) || minutes < 1 || minutes > windowMinutesMax) return [];
  const resetsAtMs = resetAt === undefined ? undefined : Math.round(resetAt * 1000);
  const isBelievable = resetsAtMs !== undefined && resetsAtMs > nowMs && resetsAtMs <= nowMs + resetMsMax;
  return [{ windowMinutes: minutes, usedPercent: Math.min(percentMax, used), ...(isBelievable ? { resetsAtMs } : {}) }];
}

function creditsIn(value: unknown): PlanCredits | undefined {
  const credits = record(value);
  return credits && creditsOf({ has: credits['has_credits'], unlimited: credits['unlimited'], balance: credits['balance'] });
}

function creditsOf(told: { readonly has: unknown; readonly unlimited: unknown; readonly balance: unknown }): PlanCredits | undefined {
  const hasCredits = truthOf(told.has);
  const isUnlimited = truthOf(told.unlimited);
  if (hasCredits === undefined || isUnlimited === undefined) return undefined;
  const number = numberOf(told.balance);
  return { hasCredits, isUnlimited, ...(number === undefined ? {} : { balance: String(told.balance).trim() }) };
}

function truthOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.trim().toLowerCase() : undefined;
  return word === 'true' || word === '1' ? true : word === 'false' || word === '0' ? false : undefined;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' && /^ {0,2}-?\d{1,15}(?:\.\d{1,15})? {0,2}$/.test(value) ? Number(value) : undefined;
}

// Reads what a Codex backend tells about plan windows and credits: `x-codex-*` headers, `codex.rate_limits`
// events, `usage_limit_reached` refusals and the body of `wham/usage` (shapes: openai/codex,
// codex-rs/codex-api/src/rate_limits.rs and codex-rs/backend-client). One bad field hides no other.
import type { PlanCredits, PlanObservation, PlanWindow } from '../domain/planLimits.ts';
import type { HeaderGetter } from './rateLimitHeaders.ts';
import { field, readable, record } from './responseUsage.ts';

/** The longest window that is believed. */
export const windowMinutesMax = 400 * 1440;
/** The furthest reset that is believed, from when it was told. */
export const resetMsMax = windowMinutesMax * 60_000;
/** More than this of a window is not told as used. */
export const percentMax = 100_000;
/** The longest body of `wham/usage` that is parsed, in characters. */
export const planUsageCharactersMax = 65_536;

/** The type of the event that tells limits over a WebSocket. */
export const rateLimitsEvent = 'codex.rate_limits';

/**
 * Whether an answer's head speaks of a limit beside the plan's own, as of a model that has one. ChatGPT then names it in
 * `x-codex-active-limit` and repeats its numbers under the plan's names, so that these say nothing of the plan.
 */
export function isOfAnotherLimit(header: HeaderGetter): boolean {
  const active = activeLimitOf(header)?.replaceAll('_', '-');
  return active !== undefined && active !== planLimitId && ['primary', 'secondary'].some((slot) => header(`x-${active}-${slot}-used-percent`) !== undefined);
}

/** The id of the plan's own limit. */
const planLimitId = 'codex';
/** Limits of some models alone that one answer may tell of. */
const familiesMax = 8;

/** A limit's id as its events and headers mean it, in which both strokes are one; undefined for what cannot be one. */
function limitIdOf(name: unknown): string | undefined {
  const id = readable(name)?.trim().toLowerCase().replaceAll('-', '_');
  return id !== undefined && /^[a-z0-9_]{1,64}$/.test(id) ? id : undefined;
}

function activeLimitOf(header: HeaderGetter): string | undefined {
  return limitIdOf(header('x-codex-active-limit'));
}

/**
 * Reads of an answer's head what belongs to some models alone: the limits beside the plan's own (`x-codex-NAME-…`), and which
 * limit applied to what was asked for. A name without numbers of its own (`premium`) is another name of the plan's limit.
 */
export function readModelLimits(names: Iterable<string>, header: HeaderGetter, nowMs: number): Pick<PlanObservation, 'modelLimits' | 'appliedLimitId'> {
  const families = new Map<string, string>();
  for (const each of names) {
    const family = /^x-([a-z0-9_-]{1,64})-primary-used-percent$/.exec(each.toLowerCase())?.[1];
    const id = limitIdOf(family);
    if (family !== undefined && id !== undefined && id !== planLimitId && families.size < familiesMax) families.set(id, family);
  }
  const appliedLimitId = activeLimitOf(header);
  const modelLimits = [...families].map(([limitId, family]) => ({
    limitId, ...field('name', readable(header(`x-${family}-limit-name`))), windows: windowsIn((name) => header(`x-${family}-${name}`), nowMs),
  })).filter(({ limitId, windows }) => windows.length > 0 || limitId === appliedLimitId);
  return { ...(modelLimits.length > 0 ? { modelLimits } : {}), ...field('appliedLimitId', appliedLimitId) };
}

/**
 * The id of the limit that a parsed `codex.rate_limits` event names; undefined where it names none. An event tells no model: of which one
 * its limit is, only the answer says that it came in, and only while all events of that name one limit. Else nothing but heads tells.
 */
export function limitNamedBy(event: Readonly<Record<string, unknown>>): string | undefined {
  return limitIdOf(event['metered_limit_name'] ?? event['limit_name']);
}

/** Reads a parsed `codex.rate_limits` event of a limit of some models alone; undefined for one of the plan's own. */
export function readModelLimitEvent(event: Readonly<Record<string, unknown>>, nowMs: number): PlanObservation | undefined {
  const limitId = limitNamedBy(event);
  const windows = windowsOfEvent(event, nowMs);
  return limitId === undefined || limitId === planLimitId || windows.length === 0 ? undefined : { windows: [], modelLimits: [{ limitId, ...field('name', readable(event['limit_name'])), windows }] };
}

function windowsIn(named: HeaderGetter, nowMs: number): PlanWindow[] {
  return ['primary', 'secondary'].flatMap((slot) => windowOf({
    used: numberOf(named(`${slot}-used-percent`)), minutes: numberOf(named(`${slot}-window-minutes`)), resetAt: numberOf(named(`${slot}-reset-at`)),
  }, nowMs));
}

function windowsOfEvent(event: Readonly<Record<string, unknown>>, nowMs: number): PlanWindow[] {
  const limits = record(event['rate_limits']);
  return [limits?.['primary'], limits?.['secondary']].flatMap((value) => {
    const window = record(value);
    return windowOf({ used: numberOf(window?.['used_percent']), minutes: numberOf(window?.['window_minutes']), resetAt: numberOf(window?.['reset_at']) }, nowMs);
  });
}

/** Reads the headers of an answer; of other limits than the plan's own nothing is read. */
export function readPlanHeaders(header: HeaderGetter, nowMs: number): PlanObservation {
  if (isOfAnotherLimit(header)) return { windows: [] };
  const named = (name: string) => header(`x-codex-${name}`);
  const windows = windowsIn(named, nowMs);
  const credits = creditsOf({ has: named('credits-has-credits'), unlimited: named('credits-unlimited'), balance: named('credits-balance') });
  return { windows, ...field('credits', credits), ...field('planType', readable(named('plan-type'))) };
}

/** Reads a parsed `codex.rate_limits` event; undefined for one of another limit than the plan's own. */
export function readPlanEvent(event: Readonly<Record<string, unknown>>, nowMs: number): PlanObservation | undefined {
  const name = readable(event['metered_limit_name']) ?? readable(event['limit_name']);
  if (name !== undefined && name.toLowerCase() !== 'codex') return undefined;
  const windows = windowsOfEvent(event, nowMs);
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
  const others = Array.isArray(usage['additional_rate_limits']) ? usage['additional_rate_limits'].slice(0, familiesMax) : [];
  const modelLimits = others.flatMap((value: unknown) => {
    const other = record(value);
    const limitId = limitIdOf(other?.['metered_feature'] ?? other?.['limit_name']);
    const windows = windowsOfPage(record(other?.['rate_limit']), nowMs);
    return limitId === undefined || limitId === planLimitId || windows.length === 0 ? [] : [{ limitId, ...field('name', readable(other?.['limit_name'])), windows }];
  });
  return { windows: windowsOfPage(limits, nowMs), ...(modelLimits.length > 0 ? { modelLimits } : {}), ...field('credits', creditsIn(usage['credits'])), ...field('planType', readable(usage['plan_type'])) };
}

function windowsOfPage(limits: Readonly<Record<string, unknown>> | undefined, nowMs: number): PlanWindow[] {
  return [limits?.['primary_window'], limits?.['secondary_window']].flatMap((value) => {
    const window = record(value);
    const seconds = numberOf(window?.['limit_window_seconds']);
    return windowOf({ used: numberOf(window?.['used_percent']), minutes: seconds === undefined ? undefined : Math.round(seconds / 60), resetAt: numberOf(window?.['reset_at']) }, nowMs);
  });
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

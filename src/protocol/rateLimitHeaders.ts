// Reads what an answer's headers say about rate limits: OpenAI's `x-ratelimit-*` family (of images as its answers to
// requests with images have it, recorded in July 2025: `x-ratelimit-limit-input-images`), `retry-after` and `retry-after-ms`. What is not understood is left out; it never guesses or throws.
import type { LimitObservation, RateLimitObservation } from '../domain/rateWindow.ts';

/** Gives a header by its lower-case name. */
export type HeaderGetter = (name: string) => string | undefined;

/** The longest pause that is believed; a longer one is cut, so that a wrong answer heals by itself. */
export const retryAfterMsMax = 3_600_000;
/** The longest time until a limit is full that is believed: a day's limit, used up. */
export const resetMsMax = 86_400_000;
/** The largest limit or remainder that is believed. */
export const amountMax = 1_000_000_000_000;
const headerCharactersMax = 100;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads a duration as OpenAI writes it: `120ms`, `1s`, `6m0s`, `1h2m3.5s`, `1d`
 * (https://developers.openai.com/api/docs/guides/rate-limits).
 * @returns milliseconds, rounded up, or undefined if it is none.
 */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed.length > headerCharactersMax || !/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(trimmed)) return undefined;
  let totalMs = 0;
  for (const part of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) totalMs += Number(part[1]) * (unitMs[part[2] ?? ''] ?? 0);
  // Ten digits behind the point are enough to undo what binary fractions add.
  return Math.ceil(Number(totalMs.toFixed(6)));
}

/** A whole number that may carry thousands separators (`30,000`); undefined if it is none. */
export function parseAmount(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^(?:\d{1,16}|\d{1,3}(?:,\d{3}){1,5})$/.test(trimmed)) return undefined;
  return Math.min(amountMax, Number(trimmed.replaceAll(',', '')));
}

/**
 * The pause that an answer asks for: `retry-after-ms`, else `retry-after` in seconds (a fraction is
 * understood) or as an HTTP date.
 * @param nowMs this computer's time, which a date is compared with
 * @returns milliseconds from now, at most `retryAfterMsMax`; a moment that has passed is 0.
 */
export function parseRetryAfter(header: HeaderGetter, nowMs: number): number | undefined {
  const ms = decimal(header('retry-after-ms'));
  if (ms !== undefined) return Math.min(retryAfterMsMax, Math.ceil(ms));
  const text = header('retry-after');
  const seconds = decimal(text);
  if (seconds !== undefined) return Math.min(retryAfterMsMax, Math.ceil(seconds * 1000));
  const date = text !== undefined && text.length <= headerCharactersMax && /^[A-Z][a-z]{2,8}, ?\d/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.min(retryAfterMsMax, Math.max(0, date - nowMs));
}

/** Everything that one answer's headers say about limits; fields that they do not say are absent. */
export function readRateLimits(header: HeaderGetter, nowMs: number): RateLimitObservation {
  const requests = readLimit(header, 'requests');
  const tokens = readLimit(header, 'tokens');
  const images = readLimit(header, 'input-images');
  const madeImages = readLimit(header, 'images');
  const retryAfterMs = parseRetryAfter(header, nowMs);
  return { ...(requests ? { requests } : {}), ...(tokens ? { tokens } : {}), ...(images ? { images } : {}), ...(madeImages ? { madeImages } : {}), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function readLimit(header: HeaderGetter, measure: 'requests' | 'tokens' | 'input-images' | 'images'): LimitObservation | undefined {
  const limit = parseAmount(header(`x-ratelimit-limit-${measure}`) ?? '');
  const remaining = parseAmount(header(`x-ratelimit-remaining-${measure}`) ?? '');
  const resetMs = parseDuration(header(`x-ratelimit-reset-${measure}`) ?? '');
  if (limit === undefined && remaining === undefined && resetMs === undefined) return undefined;
  return {
    // A limit of nothing would close a model for ever; some proxies send 0 for "none".
    ...(limit === undefined || limit === 0 ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(resetMs === undefined ? {} : { resetMs: Math.min(resetMsMax, resetMs) }),
  };
}

function decimal(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  return /^\d{1,16}(?:\.\d{1,9})?$/.test(trimmed) ? Number(trimmed) : undefined;
}

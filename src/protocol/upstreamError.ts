// Tells what a refusal by the upstream means: something that waiting cures, a question of money or
// plan, a fault of the request, or a fault of the server. Money and plan are never taken for a
// throttle, because repeating such a request helps nobody. It keeps no text of a request.
import { measures, type Measure } from '../domain/measure.ts';
import { amountMax, parseAmount, parseDuration, parseRetryAfter, readRateLimits, retryAfterMsMax, type HeaderGetter } from './rateLimitHeaders.ts';
import { field, messageCharactersMax, readable, record, text } from './responseUsage.ts';

/** What a refusal means. */
export type UpstreamFault =
  | {
    readonly kind: 'throttle';
    /** The limit that was met; absent when the answer does not say. */
    readonly measure?: Measure;
    /** It is one per day, which the minute's headers do not tell of. */
    readonly perDay?: true;
    readonly retryAfterMs?: number;
    /** The limit, and what this request would have taken, where the text names them. */
    readonly limit?: number;
    readonly requested?: number;
  }
  | { readonly kind: 'overloaded'; readonly retryAfterMs?: number }
  | { readonly kind: 'money' }
  /** A ChatGPT plan's window. Without a time, waiting does not help. */
  | { readonly kind: 'plan'; readonly resetsAtMs?: number }
  | { readonly kind: 'unauthorized' | 'too-large' | 'client' | 'server' };

/** The parts of an error that decide. */
export interface ErrorParts {
  readonly code?: string;
  readonly type?: string;
  readonly message?: string;
  /** Seconds since the epoch, of a plan window. */
  readonly resetsAtSeconds?: number;
}

/** The longest body that is parsed; an error is never longer, a login page may be. */
export const errorBodyCharactersMax = 65_536;
/** The furthest reset of a plan window that is believed. */
const planResetMsMax = 400 * 86_400_000;

/**
 * Codes of the 429 family that mean money (OpenAI's error-code page as quoted in Microsoft's
 * "dev-proxy/concepts/openai-insufficient-quota", and the older billing codes).
 */
const moneyCodes = new Set([
  'insufficient_quota', 'credit_balance_exhausted', 'organization_spend_limit_exceeded', 'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded', 'billing_hard_limit_reached', 'billing_not_active',
]);
/** Error names of ChatGPT plans (openai/codex, codex-rs/codex-api/src/api_bridge.rs). */
const planCodes = new Set(['usage_limit_reached', 'usage_not_included']);
const overloadCodes = new Set(['server_is_overloaded', 'overloaded', 'overloaded_error']);

const noHeader: HeaderGetter = () => undefined;

/** Reads the `error` object of a body, whether it is wrapped in `{"error":…}` or not. */
export function readError(body: string | undefined): ErrorParts {
  if (body === undefined || body.length > errorBodyCharactersMax) return {};
  try {
    const parsed = record(JSON.parse(body));
    const error = record(parsed?.['error']) ?? record(parsed?.['detail']) ?? parsed;
    const resetsAt = error?.['resets_at'];
    return {
      ...field('code', text(error?.['code'])),
      ...field('type', text(error?.['type'])),
      ...field('message', readable(error?.['message'], messageCharactersMax)),
      ...(typeof resetsAt === 'number' && Number.isFinite(resetsAt) ? { resetsAtSeconds: resetsAt } : {}),
    };
  } catch {
    // A body that is no JSON (a proxy's page) says nothing; the status decides.
    return {};
  }
}

/**
 * Classifies an answer that is not a success.
 * @param status HTTP status
 * @param header the answer's headers
 * @param body   its text, bounded by the caller; absent when it was not read
 */
export function classifyAnswer(status: number, header: HeaderGetter, body: string | undefined, nowMs: number): UpstreamFault {
  return classify(status, header, readError(body), nowMs);
}

/**
 * Classifies the error of a `response.failed` event, which has no status and no headers.
 * A code that names neither throttle, overload, money nor plan is the server's own failure.
 */
export function classifyFailure(parts: ErrorParts, nowMs: number): UpstreamFault {
  if (parts.code === 'rate_limit_exceeded' || parts.code === 'slow_down') return classify(429, noHeader, parts, nowMs);
  if (parts.code === 'server_is_overloaded') return classify(503, noHeader, parts, nowMs);
  const clientCodes = ['context_length_exceeded', 'invalid_prompt'];
  return classify(clientCodes.includes(parts.code ?? '') ? 400 : 500, noHeader, parts, nowMs);
}

/** The pause that a text names: "Please try again in 14.036s", also in ms, minutes or `6m0s`. */
export function retryAfterInText(message: string): number | undefined {
  const number = String.raw`\d{1,9}(?:\.\d{1,9})?`;
  const unit = '(?:milliseconds?|ms|seconds?|s|minutes?|min|m|hours?|h|days?|d)';
  const match = new RegExp(String.raw`try again in\s{0,3}((?:${number}\s?${unit}){1,5})(?![a-z])`, 'i').exec(message.slice(0, messageCharactersMax));
  if (!match?.[1]) return undefined;
  const short = match[1].toLowerCase().replaceAll(' ', '')
    .replaceAll(/milliseconds?/g, 'ms').replaceAll(/seconds?/g, 's').replaceAll(/minutes?|min/g, 'm').replaceAll(/hours?/g, 'h').replaceAll(/days?/g, 'd');
  const ms = parseDuration(short);
  return ms === undefined ? undefined : Math.min(retryAfterMsMax, ms);
}

function classify(status: number, header: HeaderGetter, parts: ErrorParts, nowMs: number): UpstreamFault {
  const { code = '', type = '', message = '' } = parts;
  if (moneyCodes.has(code) || moneyCodes.has(type)) return { kind: 'money' };
  if (planCodes.has(code) || planCodes.has(type)) return planFault(parts, header, nowMs);
  const retryAfterMs = parseRetryAfter(header, nowMs) ?? retryAfterInText(message);
  if (overloadCodes.has(code) || (status === 503 || status === 529)) return { kind: 'overloaded', ...field('retryAfterMs', retryAfterMs) };
  if (status === 429) {
    if (code === 'request_too_large' || /^request too large/i.test(message)) return { kind: 'too-large' };
    return {
      kind: 'throttle', ...field('measure', measureOf(header, parts, nowMs)), ...(/\b(?:requests|tokens|images) per day\b/i.test(message) ? { perDay: true as const } : {}), ...field('retryAfterMs', retryAfterMs),
      ...field('limit', named('Limit', message)), ...field('requested', named('Requested', message)),
    };
  }
  if (status === 401) return { kind: 'unauthorized' };
  if (status === 402) return { kind: 'money' };
  if (status === 413) return { kind: 'too-large' };
  return { kind: status >= 400 && status < 500 ? 'client' : 'server' };
}

/** Depleted credits do not come back on a timer, so no reset is told for them. */
function planFault(parts: ErrorParts, header: HeaderGetter, nowMs: number): UpstreamFault {
  const depleted = (header('x-codex-rate-limit-reached-type') ?? '').endsWith('credits_depleted');
  const resetsAtMs = Math.round((parts.resetsAtSeconds ?? NaN) * 1000);
  const believable = !depleted && resetsAtMs > nowMs && resetsAtMs <= nowMs + planResetMsMax;
  return { kind: 'plan', ...(believable ? { resetsAtMs } : {}) };
}

function measureOf(header: HeaderGetter, parts: ErrorParts, nowMs: number): Measure | undefined {
  // "on input-images per min: Limit 5, Used 5, Requested 1" may come with the type of another measure.
  const worded = /\b(requests|tokens|input-images|images) per (?:min|day)/i.exec(parts.message ?? '')?.[1]?.toLowerCase();
  if (worded === 'input-images') return 'images';
  if (worded === 'images') return 'madeImages';
  if (parts.type === 'requests' || parts.type === 'tokens') return parts.type;
  if (worded === 'requests' || worded === 'tokens') return worded;
  const seen = readRateLimits(header, nowMs);
  const empty = measures.filter((measure) => seen[measure]?.remaining === 0);
  return empty.length === 1 ? empty[0] : undefined;
}

/** A number that OpenAI's throttle text names: "Limit 250000, Used 250000, Requested 58487". */
function named(word: 'Limit' | 'Requested', message: string): number | undefined {
  const amount = parseAmount(new RegExp(String.raw`\b${word}:? (\d[\d,]{0,20})`).exec(message)?.[1]?.replace(/,$/, '') ?? '');
  return amount === undefined || amount === 0 || amount >= amountMax ? undefined : amount;
}

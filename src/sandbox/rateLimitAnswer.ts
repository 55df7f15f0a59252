// How limits look on the wire: the `x-ratelimit-*` headers, their duration strings, and the two kinds
// of 429 that OpenAI sends when a limit is met. It words what RateLimits decided and nothing else.
import { errorAnswer, type PlainAnswer } from './errorAnswer.ts';
import type { Admission, LimitReading } from './rateLimits.ts';

/** A duration as OpenAI writes it: `120ms`, `1s`, `8.64s`, `6m0s`, `1h0m0s`. */
export function durationText(ms: number): string {
  const whole = Math.max(0, Math.ceil(ms));
  if (whole < 1000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor((whole % 3_600_000) / 60_000);
  const seconds = `${(whole % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/** The six `x-ratelimit-*` headers of an answer. */
export function limitHeaders(reading: LimitReading): Record<string, string> {
  return {
    'x-ratelimit-limit-requests': String(reading.requests.limit),
    'x-ratelimit-limit-tokens': String(reading.tokens.limit),
    'x-ratelimit-remaining-requests': String(reading.requests.remaining),
    'x-ratelimit-remaining-tokens': String(reading.tokens.remaining),
    'x-ratelimit-reset-requests': durationText(reading.requests.fullInMs),
    'x-ratelimit-reset-tokens': durationText(reading.tokens.fullInMs),
  };
}

const measureNames = { requests: 'requests per min (RPM)', tokens: 'tokens per min (TPM)' } as const;
const learnMore = 'Visit https://platform.openai.com/account/rate-limits to learn more.';

/** The 429 of a request that may come again after `waitMs`. */
export function throttledAnswer(model: string, refusal: Extract<Admission, { outcome: 'throttled' }>): PlainAnswer {
  const { measure, limit, used, requested, waitMs, reading } = refusal;
  return errorAnswer(429, {
    message: `Rate limit reached for ${model} in organization org-sandbox on ${measureNames[measure]}: Limit ${limit}, Used ${used}, Requested ${requested}. Please try again in ${durationText(waitMs)}. ${learnMore}`,
    type: measure, code: 'rate_limit_exceeded',
  }, { ...limitHeaders(reading), ...retryHeaders(waitMs) });
}

/** The 429 of a request that is larger than a whole minute's tokens: waiting never helps. */
export function tooLargeAnswer(model: string, refusal: Extract<Admission, { outcome: 'too-large' }>): PlainAnswer {
  return errorAnswer(429, {
    message: `Request too large for ${model} in organization org-sandbox on ${measureNames.tokens}: Limit ${refusal.limit}, Requested ${refusal.requested}. The input or output tokens must be reduced in order to run successfully. ${learnMore}`,
    type: 'tokens', code: 'rate_limit_exceeded',
  }, limitHeaders(refusal.reading));
}

/** `retry-after` in whole seconds, rounded up, and `retry-after-ms`. */
export function retryHeaders(waitMs: number): Record<string, string> {
  return { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))), 'retry-after-ms': String(Math.max(1, Math.ceil(waitMs))) };
}

// Answers a request the way a fault asks for, where the fault replaces the whole answer. Faults that
// bend a stream are left to the endpoint, which has the stream.
import { captivePortal, errorAnswer, jsonAnswer, keyRefused, overloaded, planLimitReached, quotaExhausted, redirect, serverError, type PlainAnswer } from './errorAnswer.ts';
import type { FaultAction } from './faultAction.ts';
import { retryHeaders } from './rateLimitAnswer.ts';

/** What an answer may mention. */
export interface FaultContext {
  readonly nowMs: number;
  readonly requestId: string;
  readonly model: string;
  readonly key: string;
}

/** The answer that a fault gives in place of the ordinary one; undefined for faults that give none. */
export function faultAnswer(action: FaultAction, context: FaultContext): PlainAnswer | undefined {
  switch (action.kind) {
    case 'answer': return freeAnswer(action);
    case 'throttle': return throttle(action, context.model);
    case 'quota': return quotaExhausted(action.code);
    case 'usageLimit': return planLimitReached(Math.floor(context.nowMs / 1000) + action.resetsInS, action.resetsInS, action.planType);
    case 'serverError': return serverError(context.requestId);
    case 'overloaded': return overloaded(action.retryAfterS);
    case 'unauthorized': return keyRefused(context.key);
    case 'redirect': return redirect(action.location);
    case 'captivePortal': return captivePortal();
    case 'hang':
    case 'closeBeforeHeaders':
    case 'stream': return undefined;
  }
}

function freeAnswer(action: Extract<FaultAction, { kind: 'answer' }>): PlainAnswer {
  if (typeof action.body === 'string') return { status: action.status, headers: { 'content-type': 'text/plain; charset=utf-8', ...action.headers }, body: action.body };
  if (action.body === undefined) return { status: action.status, headers: action.headers, body: '' };
  return jsonAnswer(action.status, action.body, action.headers);
}

function throttle(action: Extract<FaultAction, { kind: 'throttle' }>, model: string): PlainAnswer {
  const measure = action.measure === 'requests' ? 'requests per min (RPM)' : 'tokens per min (TPM)';
  return errorAnswer(429, {
    message: `Rate limit reached for ${model} in organization org-sandbox on ${measure}. Please try again later.`,
    type: action.measure, code: 'rate_limit_exceeded',
  }, action.retryAfterMs === undefined ? {} : retryHeaders(action.retryAfterMs));
}

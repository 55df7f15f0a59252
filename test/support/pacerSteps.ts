// The steps that tests of pacing take again and again: requests that come, start and are answered.
import assert from 'node:assert/strict';
import type { PaceRequest } from '../../src/domain/paceRequest.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import type { RateLimitObservation } from '../../src/domain/rateWindow.ts';

/** A limit and what is left of it. */
export interface LimitSeen { readonly limit: number; readonly remaining: number }

let made = 0;

/** A request of a thousand tokens with an id of its own. */
export function request(over: Partial<PaceRequest> = {}): PaceRequest {
  return { id: `r${made += 1}`, model: 'm', workspaceId: 'w', priority: 'agent', estimatedTokens: 1_000, ...over };
}

/** What headers say. */
export function seen(limit: number, remaining: number, tokens?: LimitSeen): RateLimitObservation {
  return { requests: { limit, remaining, resetMs: 0 }, ...(tokens ? { tokens } : {}) };
}

/** Puts a request in line. @returns its id */
export function submitted(pacer: Pacer, nowMs: number, over: Partial<PaceRequest> = {}): string {
  const each = request(over);
  assert.equal(pacer.submit(each, nowMs).outcome, 'queued');
  return each.id;
}

/** What starts now. */
export function started(pacer: Pacer, nowMs: number): string[] {
  return pacer.next(nowMs).start.map((ticket) => ticket.id);
}

/** A pacer that knows its limits from requests that ended, and that the upstream bears several at once. */
export function knowing(limit: number, remaining: number, tokens?: LimitSeen): Pacer {
  const pacer = new Pacer(() => 1);
  const sentMax = 1 + Math.max(1, Math.ceil(limit / 60));
  for (let sent = 1; sent <= sentMax; sent += 1) {
    const id = submitted(pacer, 0);
    assert.deepEqual(started(pacer, 0), [id]);
    pacer.sent(id, 0);
    pacer.headers(id, seen(limit, sent < sentMax ? Math.max(1, remaining) : remaining, tokens), 0);
    pacer.finished(id, 1_000, 0);
  }
  return pacer;
}

// The real clock and ids of the process; the only file of the broker that reads them.
import { randomBytes } from 'node:crypto';
import { uptime } from 'node:os';
import type { Clock, Ids } from './clock.ts';
import { timerDelayMsMax } from './clock.ts';

const startedUptimeMs = uptime() * 1000 - performance.now();

/** The platform's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  // The computer's uptime goes on in its sleep and does not follow a clock that is set; it counts in seconds.
  sleptMs: () => Math.max(0, uptime() * 1000 - performance.now() - startedUptimeMs),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), timerDelayMsMax));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Ids from the platform's random source, with the time in front so that they sort. */
export const systemIds: Ids = {
  requestId: () => `req_${Date.now().toString(36).padStart(9, '0')}${randomBytes(10).toString('hex')}`,
  grantId: () => `grant_${Date.now().toString(36).padStart(9, '0')}${randomBytes(6).toString('hex')}`,
  directiveId: () => `dir_${Date.now().toString(36).padStart(9, '0')}${randomBytes(6).toString('hex')}`,
};

/** Minutes of the local time zone as milliseconds to add to UTC, at a moment. */
export function utcOffsetMs(atMs: number): number {
  return -new Date(atMs).getTimezoneOffset() * 60_000;
}

/** A number from 0 to 1, for jitter only; nothing secret comes from it. */
export function random(): number { return Math.random(); }

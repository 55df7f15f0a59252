// How a broker comes to its end: when nobody uses it, what requests are told meanwhile, and how long it waits for what
// still has to be settled.
import { problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import type { Clock } from './clock.ts';
import { graceMs } from './upstream/attempt.ts';

/** When clients that a stopping broker turned away should try again. */
const comeBackMs = 2000;
/** How often idleness is looked at. */
const idleLookMs = 1000;

/** A broker that ends is soon followed by another, so clients are told to come back. */
export function stoppingProblem(nowMs: number): Problem {
  return problem('broker_stopping', 'The broker is about to end and sends nothing more.', { retryAtMs: nowMs + comeBackMs });
}

/** Waits until nothing is left to settle, for as long as the grace after a lost client lasts. */
export async function drained(isEmpty: () => boolean, clock: Clock): Promise<void> {
  const endMs = clock.monotonicMs() + graceMs + 500;
  while (!isEmpty() && clock.monotonicMs() < endMs) await new Promise<void>((resolve) => { clock.after(20, resolve); });
}

/** Ends an unattended broker once nothing has used it for the given time. @returns what ends the looking */
export function watchIdle(options: { readonly idleExitMs?: number; readonly clock: Clock; readonly onStop: (why: string) => void }, isUsed: () => boolean): () => void {
  const { idleExitMs, clock } = options;
  if (idleExitMs === undefined) return () => undefined;
  let usedAtMs = clock.monotonicMs();
  let stop = () => undefined as void;
  const look = () => {
    if (isUsed()) usedAtMs = clock.monotonicMs();
    if (clock.monotonicMs() - usedAtMs >= idleExitMs) { options.onStop('idle'); return; }
    stop = clock.after(Math.min(idleLookMs, idleExitMs), look);
  };
  look();
  return () => stop();
}

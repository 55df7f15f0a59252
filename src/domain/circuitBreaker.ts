// One circuit for one upstream: after several failures in a row nothing more is sent for a while, then one request
// tries; if it is answered everything goes on, if not the pause doubles. Requests wait in line meanwhile, so that
// an upstream that is down is not asked by all of them again and again. Limits and overload are no failures.

/** Failures in a row, of any requests, that open the circuit. */
export const failuresMax = 6;
/**
 * The first pause, and the longest; each further one is twice the one before. A client that tries again some thirty
 * times before it gives up, as Codex does, waits for a pause each time: longer ones would keep its person from hearing
 * for a quarter of an hour that the upstream is down, and would find out later that it is back.
 */
export const openMsMin = 1_000;
/** See `openMsMin`. */
export const openMsMax = 5_000;

/** What is known of the upstream's health; every operation gives a new value. */
export interface Circuit {
  readonly failuresInRow: number;
  /** Open, or trying: nothing starts before. Absent while it is closed. */
  readonly untilMs?: number;
  readonly pauseMs: number;
  /** The request that tries whether the upstream is back. */
  readonly tryingId?: string;
}

/** A circuit through which everything goes. */
export const closedCircuit: Circuit = { failuresInRow: 0, pauseMs: openMsMin };

/** Whether a request may start now. */
export function letsThrough({ untilMs, tryingId }: Circuit, nowMs: number): boolean {
  return untilMs === undefined || tryingId === undefined && nowMs >= untilMs;
}

/** After a request was started: the first one behind a pause tries for all. */
export function afterStart(circuit: Circuit, id: string): Circuit {
  return circuit.untilMs === undefined ? circuit : { ...circuit, tryingId: id };
}

/**
 * After an attempt that the upstream did not answer, or answered with a failure of its own.
 * @param jitter a number from 0 to 1: brokers that lost the same upstream do not all try at once
 */
export function afterFailure(circuit: Circuit, id: string, jitter: number, nowMs: number): Circuit {
  const failuresInRow = circuit.failuresInRow + 1;
  const { tryingId, untilMs, pauseMs } = circuit;
  // Others that were under way when it opened tell the same thing again.
  if (failuresInRow < failuresMax || untilMs !== undefined && tryingId !== id) return { ...circuit, failuresInRow };
  return { failuresInRow, untilMs: nowMs + Math.ceil(pauseMs * (0.5 + jitter / 2)), pauseMs: Math.min(openMsMax, pauseMs * 2) };
}

/** After the end of an attempt that says nothing about the upstream, such as one that a person stopped: another one tries. */
export function afterNothing(circuit: Circuit, id: string): Circuit {
  if (circuit.tryingId !== id) return circuit;
  const { tryingId: _, ...open } = circuit;
  return open;
}

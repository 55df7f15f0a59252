// Keeps count of requests and finds the fault that a scenario holds for one of them. It only picks;
// what the fault does is decided elsewhere.
import type { FaultAction } from './faultAction.ts';
import type { Fault } from './scenario.ts';

/** What a match can look at. */
export interface FaultSubject {
  readonly path: string;
  readonly model?: string;
  readonly prompt?: string;
}

/** Picks faults in the order of the scenario. */
export class FaultPicker {
  readonly #faults: readonly Fault[];
  readonly #seenOfPath = new Map<string, number>();
  #fired: number[];

  constructor(faults: readonly Fault[]) {
    this.#faults = faults;
    this.#fired = faults.map(() => 0);
  }

  /** Counts the request and gives the action of the first fault that matches it. */
  pick(subject: FaultSubject): FaultAction | undefined {
    // Only paths that a fault names are counted, so that the map cannot grow with what clients send.
    if (!this.#faults.some((fault) => fault.match.path === subject.path)) return undefined;
    const number = (this.#seenOfPath.get(subject.path) ?? 0) + 1;
    this.#seenOfPath.set(subject.path, number);
    const index = this.#faults.findIndex((fault, at) => matches(fault.match, subject, number) && (this.#fired[at] ?? 0) < (fault.match.times ?? Number.POSITIVE_INFINITY));
    const fault = this.#faults[index];
    if (!fault) return undefined;
    this.#fired[index] = (this.#fired[index] ?? 0) + 1;
    return fault.do;
  }

  /** Starts counting again from nothing. */
  reset(): void {
    this.#seenOfPath.clear();
    this.#fired = this.#faults.map(() => 0);
  }
}

function matches(match: Fault['match'], subject: FaultSubject, number: number): boolean {
  return match.path === subject.path
    && (match.nth === undefined || match.nth === number)
    && (match.every === undefined || number % match.every === 0)
    && (match.model === undefined || match.model === subject.model)
    && (match.promptIncludes === undefined || (subject.prompt ?? '').includes(match.promptIncludes));
}

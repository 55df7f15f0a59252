// What one decision of the pacing costs in memory: a request that comes, is started, answered and ended, while
// thousands of models are remembered and a thousand requests wait, at the start and after a long history.
import { Pacer } from '../../src/domain/pacing.ts';
import { median, printTable, stopwatch } from './benchNumbers.ts';

/** Goal for the largest: microseconds of one decision. */
const decisionUsMax = 10;
const sizes = [{ keys: 100, waiting: 10 }, { keys: 1000, waiting: 100 }, { keys: 10_000, waiting: 999 }];
const decisionsPerRound = 2000;
/** Calls that one request makes: submit, next, sent, headers, next, finished, next. */
const callsPerRequest = 7;

/** Measures and prints; a ratio of the largest to the smallest tells growth whatever the machine. */
export function benchDecisions(log: (line: string) => void): void {
  const lines = sizes.map(({ keys, waiting }) => {
    const world = new BusyPacer(keys, waiting);
    world.carry(decisionsPerRound);
    const early = world.microsecondsPerRequest();
    world.carry(50_000);
    const late = world.microsecondsPerRequest();
    return { keys, waiting, early, late };
  });
  const [least] = lines;
  log(`\nOne request through the pacing, ${callsPerRequest} calls (microseconds of the processor, median; goal for one decision: ${decisionUsMax})`);
  printTable(['', 'per request', 'per call', 'after 50,000 more', 'beside the smallest'], lines.map(({ keys, waiting, early, late }) => [
    `${keys.toLocaleString('en')} keys, ${waiting} waiting`, early.toFixed(1), (early / callsPerRequest).toFixed(2), late.toFixed(1), least ? (late / least.late).toFixed(2) : '']));
}

/** A pacer with many models and a long line, through which further requests are carried. */
export class BusyPacer {
  readonly #keys: number;
  readonly #pacer: Pacer;
  #nowMs = 0;
  #made = 0;

  constructor(keys: number, waiting: number) {
    this.#keys = keys;
    this.#pacer = new Pacer(() => 0.5, keys + 1);
    for (let key = 0; key < keys; key += 1) this.#carryOne(`m${key}`);
    // One model whose limit is used up: its line stays.
    this.#carryOne('m0', { limit: 10, remaining: 0 });
    for (let count = 0; count < waiting; count += 1) {
      this.#pacer.submit({ id: `w${count}`, model: 'm0', workspaceId: `workspace${count % 100}`, threadId: `t${count}`, priority: 'agent', estimatedTokens: 1000 + count }, this.#nowMs);
    }
    this.#pacer.next(this.#nowMs);
  }

  /** Carries so many requests, each to another model. */
  carry(count: number): void {
    for (let done = 0; done < count; done += 1) this.#carryOne(`m${1 + this.#made % (this.#keys - 1)}`);
  }

  /** The processor's time for one request, the middle of several rounds. */
  microsecondsPerRequest(rounds = 15): number {
    return median(Array.from({ length: rounds }, () => {
      const stop = stopwatch();
      this.carry(decisionsPerRound);
      return stop().processorMs * 1000 / decisionsPerRound;
    }));
  }

  #carryOne(model: string, { limit, remaining } = { limit: 60_000, remaining: 59_000 }): void {
    const [pacer, nowMs, id] = [this.#pacer, this.#nowMs += 0.01, `r${this.#made += 1}`];
    pacer.submit({ id, model, workspaceId: `workspace${this.#made % 1000}`, threadId: id, priority: 'agent', estimatedTokens: 1000 }, nowMs);
    pacer.next(nowMs);
    pacer.sent(id, nowMs);
    pacer.headers(id, { requests: { limit, remaining, resetMs: 1000 }, tokens: { limit: 1_000_000_000, remaining: 900_000_000, resetMs: 1000 } }, nowMs);
    pacer.next(nowMs);
    pacer.finished(id, 1000, nowMs);
    pacer.next(nowMs);
  }
}

// Keeps one window linked to its broker: connects, notices the loss, connects again with growing
// pauses and bounded starts, and says plainly when it gave up. It holds the newest snapshot.
import { problem, ProblemError, type Problem } from '../domain/problem.ts';
import { snapshotWords } from '../protocol/brokerWords.ts';
import { isSnapshot } from './snapshotCheck.ts';
import type { LinkState } from '../protocol/dashboardMessages.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import type { ProvenBroker } from './brokerProof.ts';
import type { BrokerSeat } from './brokerStart.ts';
import type { BrokerCall, LiveConnection, OpenLive } from './liveSocket.ts';
import { growingDelayMs, type Schedule } from './schedule.ts';

/** What the link needs from outside. */
export interface LinkParts {
  readonly schedule: Schedule;
  /** Finds the broker; starts one only when `beforeStart` is given, and calls it first. */
  reach(seat: BrokerSeat, beforeStart: (() => void) | undefined, signal: AbortSignal): Promise<ProvenBroker>;
  readonly open: OpenLive;
  /** The time of the newest wipe of all data, by whichever window; undefined before the first. */
  wipedAtMs(): unknown;
  /** Called after each change of state or snapshot. */
  changed(): void;
  /** One line for the log; never holds a secret. */
  note(line: string): void;
}

/** Attempts to connect in a row before the link is `down`. */
export const connectAttemptsMax = 5;
/** Broker processes started in a row, none of which stayed, before no more is started. */
export const startsInARowMax = 3;
/** A connection that lasted this long ends the row. */
export const steadyAfterMs = 30_000;
/** While down: how often to look whether another window or a person started a broker. */
export const downLookMs = 2_000;
const firstDelayMs = 250;
const delayMsMax = 8_000;

/** The link. One per window; `start` again after it went down, or with another seat. */
export class BrokerLink {
  state: LinkState = { state: 'connecting' };
  /** Newest snapshot, kept while the link is lost; forgotten when the seat changes. */
  snapshot: Snapshot | undefined;
  /** The connected broker, for addresses; absent while not connected. */
  broker: ProvenBroker | undefined;
  readonly #parts: LinkParts;
  #seat: BrokerSeat | undefined;
  #connection: LiveConnection | undefined;
  /** Ends everything of the present run: pending work of an older one sees that it is over. */
  #run = new AbortController();
  #attempt = 0;
  #startsInARow = 0;
  /** The newest wipe when this run began. */
  #wipedAtMs: unknown;
  #cancelTimer: () => void = () => undefined;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  /** Connects to a seat's broker, anew if already connected; resets all counters. */
  start(seat: BrokerSeat): void {
    const moved = this.#seat?.dataDir !== seat.dataDir || this.#seat.practice !== seat.practice;
    this.stop();
    this.#seat = seat;
    this.#run = new AbortController();
    this.#attempt = 0;
    this.#startsInARow = 0;
    this.#wipedAtMs = this.#parts.wipedAtMs();
    if (moved) this.snapshot = undefined;
    this.#become({ state: 'connecting' });
    void this.#tryOnce(true);
  }

  /** Leaves the broker; it ends by itself when nobody else needs it. */
  stop(): void {
    this.#run.abort();
    this.#cancelTimer();
    this.#connection?.close();
    this.#connection = undefined;
    this.broker = undefined;
  }

  /** Leaves the broker and forgets what it told, so that the next start begins with nothing. */
  leave(): void {
    this.stop();
    this.#seat = undefined;
    this.snapshot = undefined;
    this.#become({ state: 'connecting' });
  }

  /** A call to the connected broker. @throws ProblemError `broker_unreachable` when not connected. */
  readonly call: BrokerCall = (method, args) => {
    if (!this.#connection) return Promise.reject(new ProblemError(this.state.problem ?? problem('broker_unreachable', 'This window is not connected to the broker yet.')));
    return this.#connection.call(method, args);
  };

  async #tryOnce(mayStart: boolean): Promise<void> {
    const { signal } = this.#run;
    const seat = this.#seat;
    if (!seat) return;
    try {
      const beforeStart = mayStart && this.#startsInARow < startsInARowMax ? () => { this.#startsInARow += 1; } : undefined;
      const broker = await this.#parts.reach(seat, beforeStart, signal);
      if (!signal.aborted) await this.#connect(broker, signal);
    } catch (error) {
      if (!signal.aborted) this.#failed(problemOf(error), mayStart);
    }
  }

  async #connect(broker: ProvenBroker, signal: AbortSignal): Promise<void> {
    let newest = -1;
    const take = (snapshot: Snapshot) => {
      // Snapshots of one broker process are numbered; an older one that arrives late is not news.
      if (signal.aborted || !isSnapshot(snapshot) || snapshot.sequence <= newest) return;
      newest = snapshot.sequence;
      this.snapshot = snapshotWords(snapshot);
      if (this.state.state === 'connected') this.#parts.changed();
    };
    let lost = false;
    const connection = await this.#parts.open(broker, {
      snapshot: take,
      lost: (because) => {
        lost = true;
        if (!signal.aborted && this.#connection === connection) this.#lost(because);
      },
    });
    if (signal.aborted) {
      connection.close();
      return;
    }
    try {
      take(await connection.call('status', {}));
    } catch (error) {
      connection.close();
      throw error;
    }
    if (signal.aborted || lost) {
      connection.close();
      if (lost) throw new ProblemError(problem('broker_unreachable', 'The broker ended while this window connected.'));
      return;
    }
    this.#connection = connection;
    this.broker = broker;
    this.#attempt = 0;
    this.#cancelTimer = this.#parts.schedule.after(steadyAfterMs, () => { this.#startsInARow = 0; });
    this.#parts.note(`Connected to the broker (process ${broker.address.pid}, version ${broker.address.version}, ${broker.address.mode} mode).`);
    this.#become({ state: 'connected' });
  }

  #lost(because: string): void {
    this.#parts.note(`The connection to the broker was lost: ${because}.`);
    this.#cancelTimer();
    this.#connection = undefined;
    this.broker = undefined;
    this.#again();
  }

  #failed(why: Problem, mayStart: boolean): void {
    if (why.code === 'wipe_unfinished') {
      this.#waitForWipe(why);
      return;
    }
    if (!mayStart) {
      this.#lookLater();
      return;
    }
    this.#parts.note(`The broker could not be reached: ${why.message}`);
    if (this.#attempt >= connectAttemptsMax || this.#startsInARow >= startsInARowMax) {
      this.#become({ state: 'down', problem: why });
      this.#lookLater();
      return;
    }
    this.#again();
  }

  /** What another window or a program wipes may be begun anew once that is over, however many starts the wipe has ended before. */
  #waitForWipe(why: Problem): void {
    this.#attempt = 0;
    this.#startsInARow = 0;
    if (this.state.problem?.code !== why.code) {
      this.#parts.note(`The broker could not be reached: ${why.message}`);
      this.#become({ state: 'down', problem: why });
    }
    this.#lookLater(true);
  }

  #again(): void {
    this.#attempt += 1;
    this.#become({ state: 'connecting', attempt: this.#attempt });
    const delayMs = growingDelayMs(this.#parts.schedule, this.#attempt, firstDelayMs, delayMsMax);
    this.#cancelTimer = this.#parts.schedule.after(delayMs, () => { void this.#tryOnce(true); });
  }

  /**
   * While down the link starts nothing unless told so, but a broker that someone else started is found. After a wipe everything
   * begins anew: what was started before, it has ended.
   */
  #lookLater(mayStart = false): void {
    this.#cancelTimer = this.#parts.schedule.after(downLookMs, () => {
      if (this.#seat && this.#parts.wipedAtMs() !== this.#wipedAtMs) this.start(this.#seat);
      else void this.#tryOnce(mayStart);
    });
  }

  #become(state: LinkState): void {
    this.state = state;
    this.#parts.changed();
  }
}

/** The problem that an error carries; anything else is a broker that cannot be reached. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  return problem('broker_unreachable', 'The broker could not be reached ({0}).', { values: [error instanceof Error ? error.name : 'unknown failure'] });
}

// Takes a request from the moment it is understood to a lease: a place in the line, a start when the upstream has room,
// a decision and a durable hold. It asks the line and the ledger; it never talks to the upstream or to the client.
// A ticket is `waiting` until pacing starts it, `deciding` while its hold is written, `parked` while it waits for credits
// that others hold or for a person's answer, `running` while it has a lease, and leaves through exactly one of: settled,
// refused, cancelled. A throttled lease goes back to `waiting` under the same request with a new attempt, a parked one
// once something changed that may cure it.
import type { DecisionRecord } from '../domain/decisionRecord.ts';
import type { Priority } from '../domain/fairQueue.ts';
import type { Throttle } from '../domain/throttle.ts';
import type { Pacer } from '../domain/pacing.ts';
import { problem, type Problem } from '../domain/problem.ts';
import { say, saidOf } from '../domain/say.ts';
import type { Runaway } from '../domain/runawayGuard.ts';
import { AdmissionLine } from './admissionLine.ts';
import { liveRequest, newTicket, resumedTicket, type Admitted, type AdmissionRequest, type LiveRequest, type Ticket } from './admissionTicket.ts';
import type { Clock } from './clock.ts';
import { problemOf, refusalOf, reserveCommand, waitSentence } from './ledgerTalk.ts';
import { directiveFor, type PersonAnswer } from './personAnswer.ts';
import type { RunawayWatch } from './runawayWatch.ts';
import type { ReserveCommand } from './store/ledgerCommands.ts';
import type { LedgerStore } from './store/ledgerPort.ts';

/** What admission needs. */
export interface AdmissionParts {
  readonly pacer: Pacer;
  readonly ledger: LedgerStore;
  readonly clock: Clock;
  readonly watch: Pick<RunawayWatch, 'judge' | 'answered'>;
  /** Why nothing may be sent now, if so: stopping, or no key for a request that goes on the broker's own. */
  readonly unsafe: (onPlan: boolean) => Problem | undefined;
  /** Whether a person can be asked: a window is open. */
  readonly canAsk: () => boolean;
  /** Told of each answer and of its model's limits after it; absent: nobody notes them. */
  readonly limitsTold?: (observation: Parameters<Pacer['headers']>[1], windows: ReturnType<Pacer['windowsFor']>) => void;
  /** Called after every change that a snapshot would show. */
  readonly changed: () => void;
}

/** How long a request waits for a person's answer at the most, within its client's patience. */
export const answerWaitMsMax = 10 * 60_000;
/** Requests that a fallback answers at once; more than that are refused as if there were none. */
const fallbackRunningMax = 32;
/** A client that would give up sooner than this is not made to wait for credits or an answer. */
const parkMsMin = 1000;

/** The way from a request to a lease. */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #line: AdmissionLine;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#line = new AdmissionLine(parts.pacer, parts.clock, parts.changed);
  }

  /** Waits in line, decides and reserves. Resolves once; a client that leaves is taken out by `cancel`. */
  async acquire(request: AdmissionRequest): Promise<Admitted> {
    const { clock } = this.#parts;
    const unsafe = this.#parts.unsafe(request.plan !== undefined);
    const ended = request.plan?.ended(request.facts.model);
    const ticket = newTicket(request, clock.nowMs(), clock.monotonicMs());
    if (unsafe) return this.#refuse(ticket, { unsafe });
    if (ended) return this.#refuse(ticket, { ended });
    ticket.runaway = this.#parts.watch.judge(request);
    return ticket.runaway?.action === 'slow' ? this.#slow(ticket, ticket.runaway) : this.#enter(ticket);
  }

  /** The attempt's first byte leaves now. `stop` ends it when a person cancels the request. */
  sent(requestId: string, stop: (why: Problem) => void): void {
    const ticket = this.#line.find(requestId);
    if (ticket) ticket.cancelRunning = stop;
    if (ticket?.stopped) { stop(ticket.stopped); return; }
    this.#parts.pacer.sent(requestId, this.#parts.clock.monotonicMs());
  }

  /** The answer goes on upstream without a connection: its place is free for others, and `stop` ends it from here on. */
  detached(requestId: string, stop: (why: Problem) => void): void {
    this.#parts.pacer.finished(requestId, undefined, this.#parts.clock.monotonicMs());
    const ticket = this.#line.find(requestId);
    if (ticket) ticket.cancelRunning = stop;
    this.#line.pump();
  }

  /** An answer that goes on upstream since an earlier life of the broker: in sight like any other, and `stop` ends it. */
  resumed(...run: Parameters<typeof resumedTicket>): void { this.#line.sidestep(resumedTicket(...run)); }

  /** The headers of an answer that was no throttle. @param toldAtMs when figures were told that are older than the attempt */
  answered(requestId: string, observation: Parameters<Pacer['headers']>[1], toldAtMs?: number): void {
    this.#parts.pacer.headers(requestId, observation, this.#parts.clock.monotonicMs(), toldAtMs);
    this.#parts.limitsTold?.(observation, this.#parts.pacer.windowsFor(requestId, this.#parts.clock.monotonicMs()));
    this.#line.pump();
  }

  /** Whether the upstream was there for an attempt whose end is told next: it answered, whatever that was and told of limits, or it failed. */
  reached(requestId: string, isThere: boolean, observation: Parameters<Pacer['headers']>[1] = {}): void {
    this.#line.reached(requestId, isThere);
    this.#parts.pacer.refusalTold(requestId, observation, this.#parts.clock.monotonicMs());
    this.#parts.limitsTold?.(observation, this.#parts.pacer.windowsFor(requestId, this.#parts.clock.monotonicMs()));
  }

  /** Requests go on another key from now on, with limits of its own. */
  keyReplaced(): void { this.#line.keyReplaced(); }

  /** Moves a waiting request to another class of the line. @returns whether it waits */
  setPriority(requestId: string, priority: Priority): boolean { return this.#line.setPriority(requestId, priority); }

  /** The attempt was throttled before anything reached the client: wait again, as long as the client bears it. */
  async throttled(requestId: string, throttle: Throttle): Promise<Admitted> {
    const ticket = this.#line.find(requestId);
    const opensAtMs = this.#parts.pacer.throttled(requestId, throttle, this.#parts.clock.monotonicMs());
    if (!ticket || opensAtMs === undefined) return { refused: problem('cancelled', 'The request was stopped. Nothing more is sent.') };
    ticket.state = 'waiting';
    ticket.holdMicroCredits = 0;
    ticket.cancelRunning = undefined;
    return this.#whenStarted(ticket, opensAtMs);
  }

  /** The attempt found a dead connection before anything was sent on it: another attempt, at once, with a hold of its own. */
  again(requestId: string): Promise<Admitted> {
    const ticket = this.#line.find(requestId);
    if (!ticket) return Promise.resolve({ refused: problem('cancelled', 'The request was stopped. Nothing more is sent.') });
    ticket.state = 'deciding';
    ticket.cancelRunning = undefined;
    return this.#reserve(ticket);
  }

  /** The upstream could not be reached: the fallback may answer, by a decision of its own. */
  unreachable(requestId: string, why: Problem): Promise<Admitted> {
    const ticket = this.#line.find(requestId);
    if (!ticket) return Promise.resolve({ refused: problem('cancelled', 'The request was stopped. Nothing more is sent.') });
    this.#line.giveUp(requestId);
    ticket.cancelRunning = undefined;
    return this.#refuse(ticket, { ended: why });
  }

  /** For how long everything of a running request's model has been refused as overload; 0 while it is not. */
  overloadedForMs(requestId: string): number { return this.#parts.pacer.overloadedForMs(requestId, this.#parts.clock.monotonicMs()); }

  /** The attempt was throttled too late to wait again: it is over, and the next request knows the limit. */
  turnedAway(requestId: string, throttle: Throttle): void {
    const opensAtMs = this.#parts.pacer.throttled(requestId, throttle, this.#parts.clock.monotonicMs());
    this.#line.giveUp(requestId);
    if (opensAtMs !== undefined) this.#line.closed(opensAtMs);
  }

  /** The attempt ended. @param usedTokens input and output together; absent when unknown. */
  finished(requestId: string, usedTokens: number | undefined): void {
    this.#parts.pacer.finished(requestId, usedTokens, this.#parts.clock.monotonicMs());
    this.#line.forget(requestId);
  }

  /** Stops a request wherever it is. @returns whether there was one. */
  cancel(requestId: string, why: Problem): boolean {
    const ticket = this.#line.find(requestId);
    if (ticket?.cancelRunning) ticket.cancelRunning(why);
    else if (ticket) this.#line.stop(ticket, why);
    return ticket !== undefined;
  }

  /** The client left. A waiting request leaves the line; a running one is ended by its own attempt. */
  left(requestId: string, why: Problem): void {
    if (!this.#line.find(requestId)?.cancelRunning) this.cancel(requestId, why);
  }

  /** Everything that waits or runs. */
  live(): LiveRequest[] { return [...this.#line.tickets].map(liveRequest); }

  /** Credits came back or were added, or somebody decided something: parked requests are decided again, in the order in which they came. */
  recheck(): void {
    for (const ticket of this.#line.tickets) if (ticket.state === 'parked' && ticket.parked?.for !== 'slow') ticket.started?.('start');
  }

  /**
   * Takes a person's answer to the question that a request waits with.
   * @returns whether one waits with a question
   * @throws ProblemError when the ledger cannot keep the answer
   */
  async answer(requestId: string, answer: PersonAnswer, key: string): Promise<boolean> {
    const { clock, ledger } = this.#parts;
    const ticket = this.#line.find(requestId);
    const kind = ticket?.parked?.for;
    if (!ticket || kind === undefined || kind === 'credits' || kind === 'slow') return false;
    const directive = directiveFor(kind, answer, ticket.request.facts);
    if (directive) await ledger.command({ type: 'direct', key, atMs: clock.nowMs(), directive });
    if (kind === 'runaway') {
      this.#parts.watch.answered(ticket.request, answer);
      if (ticket.runaway && answer !== 'never') ticket.runaway = { ...ticket.runaway, action: 'let' };
    }
    ticket.unpricedAllowed ||= kind === 'unpriced' && answer !== 'never';
    ticket.answered = { kind, answer, afterMs: this.#askedForMs(ticket) };
    // Others may have asked the same: what was decided for good holds for them too.
    this.recheck();
    return true;
  }

  /** Lets a request of a task that may have got out of hand wait for a while, outside of the line, before it takes a place in it. */
  async #slow(ticket: Ticket, runaway: Runaway): Promise<Admitted> {
    const nowMs = this.#parts.clock.nowMs();
    const restMs = Math.max(0, Math.min(runaway.waitMs, this.#line.leftMs(ticket) - parkMsMin));
    ticket.state = 'parked';
    ticket.waitReason = say('Its task is slowed down.');
    ticket.parked = { for: 'slow', ...say('{0} Its requests are slowed down.', runaway), sinceMs: nowMs, endsAtMs: nowMs + restMs };
    const end = await this.#line.parked(ticket, restMs);
    ticket.parked = undefined;
    return end === 'start' ? this.#enter(ticket) : this.#refuse(ticket, { ended: end });
  }

  /** Gives a ticket a place in the line and waits for its start. */
  async #enter(ticket: Ticket): Promise<Admitted> {
    const refused = this.#line.enter(ticket);
    return refused ? this.#refuse(ticket, { ended: refused }, this.#line.waitedMs(ticket)) : this.#whenStarted(ticket);
  }

  async #whenStarted(ticket: Ticket, opensAtMs?: number): Promise<Admitted> {
    const end = await this.#line.started(ticket, opensAtMs);
    return end === 'start' ? this.#reserve(ticket) : this.#refuse(ticket, { ended: end });
  }

  async #reserve(ticket: Ticket): Promise<Admitted> {
    const unsafe = this.#parts.unsafe(ticket.request.plan !== undefined);
    // Others may have used the plan up while the request waited.
    const ended = ticket.request.plan?.ended(ticket.request.facts.model);
    const canPark = this.#line.leftMs(ticket) >= parkMsMin && !ticket.stopped;
    try {
      const { decision, granted } = await this.#parts.ledger.command({
        ...await this.#command(ticket), limits: { waitedMs: ticket.waitedMs, inLineMs: ticket.inLineMs, ...waitSentence(ticket), ...(ended ? { ended } : {}) },
        canAsk: canPark && this.#parts.canAsk(), canWait: canPark,
        ...(ticket.answered ? { answered: ticket.answered } : {}), ...(ticket.unpricedAllowed ? { unpricedRule: 'allow' as const } : {}),
        // The key may have been forgotten, or the broker asked to end, while the request waited.
        ...(unsafe ? { unsafe } : {}),
      });
      if (granted) this.recheck();
      if (decision.outcome === 'ask' || decision.outcome === 'wait') return await this.#park(ticket, decision);
      if (decision.outcome === 'admit') return this.#admit(ticket, decision);
      ticket.attempts += 1;
      this.#line.giveUp(ticket.request.facts.requestId);
      return { refused: refusalOf(decision) };
    } catch (error) {
      this.#line.giveUp(ticket.request.facts.requestId);
      return { refused: problemOf(error) };
    }
  }

  #admit(ticket: Ticket, { holdMicroCredits, stops = [], fallback }: DecisionRecord): Admitted {
    const number = ticket.attempts += 1;
    if (fallback) this.#line.sidestep(ticket);
    ticket.fallback = fallback?.model;
    ticket.state = 'running';
    ticket.sinceMs = this.#parts.clock.nowMs();
    ticket.holdMicroCredits = holdMicroCredits;
    ticket.inLineMs = 0;
    this.#parts.changed();
    return { lease: { attemptId: `${ticket.request.facts.requestId}-${number}`, number, waitedMs: ticket.waitedMs, holdMicroCredits, stops, ...(fallback ? { fallback } : {}) } };
  }

  /** What decides the next attempt of a ticket. */
  async #command(ticket: Ticket): Promise<Omit<ReserveCommand, 'limits'>> {
    const { fallback, ...command } = await reserveCommand(ticket.request, ticket.attempts + 1, this.#parts.clock.nowMs());
    const busy = [...this.#line.tickets].filter((one) => one.fallback !== undefined).length;
    return { ...command, ...(ticket.runaway ? { runaway: ticket.runaway } : {}), ...(fallback && busy < fallbackRunningMax ? { fallback } : {}) };
  }

  /** Waits outside of the line for credits or an answer, then takes a place in it again. What was decided so far is not kept. */
  async #park(ticket: Ticket, decision: DecisionRecord): Promise<Admitted> {
    const [{ clock }, { question }] = [this.#parts, decision];
    // Nobody waits for an answer any more: the line does not take it in.
    if (ticket.stopped) return this.#enter(ticket);
    if (question) ticket.askedAtMonotonicMs ??= clock.monotonicMs();
    const waitMs = Math.max(0, Math.min(this.#line.leftMs(ticket) - parkMsMin / 2, question ? answerWaitMsMax - this.#askedForMs(ticket) : Infinity));
    ticket.state = 'parked';
    ticket.parked = { for: question ?? 'credits', because: decision.message ?? '', ...saidOf(decision), sinceMs: ticket.parkedSinceMs ??= clock.nowMs(), endsAtMs: clock.nowMs() + waitMs };
    const end = await this.#line.parked(ticket, waitMs, () => {
      if (question) ticket.answered = { kind: question, afterMs: this.#askedForMs(ticket) };
    });
    ticket.parked = undefined;
    return end === 'start' ? this.#enter(ticket) : this.#refuse(ticket, { ended: end });
  }

  #askedForMs(ticket: Ticket): number {
    return ticket.askedAtMonotonicMs === undefined ? 0 : Math.round(this.#parts.clock.monotonicMs() - ticket.askedAtMonotonicMs);
  }

  /** Writes a refusal into the ledger, so that it can be explained, and stands even if that fails; or the fallback that answers for it. */
  async #refuse(ticket: Ticket, why: { readonly unsafe?: Problem; readonly ended?: Problem }, waitedMs = ticket.waitedMs): Promise<Admitted> {
    const refused = why.unsafe ?? why.ended ?? problem('internal', 'The request was refused.');
    try {
      const { decision } = await this.#parts.ledger.command({
        ...await this.#command(ticket), ...(why.unsafe ? { unsafe: why.unsafe } : {}),
        limits: { waitedMs, inLineMs: ticket.inLineMs, ...say('The request did not get this far.'), ...(why.ended ? { ended: why.ended } : {}) },
      });
      if (decision.outcome === 'admit') return this.#admit(ticket, decision);
    } catch (error) {
      // What the ledger says weighs more than what it could not write down.
      return { refused: problemOf(error) };
    } finally {
      this.#parts.changed();
    }
    return { refused };
  }
}

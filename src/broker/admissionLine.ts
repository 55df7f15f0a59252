// The line before the upstream: tickets take a place in it, pacing starts them when there is room, and they
// leave it early when their client goes or its patience ends. It wires the pure pacing rules to timers; it
// knows nothing of credits.
//
// Pacing counts by the monotonic clock, so that setting the computer's clock neither opens nor closes a
// limit; its moments become wall time only where a person or a client reads them.
import type { Priority } from '../domain/fairQueue.ts';
import type { Pacer } from '../domain/pacing.ts';
import { problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import { say, type Because } from '../domain/say.ts';
import type { Ticket } from './admissionTicket.ts';
import { wallTimeOf, type Clock } from './clock.ts';

/** How a wait ends: with permission to go on, or with why not. */
export type WaitEnd = 'start' | Problem;

/** A shorter sleep refills too little to matter, and may be what two clocks differ by. */
const sleepMsMin = 3000;

/** All tickets between arrival and end, and the line in which some of them wait. */
export class AdmissionLine {
  readonly #pacer: Pacer;
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #tickets = new Map<string, Ticket>();
  #stopWake: () => void = () => undefined;
  #sleptMs = 0;
  /** What the wall clock was ahead of the other one when sleep was last asked for. */
  #aheadMs = -Infinity;

  constructor(pacer: Pacer, clock: Clock, changed: () => void) {
    this.#pacer = pacer;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Every ticket, in the order of arrival. */
  get tickets(): Iterable<Ticket> { return this.#tickets.values(); }

  /** The ticket of a request. */
  find(requestId: string): Ticket | undefined { return this.#tickets.get(requestId); }

  /** Gives a ticket a place in the line, unless it was stopped before. @returns why there is none; then the ticket is gone */
  enter(ticket: Ticket): Problem | undefined {
    if (ticket.stopped) {
      this.giveUp(ticket.request.facts.requestId);
      return ticket.stopped;
    }
    const { facts, estimate, priority, plan, countedTokens, images, madeImages, isPrewarm } = ticket.request;
    const submission = this.#pacer.submit({
      // A plan has limits and an upstream of its own, so its requests stand in lines of their own.
      ...(plan ? { upstream: 'plan' } : {}),
      id: facts.requestId, model: plan ? `${facts.model} (${plan.account})` : facts.model, workspaceId: facts.workspaceId, priority,
      ...(facts.threadId === undefined ? {} : { threadId: facts.threadId }),
      // Half of the answers are longer; what all of them use together is nearer to this than to a cautious figure.
      estimatedTokens: estimate.inputTokens + estimate.likelyOutputTokens,
      ...(countedTokens === undefined ? {} : { countedTokens }),
      certainTokens: estimate.certainInputTokens, ...(images === undefined || isPrewarm ? {} : { images }), ...(madeImages === undefined || isPrewarm ? {} : { madeImages }),
    }, this.#clock.monotonicMs());
    if (submission.outcome === 'queued') {
      ticket.state = 'waiting';
      this.#tickets.set(facts.requestId, ticket);
      return undefined;
    }
    this.forget(facts.requestId);
    return problem(submission.outcome === 'queue-full' ? 'queue_full' : 'too_large_for_limit', '{0} Nothing was sent.', { values: [submission] });
  }

  /** Resolves when a waiting ticket may start, or with why it may not. @param opensAtMs when it is known that it cannot before */
  async started(ticket: Ticket, opensAtMs?: number): Promise<WaitEnd> {
    const { requestId } = ticket.request.facts;
    const leftMs = this.leftMs(ticket);
    const sinceMs = this.#clock.monotonicMs();
    const end = await new Promise<WaitEnd>((resolve) => {
      ticket.started = resolve;
      ticket.stopTimer = this.#clock.after(leftMs, () => this.leave(ticket, this.#tooLong(ticket)));
      // Waiting that is known to outlast the client's patience is said at once.
      if (opensAtMs !== undefined && opensAtMs - this.#clock.monotonicMs() > leftMs) this.leave(ticket, this.#tooLong(ticket, opensAtMs));
      else this.pump();
      if (this.#tickets.get(requestId)?.state === 'waiting') this.#askWhy(ticket);
      if (opensAtMs !== undefined) this.closed(opensAtMs);
    });
    ticket.inLineMs += Math.round(this.#clock.monotonicMs() - sinceMs);
    ticket.waitedMs = this.waitedMs(ticket);
    return end;
  }

  /** A refusal closed a limit until then: those that wait for it already and do not bear that hear so now. */
  closed(untilMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const impatient = [...this.#tickets.values()].filter((ticket) => ticket.state === 'waiting' && untilMs - nowMs > this.leftMs(ticket));
    for (const ticket of impatient) this.#askWhy(ticket);
  }

  /** Another key is used from now on: what waits for the limits of the last one waits no more. */
  keyReplaced(): void {
    this.#pacer.keyReplaced(this.#clock.monotonicMs());
    this.pump();
  }

  /** Waits outside of the line until somebody wakes the ticket, or the time is over. Its place goes to others. */
  async parked(ticket: Ticket, waitMs: number, over: () => void = () => undefined): Promise<WaitEnd> {
    this.#tickets.set(ticket.request.facts.requestId, ticket);
    this.#pacer.cancel(ticket.request.facts.requestId, this.#clock.monotonicMs());
    const woken = new Promise<WaitEnd>((resolve) => { ticket.started = resolve; });
    ticket.stopTimer = this.#clock.after(waitMs, () => {
      over();
      ticket.started?.('start');
    });
    this.pump();
    const end = await woken;
    ticket.stopTimer();
    ticket.started = undefined;
    ticket.waitedMs = this.waitedMs(ticket);
    return end;
  }

  /** How long a ticket's client still bears to wait. */
  leftMs(ticket: Ticket): number {
    return ticket.request.patienceMs - (this.#clock.monotonicMs() - ticket.submittedAtMonotonicMs);
  }

  /** How long a ticket has waited in all. */
  waitedMs(ticket: Ticket): number {
    return Math.round(this.#clock.monotonicMs() - ticket.submittedAtMonotonicMs);
  }

  /** Takes a waiting ticket out of the line and tells its request why. */
  leave(ticket: Ticket, why: Problem): void {
    const { started } = ticket;
    if (!started) return;
    ticket.started = undefined;
    this.giveUp(ticket.request.facts.requestId);
    started(why);
  }

  /** Ends a ticket that has no attempt yet: at once where it waits, else as soon as what is being decided for it is known. */
  stop(ticket: Ticket, why: Problem): void {
    ticket.stopped ??= why;
    this.leave(ticket, why);
  }

  /** A ticket goes on without a place in the line, also one that had left it: its request is answered elsewhere. */
  sidestep(ticket: Ticket): void {
    this.giveUp(ticket.request.facts.requestId);
    this.#tickets.set(ticket.request.facts.requestId, ticket);
  }

  /** A ticket that started is not sent after all. */
  giveUp(requestId: string): void {
    this.#pacer.cancel(requestId, this.#clock.monotonicMs());
    this.forget(requestId);
  }

  /** A ticket is over. */
  forget(requestId: string): void {
    this.#tickets.get(requestId)?.stopTimer();
    this.#tickets.delete(requestId);
    this.pump();
  }

  /** Starts what may start and sets the next wake-up. */
  pump(): void {
    this.#noteSleep();
    const step = this.#pacer.next(this.#clock.monotonicMs());
    for (const large of step.tooLarge) this.#start(large.id, problem('too_large_for_limit', '{0} Nothing was sent.', { values: [large] }));
    for (const { id } of step.start) this.#start(id, 'start');
    this.#stopWake();
    this.#stopWake = step.wakeAtMs === undefined ? () => undefined : this.#clock.after(Math.max(1, step.wakeAtMs - this.#clock.monotonicMs()), () => this.pump());
    this.#changed();
  }

  /** Whether the upstream was there for an attempt, whatever it answered. */
  reached(requestId: string, isThere: boolean): void {
    if (isThere) this.#pacer.reached(requestId);
    else this.#pacer.failed(requestId, this.#clock.monotonicMs());
  }

  /** Moves a waiting request to another class. @returns whether it waits */
  setPriority(requestId: string, priority: Priority): boolean {
    const waits = this.#pacer.setPriority(requestId, priority);
    if (waits) this.pump();
    return waits;
  }

  /**
   * While the computer slept, this clock stood still and the upstream's limits refilled. Asking for that takes a file of the
   * system, so it is done only when the wall clock went its own way.
   */
  #noteSleep(): void {
    const aheadMs = this.#clock.nowMs() - this.#clock.monotonicMs();
    if (Math.abs(aheadMs - this.#aheadMs) < sleepMsMin / 2) return;
    this.#aheadMs = aheadMs;
    const sleptMs = this.#clock.sleptMs?.() ?? 0;
    if (sleptMs < this.#sleptMs + sleepMsMin) return;
    this.#pacer.slept(sleptMs - this.#sleptMs);
    this.#sleptMs = sleptMs;
  }

  #start(requestId: string, end: WaitEnd): void {
    const ticket = this.#tickets.get(requestId);
    const started = ticket?.started;
    if (!ticket || !started) return;
    ticket.stopTimer();
    ticket.started = undefined;
    if (end === 'start') ticket.state = 'deciding';
    else this.#tickets.delete(requestId);
    started(end);
  }

  /** Notes why a ticket waits; one that waits for something which is known to outlast its client's patience leaves. */
  #askWhy(ticket: Ticket): void {
    const nowMs = this.#clock.monotonicMs();
    const view = this.#pacer.waitingOne(ticket.request.facts.requestId, nowMs);
    ticket.waitReason = view ?? ticket.waitReason;
    if (view?.closed && view.closed.untilMs - nowMs > this.leftMs(ticket)) this.leave(ticket, this.#tooLong(ticket, view.closed.untilMs, view.closed));
  }

  /** @param opensAtMs when it is known that it cannot start before, and `why` that is */
  #tooLong(ticket: Ticket, opensAtMs?: number, why?: Because): Problem {
    const line = this.#pacer.waitingOne(ticket.request.facts.requestId, this.#clock.monotonicMs());
    const retryAtMonotonicMs = opensAtMs ?? line?.startsAtMs;
    return problem('wait_too_long', '{0} The wait is longer than {1} bears; nothing was charged.', {
      values: [why ?? line ?? say('The upstream\'s limit is used up.'), ticket.request.facts.client],
      retryAtMs: retryAtMonotonicMs === undefined ? undefined : wallTimeOf(this.#clock, retryAtMonotonicMs),
    });
  }
}

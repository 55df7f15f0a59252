// Takes a request from the moment it is understood to a lease: a place in the line, a start when
// the upstream has room, a decision and a durable hold. It wires the pure pacing rules to timers
// and the ledger; it never talks to the upstream or to the client.
//
// A ticket is `waiting` until pacing starts it, `deciding` while its hold is written, `running`
// while it has a lease, and leaves through exactly one of: settled, refused, cancelled. A throttled
// lease goes back to `waiting` under the same request with a new attempt.
//
// Pacing counts by the monotonic clock, so that setting the computer's clock neither opens nor
// closes a limit; its moments become wall time only where a person or a client reads them.
import type { Throttle } from '../domain/modelLane.ts';
import type { Pacer } from '../domain/pacing.ts';
import { problem, ProblemError } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import type { Admitted, AdmissionRequest, LiveRequest, Ticket } from './admissionTicket.ts';
import { wallTimeOf, type Clock } from './clock.ts';
import type { LedgerStore } from './store/ledgerPort.ts';

/** What admission needs. */
export interface AdmissionParts {
  readonly pacer: Pacer;
  readonly ledger: LedgerStore;
  readonly clock: Clock;
  /** Why nothing may be sent now, if so: no key, stopping. */
  readonly unsafe: () => Problem | undefined;
  /** Called after every change that a snapshot would show. */
  readonly changed: () => void;
}

/** The way from a request to a lease. */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #tickets = new Map<string, Ticket>();
  #stopWake: () => void = () => undefined;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Waits in line, decides and reserves. Resolves once; a client that leaves is taken out by `cancel`. */
  async acquire(request: AdmissionRequest): Promise<Admitted> {
    const { clock, pacer } = this.#parts;
    const unsafe = this.#parts.unsafe();
    if (unsafe) return this.#refuse(request, 1, { unsafe }, 0);
    const id = request.facts.requestId;
    const submission = pacer.submit({
      id, model: request.facts.model, workspaceId: request.facts.workspaceId, priority: request.priority,
      ...(request.facts.threadId === undefined ? {} : { threadId: request.facts.threadId }),
      estimatedTokens: request.estimate.inputTokens + request.estimate.outputTokens,
      certainTokens: request.estimate.certainInputTokens,
    }, clock.monotonicMs());
    if (submission.outcome !== 'queued') {
      const code = submission.outcome === 'queue-full' ? 'queue_full' : 'too_large_for_limit';
      return this.#refuse(request, 1, { ended: problem(code, `${submission.because} Nothing was sent.`) }, 0);
    }
    const ticket: Ticket = {
      request, state: 'waiting', attempts: 0, sinceMs: clock.nowMs(), submittedAtMonotonicMs: clock.monotonicMs(), waitedMs: 0,
      waitReason: undefined, holdMicroCredits: 0, started: undefined, cancelRunning: undefined, stopped: undefined, stopTimer: () => undefined,
    };
    this.#tickets.set(id, ticket);
    return this.#whenStarted(ticket, undefined);
  }

  /** The attempt's first byte leaves now. `stop` ends it when a person cancels the request. */
  sent(requestId: string, stop: (why: Problem) => void): void {
    const ticket = this.#tickets.get(requestId);
    if (ticket) ticket.cancelRunning = stop;
    if (ticket?.stopped) { stop(ticket.stopped); return; }
    this.#parts.pacer.sent(requestId, this.#parts.clock.monotonicMs());
  }

  /** The headers of an answer that was no throttle. */
  answered(requestId: string, observation: Parameters<Pacer['headers']>[1]): void {
    this.#parts.pacer.headers(requestId, observation, this.#parts.clock.monotonicMs());
    this.#pump();
  }

  /** The attempt was throttled before anything reached the client: wait again, as long as the client bears it. */
  async throttled(requestId: string, throttle: Throttle): Promise<Admitted> {
    const ticket = this.#tickets.get(requestId);
    const opensAtMs = this.#parts.pacer.throttled(requestId, throttle, this.#parts.clock.monotonicMs());
    if (!ticket || opensAtMs === undefined) return { refused: problem('cancelled', 'The request was stopped. Nothing more is sent.') };
    ticket.state = 'waiting';
    ticket.holdMicroCredits = 0;
    ticket.cancelRunning = undefined;
    return this.#whenStarted(ticket, opensAtMs);
  }

  /** The attempt found a dead connection before anything was sent on it: another attempt, at once, with a hold of its own. */
  again(requestId: string): Promise<Admitted> {
    const ticket = this.#tickets.get(requestId);
    if (!ticket) return Promise.resolve({ refused: problem('cancelled', 'The request was stopped. Nothing more is sent.') });
    ticket.state = 'deciding';
    ticket.cancelRunning = undefined;
    return this.#reserve(ticket);
  }

  /** The attempt was throttled too late to wait again: it is over, and the next request knows the limit. */
  turnedAway(requestId: string, throttle: Throttle): void {
    this.#parts.pacer.throttled(requestId, throttle, this.#parts.clock.monotonicMs());
    this.#giveUp(requestId);
  }

  /** The attempt ended. @param usedTokens input and output together; absent when unknown. */
  finished(requestId: string, usedTokens: number | undefined): void {
    this.#parts.pacer.finished(requestId, usedTokens, this.#parts.clock.monotonicMs());
    this.#forget(requestId);
  }

  /** Stops a request wherever it is. @returns whether there was one. */
  cancel(requestId: string, why: Problem): boolean {
    const ticket = this.#tickets.get(requestId);
    if (!ticket) return false;
    if (ticket.started) this.#leave(ticket, why);
    else if (ticket.cancelRunning) ticket.cancelRunning(why);
    else ticket.stopped = why;
    return true;
  }

  /** The client left. A waiting request leaves the line; a running one is ended by its own attempt. */
  left(requestId: string, why: Problem): void {
    const ticket = this.#tickets.get(requestId);
    if (ticket?.started) this.#leave(ticket, why);
  }

  /** Everything that waits or runs. */
  live(): LiveRequest[] {
    return [...this.#tickets.values()].map((ticket) => ({
      request: ticket.request, state: ticket.state === 'waiting' ? 'waiting' : 'running', sinceMs: ticket.sinceMs, holdMicroCredits: ticket.holdMicroCredits,
    }));
  }

  async #whenStarted(ticket: Ticket, opensAtMs: number | undefined): Promise<Admitted> {
    const { clock } = this.#parts;
    const { facts, patienceMs } = ticket.request;
    const leftMs = patienceMs - (clock.monotonicMs() - ticket.submittedAtMonotonicMs);
    const why = await new Promise<'start' | Problem>((resolve) => {
      ticket.started = resolve;
      ticket.stopTimer = clock.after(leftMs, () => this.#leave(ticket, this.#tooLong(ticket)));
      // Waiting that is known to outlast the client's patience is said at once.
      if (opensAtMs !== undefined && opensAtMs - clock.monotonicMs() > leftMs) this.#leave(ticket, this.#tooLong(ticket, opensAtMs));
      else this.#pump();
      if (this.#tickets.get(facts.requestId)?.state === 'waiting') ticket.waitReason = this.#parts.pacer.waitingOne(facts.requestId, clock.monotonicMs())?.because ?? ticket.waitReason;
    });
    ticket.waitedMs = Math.round(clock.monotonicMs() - ticket.submittedAtMonotonicMs);
    if (why !== 'start') return this.#refuse(ticket.request, ticket.attempts + 1, { ended: why }, ticket.waitedMs);
    return this.#reserve(ticket);
  }

  #tooLong(ticket: Ticket, opensAtMs?: number): Problem {
    const { pacer, clock } = this.#parts;
    const line = pacer.waitingOne(ticket.request.facts.requestId, clock.monotonicMs());
    const retryAtMonotonicMs = opensAtMs ?? line?.startsAtMs;
    return problem('wait_too_long', `${line?.because ?? 'The upstream\'s limit is used up.'} The wait is longer than ${ticket.request.facts.client} bears; nothing was charged.`,
      retryAtMonotonicMs === undefined ? undefined : wallTimeOf(clock, retryAtMonotonicMs));
  }

  /** Takes a waiting ticket out of the line and tells its request why. */
  #leave(ticket: Ticket, why: Problem): void {
    const { started } = ticket;
    if (!started) return;
    ticket.started = undefined;
    this.#parts.pacer.cancel(ticket.request.facts.requestId, this.#parts.clock.monotonicMs());
    this.#forget(ticket.request.facts.requestId);
    started(why);
  }

  async #reserve(ticket: Ticket): Promise<Admitted> {
    const { request } = ticket;
    const { requestId } = request.facts;
    ticket.attempts += 1;
    const attemptId = `${requestId}-${ticket.attempts}`;
    const unsafe = this.#parts.unsafe();
    try {
      const { decision } = await this.#parts.ledger.command({
        ...this.#reserveCommand(request, ticket.attempts), limits: { waitedMs: ticket.waitedMs, because: waitSentence(ticket) },
        // The key may have been forgotten, or the broker asked to end, while the request waited.
        ...(unsafe ? { unsafe } : {}),
      });
      if (decision.outcome === 'admit') {
        ticket.state = 'running';
        ticket.sinceMs = this.#parts.clock.nowMs();
        ticket.holdMicroCredits = decision.holdMicroCredits;
        this.#parts.changed();
        return { lease: { attemptId, number: ticket.attempts, waitedMs: ticket.waitedMs, holdMicroCredits: decision.holdMicroCredits } };
      }
      this.#giveUp(requestId);
      return { refused: refusalOf(decision) };
    } catch (error) {
      this.#giveUp(requestId);
      return { refused: problemOf(error) };
    }
  }

  #reserveCommand(request: AdmissionRequest, number: number) {
    return {
      type: 'reserve' as const, request: request.facts, attemptId: `${request.facts.requestId}-${number}`, number, atMs: this.#parts.clock.nowMs(),
      tier: request.tier, ...(request.price ? { price: request.price } : {}),
      ...(request.estimateMicroCredits === undefined ? {} : { estimateMicroCredits: request.estimateMicroCredits }),
      estimatedInputTokens: request.estimate.inputTokens, estimatedOutputTokens: request.estimate.outputTokens, unpricedRule: 'refuse' as const,
    };
  }

  /** Writes a refusal into the ledger, so that it can be explained. It stands even if that fails. */
  async #refuse(request: AdmissionRequest, number: number, why: { readonly unsafe?: Problem; readonly ended?: Problem }, waitedMs: number): Promise<Admitted> {
    const refused = why.unsafe ?? why.ended ?? problem('internal', 'The request was refused.');
    try {
      await this.#parts.ledger.command({
        ...this.#reserveCommand(request, number), ...(why.unsafe ? { unsafe: why.unsafe } : {}),
        limits: { waitedMs, because: 'The request did not get this far.', ...(why.ended ? { ended: why.ended } : {}) },
      });
    } catch (error) {
      // What the ledger says weighs more than what it could not write down.
      return { refused: problemOf(error) };
    } finally {
      this.#parts.changed();
    }
    return { refused };
  }

  #giveUp(requestId: string): void {
    this.#parts.pacer.cancel(requestId, this.#parts.clock.monotonicMs());
    this.#forget(requestId);
  }

  #forget(requestId: string): void {
    this.#tickets.get(requestId)?.stopTimer();
    this.#tickets.delete(requestId);
    this.#pump();
  }

  /** Starts what may start and sets the next wake-up. */
  #pump(): void {
    const { pacer, clock } = this.#parts;
    const step = pacer.next(clock.monotonicMs());
    for (const { id, because } of step.tooLarge) this.#start(id, problem('too_large_for_limit', `${because} Nothing was sent.`));
    for (const { id } of step.start) this.#start(id, 'start');
    this.#stopWake();
    this.#stopWake = step.wakeAtMs === undefined ? () => undefined : clock.after(Math.max(1, step.wakeAtMs - clock.monotonicMs()), () => this.#pump());
    this.#parts.changed();
  }

  #start(requestId: string, why: 'start' | Problem): void {
    const ticket = this.#tickets.get(requestId);
    const started = ticket?.started;
    if (!ticket || !started) return;
    ticket.stopTimer();
    ticket.started = undefined;
    if (why === 'start') ticket.state = 'deciding';
    else this.#tickets.delete(requestId);
    started(why);
  }
}

function waitSentence(ticket: Ticket): string {
  return ticket.waitedMs < 50 ? 'The upstream\'s limits have room.'
    : `It waited ${(ticket.waitedMs / 1000).toFixed(1)} s${ticket.waitReason ? `: ${ticket.waitReason}` : ' for room in the upstream\'s limits.'}`;
}

function refusalOf(decision: { readonly code?: string; readonly message?: string; readonly remedy?: string }): Problem {
  const made = problem((decision.code ?? 'internal') as Problem['code'], decision.message ?? 'The request was refused.');
  return decision.remedy === undefined ? made : { ...made, remedy: decision.remedy };
}

/** The problem that an error of the store carries. */
function problemOf(error: unknown): Problem {
  return error instanceof ProblemError ? error.problem : problem('ledger_unavailable', 'The ledger could not be asked, so nothing was sent.');
}

// The broker's own pacing, wired as `broker/admissionLine.ts` wires it: the real Pacer, the real estimator
// and the real reading of headers and refusals.
import { Estimator } from '../../../src/domain/estimator.ts';
import { lanesMax, Pacer } from '../../../src/domain/pacing.ts';
import { readRateLimits } from '../../../src/protocol/rateLimitHeaders.ts';
import { classifyAnswer } from '../../../src/protocol/upstreamError.ts';
import { countedTokens, type Job } from './scenarios.ts';
import type { Desk, PolicyKind } from './world.ts';

interface Carried { readonly job: Job; readonly done: (carried: boolean) => void }

/** The policy under test. */
export const brokerPolicy: PolicyKind = brokerThat('the broker', true);
/** The same without an eye on the time to the first byte. */
export const unwatchfulPolicy: PolicyKind = brokerThat('the broker, latency unwatched', false);

function brokerThat(name: string, mindsLatency: boolean): PolicyKind {
  return {
    name,
    make: (desk) => {
      const line = new Line(desk, mindsLatency);
      return { carry: (job, done) => line.enter(job, done) };
    },
  };
}

class Line {
  readonly #desk: Desk;
  readonly #pacer: Pacer;
  readonly #estimator = new Estimator();
  readonly #carried = new Map<string, Carried>();
  #stopWake = () => undefined as void;
  #aheadMs = 0;

  constructor(desk: Desk, mindsLatency: boolean) {
    this.#desk = desk;
    this.#pacer = new Pacer(desk.random, lanesMax, mindsLatency);
  }

  enter(job: Job, done: (carried: boolean) => void): void {
    const estimate = this.#estimator.estimate(sizeOf(job));
    this.#carried.set(job.id, { job, done });
    const { id, model, workspaceId, threadId, priority } = job;
    const submission = this.#pacer.submit({
      id, model, workspaceId, threadId, priority, estimatedTokens: estimate.inputTokens + estimate.likelyOutputTokens, countedTokens: countedTokens(job), certainTokens: estimate.certainInputTokens,
    }, this.#desk.time.laptopMs);
    if (submission.outcome !== 'queued') throw new Error(submission.because);
    this.#pump();
  }

  #pump(): void {
    const { time } = this.#desk;
    // As the broker does: wall time that passed without this clock was sleep.
    const sleptMs = time.worldMs - time.laptopMs - this.#aheadMs;
    if (sleptMs > 5000) {
      this.#aheadMs += sleptMs;
      this.#pacer.slept(sleptMs);
    }
    const step = this.#pacer.next(time.laptopMs);
    for (const { id, because } of step.tooLarge) throw new Error(`${id}: ${because}`);
    for (const { id } of step.start) this.#send(id);
    this.#stopWake();
    this.#stopWake = step.wakeAtMs === undefined ? () => undefined : time.onLaptop(Math.max(1, step.wakeAtMs - time.laptopMs), () => this.#pump());
  }

  #send(id: string): void {
    const { time } = this.#desk;
    const carried = this.#carried.get(id);
    if (!carried) throw new Error(`${id} was started twice`);
    this.#pacer.sent(id, time.laptopMs);
    this.#desk.send(carried.job, {
      refused: (headers, body, status) => {
        const fault = classifyAnswer(status, (name) => headers[name], body, time.worldMs);
        if (fault.kind !== 'throttle' && fault.kind !== 'overloaded') throw new Error(`a throttle was read as ${fault.kind}`);
        this.#pacer.throttled(id, { ...fault, ...(fault.kind === 'overloaded' ? { isOverload: true } : {}), observation: readRateLimits((name) => headers[name], time.worldMs) }, time.laptopMs);
        this.#pump();
      },
      answered: (headers) => {
        this.#pacer.headers(id, readRateLimits((name) => headers[name], time.worldMs), time.laptopMs);
        this.#pump();
      },
      ended: (usedTokens) => {
        const { job, done } = carried;
        this.#estimator.learn({ size: sizeOf(job), inputTokens: job.inputTokens, outputTokens: job.outputTokens });
        this.#pacer.finished(id, usedTokens, time.laptopMs);
        this.#carried.delete(id);
        done(true);
        this.#pump();
      },
    });
  }
}

function sizeOf(job: Job) {
  return {
    model: job.model, bodyBytes: job.bodyBytes, textBytes: job.bodyBytes, textTokens: job.guessedTokens, kind: job.priority,
    ...(job.maxOutputTokens === undefined ? {} : { maxOutputTokens: job.maxOutputTokens }),
  };
}

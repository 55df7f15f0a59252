// Lets the runaway guard see what passes: requests that want to start, what they came to, and what is usual, which
// it asks the ledger for. It holds no timer; while nothing is known yet of a workspace, only circles are seen.
import { availableMicroCredits } from '../domain/grants.ts';
import { RunawayGuard } from '../domain/runawayGuard.ts';
import type { Runaway, WatchedRequest } from '../domain/runawayGuard.ts';
import { spendBucketsMax, spendBucketsMin } from '../domain/spendHistory.ts';
import { sum } from '../domain/units.ts';
import type { AdmissionRequest } from './admissionTicket.ts';
import type { Clock } from './clock.ts';
import type { PersonAnswer } from './personAnswer.ts';
import type { LedgerStore } from './store/ledgerPort.ts';

/** How old the balance may be that the guard goes by; what was spent since is taken off. */
const balanceMsMax = 30_000;

/** What the watch needs. */
export interface RunawayWatchParts {
  readonly ledger: Pick<LedgerStore, 'query'>;
  readonly clock: Clock;
  /** Off where a person does not want it. */
  readonly isOn: boolean;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** The guard with everything that it has to be told. */
export class RunawayWatch {
  readonly #parts: RunawayWatchParts;
  readonly #guard = new RunawayGuard();
  readonly #asked = new Set<string>();
  #free: { readonly microCredits: number | undefined; readonly atMonotonicMs: number } | undefined;

  constructor(parts: RunawayWatchParts) {
    this.#parts = parts;
  }

  /** Judges a request that has come, and counts it. */
  judge(request: AdmissionRequest): Runaway | undefined {
    if (request.isPrewarm || !this.#parts.isOn) return undefined;
    const watched = watchedOf(request);
    this.#learn(watched.workspaceId);
    const free = this.#free?.microCredits;
    const found = this.#guard.judge(watched, { nowMs: this.#parts.clock.nowMs(), monotonicMs: this.#parts.clock.monotonicMs(), ...(free === undefined ? {} : { freeMicroCredits: free }) });
    if (found) this.#parts.log('runaway', { requestId: request.facts.requestId, kind: found.kind, action: found.action });
    return found;
  }

  /**
   * A request's attempt is over, whatever became of it, or it was refused. @param writtenTokens output without reasoning; absent when unknown
   * @param isLost nothing came of it and nothing was used
   */
  ended(request: AdmissionRequest, writtenTokens: number | undefined, isLost: boolean): void {
    if (!request.isPrewarm) this.#guard.ended(watchedOf(request), this.#parts.clock.monotonicMs(), writtenTokens, isLost);
  }

  /** What a request cost. */
  spent(request: AdmissionRequest, costMicroCredits: number): void {
    this.#guard.spent(request.facts.workspaceId, costMicroCredits, this.#parts.clock.nowMs());
    if (this.#free?.microCredits !== undefined) this.#free = { ...this.#free, microCredits: Math.max(0, this.#free.microCredits - costMicroCredits) };
  }

  /** Does what a person answered to the question about a request. */
  answered(request: AdmissionRequest, answer: PersonAnswer): void {
    const watched = watchedOf(request);
    if (answer === 'never') this.#guard.stop(watched);
    else if (answer !== 'once') this.#guard.release(answer === 'always' ? 'everywhere' : answer, watched);
  }

  /** Lets everything that was slowed down or stopped go on: in one workspace, or everywhere. */
  release(workspaceId: string | undefined): void {
    this.#guard.releaseAll(workspaceId);
  }

  /** Asks for what is not known yet, for the next request. */
  #learn(workspaceId: string): void {
    const { ledger, clock, log } = this.#parts;
    const failed = (error: unknown) => log('runaway-not-learnt', { error: String(error) });
    if (!this.#guard.knows(workspaceId) && !this.#asked.has(workspaceId)) {
      this.#asked.add(workspaceId);
      ledger.query('pastSpend', { workspaceId, limit: spendBucketsMax })
        .then(async (past) => this.#guard.learn(workspaceId, past, clock.nowMs(), past.length < spendBucketsMin ? await ledger.query('pastSpend', { workspaceId, isOthers: true, limit: spendBucketsMax }) : []))
        .catch(failed).finally(() => this.#asked.delete(workspaceId));
    }
    const nowMs = clock.monotonicMs();
    if (this.#free && nowMs - this.#free.atMonotonicMs < balanceMsMax) return;
    this.#free = { microCredits: this.#free?.microCredits, atMonotonicMs: nowMs };
    ledger.query('balance', { nowMs: clock.nowMs() }).then(({ tracked, grants }) => {
      this.#free = { microCredits: tracked ? sum(grants.map((grant) => Math.max(0, availableMicroCredits(grant)))) : undefined, atMonotonicMs: nowMs };
    }, failed);
  }
}

function watchedOf({ facts, prints }: AdmissionRequest): WatchedRequest {
  const { workspaceId, threadId, client } = facts;
  if (threadId === undefined) return { workspaceId, client, ...(prints ? { print: prints.alone } : {}) };
  return { workspaceId, client, threadId, ...(prints ? { print: prints.inTask, isHalf: !prints.knowsCalls, isWork: prints.isWork } : {}) };
}

// Responses that run in the background at the upstream. Their attempt's hold stays until the usage is known:
// from what a client asks about the response, or from asking the upstream itself, in growing steps and not for
// ever. Each run ends once, by `end`, whoever learns of it first; what is still running when the broker stops is
// found in the ledger at the next start. It settles nothing itself.
import { readResponseText } from '../../protocol/responseUsage.ts';
import type { ResponseFacts } from '../../protocol/responseUsage.ts';
import type { AdmissionRequest, Lease } from '../admissionTicket.ts';
import type { Clock } from '../clock.ts';
import type { EndedReport } from '../upstream/attempt.ts';
import type { Credential } from '../upstream/credential.ts';
import { upstreamHeaders } from '../upstream/headerLists.ts';
import type { UpstreamTarget } from '../upstream/upstreamTarget.ts';

/** First pause before the upstream is asked; it grows by half each time. OpenAI keeps a finished response for ten minutes at least. */
const pauseMsMin = 2000;
const pauseMsMax = 60_000;
const pauseGrowth = 1.5;
/** How long the end of a run is waited for, by the wall clock; then it is settled as unknown. */
export const backgroundMsMax = 6 * 60 * 60_000;
/** How long one question to the upstream may take, and how long its answer may be. */
const askMsMax = 30_000;
const answerBytesMax = 32 * 1024 * 1024;
/** Times in a row that the upstream may say it knows no such response; one that is new may not be everywhere yet. */
const unknownMax = 3;
/** Runs that are watched at once; what comes beyond is settled as unknown. */
export const runsMax = 1000;

/** One response that runs. */
export interface BackgroundRun {
  readonly request: AdmissionRequest;
  readonly lease: Lease;
  readonly responseId: string;
  /** When its hold was made. */
  readonly startedAtMs: number;
  /** Characters of its output that clients have been given so far; what is estimated without a usage goes by them. */
  readonly outputChars: number;
}

/** What watching needs. */
export interface BackgroundParts {
  readonly target: UpstreamTarget;
  readonly credential: () => Credential | undefined;
  readonly clock: Clock;
  /** Settles a run; called once for each. */
  readonly end: (run: BackgroundRun, report: EndedReport) => void;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

interface Watched { readonly run: BackgroundRun; outputChars: number; pauseMs: number; unknown: number; asking: Promise<void> | undefined; stopped: string | undefined; stopTimer: () => void }

/** All runs whose usage is not known yet. */
export class BackgroundRuns {
  readonly #parts: BackgroundParts;
  readonly #runs = new Map<string, Watched>();
  #closed = false;

  constructor(parts: BackgroundParts) {
    this.#parts = parts;
  }

  get size(): number { return this.#runs.size; }

  /** Whether the request has a run. */
  has(requestId: string): boolean {
    return [...this.#runs.values()].some(({ run }) => run.request.facts.requestId === requestId);
  }

  /** Watches a run until its usage is known. */
  add(run: BackgroundRun): void {
    if (this.#closed) return;
    // Two holds cannot wait for one end.
    this.lost(run.responseId, 'The upstream gave the id of the response to another one.');
    const watched: Watched = { run, outputChars: run.outputChars, pauseMs: pauseMsMin, unknown: 0, asking: undefined, stopped: undefined, stopTimer: () => undefined };
    this.#runs.set(run.responseId, watched);
    if (this.#runs.size > runsMax) this.lost(run.responseId, `More than ${runsMax} responses run in the background.`);
    else this.#wait(watched);
  }

  /** Somebody learned how a response stands. */
  told(responseId: string, facts: ResponseFacts): void {
    const watched = this.#runs.get(responseId);
    if (!watched) return;
    watched.unknown = 0;
    const ended = endOf(facts);
    if (ended) this.#end(watched, { ...ended, response: facts });
  }

  /** A client was given so many characters of a response's output at once. */
  given(responseId: string, outputChars: number): void {
    const watched = this.#runs.get(responseId);
    // What it asks for again it has had before.
    if (watched) watched.outputChars = Math.max(watched.outputChars, outputChars);
  }

  /** The usage of a run can not be learned any more. */
  lost(responseId: string, why: string): void {
    const watched = this.#runs.get(responseId);
    if (watched) this.#end(watched, { ending: 'upstream-broke', stopped: why });
  }

  /** Asks the upstream now, where the response is one that runs. */
  async look(responseId: string): Promise<void> {
    const watched = this.#runs.get(responseId);
    if (watched) await this.#ask(watched, 'GET');
  }

  /** Stops a run at the upstream and settles what it tells, or what is known. */
  async stop(responseId: string, why: string): Promise<void> {
    const watched = this.#runs.get(responseId);
    if (!watched) return;
    await watched.asking;
    watched.stopped = why;
    await this.#ask(watched, 'POST');
    // It may not have taken the stop; then its end is still asked for.
    watched.pauseMs = pauseMsMin;
    if (this.#runs.get(responseId) === watched) this.#wait(watched);
  }

  /** Asks no more. What runs stays open in the ledger. */
  close(): void {
    this.#closed = true;
    for (const { stopTimer } of this.#runs.values()) stopTimer();
    this.#runs.clear();
  }

  #wait(watched: Watched): void {
    watched.stopTimer();
    watched.stopTimer = this.#parts.clock.after(watched.pauseMs, () => {
      watched.pauseMs = Math.min(pauseMsMax, watched.pauseMs * pauseGrowth);
      void this.#ask(watched, 'GET').then(() => { if (this.#runs.get(watched.run.responseId) === watched) this.#wait(watched); });
    });
  }

  /** Asks once; a question that is under way already is joined. Never rejects. */
  #ask(watched: Watched, method: 'GET' | 'POST'): Promise<void> {
    watched.asking ??= this.#question(watched, method).finally(() => { watched.asking = undefined; });
    return watched.asking;
  }

  async #question(watched: Watched, method: 'GET' | 'POST'): Promise<void> {
    const { run: { responseId, startedAtMs, request } } = watched;
    const { target, clock, log } = this.#parts;
    const credential = this.#parts.credential();
    const overdue = new AbortController();
    const stopTimer = clock.after(askMsMax, () => overdue.abort(new Error(`no answer within ${askMsMax / 1000} seconds`)));
    try {
      if (credential) {
        const answer = await target.pool.request({
          method, path: target.pathOf(`/responses/${responseId}${method === 'POST' ? '/cancel' : ''}`), signal: overdue.signal,
          headers: upstreamHeaders({ accept: 'application/json' }, credential.head(), method === 'POST' ? 0 : undefined),
        });
        const text = await textOf(answer.body);
        if (answer.statusCode === 200) this.told(responseId, readResponseText(text));
        else if (answer.statusCode === 404) this.#unknown(watched);
      }
    } catch (error) {
      // The network may come back; the run's own maximum ends the asking.
      log('background-not-asked', { requestId: request.facts.requestId, error: error instanceof Error ? error.message : String(error) });
    } finally {
      stopTimer();
    }
    if (clock.nowMs() - startedAtMs >= backgroundMsMax) this.lost(responseId, `The response told no end within ${backgroundMsMax / 3_600_000} hours.`);
  }

  #unknown(watched: Watched): void {
    watched.unknown += 1;
    if (watched.unknown >= unknownMax) this.lost(watched.run.responseId, 'The upstream does not know the response any more.');
  }

  #end(watched: Watched, seen: Pick<EndedReport, 'ending'> & Partial<EndedReport>): void {
    const { run } = watched;
    if (!this.#runs.delete(run.responseId)) return;
    watched.stopTimer();
    this.#parts.end(run, { ...(watched.stopped === undefined ? {} : { stopped: watched.stopped }), begun: true, outputChars: watched.outputChars, responseId: run.responseId, durationMs: Math.max(0, this.#parts.clock.nowMs() - run.startedAtMs), ...seen });
  }
}

/** How a run ended; undefined while it runs. One that was cancelled is incomplete where it tells its usage, and else like a stream that the client left. */
function endOf({ status, usage }: ResponseFacts): Pick<EndedReport, 'ending' | 'terminal'> | undefined {
  if (status === 'completed' || status === 'incomplete' || status === 'failed') return { ending: 'finished', terminal: status };
  if (status !== 'cancelled') return undefined;
  return usage ? { ending: 'client-left', terminal: 'incomplete' } : { ending: 'client-left' };
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

// The ledger port, carried to the ledger's thread. Pairs answers with questions; when the thread
// dies, everything that waits and comes later is refused: the store fails closed. What is asked in
// the same turn goes as one message, since a message costs more than what is in it.
import { Worker } from 'node:worker_threads';
import { problem, ProblemError } from '../../domain/problem.ts';
import type { LedgerCommand, LedgerCommandResults } from './ledgerCommands.ts';
import type { OpenedAs } from './ledgerFile.ts';
import type { LedgerQueries, LedgerStore } from './ledgerPort.ts';
import type { ThreadAnswer, ThreadData, ThreadRequest } from './ledgerThread.ts';

/** Room for the thread's newest objects. What one command makes is small and short-lived; without a limit the room grows to many times that and stays. */
const youngMbMax = 4;

interface Waiting { resolve(value: unknown): void; reject(error: Error): void }

/** The ledger on a thread of its own. */
export class ThreadedLedger implements LedgerStore {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  /** What was asked in this turn and is not sent yet. */
  #outbox: ThreadRequest[] = [];
  #next = 1;
  #dead: ProblemError | undefined;
  #closed: Promise<void> | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /**
   * Starts the thread and waits until the ledger is open.
   * @param entry the module that calls `serveLedger`
   * @throws ProblemError when the file cannot be opened
   */
  static async open(entry: URL, path: string, as: OpenedAs = 'owner'): Promise<ThreadedLedger> {
    const worker = new Worker(entry, { workerData: { path, as } satisfies ThreadData, resourceLimits: { maxYoungGenerationSizeMb: youngMbMax } });
    const ledger = new ThreadedLedger(worker);
    await new Promise<void>((resolve, reject) => {
      ledger.#waiting.set(0, { resolve: () => resolve(), reject });
      worker.on('message', (answers: readonly ThreadAnswer[]) => { for (const answer of answers) ledger.#settle(answer); });
      worker.on('error', (error) => ledger.#die(error.message));
      worker.on('exit', () => ledger.#die('its thread ended'));
    });
    return ledger;
  }

  #settle(answer: ThreadAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('problem' in answer) waiting?.reject(new ProblemError(answer.problem));
    else waiting?.resolve(answer.value);
  }

  #die(why: string): void {
    this.#dead ??= new ProblemError(problem('ledger_unavailable', 'The ledger stopped ({0}), so no credits can be reserved; nothing more is sent.', { values: [why] }));
    for (const waiting of this.#waiting.values()) waiting.reject(this.#dead);
    this.#waiting.clear();
  }

  #ask(request: (id: number) => ThreadRequest): Promise<unknown> {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#outbox.push(request(id));
      if (this.#outbox.length === 1) queueMicrotask(() => this.#send());
    });
  }

  #send(): void {
    const requests = this.#outbox;
    this.#outbox = [];
    this.#worker.postMessage(requests);
  }

  async command<C extends LedgerCommand>(command: C): Promise<LedgerCommandResults[C['type']]> {
    return await this.#ask((id) => ({ id, command })) as LedgerCommandResults[C['type']];
  }

  async query<Q extends keyof LedgerQueries>(type: Q, args: LedgerQueries[Q]['args']): Promise<LedgerQueries[Q]['result']> {
    return await this.#ask((id) => ({ id, query: type, args })) as LedgerQueries[Q]['result'];
  }

  close(): Promise<void> {
    this.#closed ??= this.#dead ? Promise.resolve() : this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    await this.#ask((id) => ({ id, close: true }));
    await this.#worker.terminate();
  }
}

// The responses that the sandbox keeps, so that they can be asked for, continued and deleted, and those that
// still run in the background. It keeps them in memory, a bounded number, and forgets the oldest first.
import type { StreamFault } from './faultAction.ts';
import type { InputItem } from './responsesRequest.ts';
import type { BuiltAnswer } from './responseEvents.ts';

/** Responses that are kept. */
export const responsesMax = 1000;

/** A response that is kept. */
export interface StoredResponse {
  readonly id: string;
  /** The whole input, with what it continued. */
  readonly items: readonly InputItem[];
  readonly answer: BuiltAnswer;
  /** Events that have happened so far; all of them once it has ended. */
  happened: number;
  status: string;
  /** Output that was produced so far. */
  outputTokens: number;
  /** What was to happen to the answer; its usage may be a lie. */
  readonly fault: StreamFault;
  /** Ends a response that runs in the background; only those can be cancelled. */
  readonly cancel?: () => void;
  /** Called whenever more has happened. */
  readonly watchers: Set<() => void>;
}

/** All kept responses. */
export class StoredResponses {
  readonly #responses = new Map<string, StoredResponse>();

  find(id: string): StoredResponse | undefined { return this.#responses.get(id); }

  keep(response: StoredResponse): void {
    this.#responses.set(response.id, response);
    const [oldest] = this.#responses.keys();
    if (this.#responses.size > responsesMax && oldest !== undefined) this.remove(oldest);
  }

  /** @returns whether there was one */
  remove(id: string): boolean {
    this.#responses.get(id)?.cancel?.();
    return this.#responses.delete(id);
  }

  /** Forgets everything, and ends what runs. */
  clear(): void {
    for (const id of this.#responses.keys()) this.remove(id);
  }
}

/** Says that more has happened. */
export function wake(response: StoredResponse): void {
  for (const watcher of response.watchers) watcher();
}

/** Whether nothing more happens. */
export function isOver({ status }: StoredResponse): boolean {
  return status !== 'queued' && status !== 'in_progress';
}

// Knows which workspace began a response, so that no other one reads, cancels, deletes or continues it by its id:
// all of them ask the upstream with the same key. What was seen lately is kept in memory, the rest is in the ledger. A
// response that the ledger does not know, from before the broker or from elsewhere, belongs to nobody and goes on.
import { problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import { nameCharactersMax } from '../protocol/responseUsage.ts';
import { problemOf } from './ledgerTalk.ts';
import type { LedgerStore } from './store/ledgerPort.ts';

/** Responses that are remembered; older ones are asked for in the ledger. */
export const rememberedMax = 10_000;

/** What knowing needs. */
export interface ResponseOwnersParts {
  readonly ledger: Pick<LedgerStore, 'query'>;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** Whose responses are whose. */
export class ResponseOwners {
  readonly #parts: ResponseOwnersParts;
  /** Workspaces by the id of a response, the newest last. */
  readonly #seen = new Map<string, string>();

  constructor(parts: ResponseOwnersParts) {
    this.#parts = parts;
  }

  /** A workspace's request began a response. */
  began(responseId: string | undefined, workspaceId: string): void {
    if (responseId === undefined) return;
    this.#seen.delete(kept(responseId));
    this.#seen.set(kept(responseId), workspaceId);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > rememberedMax && oldest !== undefined) this.#seen.delete(oldest);
  }

  /**
   * Why a workspace may not touch a response: another one began it, which it is told as if there were none.
   * @param use `ask` reads, cancels or deletes it, `continue` goes on from it
   * @returns undefined where it may; the ledger's problem where that cannot be known
   */
  async refusal(responseId: string, asker: { readonly workspaceId: string; readonly requestId: string }, use: 'ask' | 'continue'): Promise<Problem | undefined> {
    const { ledger, log } = this.#parts;
    const { workspaceId, requestId } = asker;
    const seen = this.#seen.get(kept(responseId));
    if (seen === workspaceId) return undefined;
    try {
      // An upstream may give an id a second time: then it is each one's who was given it.
      const { workspaceIds } = await ledger.query('responseOwners', { responseId: kept(responseId) });
      if (workspaceIds.includes(workspaceId) || seen === undefined && workspaceIds.length === 0) return undefined;
    } catch (error) {
      return problemOf(error);
    }
    log('response-of-another-workspace', { requestId, workspaceId, use });
    return use === 'ask' ? problem('response_not_found', 'Response with id \'{0}\' not found.', { values: [responseId] })
      : problem('previous_response_not_found', 'Previous response with id \'{0}\' not found.', { values: [responseId] });
  }
}

/** As much of an id as is noted of an answer. */
function kept(responseId: string): string { return responseId.slice(0, nameCharactersMax); }

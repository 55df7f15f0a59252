// Attempts with what was reserved for them, as their settlements need them: those of the last minutes from
// memory, the others from their rows.
import type { DatabaseSync } from 'node:sqlite';
import type { Slice } from '../../domain/grants.ts';
import type { RequestOrigin } from '../../domain/ledgerRows.ts';
import type { ModelPrice } from '../../domain/pricing.ts';
import { statement } from './statements.ts';

/** A hold as it was reserved, with the request that it is for. */
export interface HeldAttempt {
  readonly requestId: string; readonly workspaceId: string; readonly client: string; readonly threadId: string | null; readonly model: string; readonly origin: RequestOrigin;
  readonly state: string; readonly price: ModelPrice | null; readonly termsHash: string;
  readonly estimatedInputTokens: number; readonly likelyOutputTokens: number; readonly estimateMicroCredits: number | null;
  readonly slices: readonly Slice[];
  /** Whether its cost is drawn; false where the balance was untracked when it was decided. */
  readonly tracked: boolean;
  /** Known to be the only attempt of its request so far; false where that is not known. */
  readonly isOnly: boolean;
}

/** Attempts in memory at the most; more than that hardly ever run at once. */
const rememberedMax = 1000;

/** The holds that were reserved by this program and have not ended. A change that is rolled back forgets them all. */
export class HeldAttempts {
  readonly #open = new Map<string, HeldAttempt>();

  /** Keeps a hold that was just written, as its rows say it. */
  remember(attemptId: string, held: HeldAttempt): void {
    const [oldest] = this.#open.keys();
    if (this.#open.size >= rememberedMax && oldest !== undefined) this.#open.delete(oldest);
    this.#open.set(attemptId, held);
  }

  /** An attempt with its hold; undefined where none was reserved. */
  find(db: DatabaseSync, attemptId: string): HeldAttempt | undefined {
    return this.#open.get(attemptId) ?? readHeldAttempt(db, attemptId);
  }

  /** Another attempt of a request was written: whatever is remembered of it is not the only one any more. */
  joined(requestId: string): void {
    for (const [attemptId, held] of this.#open) if (held.requestId === requestId) this.#open.delete(attemptId);
  }

  /** The hold has ended. */
  forget(attemptId: string): void { this.#open.delete(attemptId); }

  /** What was written is not there any more. */
  clear(): void { this.#open.clear(); }
}

/** What a request was for, from its row. */
function originOf(row: Readonly<Record<string, unknown>>): RequestOrigin {
  return { requestKind: row['request_kind'] as string | null, branch: row['branch'] as string | null, command: row['command'] as string | null, file: row['file'] as string | null };
}

function readHeldAttempt(db: DatabaseSync, attemptId: string): HeldAttempt | undefined {
  const row = statement(db, `SELECT h.*, d.terms_hash, d.record ->> '$.tracked' AS tracked, r.client, r.thread_id, r.model, r.request_kind, r.branch, r.command, r.file
    FROM holds h JOIN decisions d USING (attempt_id) JOIN requests r ON r.request_id = h.request_id WHERE h.attempt_id = ?`).get(attemptId);
  if (!row) return undefined;
  const slices = Number(row['amount']) === 0 ? [] : statement(db, `SELECT e.grant_id, e.held_delta, g.kind FROM entries e JOIN grants g USING (grant_id)
    WHERE e.attempt_id = ? AND e.kind = 'reserve' ORDER BY e.sequence`).all(attemptId);
  return {
    requestId: String(row['request_id']), workspaceId: String(row['workspace_id']), client: String(row['client']), threadId: row['thread_id'] as string | null,
    model: String(row['model']), origin: originOf(row), state: String(row['state']), termsHash: String(row['terms_hash']),
    price: row['price'] === null ? null : JSON.parse(String(row['price'])) as ModelPrice,
    estimatedInputTokens: Number(row['estimated_input']), likelyOutputTokens: Number(row['likely_output'] ?? row['estimated_output']),
    estimateMicroCredits: row['estimate'] === null ? null : Number(row['estimate']),
    tracked: slices.length > 0 || row['tracked'] === 1, slices: slices.map((slice) => ({ grantId: String(slice['grant_id']), kind: slice['kind'] as Slice['kind'], microCredits: Number(slice['held_delta']) })),
    isOnly: false,
  };
}

// Appends to the three hash-chained data sets. Holds the newest hash of each chain and the balance
// after the last entry, so that a write needs no read; reloads them after a failed transaction.
import type { DatabaseSync } from 'node:sqlite';
import type { EntryKind, EntryRow, ChargeRow, Hash, UsageEventRow } from '../../domain/ledgerRows.ts';
import { chainStart, chargeText, entryText, usageEventText } from '../../domain/ledgerRows.ts';
import { safeInteger } from '../../domain/units.ts';

/** A row as the caller gives it; the chain adds its place. */
type Unchained<Row> = Omit<Row, 'sequence' | 'prevHash' | 'hash'>;

/** One movement of a grant, before its place in the chain is known. */
export interface Movement {
  readonly id: string;
  readonly atMs: number;
  readonly kind: EntryKind;
  readonly grantId: string;
  readonly attemptId: string | null;
  readonly chargeId: string | null;
  readonly amountMicroCredits: number;
  readonly heldDeltaMicroCredits: number;
  /** Of a `grant` and a `reserve`: the hash of what they stand for. */
  readonly termsHash: string | null;
}

interface Heads { usage: string; charge: string; entry: string; balance: number; held: number }

/** Writers of the three data sets on one connection. */
export class LedgerChains {
  readonly #hash: Hash;
  readonly #db: DatabaseSync;
  #heads: Heads;
  readonly #insertUsage; readonly #insertCharge; readonly #insertEntry; readonly #moveGrant;

  constructor(db: DatabaseSync, hash: Hash) {
    this.#db = db;
    this.#hash = hash;
    this.#heads = this.#load();
    this.#insertUsage = db.prepare(`INSERT INTO usage_events (id, attempt_id, request_id, at_ms, workspace_id, client, thread_id, model,
      model_served, tier, outcome, status, measured, free_reason, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens,
      reasoning_tokens, waited_ms, first_byte_ms, duration_ms, upstream_request_id, response_id, notice, terms_hash, prev_hash, hash)
      VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`);
    this.#insertCharge = db.prepare(`INSERT INTO charges (id, usage_event_id, attempt_id, at_ms, cost, drawn, uncovered, tier, price_version,
      price, terms, prev_hash, hash) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`);
    this.#insertEntry = db.prepare(`INSERT INTO entries (id, at_ms, kind, grant_id, attempt_id, charge_id, amount, held_delta, balance_after,
      held_after, terms_hash, prev_hash, hash) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`);
    this.#moveGrant = db.prepare('UPDATE grants SET remaining = remaining + ?, held = held + ? WHERE grant_id = ?');
  }

  /** The state to return to when a command's savepoint is rolled back. */
  mark(): Heads { return { ...this.#heads }; }

  /** Returns to a marked state. */
  restore(heads: Heads): void { this.#heads = { ...heads }; }

  #load(): Heads {
    const head = (table: string) => (this.#db.prepare(`SELECT hash FROM ${table} ORDER BY sequence DESC LIMIT 1`).get()?.['hash'] as string | undefined) ?? chainStart;
    const last = this.#db.prepare('SELECT balance_after, held_after FROM entries ORDER BY sequence DESC LIMIT 1').get();
    return {
      usage: head('usage_events'), charge: head('charges'), entry: head('entries'),
      balance: Number(last?.['balance_after'] ?? 0), held: Number(last?.['held_after'] ?? 0),
    };
  }

  /** The hash of a row that no chain holds itself, for the rows of a chain to name. */
  termsHash(text: string): string { return this.#hash(text); }

  /** Appends a usage event. */
  usageEvent(row: Unchained<UsageEventRow>): void {
    const prevHash = this.#heads.usage;
    const hash = this.#hash(usageEventText({ ...row, prevHash }));
    this.#insertUsage.run(row.id, row.attemptId, row.requestId, row.atMs, row.workspaceId, row.client, row.threadId, row.model,
      row.modelServed, row.tier, row.outcome, row.status, row.measured ? 1 : 0, row.freeReason, row.inputTokens, row.cachedInputTokens,
      row.cacheWriteTokens, row.outputTokens, row.reasoningTokens, row.waitedMs, row.firstByteMs, row.durationMs,
      row.upstreamRequestId, row.responseId, row.notice, row.termsHash, prevHash, hash);
    this.#heads.usage = hash;
  }

  /** Appends a charge. */
  charge(row: Unchained<ChargeRow>): void {
    const prevHash = this.#heads.charge;
    const hash = this.#hash(chargeText({ ...row, prevHash }));
    this.#insertCharge.run(row.id, row.usageEventId, row.attemptId, row.atMs, row.costMicroCredits, row.drawnMicroCredits,
      row.uncoveredMicroCredits, row.tier, row.priceVersion, JSON.stringify(row.price), JSON.stringify(row.terms), prevHash, hash);
    this.#heads.charge = hash;
  }

  /** Appends a balance entry and moves its grant; the table's CHECKs refuse what the rules would not. */
  entry(movement: Movement): void {
    const prevHash = this.#heads.entry;
    const balance = safeInteger(this.#heads.balance + movement.amountMicroCredits, 'balance');
    const held = safeInteger(this.#heads.held + movement.heldDeltaMicroCredits, 'reserved credits');
    const row: Omit<EntryRow, 'sequence' | 'hash'> = { ...movement, balanceAfterMicroCredits: balance, heldAfterMicroCredits: held, prevHash };
    const hash = this.#hash(entryText(row));
    this.#insertEntry.run(row.id, row.atMs, row.kind, row.grantId, row.attemptId, row.chargeId, row.amountMicroCredits,
      row.heldDeltaMicroCredits, balance, held, row.termsHash, prevHash, hash);
    // A grant's own first entry finds its row inserted with nothing left.
    this.#moveGrant.run(movement.amountMicroCredits, movement.heldDeltaMicroCredits, movement.grantId);
    this.#heads = { ...this.#heads, entry: hash, balance, held };
  }
}

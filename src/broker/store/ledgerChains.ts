// Appends to the hash-chained data sets and to the chain of directives. Holds in memory what the next write needs to know
// (the newest hash of each chain, the balance, the grants that have something left, the open holds), so that it needs no read;
// reloads it after a failed transaction.
import type { DatabaseSync } from 'node:sqlite';
import type { ChargeRow, DirectiveRow, EntryAccount, EntryKind, EntryRow, UsageEventRow } from '../../domain/ledgerRows.ts';
import { importText } from '../../domain/importedUse.ts';
import type { ImportRow } from '../../domain/importedUse.ts';
import { chainStart, chargeText, directiveText, entryText, usageEventText } from '../../domain/rowTexts.ts';
import type { Hash } from '../../domain/rowTexts.ts';
import { safeInteger } from '../../domain/units.ts';
import { afterChange, afterEntry, readCredits } from './creditState.ts';
import type { CreditState } from './creditState.ts';
import { HeldAttempts } from './heldAttempts.ts';
import { PendingRollups } from './pendingRollups.ts';

/** A row as the caller gives it; the chain adds its place. */
type Unchained<Row> = Omit<Row, 'sequence' | 'prevHash' | 'hash'>;

/** One movement of an account, before its place in the chain is known; what is left out is null, nothing, or the grants' account. */
export interface Movement {
  readonly id: string;
  readonly atMs: number;
  readonly account?: EntryAccount;
  readonly kind: EntryKind;
  readonly grantId?: string | null;
  readonly attemptId?: string | null;
  readonly chargeId?: string | null;
  readonly amountMicroCredits: number;
  readonly heldDeltaMicroCredits?: number;
  /** Of a `grant` and a `reserve`: the hash of what they stand for. */
  readonly termsHash?: string | null;
  readonly corrects?: string | null;
}

/** The newest hash of each chain, the balance after the last entry, and the grants once somebody asked for them. */
export interface Heads {
  readonly usage: string; readonly charge: string; readonly entry: string; readonly directive: string; readonly imported: string; readonly balance: number; readonly held: number;
  readonly credits?: CreditState;
}

/** Writers of the three data sets on one connection. */
export class LedgerChains {
  readonly #hash: Hash;
  readonly #db: DatabaseSync;
  #heads: Heads;
  /** Holds that were reserved and have not ended. */
  readonly held = new HeldAttempts();
  /** What the running transaction adds to the rollups. */
  readonly rollups = new PendingRollups();
  readonly #insertUsage; readonly #insertCharge; readonly #insertEntry; readonly #insertDirective; readonly #moveGrant; readonly #insertImport;

  constructor(db: DatabaseSync, hash: Hash) {
    this.#db = db;
    this.#hash = hash;
    this.#heads = this.#load();
    this.#insertUsage = db.prepare(`INSERT INTO usage_events (id, attempt_id, request_id, at_ms, workspace_id, client, thread_id, model,
      model_served, tier, outcome, status, measured, free_reason, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens,
      reasoning_tokens, waited_ms, first_byte_ms, duration_ms, upstream_request_id, response_id, notice, terms_hash, corrects, prev_hash, hash)
      VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`);
    this.#insertCharge = db.prepare(`INSERT INTO charges (id, usage_event_id, attempt_id, at_ms, cost, drawn, uncovered, tier, price_version,
      price, terms, basis, corrects, prev_hash, hash) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`);
    this.#insertEntry = db.prepare(`INSERT INTO entries (id, at_ms, account, kind, grant_id, attempt_id, charge_id, amount, held_delta, balance_after,
      held_after, terms_hash, corrects, prev_hash, hash) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`);
    this.#insertDirective = db.prepare('INSERT INTO directives (id, at_ms, kind, subject, content, prev_hash, hash) VALUES (?,?,?,?,?,?,?)');
    this.#insertImport = db.prepare(`INSERT INTO imports (id, at_ms, imported_at_ms, workspace_id, client, client_version, thread_id, model, response_id, source,
      input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, price, prev_hash, hash) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`);
    this.#moveGrant = db.prepare('UPDATE grants SET remaining = remaining + ?, held = held + ? WHERE grant_id = ?');
  }

  /** Where the chains stand, and the state to return to when a command's savepoint is rolled back. */
  mark(): Heads { return this.#heads; }

  /** Returns to a marked state; nothing that was still to be written then, or now, will be. */
  restore(heads: Heads): void {
    this.#heads = heads;
    this.held.clear();
    this.rollups.clear();
  }

  /** Writes what was kept back: before a transaction ends, and before anything in it reads the rollups. */
  flush(): void { this.rollups.flush(this.#db); }

  /** The grants as decisions see them. */
  credits(): CreditState {
    const credits = this.#heads.credits ?? readCredits(this.#db);
    this.#heads = { ...this.#heads, credits };
    return credits;
  }

  /** A grant was changed otherwise than by an entry. */
  grantChanged(grantId: string): void {
    const { credits } = this.#heads;
    if (credits) this.#heads = { ...this.#heads, credits: afterChange(this.#db, credits, grantId) };
  }

  #load(): Heads {
    const head = (table: string) => (this.#db.prepare(`SELECT hash FROM ${table} ORDER BY sequence DESC LIMIT 1`).get()?.['hash'] as string | undefined) ?? chainStart;
    const last = this.#db.prepare('SELECT balance_after, held_after FROM entries ORDER BY sequence DESC LIMIT 1').get();
    return {
      usage: head('usage_events'), charge: head('charges'), entry: head('entries'), directive: head('directives'), imported: head('imports'),
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
      row.upstreamRequestId, row.responseId, row.notice, row.termsHash, row.corrects, prevHash, hash);
    this.#heads = { ...this.#heads, usage: hash };
  }

  /** Appends a charge. */
  charge(row: Unchained<ChargeRow>): void {
    const prevHash = this.#heads.charge;
    const hash = this.#hash(chargeText({ ...row, prevHash }));
    this.#insertCharge.run(row.id, row.usageEventId, row.attemptId, row.atMs, row.costMicroCredits, row.drawnMicroCredits,
      row.uncoveredMicroCredits, row.tier, row.priceVersion, JSON.stringify(row.price), JSON.stringify(row.terms), row.basis, row.corrects, prevHash, hash);
    this.#heads = { ...this.#heads, charge: hash };
  }

  /** Appends a directive. */
  directive(row: Unchained<DirectiveRow>): void {
    const prevHash = this.#heads.directive;
    const hash = this.#hash(directiveText({ ...row, prevHash }));
    this.#insertDirective.run(row.id, row.atMs, row.kind, row.subject, row.content, prevHash, hash);
    this.#heads = { ...this.#heads, directive: hash };
  }

  /** Appends an imported response. */
  imported(row: Unchained<ImportRow>): void {
    const prevHash = this.#heads.imported;
    const hash = this.#hash(importText({ ...row, prevHash }));
    this.#insertImport.run(row.id, row.atMs, row.importedAtMs, row.workspaceId, row.client, row.clientVersion, row.threadId, row.model, row.responseId, row.source,
      row.inputTokens, row.cachedInputTokens, row.cacheWriteTokens, row.outputTokens, row.reasoningTokens, row.costMicroCredits, row.price && JSON.stringify(row.price), prevHash, hash);
    this.#heads = { ...this.#heads, imported: hash };
  }

  /** Appends a balance entry and moves its grant; the table's CHECKs refuse what the rules would not. */
  entry(movement: Movement): void {
    const { id, atMs, account = 'grant', kind, grantId = null, attemptId = null, chargeId = null, amountMicroCredits, heldDeltaMicroCredits = 0, termsHash = null, corrects = null } = movement;
    const moves = account === 'grant';
    const prevHash = this.#heads.entry;
    const balance = safeInteger(this.#heads.balance + (moves ? amountMicroCredits : 0), 'balance');
    const held = safeInteger(this.#heads.held + (moves ? heldDeltaMicroCredits : 0), 'reserved credits');
    const row: Omit<EntryRow, 'sequence' | 'hash'> = {
      id, atMs, account, kind, grantId, attemptId, chargeId, amountMicroCredits, heldDeltaMicroCredits,
      balanceAfterMicroCredits: balance, heldAfterMicroCredits: held, termsHash, corrects, prevHash,
    };
    const hash = this.#hash(entryText(row));
    this.#insertEntry.run(id, atMs, account, kind, grantId, attemptId, chargeId, amountMicroCredits, heldDeltaMicroCredits, balance, held, termsHash, corrects, prevHash, hash);
    // A grant's own first entry finds its row inserted with nothing left. What lies beside the grants moves none.
    if (moves) this.#moveGrant.run(amountMicroCredits, heldDeltaMicroCredits, grantId);
    const { credits } = this.#heads;
    this.#heads = { ...this.#heads, entry: hash, balance, held, ...(credits ? { credits: afterEntry(this.#db, credits, row) } : {}) };
  }
}

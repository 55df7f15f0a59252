// The commands of the SQLite ledger, each inside a transaction that the caller opened: read the
// rows, ask the pure rules, write what they returned. No rule is written here a second time.
import type { DatabaseSync } from 'node:sqlite';
import { isExpired, planPosting } from '../../domain/grants.ts';
import type { Grant, Slice } from '../../domain/grants.ts';
import { chargeFor } from '../../domain/pricing.ts';
import { attemptTermsText, grantTermsText } from '../../domain/ledgerRows.ts';
import type { DecisionRow, HoldRow } from '../../domain/ledgerRows.ts';
import type { ModelPrice, PriceTier } from '../../domain/pricing.ts';
import { problem } from '../../domain/problem.ts';
import { settle as applyPolicy } from '../../domain/settlement.ts';
import { noTokens } from '../../domain/tokenUsage.ts';
import { decide } from '../../domain/waterfall.ts';
import type { LedgerChains } from './ledgerChains.ts';
import { statement } from './statements.ts';
import { readBalance, readGrants } from './ledgerReads.ts';
import { consentCause } from './ledgerPort.ts';
import type { BeginCommand, ConsentCommand, GrantCommand, LedgerCommand, LedgerCommandResults, Permission, RecoverCommand, ReserveCommand, SettleCommand, SettleResult, WorkspaceCommand } from './ledgerPort.ts';

/** Runs one command on an open transaction. */
export function runCommand(db: DatabaseSync, chains: LedgerChains, command: LedgerCommand): LedgerCommandResults[LedgerCommand['type']] {
  switch (command.type) {
    case 'reserve': return reserve(db, chains, command);
    case 'begin': return begin(db, command);
    case 'settle': return settle(db, chains, command);
    case 'grant': return grant(db, chains, command);
    case 'consent': return consentAlone(db, command);
    case 'workspace': return workspace(db, command);
    case 'recover': return recover(db, chains, command);
    case 'expire': return { expired: expireGrants(db, chains, command.atMs) };
  }
}

function reserve(db: DatabaseSync, chains: LedgerChains, command: ReserveCommand): LedgerCommandResults['reserve'] {
  const { request, attemptId } = command;
  const known = statement(db, 'SELECT record FROM decisions WHERE attempt_id = ?').get(attemptId);
  if (known) return { decision: JSON.parse(String(known['record'])) as LedgerCommandResults['reserve']['decision'], exists: true };
  expireGrants(db, chains, command.atMs);
  const balance = readBalance(db);
  const decision = decide({
    nowMs: command.atMs, model: request.model, unpricedRule: command.unpricedRule, grants: balance.grants, limits: command.limits,
    consented: balance.consentEverywhere || balance.consentWorkspaces.includes(request.workspaceId),
    ...(command.unsafe ? { unsafe: command.unsafe } : {}),
    ...(command.estimateMicroCredits === undefined ? {} : { estimateMicroCredits: command.estimateMicroCredits }),
  });
  const row: Omit<DecisionRow, 'termsHash'> = {
    attemptId, number: command.number, atMs: command.atMs, waitedMs: command.limits.waitedMs, record: JSON.stringify(decision), requestId: request.requestId,
    receivedAtMs: request.receivedAtMs, workspaceId: request.workspaceId, client: request.client, clientVersion: request.clientVersion ?? null,
    threadId: request.threadId ?? null, turnId: request.turnId ?? null, requestKind: request.requestKind ?? null, model: request.model, stream: request.stream,
  };
  const hold: Omit<HoldRow, 'state'> | undefined = decision.outcome === 'refuse' ? undefined : {
    attemptId, requestId: request.requestId, number: command.number, workspaceId: request.workspaceId, openedAtMs: command.atMs,
    amountMicroCredits: decision.holdMicroCredits, price: command.price ?? null, tier: command.tier ?? 'standard',
    estimatedInputTokens: command.estimatedInputTokens, estimatedOutputTokens: command.estimatedOutputTokens,
  };
  const termsHash = chains.termsHash(attemptTermsText(row, hold));
  statement(db, `INSERT OR IGNORE INTO requests (request_id, received_at_ms, workspace_id, client, client_version, thread_id, turn_id, request_kind, model, stream)
    VALUES (?,?,?,?,?,?,?,?,?,?)`).run(row.requestId, row.receivedAtMs, row.workspaceId, row.client, row.clientVersion, row.threadId, row.turnId, row.requestKind,
    row.model, row.stream ? 1 : 0);
  statement(db, 'INSERT INTO decisions (attempt_id, request_id, number, at_ms, waited_ms, record, terms_hash) VALUES (?,?,?,?,?,?,?)')
    .run(attemptId, row.requestId, row.number, row.atMs, row.waitedMs, row.record, termsHash);
  if (!hold) {
    chains.usageEvent({
      id: `use_${attemptId}`, attemptId, requestId: request.requestId, atMs: command.atMs, workspaceId: request.workspaceId, client: request.client,
      threadId: request.threadId ?? null, model: request.model, modelServed: null, tier: 'standard', outcome: 'refused', status: null,
      measured: true, freeReason: decision.message ?? 'Refused by the broker.', ...noTokens,
      waitedMs: command.limits.waitedMs, firstByteMs: null, durationMs: 0, upstreamRequestId: null, responseId: null, notice: null, termsHash,
    });
    return { decision, exists: false };
  }
  statement(db, `INSERT INTO holds (attempt_id, request_id, number, workspace_id, opened_at_ms, amount, price, tier, estimated_input, estimated_output, state)
    VALUES (?,?,?,?,?,?,?,?,?,?,'open')`).run(attemptId, hold.requestId, hold.number, hold.workspaceId, hold.openedAtMs, hold.amountMicroCredits,
    hold.price ? JSON.stringify(hold.price) : null, hold.tier, hold.estimatedInputTokens, hold.estimatedOutputTokens);
  for (const slice of decision.slices) {
    chains.entry({
      id: `reserve_${attemptId}_${slice.grantId}`, atMs: command.atMs, kind: 'reserve', grantId: slice.grantId, attemptId, chargeId: null,
      amountMicroCredits: 0, heldDeltaMicroCredits: slice.microCredits, termsHash,
    });
  }
  return { decision, exists: false };
}

function begin(db: DatabaseSync, command: BeginCommand): LedgerCommandResults['begin'] {
  const result = statement(db, 'INSERT OR IGNORE INTO begun (attempt_id, at_ms, response_id) VALUES (?,?,?)').run(command.attemptId, command.atMs, command.responseId ?? null);
  return { exists: result.changes === 0 };
}

interface OpenHold {
  readonly requestId: string; readonly workspaceId: string; readonly state: string; readonly price: ModelPrice | null; readonly termsHash: string; readonly slices: readonly Slice[];
}

function settle(db: DatabaseSync, chains: LedgerChains, command: SettleCommand): SettleResult {
  const { attemptId } = command;
  const hold = readHold(db, attemptId);
  if (!hold) throw new Error(`attempt ${attemptId} has no hold to settle`);
  if (hold.state !== 'open') {
    const charge = statement(db, 'SELECT cost, drawn FROM charges WHERE attempt_id = ?').get(attemptId);
    return { exists: true, ...(charge ? { costMicroCredits: Number(charge['cost']) } : {}), drawnMicroCredits: Number(charge?.['drawn'] ?? 0) };
  }
  const request = statement(db, 'SELECT workspace_id, client, thread_id, model FROM requests WHERE request_id = ?').get(hold.requestId);
  if (!request) throw new Error(`attempt ${attemptId} belongs to no request`);
  const usageEventId = `use_${attemptId}`;
  chains.usageEvent({
    id: usageEventId, attemptId, requestId: hold.requestId, atMs: command.atMs, workspaceId: String(request['workspace_id']), client: String(request['client']),
    threadId: request['thread_id'] as string | null, model: String(request['model']), modelServed: command.modelServed ?? null, tier: command.tier,
    outcome: command.outcome, status: command.status ?? null, measured: command.measured, freeReason: command.freeReason ?? null, ...command.usage,
    waitedMs: command.waitedMs, firstByteMs: command.firstByteMs ?? null, durationMs: command.durationMs,
    upstreamRequestId: command.upstreamRequestId ?? null, responseId: command.responseId ?? null, notice: command.notice ?? null, termsHash: hold.termsHash,
  });
  const price = command.servedPrice ?? hold.price;
  const charge = command.chargeable && price ? chargeFor(command.usage, price, command.tier) : undefined;
  // Only what the upstream reported may draw beyond the hold; an estimate never does.
  const overageFrom = command.measured ? permittedGrants(db, hold) : [];
  const plan = planPosting(hold.slices, charge?.costMicroCredits ?? 0, overageFrom, command.atMs);
  const chargeId = charge ? `chg_${attemptId}` : null;
  if (charge && price) {
    chains.charge({
      id: `chg_${attemptId}`, usageEventId, attemptId, atMs: command.atMs, costMicroCredits: charge.costMicroCredits, drawnMicroCredits: plan.drawnMicroCredits,
      uncoveredMicroCredits: plan.uncoveredMicroCredits, tier: charge.tier, priceVersion: price.version, price, terms: charge.terms,
    });
  }
  for (const posting of plan.postings) {
    chains.entry({
      id: `${posting.kind}_${attemptId}_${posting.grantId}`, atMs: command.atMs, kind: posting.kind, grantId: posting.grantId, attemptId, chargeId,
      amountMicroCredits: -posting.microCredits, heldDeltaMicroCredits: -posting.releasedHoldMicroCredits, termsHash: null,
    });
  }
  statement(db, 'UPDATE holds SET state = ? WHERE attempt_id = ?').run(charge ? 'posted' : 'voided', attemptId);
  return { exists: false, ...(charge ? { costMicroCredits: charge.costMicroCredits } : {}), drawnMicroCredits: plan.drawnMicroCredits };
}

/**
 * The grants that a cost above the hold may be drawn from. Purchased credits only where the hold drew
 * on them or permission stands: an estimate that was too low is no permission.
 */
function permittedGrants(db: DatabaseSync, hold: OpenHold): Grant[] {
  const { grants, consentEverywhere, consentWorkspaces } = readBalance(db);
  const permitted = consentEverywhere || consentWorkspaces.includes(hold.workspaceId) || hold.slices.some((slice) => slice.kind === 'purchased');
  return grants.filter((one) => one.kind !== 'purchased' || permitted);
}

function readHold(db: DatabaseSync, attemptId: string): OpenHold | undefined {
  const row = statement(db, 'SELECT h.request_id, h.workspace_id, h.state, h.price, d.terms_hash FROM holds h JOIN decisions d USING (attempt_id) WHERE attempt_id = ?').get(attemptId);
  if (!row) return undefined;
  const slices = statement(db, `SELECT e.grant_id, e.held_delta, g.kind FROM entries e JOIN grants g USING (grant_id)
    WHERE e.attempt_id = ? AND e.kind = 'reserve' ORDER BY e.sequence`).all(attemptId);
  return {
    requestId: String(row['request_id']), workspaceId: String(row['workspace_id']), state: String(row['state']), termsHash: String(row['terms_hash']),
    price: row['price'] === null ? null : JSON.parse(String(row['price'])) as ModelPrice,
    slices: slices.map((slice) => ({ grantId: String(slice['grant_id']), kind: slice['kind'] as Slice['kind'], microCredits: Number(slice['held_delta']) })),
  };
}

/** Every grant has the same priority for now; lower would burn first within a kind. */
const grantPriority = 50;

function grant(db: DatabaseSync, chains: LedgerChains, command: GrantCommand): LedgerCommandResults['grant'] {
  // What makes two grants the same: everything a person chose, nothing that the clock or ids gave.
  const content = JSON.stringify([command.kind, command.amountMicroCredits, command.expiresAtMs ?? null, command.consent]);
  const known = statement(db, 'SELECT grant_id, content FROM grants WHERE key = ?').get(command.key);
  const find = (id: string): Grant => readGrants(db).find((one) => one.id === id)!;
  if (known) {
    if (known['content'] !== content) return { problem: problem('key_conflict', `A grant with the key "${command.key}" exists already and is different. Nothing was added.`) };
    return { grant: find(String(known['grant_id'])), created: false };
  }
  if (command.expiresAtMs !== undefined && command.expiresAtMs <= command.atMs) {
    return { problem: problem('argument_invalid', 'The grant would expire before it begins. Nothing was added.') };
  }
  const ordinal = Number(statement(db, 'SELECT COALESCE(MAX(ordinal), 0) + 1 AS next FROM grants').get()?.['next']);
  statement(db, 'INSERT INTO grants (grant_id, key, content, kind, amount, remaining, held, priority, created_at_ms, ordinal, expires_at_ms, note) VALUES (?,?,?,?,?,0,0,?,?,?,?,?)')
    .run(command.grantId, command.key, content, command.kind, command.amountMicroCredits, grantPriority, command.atMs, ordinal, command.expiresAtMs ?? null, command.note ?? null);
  chains.entry({
    id: `grant_${command.grantId}`, atMs: command.atMs, kind: 'grant', grantId: command.grantId, attemptId: null, chargeId: null,
    amountMicroCredits: command.amountMicroCredits, heldDeltaMicroCredits: 0,
    termsHash: chains.termsHash(grantTermsText({
      id: command.grantId, key: command.key, content, kind: command.kind, amountMicroCredits: command.amountMicroCredits, priority: grantPriority,
      createdAtMs: command.atMs, order: ordinal, expiresAtMs: command.expiresAtMs ?? null, note: command.note ?? null,
    })),
  });
  if (command.kind === 'purchased' && command.consent.scope !== 'ask') insertConsent(db, command.consent, command.grantId, command.atMs);
  return { grant: find(command.grantId), created: true };
}

function consentAlone(db: DatabaseSync, { consent, atMs }: ConsentCommand): LedgerCommandResults['consent'] {
  const cause = consentCause(consent);
  const exists = statement(db, 'SELECT 1 FROM consents WHERE cause = ?').get(cause) !== undefined;
  if (!exists) insertConsent(db, consent, cause, atMs);
  return { exists };
}

function insertConsent(db: DatabaseSync, consent: Permission, cause: string, atMs: number): void {
  statement(db, 'INSERT INTO consents (at_ms, scope, workspace_id, cause) VALUES (?,?,?,?)')
    .run(atMs, consent.scope, consent.scope === 'workspace' ? consent.workspaceId : null, cause);
}

function workspace(db: DatabaseSync, command: WorkspaceCommand): LedgerCommandResults['workspace'] {
  const known = statement(db, 'SELECT token_hash, label FROM workspaces WHERE workspace_id = ?').get(command.workspaceId);
  if (known && known['token_hash'] === command.tokenHash && known['label'] === command.label) return { exists: true };
  statement(db, `INSERT INTO workspaces (workspace_id, path, label, token_hash, created_at_ms) VALUES (?,?,?,?,?)
    ON CONFLICT (workspace_id) DO UPDATE SET token_hash = excluded.token_hash, label = excluded.label`)
    .run(command.workspaceId, command.path, command.label, command.tokenHash, command.atMs);
  return { exists: known !== undefined };
}

/** What is left of an expired grant and not reserved goes; reserved credits stay until their hold ends. */
function expireGrants(db: DatabaseSync, chains: LedgerChains, nowMs: number): number {
  let expired = 0;
  for (const one of readGrants(db)) {
    const free = one.remainingMicroCredits - one.heldMicroCredits;
    if (!isExpired(one, nowMs) || free <= 0) continue;
    const times = Number(statement(db, `SELECT COUNT(*) AS n FROM entries WHERE grant_id = ? AND kind = 'expire'`).get(one.id)?.['n']);
    chains.entry({ id: `expire_${one.id}_${times + 1}`, atMs: nowMs, kind: 'expire', grantId: one.id, attemptId: null, chargeId: null, amountMicroCredits: -free, heldDeltaMicroCredits: 0, termsHash: null });
    expired += 1;
  }
  return expired;
}

function recover(db: DatabaseSync, chains: LedgerChains, command: RecoverCommand): LedgerCommandResults['recover'] {
  const open = statement(db, `SELECT h.attempt_id, h.opened_at_ms, h.tier, h.estimated_input, h.estimated_output, b.attempt_id IS NOT NULL AS begun, b.response_id, d.waited_ms
    FROM holds h JOIN decisions d USING (attempt_id) LEFT JOIN begun b USING (attempt_id) WHERE h.state = 'open' ORDER BY h.rowid`).all();
  for (const row of open) {
    const booked = applyPolicy({
      ending: 'broker-crashed', begun: row['begun'] === 1, outputChars: 0,
      estimatedInputTokens: Number(row['estimated_input']), estimatedOutputTokens: Number(row['estimated_output']),
    });
    settle(db, chains, {
      type: 'settle', attemptId: String(row['attempt_id']), atMs: command.atMs, outcome: booked.outcome, usage: booked.usage, measured: booked.measured,
      chargeable: booked.charge !== undefined, tier: row['tier'] as PriceTier, waitedMs: Number(row['waited_ms']),
      durationMs: Math.max(0, command.atMs - Number(row['opened_at_ms'])),
      ...(booked.freeReason === undefined ? {} : { freeReason: booked.freeReason }),
      ...(booked.notice === undefined ? {} : { notice: booked.notice }),
      ...(row['response_id'] === null ? {} : { responseId: String(row['response_id']) }),
    });
  }
  return { resolved: open.length };
}

// The unit of the throughput benchmark that writes what the ledger writes and knows none of its rules: for each
// hold and settlement the same rows into the same tables and indexes, with texts of the same length, in the
// same groups. What the ledger takes beyond that is its own work: deciding, hashing, and telling why.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { LedgerCommand, ReserveCommand, SettleCommand } from '../../src/broker/store/ledgerCommands.ts';
import { chargeColumns, entryColumns, holdColumns, usageEventColumns } from '../../src/broker/store/auditRows.ts';
import { addRollupDaySql, addRollupSql, sumColumns } from '../../src/broker/store/rollupSql.ts';
import { bucketOf, dayOf } from '../../src/domain/rollups.ts';

const grantId = 'grant_first';
const hash = 'f'.repeat(64);
const kind = 'turn';
/** As long as those of the benchmark's requests on average. */
const [record, price, terms] = ['r'.repeat(793), 'p'.repeat(174), 't'.repeat(205)];
const sums = sumColumns.map(() => 1000);

const insertSql = (table: string, columns: string) => `INSERT INTO ${table} (${columns}) VALUES (${columns.split(',').map(() => '?').join(',')})`;

/** Makes what writes commands into the tables of a ledger, as rows alone. Call it in a transaction for each group. */
export function bareRowsWriter(db: DatabaseSync): (group: readonly LedgerCommand[]) => void {
  db.exec(`INSERT INTO grants (grant_id, key, content, kind, amount, remaining, held, priority, created_at_ms, ordinal) VALUES ('${grantId}', 'k', '[]', 'purchased', 1000000000000000, 1000000000000000, 0, 0, 0, 1)`);
  const request = db.prepare(insertSql('requests', 'request_id, received_at_ms, workspace_id, client, client_version, thread_id, turn_id, request_kind, model, stream, branch, command, file'));
  const decision = db.prepare(insertSql('decisions', 'attempt_id, request_id, number, at_ms, waited_ms, record, terms_hash'));
  const [hold, event, charge, entry] = [db.prepare(insertSql('holds', holdColumns)), db.prepare(insertSql('usage_events', usageEventColumns)), db.prepare(insertSql('charges', chargeColumns)), db.prepare(insertSql('entries', entryColumns))];
  const moveGrant = db.prepare('UPDATE grants SET remaining = remaining + ?, held = held + ? WHERE grant_id = ?');
  const endHold = db.prepare('UPDATE holds SET state = ? WHERE attempt_id = ?');
  const [rollup, rollupDay] = [db.prepare(addRollupSql), db.prepare(addRollupDaySql)];
  /** What was reserved and has not ended, since a settlement does not say what it is for. */
  const open = new Map<string, ReserveCommand>();

  const move = (of: ReserveCommand, how: 'reserve' | 'post', atMs: number, amount: number, held: number) => {
    const chargeId = how === 'post' ? `chg_${of.attemptId}` : null;
    entry.run(null, `${how}_${of.attemptId}_${grantId}`, atMs, 'grant', how, grantId, of.attemptId, chargeId, amount, held, 1e15, 1e9, hash, null, hash, hash);
    moveGrant.run(amount, held, grantId);
  };
  const reserve = (one: ReserveCommand) => {
    const { request: of, attemptId, atMs } = one;
    const amount = one.estimateMicroCredits ?? 0;
    request.run(of.requestId, of.receivedAtMs, of.workspaceId, of.client, of.clientVersion ?? null, of.threadId ?? null, of.turnId ?? null, kind, of.model, 1, of.branch ?? null, null, null);
    decision.run(attemptId, of.requestId, 1, atMs, 0, record, hash);
    hold.run(attemptId, of.requestId, 1, of.workspaceId, atMs, amount, price, 'standard', one.estimatedInputTokens, one.estimatedOutputTokens, amount, 1000, one.basis ?? null, 'open');
    move(one, 'reserve', atMs, 0, amount);
    open.set(attemptId, one);
  };
  const settle = (one: SettleCommand, touched: Map<string, SQLInputValue[]>) => {
    const { attemptId, atMs, usage } = one;
    const of = open.get(attemptId);
    if (!of) throw new Error(`${attemptId} is not open`);
    open.delete(attemptId);
    const { requestId, workspaceId, client, threadId = null, model } = of.request;
    const amount = of.estimateMicroCredits ?? 0;
    const id = `use_${attemptId}`;
    event.run(null, id, attemptId, requestId, atMs, workspaceId, client, threadId, model, model, 'standard', one.outcome, 200, 1, null, usage.inputTokens, usage.cachedInputTokens, 0, usage.outputTokens,
      usage.reasoningTokens, 0, 400, 900, one.upstreamRequestId ?? null, one.responseId ?? null, null, hash, null, hash, hash);
    charge.run(null, `chg_${attemptId}`, id, attemptId, atMs, amount, amount, 0, 'standard', 'bench 2026-08-01', price, terms, 'usage', null, hash, hash);
    move(of, 'post', atMs, -amount, -amount);
    endHold.run('posted', attemptId);
    const bucket = bucketOf(atMs);
    for (const [dimension, key] of [['total', ''], ['model', model], ['asked', model], ['workspace', workspaceId], ['client', client], ['thread', threadId ?? ''], ['kind', kind], ['branch', of.request.branch === undefined ? '' : `${workspaceId} ${of.request.branch}`], ['command', ''], ['file', '']] as const) touched.set(`${dimension} ${key} ${bucket}`, [dimension, key, bucket]);
  };
  return (group) => {
    const touched = new Map<string, SQLInputValue[]>();
    for (const command of group) {
      if (command.type === 'reserve') reserve(command);
      else if (command.type === 'settle') settle(command, touched);
    }
    for (const [dimension = '', key = '', bucket = 0] of touched.values()) {
      rollup.run(dimension, key, bucket, ...sums);
      rollupDay.run(dimension, key, dayOf(Number(bucket)), ...sums);
    }
  };
}

// Whole rows deleted, copied and put into another order, and changes to several tables that only fit each
// other. Each is given by name; the statements say what it is.
import type { DatabaseSync } from 'node:sqlite';
import { chainNames } from '../../../src/broker/store/ledgerPort.ts';
import { tamperedColumns } from './columnTamperings.ts';
import { directiveKinds, entryAccounts, entryKinds, grantSources, paidBy } from './ledgerKinds.ts';
import { changeOne, pickRow } from './tampering.ts';
import type { Tampering } from './tampering.ts';

const allTables = Object.keys(tamperedColumns).filter((table) => table !== 'begun');
/** Tables whose rows have no number of their own, and their keys. */
const keys: Readonly<Record<string, readonly string[]>> = { rollups: ['dimension', 'key', 'bucket'], rollup_days: ['dimension', 'key', 'day'], import_sums: ['dimension', 'key', 'bucket'] };

function deleteOne(table: string, what = 'deleted', where = '1'): Tampering {
  const names = keys[table] ?? ['rowid'];
  const key = names.map((name) => `${name} AS ${name}`).join(', ');
  const isRow = names.map((name, index) => `${name} = ?${index + 1}`).join(' AND ');
  return changeOne(`a row of ${table} ${what}`, `SELECT ${key} FROM ${table} WHERE ${where}`, `DELETE FROM ${table} WHERE ${isRow}`);
}

/** A row once more, at the end of its table and with an id of its own where it must have one. */
function copyOne(table: string): Tampering {
  return {
    name: `a row of ${table} copied`,
    apply: (db, random) => {
      const columns = columnsOf(db, table);
      const row = pickRow(db, random, `SELECT * FROM ${table}`);
      if (!row) return false;
      const fresh: Readonly<Record<string, string | number>> = { id: `${String(row['id'])}+`, usage_event_id: `${String(row['usage_event_id'])}+`, grant_id: `${String(row['grant_id'])}+`, key: `${String(row['key'])}+`, ordinal: 1_000_000 };
      const mustDiffer = new Set(['id', ...(table === 'charges' ? ['usage_event_id'] : []), ...(table === 'grants' ? ['grant_id', 'key', 'ordinal'] : []), ...(keys[table] ? ['key'] : [])]);
      const values = columns.map((column) => (column === 'sequence' ? null : mustDiffer.has(column) ? fresh[column] ?? null : (table === 'requests' && column === 'request_id') || (table === 'decisions' || table === 'holds') && column === 'attempt_id' ? `${String(row[column])}+` : row[column] ?? null));
      return Number(db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`).run(...values).changes) > 0;
    },
  };
}

function columnsOf(db: DatabaseSync, table: string): string[] {
  return db.prepare(`PRAGMA table_info(${table})`).all().map((row) => String(row['name']));
}

/** A row put into the place of the next one. */
function reorder(table: string): Tampering {
  return changeOne(`two neighbours of ${table} in the other order`, `SELECT sequence FROM ${table} WHERE sequence < (SELECT MAX(sequence) FROM ${table})`,
    `UPDATE ${table} SET sequence = -1 WHERE sequence = ?1`, `UPDATE ${table} SET sequence = ?1 WHERE sequence = ?1 + 1`, `UPDATE ${table} SET sequence = ?1 + 1 WHERE sequence = -1`);
}

/** Kinds of directives that came later. What is done to their rows stands behind everything else, so that all that was there before begins at the ledger that it began at. */
const newerKinds: readonly string[] = ['upstream'];
const deletedDirective = (kind: string): Tampering => deleteOne('directives', `deleted, a ${kind}`, `kind = '${kind}'`);

/** A row of each newer kind taken away. */
export const newerTamperings: readonly Tampering[] = newerKinds.map(deletedDirective);

/** Rows deleted, copied, reordered. */
export const rowTamperings: readonly Tampering[] = [
  ...allTables.map((table) => deleteOne(table)), ...allTables.map(copyOne), ...chainNames.map(reorder),
  deleteOne('usage_events', 'deleted, of a refused attempt', `outcome = 'refused'`), deleteOne('usage_events', 'deleted, of a free attempt', `free_reason IS NOT NULL AND outcome <> 'refused'`),
  deleteOne('usage_events', 'deleted, a correction', 'corrects IS NOT NULL'), deleteOne('charges', 'deleted, a correction', 'corrects IS NOT NULL'),
  ...entryAccounts.filter((account) => account !== 'grant').map((account) => deleteOne('entries', `deleted, of ${account}`, `account = '${account}'`)),
  ...entryKinds.map((kind) => deleteOne('entries', `deleted, a ${kind}`, `account = 'grant' AND kind = '${kind}'`)),
  ...directiveKinds.filter((kind) => !newerKinds.includes(kind)).map(deletedDirective),
  ...Object.entries(grantSources).map(([source, where]) => deleteOne('grants', `deleted, of ${source}`, where)),
  ...(['plan', 'fallback'] as const).map((payer) => deleteOne('usage_events', `deleted, of a ${payer}`, paidBy(payer))),
  deleteOne('begun'), changeOne('begun without a hold', 'SELECT 1', `INSERT INTO begun (attempt_id, at_ms) VALUES ('ghost-1', 1)`),
];

/** Amounts and attribution changed in several places at once, so that they fit each other. */
export const jointTamperings: readonly Tampering[] = [
  changeOne('a charge and what it drew one higher', `SELECT c.id, c.attempt_id FROM charges c JOIN entries e ON e.charge_id = c.id WHERE c.corrects IS NULL AND e.kind = 'post' AND e.account = 'grant' AND c.uncovered = 0`,
    'UPDATE charges SET cost = cost + 1, drawn = drawn + 1 WHERE id = ?1', `UPDATE entries SET amount = amount - 1 WHERE rowid = (SELECT rowid FROM entries WHERE charge_id = ?1 AND kind = 'post' AND account = 'grant' LIMIT 1)`),
  changeOne('a charge drawn to the half and the rest uncovered', `SELECT c.id, c.drawn / 2 FROM charges c JOIN entries e ON e.charge_id = c.id WHERE c.corrects IS NULL AND e.kind = 'post' AND e.account = 'grant' AND c.drawn > 10 AND c.uncovered = 0`,
    'UPDATE charges SET drawn = drawn - ?2, uncovered = uncovered + ?2 WHERE id = ?1', `UPDATE entries SET amount = amount + ?2 WHERE rowid = (SELECT rowid FROM entries WHERE charge_id = ?1 AND kind = 'post' AND account = 'grant' AND -amount > ?2 LIMIT 1)`),
  changeOne('a usage event and its charge at fewer tokens', `SELECT u.id FROM usage_events u JOIN charges c ON c.usage_event_id = u.id WHERE u.corrects IS NULL AND u.output_tokens > 1`, 'UPDATE usage_events SET output_tokens = output_tokens - 1, reasoning_tokens = 0 WHERE id = ?1'),
  changeOne('a reservation and its hold one higher', `SELECT attempt_id FROM entries WHERE kind = 'reserve'`, 'UPDATE holds SET amount = amount + 1 WHERE attempt_id = ?1',
    `UPDATE entries SET held_delta = held_delta + 1 WHERE rowid = (SELECT rowid FROM entries WHERE attempt_id = ?1 AND kind = 'reserve' LIMIT 1)`, `UPDATE decisions SET record = json_set(record, '$.holdMicroCredits', (record ->> 'holdMicroCredits') + 1) WHERE attempt_id = ?1`),
  changeOne('an attempt paid from another grant', `SELECT e.attempt_id, e.grant_id, g.grant_id AS other FROM entries e JOIN grants g ON g.grant_id <> e.grant_id AND g.amount > e.held_delta WHERE e.kind = 'reserve' AND NOT EXISTS (SELECT 1 FROM entries o WHERE o.attempt_id = e.attempt_id AND o.grant_id = g.grant_id)`,
    'UPDATE entries SET grant_id = ?3, id = replace(id, ?2, ?3) WHERE attempt_id = ?1 AND grant_id = ?2', `UPDATE decisions SET record = replace(record, '"grantId":"' || ?2 || '"', '"grantId":"' || ?3 || '"') WHERE attempt_id = ?1`),
  changeOne('an attempt moved to another workspace', `SELECT request_id FROM requests`, `UPDATE requests SET workspace_id = workspace_id || 'x' WHERE request_id = ?1`, `UPDATE usage_events SET workspace_id = workspace_id || 'x' WHERE request_id = ?1`, `UPDATE holds SET workspace_id = workspace_id || 'x' WHERE request_id = ?1`),
  changeOne('a grant one larger, with what a person chose and its entry', `SELECT grant_id FROM grants WHERE allowance_id IS NULL`, `UPDATE grants SET amount = amount + 1, content = json_set(content, '$[1]', amount + 1) WHERE grant_id = ?1`, `UPDATE entries SET amount = amount + 1 WHERE kind = 'grant' AND grant_id = ?1`),
  changeOne('a gift of an allowance one larger, with its content and entry', `SELECT grant_id FROM grants WHERE allowance_id IS NOT NULL`, `UPDATE grants SET amount = amount + 1, content = json_set(content, '$[1]', amount + 1) WHERE grant_id = ?1`, `UPDATE entries SET amount = amount + 1 WHERE kind = 'grant' AND grant_id = ?1`),
  changeOne('an automatic addition one larger, with its content and entry', `SELECT grant_id FROM grants WHERE ${grantSources.auto}`, `UPDATE grants SET amount = amount + 1, content = json_set(content, '$[1]', amount + 1) WHERE grant_id = ?1`, `UPDATE entries SET amount = amount + 1 WHERE kind = 'grant' AND grant_id = ?1`),
  changeOne('an automatic addition counted in the month before', `SELECT grant_id FROM grants WHERE ${grantSources.auto}`, `UPDATE grants SET content = json_set(content, '$[2]', (content ->> '$[2]') - 2592000000), key = 'auto top-up ' || ((content ->> '$[2]') - 2592000000) || ' ' || (content ->> '$[3]') WHERE grant_id = ?1`),
  changeOne('an automatic addition that a person chose', `SELECT grant_id FROM grants WHERE ${grantSources.auto}`, `UPDATE grants SET content = json_array('purchased', amount, NULL, json_object('scope', 'ask')) WHERE grant_id = ?1`),
  changeOne('every automatic top-up laid down with a cap below what it added', `SELECT 1 WHERE EXISTS (SELECT 1 FROM grants WHERE ${grantSources.auto})`, `UPDATE directives SET content = json_set(content, '$.rule.capMicroCredits', 1) WHERE kind = 'auto-top-up' AND content ->> '$.rule' IS NOT NULL`),
  changeOne('no automatic top-up laid down although some was added', `SELECT 1 WHERE EXISTS (SELECT 1 FROM grants WHERE ${grantSources.auto})`, `UPDATE directives SET content = json_set(content, '$.rule', NULL) WHERE kind = 'auto-top-up'`),
  changeOne('a voucher one larger, with its content and entry', `SELECT grant_id FROM grants WHERE ${grantSources.voucher}`, `UPDATE grants SET amount = amount + 1, content = json_set(content, '$[1]', amount + 1) WHERE grant_id = ?1`, `UPDATE entries SET amount = amount + 1 WHERE kind = 'grant' AND grant_id = ?1`),
  changeOne('a voucher of another issuer, whom nobody trusts', `SELECT grant_id FROM grants WHERE ${grantSources.voucher}`, `UPDATE grants SET content = json_set(content, '$[3]', '00000000000000aa'), key = 'voucher 00000000000000aa ' || (content ->> '$[4]') WHERE grant_id = ?1`),
  changeOne('no issuer of vouchers trusted although some were redeemed', `SELECT 1 WHERE EXISTS (SELECT 1 FROM grants WHERE ${grantSources.voucher})`, `UPDATE directives SET content = json_set(content, '$.issuer', NULL) WHERE kind = 'voucher-issuer'`),
  changeOne('what a plan paid charged after all', `SELECT u.id, u.attempt_id, h.price FROM usage_events u JOIN holds h USING (attempt_id) WHERE h.price IS NOT NULL AND u.corrects IS NULL AND u.${paidBy('plan')}`, 'UPDATE usage_events SET free_reason = NULL WHERE id = ?1',
    `INSERT INTO charges (sequence, id, usage_event_id, attempt_id, at_ms, cost, drawn, uncovered, tier, price_version, price, terms, basis, prev_hash, hash) SELECT (SELECT COALESCE(MAX(sequence), 0) + 1 FROM charges), 'chg_' || ?2, ?1, ?2, at_ms, 1, 0, 0, tier, ?3 ->> 'version', ?3, '[]', 'usage', '', '' FROM usage_events WHERE id = ?1`),
  changeOne('what credits paid told as paid by a plan', `SELECT attempt_id FROM charges WHERE corrects IS NULL`, `UPDATE decisions SET record = json_set(record, '$.coveredBy', 'plan') WHERE attempt_id = ?1`),
  changeOne('what credits paid told as answered by a fallback', `SELECT attempt_id FROM charges WHERE corrects IS NULL AND drawn > 0`, `UPDATE decisions SET record = json_set(record, '$.fallback', json_object('model', 'local-fallback', 'at', 'localhost:11434', 'cause', 'balance', 'code', 'credits_exhausted', 'because', '')) WHERE attempt_id = ?1`),
  changeOne('a fallback\'s answer charged by another price than it was held by', `SELECT c.attempt_id, json_set(c.price, '$.rates.cacheWrite', (c.price ->> '$.rates.cacheWrite') + 7) FROM charges c JOIN usage_events u ON u.id = c.usage_event_id WHERE u.cache_write_tokens = 0 AND c.${paidBy('fallback')}`, 'UPDATE charges SET price = ?2 WHERE attempt_id = ?1'),
  changeOne('the days of an even budget left out of a decision', `SELECT attempt_id FROM decisions WHERE record ->> '$.budgets[0].allowed' IS NOT NULL`, `UPDATE decisions SET record = json_remove(record, '$.budgets[0].allowed') WHERE attempt_id = ?1`),
  changeOne('what the days of an even budget allowed told too high', `SELECT attempt_id FROM decisions WHERE record ->> '$.budgets[0].allowed' IS NOT NULL`, `UPDATE decisions SET record = json_set(record, '$.budgets[0].allowed', (record ->> '$.budgets[0].allowed') + 1) WHERE attempt_id = ?1`),
  changeOne('an even budget laid down for any time, with what decisions tell of it', `SELECT subject FROM directives WHERE kind = 'budget' AND content ->> '$.budget.pace' = 'even' AND EXISTS (SELECT 1 FROM decisions WHERE record ->> '$.budgets[0].budgetId' = subject AND record ->> '$.budgets[0].allowed' < record ->> '$.budgets[0].limit')`,
    `UPDATE directives SET content = json_remove(content, '$.budget.pace', '$.budget.pacedFromMs') WHERE kind = 'budget' AND subject = ?1`, `UPDATE decisions SET record = json_remove(record, '$.budgets[0].allowed') WHERE record ->> '$.budgets[0].budgetId' = ?1`),
  changeOne('an imported response that went through the broker', `SELECT i.id, u.response_id FROM imports i JOIN usage_events u ON u.response_id IS NOT NULL WHERE i.response_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM imports o WHERE o.response_id = u.response_id)`, `UPDATE imports SET response_id = ?2, id = 'import:' || ?2 WHERE id = ?1`),
  changeOne('a gift of an allowance given for another period', `SELECT grant_id FROM grants WHERE allowance_id IS NOT NULL`, `UPDATE grants SET starts_at_ms = starts_at_ms - 86400000, content = json_set(content, '$[3]', starts_at_ms - 86400000) WHERE grant_id = ?1`),
  changeOne('every permission for purchased credits taken away', `SELECT 1 WHERE EXISTS (SELECT 1 FROM entries e JOIN grants g USING (grant_id) WHERE e.kind = 'reserve' AND g.kind = 'purchased')`,
    `UPDATE directives SET content = replace(content, '"answer":"allow"', '"answer":"deny"') WHERE kind = 'consent' AND id NOT LIKE 'grant %'`, `UPDATE directives SET content = replace(content, '"allow"', '"refuse"') WHERE kind = 'policy' AND subject = 'unattended'`,
    `UPDATE directives SET content = replace(content, '"answer":"allow"', '"answer":"deny"') WHERE kind = 'consent'`),
  changeOne('a hard budget lowered below what it let through', `SELECT d.record ->> '$.budgets[0].budgetId', d.record ->> '$.budgets[0].limit' FROM decisions d JOIN holds h USING (attempt_id) WHERE d.record ->> '$.budgets[0].mode' = 'hard'`,
    `UPDATE directives SET content = json_set(content, '$.budget.limit', 0) WHERE kind = 'budget' AND subject = ?1 AND content ->> '$.budget.limit' = ?2`, `UPDATE decisions SET record = json_set(record, '$.budgets[0].limit', 0) WHERE record ->> '$.budgets[0].budgetId' = ?1 AND record ->> '$.budgets[0].limit' = ?2`),
  changeOne('what a budget had used told too low', `SELECT attempt_id FROM decisions WHERE record ->> '$.budgets[0].used' > 0`, `UPDATE decisions SET record = json_set(record, '$.budgets[0].used', 0) WHERE attempt_id = ?1`),
  changeOne('a budget left out of a decision', `SELECT d.attempt_id FROM decisions d JOIN holds h USING (attempt_id) WHERE record ->> '$.budgets' IS NOT NULL`, `UPDATE decisions SET record = json_remove(record, '$.budgets') WHERE attempt_id = ?1`),
  changeOne('a refund one higher, with its cause', `SELECT c.id, e.id AS entry_id FROM charges c JOIN entries e ON e.charge_id = c.id AND e.kind = 'refund' AND e.account = 'grant' WHERE c.basis = 'refund'`, 'UPDATE charges SET cost = cost - 1, drawn = drawn - 1 WHERE id = ?1', 'UPDATE entries SET amount = amount + 1 WHERE id = ?2'),
  changeOne('an overshoot one higher on both sides', `SELECT charge_id FROM entries WHERE account = 'overshoot'`, `UPDATE entries SET amount = amount + IIF(amount > 0, 1, -1) WHERE account = 'overshoot' AND charge_id = ?1`),
  changeOne('an overshoot deleted on both sides', `SELECT charge_id FROM entries WHERE account = 'overshoot'`, `DELETE FROM entries WHERE account = 'overshoot' AND charge_id = ?1`),
  changeOne('a debt paid with less than is owed', `SELECT id FROM entries WHERE id LIKE 'post_owed_%_paid'`, 'UPDATE entries SET amount = amount - 1 WHERE id = ?1', `UPDATE entries SET amount = amount + 1 WHERE id || '_paid' = ?1`),
  changeOne('a hold by another price, charged by it', `SELECT c.attempt_id, c.price, json_set(c.price, '$.rates.output', (c.price ->> '$.rates.output') + 7) FROM charges c JOIN usage_events u ON u.id = c.usage_event_id JOIN holds h ON h.attempt_id = c.attempt_id WHERE u.output_tokens = 0 AND json(c.price) = json(h.price)`,
    'UPDATE charges SET price = ?3 WHERE attempt_id = ?1', 'UPDATE holds SET price = ?3 WHERE attempt_id = ?1'),
  changeOne('an overage taken for an estimate', `SELECT e.attempt_id FROM entries e JOIN charges c ON c.id = e.charge_id WHERE e.kind = 'overage' AND e.account = 'grant' AND c.corrects IS NULL`, 'UPDATE usage_events SET measured = 0 WHERE attempt_id = ?1 AND corrects IS NULL'),
  changeOne('a grant that had expired before it paid', `SELECT g.grant_id, e.at_ms FROM entries e JOIN grants g USING (grant_id) WHERE e.kind = 'reserve' AND g.allowance_id IS NULL AND COALESCE(g.starts_at_ms, 0) < e.at_ms AND g.created_at_ms < e.at_ms`,
    `UPDATE grants SET expires_at_ms = ?2, content = json_set(content, '$[2]', ?2) WHERE grant_id = ?1`),
  changeOne('a grant that had not begun before it paid', `SELECT g.grant_id, e.at_ms + 1 FROM entries e JOIN grants g USING (grant_id) WHERE e.kind = 'reserve' AND g.allowance_id IS NULL AND json_array_length(g.content) = 8 AND (g.expires_at_ms IS NULL OR g.expires_at_ms > e.at_ms + 1)`,
    `UPDATE grants SET starts_at_ms = ?2, content = json_set(content, '$[4]', ?2) WHERE grant_id = ?1`),
  changeOne('a grant for other models than it paid for', `SELECT g.grant_id FROM entries e JOIN grants g USING (grant_id) WHERE e.kind = 'reserve' AND g.allowance_id IS NULL AND json_array_length(g.content) = 8`,
    `UPDATE grants SET models = '["other"]', content = json_set(content, '$[6]', json('["other"]')) WHERE grant_id = ?1`),
  changeOne('a grant that burnt before its turn', `SELECT g.grant_id FROM entries e JOIN grants g USING (grant_id) JOIN grants o ON o.kind = g.kind AND o.grant_id <> g.grant_id WHERE e.kind = 'reserve' AND g.allowance_id IS NULL AND json_array_length(g.content) = 8`,
    `UPDATE grants SET priority = 99, content = json_set(content, '$[5]', 99) WHERE grant_id = ?1`),
  changeOne('an open hold taken for ended', `SELECT attempt_id FROM holds WHERE state = 'open'`, `UPDATE holds SET state = 'voided' WHERE attempt_id = ?1`),
  changeOne('an ended hold taken for open', `SELECT attempt_id FROM holds WHERE state <> 'open'`, `UPDATE holds SET state = 'open' WHERE attempt_id = ?1`),
  changeOne('a grant taken for not taken back', `SELECT grant_id FROM grants WHERE voided <> 0`, 'UPDATE grants SET voided = 0 WHERE grant_id = ?1'),
];

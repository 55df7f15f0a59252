// Proves that the tables of the SQLite ledger tell of one order: what was written in one step stands in each
// chain behind what was written in an earlier one. Asked of SQLite, since only places are compared. What is
// left open is an order that contradicts itself over three chains and more.
import type { DatabaseSync } from 'node:sqlite';

/** The usage event that an entry or a charge was written with. */
const eventOfEntry = `CASE WHEN e.account = 'owed' AND e.kind = 'refund' THEN (SELECT 'use_' || substr(r.charge_id, 5) FROM entries r WHERE r.id = e.corrects)
  WHEN e.charge_id IS NULL THEN 'use_' || e.attempt_id ELSE 'use_' || substr(e.charge_id, 5) END`;

/** Rows of one chain with their places in another, in the order of the first. */
const orders: Readonly<Record<string, string>> = {
  'charges are not in the order of their usage events': 'SELECT c.id, c.sequence AS own, u.sequence AS place FROM charges c JOIN usage_events u ON u.id = c.usage_event_id',
  'entries are not in the order of the usage events that they were written with': `SELECT e.id, e.sequence AS own, u.sequence AS place FROM entries e JOIN usage_events u ON u.id = ${eventOfEntry} WHERE e.attempt_id IS NOT NULL AND e.kind <> 'reserve'`,
  'reservations are not in the order of their decisions': `SELECT e.id, e.sequence AS own, d.rowid AS place FROM entries e JOIN decisions d USING (attempt_id) WHERE e.kind = 'reserve'`,
  'refusals are not in the order of their decisions': `SELECT u.id, u.sequence AS own, d.rowid AS place FROM usage_events u JOIN decisions d USING (attempt_id) WHERE u.outcome = 'refused'`,
  'corrections are not in the order of their directives': `SELECT d.id, d.sequence AS own, u.sequence AS place FROM directives d JOIN usage_events u ON u.id = 'use_' || d.subject || '~' || d.id WHERE d.kind = 'correction'`,
  'permissions are not in the order of the grants that gave them': `SELECT d.id, d.sequence AS own, e.sequence AS place FROM directives d JOIN entries e ON e.id = 'grant_' || substr(d.id, 7) WHERE d.kind = 'consent' AND d.id LIKE 'grant %'`,
};

/** Credits are counted from the first grant on: from then on each estimate above nothing is reserved, but for what a fallback answers. */
const untracked = `SELECT h.attempt_id AS id FROM holds h JOIN decisions d USING (attempt_id) WHERE h.amount = 0 AND h.estimate > 0 AND h.likely_output IS NOT NULL AND d.record ->> '$.fallback' IS NULL
  AND d.rowid > (SELECT d.rowid FROM entries e JOIN decisions d USING (attempt_id) WHERE e.kind = 'reserve' ORDER BY e.sequence LIMIT 1) LIMIT 1`;

/** What is out of order, as sentences; one for each pair of tables. */
export function wrongOrder(db: DatabaseSync): string[] {
  const ask = (what: string, sql: string) => db.prepare(sql).all().map((row) => `${what}, at ${String(row['id'])}`);
  return [
    ...Object.entries(orders).flatMap(([what, sql]) => ask(what, `SELECT id FROM (SELECT id, place, LAG(place, 1, 0) OVER (ORDER BY own) AS before FROM (${sql})) WHERE place < before LIMIT 1`)),
    ...ask('credits were counted already and an attempt reserved none', untracked),
    ...ask('a request was never decided', 'SELECT request_id AS id FROM requests r WHERE NOT EXISTS (SELECT 1 FROM decisions d WHERE d.request_id = r.request_id) LIMIT 1'),
  ];
}

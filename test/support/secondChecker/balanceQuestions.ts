// Balances, in SQL: what grants have left and reserved, the running balance, the shape of every entry, and
// the memo accounts beside the grants.
import type { Questions } from './sqlQuestions.ts';

/** The id that an entry must have, over entries `e` with their charge `c`, and `n`, which numbers what ended of a grant. */
const idOf = `CASE
  WHEN account = 'overshoot' THEN kind || '_' || substr(charge_id, 5) || '_overshoot'
  WHEN account = 'exposure' THEN 'post_' || attempt_id || '_exposure'
  WHEN account = 'owed' AND kind = 'void' THEN 'void_owed_' || grant_id
  WHEN account = 'owed' AND kind = 'refund' THEN corrects || '_owed'
  WHEN account = 'owed' AND amount > 0 THEN 'post_owed_' || grant_id || '_paid'
  WHEN account = 'owed' AND attempt_id IS NOT NULL THEN 'post_' || attempt_id || '_' || grant_id || '_owed'
  WHEN account = 'owed' THEN 'post_' || (SELECT id FROM directives d WHERE d.kind = 'void' AND d.subject = grant_id AND d.content ->> '$.disputed') || '_owed'
  WHEN kind = 'grant' THEN 'grant_' || grant_id
  WHEN kind = 'post' AND attempt_id IS NULL THEN 'post_owed_' || grant_id
  WHEN kind = 'refund' AND attempt_id IS NULL THEN 'refund_' || corrects
  WHEN kind IN ('expire', 'void') AND attempt_id IS NULL THEN kind || '_' || grant_id || '_' || n
  WHEN charge_id IS NOT NULL THEN kind || '_' || substr(charge_id, 5) || '_' || grant_id
  ELSE kind || '_' || attempt_id || '_' || grant_id END`;

/** What each kind of entry may be: its account, what it moves, and what it must and must not name. */
const shapes = [
  `account = 'grant' AND kind = 'grant' AND amount > 0 AND held_delta = 0 AND attempt_id IS NULL AND charge_id IS NULL AND corrects IS NULL`,
  `account = 'grant' AND kind = 'reserve' AND amount = 0 AND held_delta > 0 AND attempt_id IS NOT NULL AND charge_id IS NULL AND corrects IS NULL`,
  `account = 'grant' AND kind = 'post' AND amount < 0 AND held_delta < 0 AND attempt_id IS NOT NULL AND charge_id IS NOT NULL AND corrects IS NULL`,
  `account = 'grant' AND kind = 'post' AND amount < 0 AND held_delta = 0 AND attempt_id IS NULL AND charge_id IS NULL AND corrects = 'grant_' || grant_id`,
  `account = 'grant' AND kind = 'void' AND amount = 0 AND held_delta < 0 AND attempt_id IS NOT NULL AND corrects IS NULL`,
  `account = 'grant' AND kind IN ('void', 'expire') AND amount < 0 AND held_delta = 0 AND attempt_id IS NULL AND charge_id IS NULL AND corrects IS NULL`,
  `account = 'grant' AND kind = 'overage' AND amount < 0 AND held_delta = 0 AND attempt_id IS NOT NULL AND charge_id IS NOT NULL AND corrects IS NULL`,
  `account = 'grant' AND kind = 'refund' AND amount > 0 AND held_delta = 0 AND attempt_id IS NOT NULL AND charge_id IS NOT NULL AND corrects IS NOT NULL`,
  `account = 'grant' AND kind = 'refund' AND amount > 0 AND held_delta = 0 AND attempt_id IS NULL AND charge_id IS NULL AND corrects LIKE 'expire~_%' ESCAPE '~'`,
  `account = 'owed' AND kind = 'refund' AND amount > 0 AND held_delta = 0 AND grant_id IS NOT NULL AND attempt_id IS NOT NULL AND charge_id IS NULL AND corrects IS NOT NULL`,
  `account = 'owed' AND kind = 'void' AND amount < 0 AND held_delta = 0 AND grant_id IS NOT NULL AND attempt_id IS NULL AND charge_id IS NULL AND corrects = 'grant_' || grant_id`,
  `account = 'overshoot' AND kind = 'overage' AND amount < 0 AND held_delta = 0 AND grant_id IS NULL AND attempt_id IS NOT NULL AND charge_id IS NOT NULL AND corrects IS NULL`,
  `account = 'overshoot' AND kind = 'refund' AND amount > 0 AND held_delta = 0 AND grant_id IS NULL AND attempt_id IS NOT NULL AND charge_id IS NOT NULL AND corrects = 'overage_' || substr(charge_id, 5) || '_overshoot'`,
  `account = 'exposure' AND kind = 'post' AND amount < 0 AND held_delta = 0 AND grant_id IS NULL AND attempt_id IS NOT NULL AND charge_id IS NULL AND corrects IS NULL`,
  `account = 'owed' AND kind = 'post' AND amount < 0 AND held_delta = 0 AND grant_id IS NOT NULL AND charge_id IS NULL AND (attempt_id IS NOT NULL AND corrects IS NULL OR attempt_id IS NULL AND corrects = 'grant_' || grant_id)`,
  `account = 'owed' AND kind = 'post' AND amount > 0 AND held_delta = 0 AND grant_id IS NOT NULL AND charge_id IS NULL AND attempt_id IS NULL AND corrects = 'post_owed_' || grant_id`,
];

const running = `(SELECT sequence, account, grant_id, balance_after, held_after, SUM(IIF(account = 'grant', amount, 0)) OVER (ORDER BY sequence) AS balance, SUM(IIF(account = 'grant', held_delta, 0)) OVER (ORDER BY sequence) AS held,
  SUM(amount) OVER (PARTITION BY account, grant_id ORDER BY sequence) AS left_over, SUM(held_delta) OVER (PARTITION BY account, grant_id ORDER BY sequence) AS reserved, SUM(IIF(account = 'owed', amount, 0)) OVER (ORDER BY sequence) AS owed FROM entries)`;

/** All questions about balances. */
export const balanceQuestions: Questions = {
  'a grant is not what its entries sum to': `SELECT g.grant_id FROM grants g LEFT JOIN (SELECT grant_id, SUM(amount) AS left_over, SUM(held_delta) AS held FROM entries WHERE account = 'grant' GROUP BY grant_id) e USING (grant_id)
    WHERE g.remaining IS NOT e.left_over OR g.held IS NOT e.held`,
  'an entry is of a grant that there is not': 'SELECT e.id FROM entries e LEFT JOIN grants g USING (grant_id) WHERE e.grant_id IS NOT NULL AND g.grant_id IS NULL',
  'a grant is below zero or reserved beyond what is left': 'SELECT grant_id FROM grants WHERE remaining < 0 OR held < 0 OR held > remaining OR amount <= 0',
  'a grant once was below zero or reserved beyond what was left': `SELECT sequence FROM ${running} WHERE account = 'grant' AND (left_over < 0 OR reserved < 0 OR reserved > left_over)`,
  'a running balance is wrong': `SELECT sequence FROM ${running} WHERE balance <> balance_after OR held <> held_after`,
  // Between a refund that lowers a debt below what was paid and the grant that comes back for it lie only rows of the same correction.
  'more was paid than was owed': `SELECT sequence FROM ${running} r WHERE owed > 0 AND NOT EXISTS (SELECT 1 FROM entries n WHERE n.account = 'owed' AND n.kind = 'void' AND n.sequence > r.sequence AND n.at_ms = (SELECT at_ms FROM entries WHERE sequence = r.sequence)
    AND NOT EXISTS (SELECT 1 FROM entries x WHERE x.sequence > r.sequence AND x.sequence < n.sequence AND (x.at_ms <> n.at_ms OR x.kind NOT IN ('refund', 'void', 'expire', 'grant'))))`,
  'what expired came back otherwise than it went, or of a grant that was over or taken back': `SELECT r.id FROM entries r LEFT JOIN entries e ON e.id = r.corrects LEFT JOIN grants g ON g.grant_id = r.grant_id
    WHERE r.account = 'grant' AND r.kind = 'refund' AND r.attempt_id IS NULL AND (e.kind IS NOT 'expire' OR e.grant_id IS NOT r.grant_id OR e.amount IS NOT -r.amount OR e.sequence > r.sequence OR g.expires_at_ms IS NULL OR r.at_ms + 600000 >= g.expires_at_ms OR r.at_ms < g.created_at_ms)`,
  'a debt was lowered by something else than what came back to a disputed grant': `SELECT o.id FROM entries o LEFT JOIN entries r ON r.id = o.corrects
    WHERE o.account = 'owed' AND o.kind = 'refund' AND (r.account IS NOT 'grant' OR r.kind IS NOT 'refund' OR r.amount IS NOT o.amount OR r.grant_id IS NOT o.grant_id OR r.attempt_id IS NOT o.attempt_id OR r.sequence > o.sequence
      OR NOT EXISTS (SELECT 1 FROM directives d WHERE d.kind = 'void' AND d.subject = o.grant_id AND d.content ->> '$.disputed'))`,
  'what was paid too much of a debt did not come back as a grant of its own': `SELECT o.id FROM entries o LEFT JOIN entries m ON m.id = o.corrects LEFT JOIN grants g ON g.grant_id = o.grant_id
    WHERE o.account = 'owed' AND o.kind = 'void' AND (m.kind IS NOT 'grant' OR m.amount IS NOT -o.amount OR g.amount IS NOT m.amount OR m.sequence IS NOT o.sequence - 1 OR g.key NOT LIKE 'refund %')`,
  'an entry is none that there can be': `SELECT id FROM entries WHERE (${shapes.join(' OR ')}) IS NOT 1`,
  'an entry has another id than its kind and cause give it': `SELECT id FROM (SELECT e.*, IIF(e.kind IN ('expire', 'void') AND e.attempt_id IS NULL, ROW_NUMBER() OVER (PARTITION BY e.grant_id, e.account = 'grant' AND e.attempt_id IS NULL AND e.kind IN ('expire', 'void') ORDER BY e.sequence), 0) AS n FROM entries e)
    WHERE id IS NOT (${idOf})`,
  'a charge was beyond all credits by another amount than is booked beside them': `SELECT c.id FROM charges c JOIN holds h USING (attempt_id) LEFT JOIN entries o ON o.charge_id = c.id AND o.account = 'overshoot' AND o.kind = 'overage'
    WHERE o.id IS NOT NULL AND -o.amount <> c.uncovered OR o.id IS NULL AND c.uncovered > 0 AND h.likely_output IS NOT NULL`,
  'what was beyond all credits was not given back by rule at once': `SELECT charge_id FROM entries WHERE account = 'overshoot' GROUP BY charge_id HAVING SUM(amount) <> 0 OR COUNT(*) <> 2 OR MAX(sequence) <> MIN(sequence) + 1 OR SUM(kind = 'overage') <> 1`,
  'an exposure is not the estimate of a lost and uncharged attempt': `SELECT e.id FROM entries e LEFT JOIN holds h USING (attempt_id) LEFT JOIN usage_events u ON u.attempt_id = e.attempt_id AND u.corrects IS NULL
    WHERE e.account = 'exposure' AND (-e.amount IS NOT h.estimate OR h.state IS NOT 'voided' OR u.measured IS NOT 0 OR EXISTS (SELECT 1 FROM charges c WHERE c.attempt_id = e.attempt_id))`,
  'an exposure is booked twice': `SELECT attempt_id FROM entries WHERE account = 'exposure' GROUP BY attempt_id HAVING COUNT(*) > 1`,
  'a payment of what is owed does not meet its other half': `SELECT p.id FROM entries p LEFT JOIN entries o ON o.account = 'owed' AND o.corrects = p.id AND o.amount = -p.amount AND o.grant_id = p.grant_id AND o.at_ms = p.at_ms AND o.sequence = p.sequence + 1
    LEFT JOIN grants g ON g.grant_id = p.grant_id WHERE p.account = 'grant' AND p.kind = 'post' AND p.attempt_id IS NULL AND (o.id IS NULL OR g.kind IS NOT 'purchased' OR p.at_ms IS NOT g.created_at_ms)
    UNION ALL SELECT o.id FROM entries o LEFT JOIN entries p ON p.id = o.corrects WHERE o.account = 'owed' AND o.kind = 'post' AND o.amount > 0 AND p.amount IS NOT -o.amount`,
  'credits that a new grant owed were not paid in full': `SELECT g.grant_id FROM grants g JOIN entries made ON made.id = 'grant_' || g.grant_id LEFT JOIN entries p ON p.id = 'post_owed_' || g.grant_id
    WHERE g.kind = 'purchased' AND NOT EXISTS (SELECT 1 FROM entries v WHERE v.id = 'void_owed_' || g.grant_id) AND COALESCE(-p.amount, 0) <> MIN(g.amount, (SELECT COALESCE(-SUM(amount), 0) FROM entries o WHERE o.account = 'owed' AND o.sequence < made.sequence))`,
  'an entry is of another time than what caused it': `SELECT e.id FROM entries e LEFT JOIN grants g ON g.grant_id = e.grant_id LEFT JOIN decisions d ON d.attempt_id = e.attempt_id LEFT JOIN charges c ON c.id = e.charge_id
    LEFT JOIN usage_events u ON u.attempt_id = e.attempt_id AND u.corrects IS NULL
    WHERE e.at_ms IS NOT CASE WHEN e.kind = 'grant' OR e.account = 'owed' AND e.kind = 'void' THEN g.created_at_ms WHEN e.kind = 'reserve' THEN d.at_ms WHEN e.charge_id IS NOT NULL THEN c.at_ms WHEN e.account = 'owed' AND e.kind = 'refund' THEN (SELECT r.at_ms FROM entries r WHERE r.id = e.corrects) WHEN e.attempt_id IS NOT NULL THEN u.at_ms
      WHEN e.account = 'owed' AND e.amount < 0 THEN (SELECT v.at_ms FROM directives v WHERE v.kind = 'void' AND v.subject = e.grant_id AND v.content ->> '$.disputed') WHEN e.account = 'owed' THEN g.created_at_ms ELSE e.at_ms END`,
};

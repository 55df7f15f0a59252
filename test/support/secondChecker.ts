// A second opinion on a ledger: plain SQL over the file, written without looking at the audit and
// sharing no code with it. It knows sums, balances, joins and prices; it does not know hash chains.
import { DatabaseSync } from 'node:sqlite';

/** Each question must give no row; a row tells what is wrong. */
const questions: Readonly<Record<string, string>> = {
  'a grant is not what its entries sum to': `SELECT g.grant_id FROM grants g LEFT JOIN (SELECT grant_id, SUM(amount) AS left_over, SUM(held_delta) AS held FROM entries GROUP BY grant_id) e USING (grant_id)
    WHERE g.remaining IS NOT e.left_over OR g.held IS NOT e.held`,
  'a grant was not made by exactly one entry of its amount': `SELECT g.grant_id FROM grants g WHERE (SELECT COUNT(*) FROM entries e WHERE e.grant_id = g.grant_id AND e.kind = 'grant') <> 1
    OR (SELECT SUM(amount) FROM entries e WHERE e.grant_id = g.grant_id AND e.kind = 'grant') <> g.amount`,
  'a grant is below zero or reserved beyond what is left': 'SELECT grant_id FROM grants WHERE remaining < 0 OR held < 0 OR held > remaining',
  'a running balance is wrong': `SELECT sequence FROM (SELECT sequence, balance_after, held_after, SUM(amount) OVER (ORDER BY sequence) AS balance, SUM(held_delta) OVER (ORDER BY sequence) AS held FROM entries)
    WHERE balance <> balance_after OR held <> held_after`,
  'an open hold is not reserved to the full': `SELECT h.attempt_id FROM holds h WHERE h.state = 'open' AND h.amount <> (SELECT COALESCE(SUM(held_delta), 0) FROM entries e WHERE e.attempt_id = h.attempt_id)`,
  'an ended hold still has something reserved': `SELECT h.attempt_id FROM holds h WHERE h.state <> 'open' AND 0 <> (SELECT COALESCE(SUM(held_delta), 0) FROM entries e WHERE e.attempt_id = h.attempt_id)`,
  'a hold reserved another amount than it says': `SELECT h.attempt_id FROM holds h WHERE h.amount <> (SELECT COALESCE(SUM(held_delta), 0) FROM entries e WHERE e.attempt_id = h.attempt_id AND e.kind = 'reserve')`,
  'an open hold has ended, or an ended one has not': `SELECT h.attempt_id FROM holds h LEFT JOIN usage_events u USING (attempt_id) WHERE (h.state = 'open') = (u.attempt_id IS NOT NULL)`,
  'a charge has no usage event of its own': 'SELECT c.id FROM charges c LEFT JOIN usage_events u ON u.id = c.usage_event_id AND u.attempt_id = c.attempt_id WHERE u.id IS NULL',
  'a posted hold has no charge, or a voided one has': `SELECT h.attempt_id FROM holds h LEFT JOIN charges c USING (attempt_id) WHERE (h.state = 'posted') <> (c.id IS NOT NULL)`,
  'a charge did not draw what its entries drew': `SELECT c.id FROM charges c WHERE c.drawn <> (SELECT COALESCE(-SUM(amount), 0) FROM entries e WHERE e.charge_id = c.id)`,
  'credits moved for an attempt without its charge': `SELECT e.id FROM entries e LEFT JOIN charges c ON c.id = e.charge_id AND c.attempt_id = e.attempt_id WHERE e.kind IN ('post', 'overage') AND c.id IS NULL`,
  'drawn and uncovered are not the cost of a tracked attempt': 'SELECT c.id FROM charges c JOIN holds h USING (attempt_id) WHERE h.amount > 0 AND c.drawn + c.uncovered <> c.cost',
  'an untracked attempt drew credits': 'SELECT c.id FROM charges c JOIN holds h USING (attempt_id) WHERE h.amount = 0 AND (c.drawn <> 0 OR c.uncovered <> 0)',
  'a usage event has no decision': 'SELECT u.id FROM usage_events u LEFT JOIN decisions d USING (attempt_id) WHERE d.attempt_id IS NULL',
  'a decision has neither hold nor usage event': `SELECT d.attempt_id FROM decisions d LEFT JOIN holds h USING (attempt_id) LEFT JOIN usage_events u USING (attempt_id) WHERE h.attempt_id IS NULL AND u.attempt_id IS NULL`,
  'a refused attempt has a hold, a charge or tokens': `SELECT u.id FROM usage_events u WHERE u.outcome = 'refused' AND (u.input_tokens + u.output_tokens > 0
    OR EXISTS (SELECT 1 FROM holds h WHERE h.attempt_id = u.attempt_id) OR EXISTS (SELECT 1 FROM charges c WHERE c.attempt_id = u.attempt_id))`,
  'an expired grant gave credits to a new hold': `SELECT e.id FROM entries e JOIN grants g USING (grant_id) WHERE e.kind = 'reserve' AND g.expires_at_ms <= e.at_ms`,
};

interface WrittenPrice {
  readonly rates: Readonly<Record<string, number>>;
  readonly long?: { readonly aboveInputTokens: number; readonly rates: Readonly<Record<string, number>> };
  readonly fast?: { readonly numerator: number; readonly denominator: number };
}

/** Everything that is wrong with the file, as sentences; nothing when it is sound. */
export function checkAgain(path: string): string[] {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  try {
    const wrong = Object.entries(questions).flatMap(([sentence, sql]) => db.prepare(sql).all().map((row) => `${sentence}: ${String(Object.values(row)[0])}`));
    return [...wrong, ...wrongCosts(db)];
  } finally {
    db.close();
  }
}

/** Computes every charge a second way: in units of a millionth of half a microcredit, so that no fraction is left. */
function wrongCosts(db: DatabaseSync): string[] {
  const rows = db.prepare('SELECT c.id, c.cost, c.price, u.* FROM charges c JOIN usage_events u ON u.id = c.usage_event_id').all();
  return rows.flatMap((row) => {
    const price = JSON.parse(String(row['price'])) as WrittenPrice;
    const count = (name: string) => BigInt(Number(row[name]));
    const rates = price.long && Number(row['input_tokens']) > price.long.aboveInputTokens ? price.long.rates : price.rates;
    const rate = (name: string) => BigInt(rates[name] ?? 0);
    const plain = count('input_tokens') * rate('input') + count('cached_input_tokens') * (rate('cachedInput') - rate('input'))
      + count('cache_write_tokens') * (rate('cacheWrite') - rate('input')) + count('output_tokens') * rate('output');
    const [times, over] = row['tier'] === 'flex' ? [1n, 2n] : row['tier'] === 'fast' ? [BigInt(price.fast?.numerator ?? 2), BigInt(price.fast?.denominator ?? 1)] : [1n, 1n];
    const whole = plain * times / (over * 1_000_000n);
    const rest = plain * times % (over * 1_000_000n);
    const cost = rest * 2n >= over * 1_000_000n ? whole + 1n : whole;
    return cost === BigInt(Number(row['cost'])) ? [] : [`the cost of ${String(row['id'])} is ${String(row['cost'])}, computed again it is ${cost}`];
  });
}

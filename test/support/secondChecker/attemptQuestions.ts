// Attempts, in SQL: each decision, hold, usage event and charge has its counterparts, says the same as they
// do, and ended exactly once or not at all.
import type { Questions } from './sqlQuestions.ts';

/** The first usage event and charge of each attempt. */
const firstEvent = '(SELECT * FROM usage_events WHERE corrects IS NULL)';
const firstCharge = '(SELECT * FROM charges WHERE corrects IS NULL)';

/** Whether what an attempt costs is drawn, over its hold `h` and decision `d`: something was reserved, or the decision says so. */
const tracked = `(h.amount > 0 OR COALESCE(d.record ->> 'tracked', 0))`;

const layers = (verdict: string, which = '1') => `EXISTS (SELECT 1 FROM json_each(record, '$.layers') l WHERE l.value ->> 'verdict' = '${verdict}' AND ${which})`;
const no = (...fields: readonly string[]) => fields.map((field) => `json_type(record, '$.${field}') IS NULL`).join(' AND ');
const texts = (...fields: readonly string[]) => fields.map((field) => `json_type(record, '$.${field}') = 'text'`).join(' AND ');
const filled = (...fields: readonly string[]) => fields.map((field) => `length(record ->> '$.${field}') > 0`).join(' AND ');
const takesNothing = `json_array_length(record, '$.slices') = 0 AND record ->> '$.holdMicroCredits' = 0`;
const tookOver = layers('took', `l.value ->> 'layer' = 'fallback'`);
/** What each refusal is to a fallback. */
const causes = `CASE record ->> '$.fallback.code' WHEN 'credits_exhausted' THEN 'balance' WHEN 'consent_missing' THEN 'balance' WHEN 'credits_owed' THEN 'balance' WHEN 'wait_too_long' THEN 'window' WHEN 'too_large_for_limit' THEN 'window'
  WHEN 'upstream_unreachable' THEN 'unreachable' WHEN 'upstream_untrusted' THEN 'unreachable' WHEN 'proxy_refused' THEN 'unreachable' END`;

/** Whether a decision's record says what a refusal or an admission says, and no more. */
const written = `json_type(record, '$.layers') = 'array' AND json_array_length(record, '$.layers') > 0 AND json_type(record, '$.slices') = 'array' AND json_type(record, '$.holdMicroCredits') = 'integer' AND COALESCE(json_type(record, '$.budgets'), 'array') = 'array'
  AND NOT EXISTS (SELECT 1 FROM json_each(record, '$.budgets') b, json_each('["budgetId","key","unit","mode","verdict"]') n WHERE json_type(b.value, '$.' || n.value) IS NOT 'text')
  AND NOT EXISTS (SELECT 1 FROM json_each(record, '$.layers') l WHERE (json_type(l.value, '$.layer') = 'text' AND json_type(l.value, '$.verdict') = 'text' AND json_type(l.value, '$.because') = 'text') IS NOT 1)
  AND CASE record ->> 'outcome' WHEN 'refuse' THEN ${takesNothing} AND ${filled('code', 'message')} AND ${texts('code', 'message', 'remedy')} AND ${no('tracked', 'coveredBy', 'fallback')} AND ${layers('ended')} AND NOT ${tookOver}
    WHEN 'admit' THEN ${no('code', 'message', 'remedy')} AND (${no('tracked')} OR json_type(record, '$.tracked') = 'true' AND ${takesNothing}) AND CASE WHEN ${no('fallback')} THEN NOT ${layers('ended')} AND NOT ${tookOver} AND (${no('coveredBy')} OR record ->> 'coveredBy' = 'plan' AND ${takesNothing} AND ${no('tracked')})
      ELSE ${takesNothing} AND ${no('tracked', 'coveredBy')} AND ${layers('ended')} AND ${tookOver} AND ${texts('fallback.model', 'fallback.at', 'fallback.because')} AND ${filled('fallback.model')} AND record ->> '$.fallback.cause' = ${causes} END END`;

/** All questions about attempts. */
export const attemptQuestions: Questions = {
  'a decision is none that there can be': `SELECT attempt_id FROM decisions WHERE (${written}) IS NOT 1`,
  'a fallback\'s answer is held or charged by something else than its own price, without a tier': `SELECT d.attempt_id FROM decisions d JOIN holds h USING (attempt_id) LEFT JOIN charges c USING (attempt_id)
    WHERE d.record ->> '$.fallback' IS NOT NULL AND (h.price IS NULL OR h.tier <> 'standard' OR h.basis IS NOT NULL OR c.id IS NOT NULL AND json(c.price) IS NOT json(h.price))`,
  'a request has no decision': 'SELECT request_id FROM requests r WHERE NOT EXISTS (SELECT 1 FROM decisions d WHERE d.request_id = r.request_id)',
  'a decision has no request': 'SELECT d.attempt_id FROM decisions d LEFT JOIN requests r USING (request_id) WHERE r.request_id IS NULL',
  'an admitted attempt has no hold, or a refused one has': `SELECT d.attempt_id FROM decisions d LEFT JOIN holds h USING (attempt_id) WHERE d.record ->> 'outcome' IS NOT CASE WHEN h.attempt_id IS NULL THEN 'refuse' ELSE 'admit' END`,
  'a refused attempt has no usage event that says why': `SELECT d.attempt_id FROM decisions d LEFT JOIN ${firstEvent} u USING (attempt_id) WHERE d.record ->> 'outcome' = 'refuse'
    AND (u.outcome IS NOT 'refused' OR u.free_reason IS NOT COALESCE(d.record ->> 'message', 'Refused by the broker.') OR u.at_ms <> d.at_ms OR u.waited_ms <> d.waited_ms OR u.tier <> 'standard' OR u.measured <> 1
      OR u.status IS NOT NULL OR u.duration_ms <> 0 OR u.first_byte_ms IS NOT NULL OR u.model_served IS NOT NULL OR u.upstream_request_id IS NOT NULL OR u.response_id IS NOT NULL OR u.notice IS NOT NULL)`,
  'a refused attempt has tokens, a charge or entries': `SELECT u.id FROM usage_events u WHERE u.outcome = 'refused' AND (u.input_tokens <> 0 OR u.cached_input_tokens <> 0 OR u.cache_write_tokens <> 0 OR u.output_tokens <> 0 OR u.reasoning_tokens <> 0
    OR EXISTS (SELECT 1 FROM holds h WHERE h.attempt_id = u.attempt_id) OR EXISTS (SELECT 1 FROM charges c WHERE c.attempt_id = u.attempt_id) OR EXISTS (SELECT 1 FROM entries e WHERE e.attempt_id = u.attempt_id))`,
  'a hold is of another request than its decision': `SELECT h.attempt_id FROM holds h LEFT JOIN decisions d USING (attempt_id) LEFT JOIN requests r ON r.request_id = h.request_id
    WHERE h.request_id IS NOT d.request_id OR h.number IS NOT d.number OR h.opened_at_ms IS NOT d.at_ms OR h.workspace_id IS NOT r.workspace_id`,
  'a hold is not what its decision reserved': `SELECT h.attempt_id FROM holds h JOIN decisions d USING (attempt_id) WHERE h.amount IS NOT d.record ->> 'holdMicroCredits'
    OR h.amount <> (SELECT COALESCE(SUM(s.value ->> 'microCredits'), 0) FROM json_each(d.record, '$.slices') s)`,
  'a decision says that budgets were asked and tells of none, or the other way round': `SELECT attempt_id FROM (SELECT d.attempt_id, h.estimate, COALESCE(json_array_length(d.record, '$.budgets'), 0) AS told, (SELECT l.value ->> 'verdict' FROM json_each(d.record, '$.layers') l WHERE l.value ->> 'layer' = 'budgets') AS verdict
    FROM decisions d JOIN holds h USING (attempt_id)) WHERE verdict = 'passed' AND estimate IS NOT NULL AND told = 0 OR verdict = 'warned' AND told = 0 OR verdict = 'skipped' AND told > 0`,
  'the slices of a decision are not its reserve entries': `SELECT d.attempt_id FROM decisions d WHERE (SELECT json_group_array(json_array(grant_id, kind, amount)) FROM (SELECT s.value ->> 'grantId' AS grant_id, s.value ->> 'kind' AS kind, s.value ->> 'microCredits' AS amount FROM json_each(d.record, '$.slices') s ORDER BY s.key))
    IS NOT (SELECT json_group_array(json_array(grant_id, kind, amount)) FROM (SELECT e.grant_id, g.kind, e.held_delta AS amount FROM entries e JOIN grants g USING (grant_id) WHERE e.attempt_id = d.attempt_id AND e.kind = 'reserve' ORDER BY e.sequence))`,
  'a reservation was not for the estimate': `SELECT attempt_id FROM holds WHERE amount <> 0 AND likely_output IS NOT NULL AND amount IS NOT estimate OR amount < 0 OR estimated_input < 0 OR estimated_output < 0 OR likely_output < 0 OR estimate < 0`,
  'an open hold has ended, or an ended one has not': `SELECT h.attempt_id FROM holds h LEFT JOIN ${firstEvent} u USING (attempt_id) WHERE (h.state = 'open') = (u.attempt_id IS NOT NULL) OR h.state NOT IN ('open', 'posted', 'voided')`,
  'a posted hold has no charge, or another one has': `SELECT h.attempt_id FROM holds h LEFT JOIN ${firstCharge} c USING (attempt_id) WHERE (h.state = 'posted') <> (c.id IS NOT NULL)`,
  'an open hold is not reserved to the full, or an ended one still is': `SELECT h.attempt_id FROM holds h WHERE IIF(h.state = 'open', h.amount, 0) <> (SELECT COALESCE(SUM(held_delta), 0) FROM entries e WHERE e.attempt_id = h.attempt_id)`,
  'an attempt has ended more than once': `SELECT attempt_id FROM usage_events WHERE corrects IS NULL GROUP BY attempt_id HAVING COUNT(*) > 1 UNION ALL SELECT attempt_id FROM charges WHERE corrects IS NULL GROUP BY attempt_id HAVING COUNT(*) > 1`,
  'an attempt began without a hold': 'SELECT attempt_id FROM begun LEFT JOIN holds h USING (attempt_id) WHERE h.attempt_id IS NULL',
  'an attempt that moved credits has no hold': 'SELECT e.id FROM entries e LEFT JOIN holds h USING (attempt_id) WHERE e.attempt_id IS NOT NULL AND h.attempt_id IS NULL',
  'a usage event is of another request than its decision': `SELECT u.id FROM usage_events u LEFT JOIN decisions d USING (attempt_id) LEFT JOIN requests r ON r.request_id = d.request_id
    WHERE d.attempt_id IS NULL OR u.request_id IS NOT d.request_id OR u.workspace_id IS NOT r.workspace_id OR u.client IS NOT r.client OR u.thread_id IS NOT r.thread_id OR u.model IS NOT r.model`,
  'a usage event has another id than its attempt gives it': `SELECT id FROM usage_events WHERE id IS NOT 'use_' || attempt_id AND (corrects IS NOT 'use_' || attempt_id OR id NOT LIKE 'use\\_%' ESCAPE '\\' OR substr(id, 1, length(attempt_id) + 5) IS NOT 'use_' || attempt_id || '~') OR corrects IS NOT NULL AND id IS 'use_' || attempt_id`,
  'a usage event says whether it was measured neither with yes nor with no': 'SELECT id FROM usage_events WHERE measured NOT IN (0, 1)',
  'a request says whether it is streamed neither with yes nor with no': 'SELECT request_id FROM requests WHERE stream NOT IN (0, 1)',
  'a count of an attempt is below zero': 'SELECT attempt_id FROM usage_events WHERE corrects IS NULL AND MIN(input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens) < 0',
  'counts of an attempt cannot be': `SELECT attempt_id FROM usage_events WHERE corrects IS NULL AND (input_tokens < 0 OR cached_input_tokens < 0 OR cache_write_tokens < 0 OR output_tokens < 0 OR reasoning_tokens < 0 OR cached_input_tokens + cache_write_tokens > input_tokens OR reasoning_tokens > output_tokens)
    AND attempt_id IN (SELECT attempt_id FROM charges)`,
  'an uncharged attempt does not say why although it has a price': `SELECT u.id FROM ${firstEvent} u JOIN holds h USING (attempt_id) LEFT JOIN ${firstCharge} c ON c.usage_event_id = u.id WHERE c.id IS NULL AND u.free_reason IS NULL AND h.price IS NOT NULL`,
  'a charged attempt says that it was free, or a free one has tokens': `SELECT u.id FROM ${firstEvent} u LEFT JOIN ${firstCharge} c ON c.usage_event_id = u.id JOIN decisions d ON d.attempt_id = u.attempt_id
    WHERE u.free_reason IS NOT NULL AND (c.id IS NOT NULL OR d.record ->> 'coveredBy' IS NULL AND (u.input_tokens <> 0 OR u.output_tokens <> 0))`,
  'credits were estimated, reserved, moved or charged for what a plan paid': `SELECT d.attempt_id FROM decisions d LEFT JOIN holds h USING (attempt_id) WHERE d.record ->> 'coveredBy' IS NOT NULL
    AND (d.record ->> 'coveredBy' <> 'plan' OR h.attempt_id IS NULL OR h.amount <> 0 OR h.estimate IS NOT NULL OR json_array_length(d.record, '$.slices') <> 0 OR EXISTS (SELECT 1 FROM charges c WHERE c.attempt_id = d.attempt_id)
      OR EXISTS (SELECT 1 FROM entries e WHERE e.attempt_id = d.attempt_id) OR EXISTS (SELECT 1 FROM usage_events u WHERE u.attempt_id = d.attempt_id AND u.free_reason IS NULL))`,
  'a charge has no usage event of its own': `SELECT c.id FROM charges c LEFT JOIN usage_events u ON u.id = c.usage_event_id AND u.attempt_id = c.attempt_id WHERE u.id IS NULL OR u.at_ms <> c.at_ms OR c.id IS NOT 'chg_' || substr(u.id, 5) OR c.tier <> u.tier
    OR c.corrects IS NOT IIF(u.corrects IS NULL, NULL, 'chg_' || u.attempt_id)`,
  'a charge names another version than its price': `SELECT id FROM charges WHERE price_version IS NOT price ->> 'version'`,
  'a charge gives back without being a correction': `SELECT id FROM charges WHERE basis NOT IN ('usage', 'refund') OR basis <> 'usage' AND corrects IS NULL`,
  'an attempt was charged by another price than it was held by': `SELECT c.id FROM ${firstCharge} c JOIN holds h USING (attempt_id) JOIN usage_events u ON u.id = c.usage_event_id WHERE (u.model_served IS NULL OR u.model_served = u.model) AND json(c.price) IS NOT json(h.price)`,
  'an attempt that a crash cut off is charged by more than is known of it': `SELECT u.id FROM ${firstEvent} u JOIN holds h USING (attempt_id) JOIN ${firstCharge} c USING (attempt_id) LEFT JOIN begun b USING (attempt_id) WHERE u.outcome = 'crashed'
    AND (b.attempt_id IS NULL OR u.tier <> h.tier OR u.measured <> 0 OR u.input_tokens <> h.estimated_input OR u.output_tokens > h.estimated_output OR u.cached_input_tokens <> 0 OR u.cache_write_tokens <> 0 OR u.reasoning_tokens <> 0)`,
  'an attempt that a crash cut off before it began is not booked as exposed': `SELECT u.id FROM ${firstEvent} u JOIN holds h USING (attempt_id) LEFT JOIN entries e ON e.attempt_id = u.attempt_id AND e.account = 'exposure'
    WHERE u.outcome = 'crashed' AND h.state = 'voided' AND h.price IS NOT NULL AND h.estimate > 0 AND h.likely_output IS NOT NULL AND e.id IS NULL`,
  'charges are not in the order of their usage events': `SELECT id FROM (SELECT c.id, u.sequence AS place, LAG(u.sequence, 1, 0) OVER (ORDER BY c.sequence) AS before FROM charges c JOIN usage_events u ON u.id = c.usage_event_id) WHERE place < before`,
  'a price is none that was ever seen for its model': `SELECT h.attempt_id FROM holds h JOIN requests r USING (request_id) JOIN decisions d USING (attempt_id) WHERE h.price IS NOT NULL AND h.likely_output IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM directives p WHERE p.kind = 'price' AND p.subject = COALESCE(d.record ->> '$.fallback.model', r.model) AND json_array(json(p.content -> '$.price.rates'), json(p.content -> '$.price.long'), json(p.content -> '$.price.fast')) = json_array(json(h.price -> '$.rates'), json(h.price -> '$.long'), json(h.price -> '$.fast')))
    AND NOT EXISTS (SELECT 1 FROM directives p WHERE p.kind = 'policy' AND p.content ->> 'value' = 'ceiling')`,
  'a charge did not draw what its entries drew': `SELECT c.id FROM charges c WHERE c.drawn <> (SELECT COALESCE(-SUM(amount), 0) FROM entries e WHERE e.charge_id = c.id AND e.account = 'grant')`,
  'credits moved for an attempt without its charge': `SELECT e.id FROM entries e LEFT JOIN charges c ON c.id = e.charge_id AND c.attempt_id = e.attempt_id
    WHERE e.charge_id IS NOT NULL AND c.id IS NULL OR e.attempt_id IS NOT NULL AND e.account = 'grant' AND e.amount <> 0 AND c.id IS NULL
      OR e.attempt_id IS NOT NULL AND e.kind = 'void' AND e.charge_id IS NOT (SELECT id FROM ${firstCharge} f WHERE f.attempt_id = e.attempt_id)`,
  'drawn and uncovered are not the cost of a tracked attempt': `SELECT c.id FROM charges c JOIN holds h USING (attempt_id) JOIN decisions d USING (attempt_id) WHERE ${tracked} AND c.drawn + c.uncovered <> c.cost`,
  'an untracked attempt drew credits': `SELECT c.id FROM charges c JOIN holds h USING (attempt_id) JOIN decisions d USING (attempt_id) WHERE NOT ${tracked} AND (c.drawn <> 0 OR c.uncovered <> 0)`,
  'an attempt cost, drew or was beyond all credits by less than nothing': 'SELECT attempt_id FROM charges GROUP BY attempt_id HAVING SUM(cost) < 0 OR SUM(drawn) < 0 OR SUM(uncovered) < 0',
  'an estimate drew beyond its hold': `SELECT e.id FROM entries e JOIN usage_events u ON u.attempt_id = e.attempt_id AND u.corrects IS NULL JOIN charges c ON c.id = e.charge_id WHERE e.kind = 'overage' AND e.account = 'grant' AND c.corrects IS NULL AND u.measured = 0`,
  'more was posted than held': `SELECT attempt_id FROM entries WHERE account = 'grant' AND kind = 'post' AND attempt_id IS NOT NULL AND -amount > -held_delta`,
  'a hold gave back another part than it took of a grant': `SELECT attempt_id FROM entries e JOIN holds h USING (attempt_id) WHERE h.state <> 'open' AND e.account = 'grant' AND e.kind IN ('reserve', 'post', 'void') GROUP BY e.attempt_id, e.grant_id HAVING SUM(e.held_delta) <> 0 OR COUNT(*) <> 2`,
};

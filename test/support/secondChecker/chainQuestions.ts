// The hash chains, in SQL: places without gaps, each row naming the one before it, each hash made of its
// row. And the hashes that stand for rows outside of the chains: decisions with their holds, and grants.
import type { Questions } from './sqlQuestions.ts';

/** What comes before the first row of a chain. */
const nothingBefore = '0'.repeat(64);

const truth = (column: string) => `json(CASE ${column} WHEN 1 THEN 'true' ELSE 'false' END)`;
const either = (condition: string, yes: string, no: string) => `CASE WHEN ${condition} THEN ${yes} ELSE ${no} END`;

const usageList = `prev_hash, id, attempt_id, request_id, at_ms, workspace_id, client, thread_id, model, model_served, tier, outcome, status, ${truth('measured')}, free_reason,
  input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, waited_ms, first_byte_ms, duration_ms, upstream_request_id, response_id, notice, terms_hash`;
const chargeList = 'prev_hash, id, usage_event_id, attempt_id, at_ms, cost, drawn, uncovered, tier, price_version, json(price), json(terms)';
const entryList = 'prev_hash, id, at_ms, kind, grant_id, attempt_id, charge_id, amount, held_delta, balance_after, held_after, terms_hash';
const holdList = 'h.attempt_id, h.request_id, h.number, h.workspace_id, h.opened_at_ms, h.amount, json(h.price), h.tier, h.estimated_input, h.estimated_output';
const grantList = 'grant_id, key, content, kind, amount, priority, created_at_ms, ordinal, expires_at_ms, note';

/** The text that each row's hash covers, as an expression over the row. */
export const chainTexts: Readonly<Record<string, string>> = {
  usage_events: either('corrects IS NULL', `json_array(${usageList})`, `json_array(${usageList}, corrects)`),
  charges: either('corrects IS NULL', `json_array(${chargeList})`, `json_array(${chargeList}, basis, corrects)`),
  entries: either(`account = 'grant' AND corrects IS NULL`, `json_array(${entryList})`, `json_array(${entryList}, account, corrects)`),
  directives: 'json_array(prev_hash, id, at_ms, kind, subject, content)',
  imports: `json_array(prev_hash, id, at_ms, imported_at_ms, workspace_id, client, client_version, thread_id, model, response_id, source,
    input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, json(price))`,
};

const termsList = `d.attempt_id, d.number, d.at_ms, d.waited_ms, d.record, d.request_id, r.received_at_ms, r.workspace_id, r.client, r.client_version,
  r.thread_id, r.turn_id, r.request_kind, r.model, ${truth('r.stream')},
  json(CASE WHEN h.attempt_id IS NULL THEN NULL WHEN h.likely_output IS NULL THEN json_array(${holdList}) ELSE json_array(${holdList}, h.estimate, h.likely_output, h.basis) END)`;

/** The hash of a decision `d` of a request `r` with its hold `h`, if it has one. */
export const attemptTerms = `sha256(${either('COALESCE(r.branch, r.command, r.file) IS NULL', `json_array(${termsList})`, `json_array(${termsList}, r.branch, r.command, r.file)`)})`;

/** The rows that `attemptTerms` is about. */
export const attemptRows = 'decisions d LEFT JOIN requests r ON r.request_id = d.request_id LEFT JOIN holds h ON h.attempt_id = d.attempt_id';

/** The hash of a grant's terms. */
export const grantTerms = `sha256(${either('COALESCE(starts_at_ms, models, workspaces, allowance_id) IS NULL', `json_array(${grantList})`, `json_array(${grantList}, starts_at_ms, models, workspaces, allowance_id)`)})`;

function questionsOf(table: string, text: string): Questions {
  return {
    [`a place is missing in ${table}`]: `SELECT sequence FROM (SELECT sequence, ROW_NUMBER() OVER (ORDER BY sequence) AS place FROM ${table}) WHERE sequence <> place LIMIT 1`,
    [`a row of ${table} does not name the one before it`]: `SELECT sequence FROM (SELECT sequence, prev_hash, LAG(hash, 1, '${nothingBefore}') OVER (ORDER BY sequence) AS before FROM ${table}) WHERE prev_hash IS NOT before`,
    [`a hash in ${table} is not that of its row`]: `SELECT sequence FROM ${table} WHERE hash IS NOT sha256(${text})`,
    [`an id is there twice in ${table}`]: `SELECT id FROM ${table} GROUP BY id HAVING COUNT(*) > 1`,
  };
}

/** All questions about hashes. */
export const chainQuestions: Questions = {
  ...Object.assign({}, ...Object.entries(chainTexts).map(([table, text]) => questionsOf(table, text))) as Questions,
  'a decision is not what its hash stands for': `SELECT d.attempt_id FROM ${attemptRows} WHERE d.terms_hash IS NOT ${attemptTerms}`,
  'a usage event names other terms than its decision': 'SELECT u.id FROM usage_events u LEFT JOIN decisions d USING (attempt_id) WHERE u.terms_hash IS NOT d.terms_hash',
  'a reserve entry names other terms than its decision': `SELECT e.id FROM entries e LEFT JOIN decisions d USING (attempt_id) WHERE e.kind = 'reserve' AND e.terms_hash IS NOT d.terms_hash`,
  'a grant entry names other terms than its grant': `SELECT e.id FROM entries e LEFT JOIN (SELECT grant_id, ${grantTerms} AS terms FROM grants) g USING (grant_id) WHERE e.kind = 'grant' AND e.terms_hash IS NOT g.terms`,
  'an entry names terms that it has none of': `SELECT id FROM entries WHERE kind NOT IN ('grant', 'reserve') AND terms_hash IS NOT NULL`,
};

// Grants and directives, in SQL: each grant has one cause and is what that says, each directive is filed under
// what it is about, and what directives did to grants and attempts is there.
import type { Questions } from './sqlQuestions.ts';

const consentOf = `json_object('kind', 'consent', 'consent', json_object('scope', g.content ->> '$[3].scope', 'of', COALESCE(g.content ->> '$[3].workspaceId', ''), 'answer', 'allow'))`;
/** Made by a person, and not by an allowance, the automatic top-up, a voucher or for what had been paid of a debt that was lowered. */
const personal = `g.content ->> '$[0]' NOT IN ('auto top-up', 'voucher') AND g.allowance_id IS NULL AND NOT EXISTS (SELECT 1 FROM entries v WHERE v.id = 'void_owed_' || g.grant_id)`;

const whole = (field: string, least: number) => `json_type(content, '$.${field}') IS 'integer' AND content ->> '$.${field}' BETWEEN ${least} AND 9007199254740991`;
const text = (field: string) => `json_type(content, '$.${field}') IS 'text'`;
const maybeText = (field: string) => `COALESCE(json_type(content, '$.${field}'), 'text') = 'text'`;
const oneOf = (field: string, ...words: readonly string[]) => `content ->> '$.${field}' IN (${words.map((word) => `'${word}'`).join(', ')})`;
const orGone = (field: string, ...terms: readonly string[]) => `(json_type(content, '$.${field}') = 'null' OR ${terms.join(' AND ')})`;
const hours = `content ->> '$.budget.period.rollingHours'`;

/** Whether the directive of a row says what one of its kind says. */
const said = `CASE kind WHEN 'consent' THEN ${oneOf('consent.answer', 'allow', 'deny', 'ask')} AND ${oneOf('consent.scope', 'request', 'task', 'workspace', 'everywhere')} AND ${text('consent.of')}
  WHEN 'budget' THEN ${orGone('budget', oneOf('budget.per', 'request', 'task', 'workspace', 'model', 'client', 'everything'), oneOf('budget.unit', 'credits', 'tokens'), oneOf('budget.mode', 'soft', 'hard'), whole('budget.limit', 0), text('budget.timeZone'),
    `content ->> '$.budget.timeZone' <> ''`, maybeText('budget.of'), `(${oneOf('budget.period', 'day', 'week', 'month', 'life')} OR ${whole('budget.period.rollingHours', 1)})`,
    `CASE WHEN json_type(content, '$.budget.pace') IS NULL THEN json_type(content, '$.budget.pacedFromMs') IS NULL WHEN content ->> '$.budget.pace' <> 'even' OR content ->> '$.budget.per' = 'request' THEN 0
      WHEN ${hours} IS NULL THEN ${oneOf('budget.period', 'week', 'month')} AND json_type(content, '$.budget.pacedFromMs') IS NULL ELSE ${hours} > 24 AND ${whole('budget.pacedFromMs', 0)} AND content ->> '$.budget.pacedFromMs' % 900000 = 0 END`)}
  WHEN 'allowance' THEN ${orGone('allowance', oneOf('allowance.kind', 'included', 'promotional'), whole('allowance.amountMicroCredits', 1), oneOf('allowance.every', 'day', 'week', 'month'), text('allowance.timeZone'), `content ->> '$.allowance.timeZone' <> ''`,
    `json_type(content, '$.allowance.priority') IS 'integer'`, `COALESCE(json_type(content, '$.allowance.weekStartsOn') = 'integer' AND content ->> '$.allowance.weekStartsOn' BETWEEN 1 AND 7, 1)`, maybeText('allowance.note'))}
  WHEN 'auto-top-up' THEN ${orGone('rule', whole('rule.belowMicroCredits', 1), whole('rule.amountMicroCredits', 1), whole('rule.capMicroCredits', 1), `content ->> '$.rule.amountMicroCredits' >= content ->> '$.rule.belowMicroCredits'`,
    `content ->> '$.rule.capMicroCredits' BETWEEN content ->> '$.rule.amountMicroCredits' AND 100 * (content ->> '$.rule.amountMicroCredits')`, text('rule.timeZone'), `content ->> '$.rule.timeZone' <> ''`)}
  WHEN 'voucher-issuer' THEN ${orGone('issuer', text('issuer.name'), `trim(content ->> '$.issuer.name') <> ''`, `length(content ->> '$.issuer.keyId') = 16 AND content ->> '$.issuer.keyId' NOT GLOB '*[^0-9a-f]*'`, `length(content ->> '$.issuer.publicKey') = 43 AND content ->> '$.issuer.publicKey' NOT GLOB '*[^A-Za-z0-9_-]*'`)}
  WHEN 'policy' THEN CASE content ->> 'name' WHEN 'unpriced' THEN ${oneOf('value', 'refuse', 'ask', 'ceiling', 'allow')} WHEN 'unattended' THEN ${oneOf('value', 'refuse', 'allow')} END
  WHEN 'unpriced-model' THEN ${oneOf('answer', 'allow', 'deny', 'ask')}
  WHEN 'upstream' THEN ${text('at.key')} AND content ->> '$.at.key' <> '' AND ${text('at.login')} AND content ->> '$.at.login' <> '' ELSE 1 END`;

/** All questions about grants and directives. */
export const grantQuestions: Questions = {
  'a grant was not made by exactly one entry of its amount': `SELECT g.grant_id FROM grants g LEFT JOIN entries e ON e.grant_id = g.grant_id AND e.kind = 'grant' GROUP BY g.grant_id HAVING COUNT(e.id) <> 1 OR SUM(e.amount) <> g.amount`,
  'a cause made two grants': 'SELECT key FROM grants GROUP BY key HAVING COUNT(*) > 1 UNION ALL SELECT CAST(ordinal AS TEXT) FROM grants GROUP BY ordinal HAVING COUNT(*) > 1 UNION ALL SELECT grant_id FROM grants GROUP BY grant_id HAVING COUNT(*) > 1',
  'grants were not made in their order': `SELECT g.grant_id FROM grants g JOIN (SELECT grant_id, ROW_NUMBER() OVER (ORDER BY sequence) AS place FROM entries WHERE kind = 'grant') e USING (grant_id) WHERE g.ordinal <> e.place`,
  'a grant is not what a person chose': `SELECT g.grant_id FROM grants g WHERE ${personal} AND (g.kind IS NOT g.content ->> '$[0]' OR g.amount IS NOT g.content ->> '$[1]' OR g.expires_at_ms IS NOT g.content ->> '$[2]'
    OR g.starts_at_ms IS NOT g.content ->> '$[4]' OR g.priority IS NOT COALESCE(g.content ->> '$[5]', 50) OR g.models IS NOT g.content ->> '$[6]' OR g.workspaces IS NOT g.content ->> '$[7]')`,
  'a grant expired before it began': 'SELECT grant_id FROM grants WHERE expires_at_ms <= COALESCE(starts_at_ms, created_at_ms) OR expires_at_ms <= created_at_ms',
  'a grant has an unknown kind': `SELECT grant_id FROM grants WHERE kind NOT IN ('included', 'promotional', 'purchased')`,
  'a permission came with no grant that gave it': `SELECT d.id FROM directives d LEFT JOIN grants g ON d.id = 'grant ' || g.grant_id
    WHERE d.kind = 'consent' AND d.id LIKE 'grant %' AND g.grant_id IS NOT NULL AND (g.kind <> 'purchased' OR d.at_ms <> g.created_at_ms OR d.content IS NOT ${consentOf})`,
  'a grant came without the permission that it gave': `SELECT g.grant_id FROM grants g WHERE ${personal} AND g.kind = 'purchased' AND g.content ->> '$[3].scope' <> 'ask' AND NOT EXISTS (SELECT 1 FROM directives d WHERE d.kind = 'consent' AND d.id IN ('grant ' || g.grant_id, g.grant_id))`,
  'an allowance gave a period twice': 'SELECT allowance_id FROM grants WHERE allowance_id IS NOT NULL GROUP BY allowance_id, starts_at_ms HAVING COUNT(*) > 1',
  'an addition of the automatic top-up is not as the rule makes them': `SELECT grant_id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY content ->> '$[2]' ORDER BY ordinal) AS n FROM grants WHERE content ->> '$[0]' = 'auto top-up')
    WHERE kind <> 'purchased' OR amount IS NOT content ->> '$[1]' OR content ->> '$[3]' IS NOT n OR key IS NOT 'auto top-up ' || (content ->> '$[2]') || ' ' || n OR grant_id <> 'grant_' || substr(sha256(key), 1, 24)
    OR priority <> 50 OR COALESCE(starts_at_ms, expires_at_ms, models, workspaces, allowance_id, note) IS NOT NULL`,
  'the grant of a voucher is not what it says': `SELECT grant_id FROM grants WHERE content ->> '$[0]' = 'voucher' AND (kind <> 'promotional' OR amount IS NOT content ->> '$[1]' OR expires_at_ms IS NOT content ->> '$[2]'
    OR key IS NOT 'voucher ' || (content ->> '$[3]') || ' ' || (content ->> '$[4]') OR priority <> 50 OR COALESCE(starts_at_ms, models, workspaces, allowance_id, note) IS NOT NULL)`,
  'a directive is filed under something else': `SELECT id FROM directives WHERE kind IS NOT content ->> 'kind' OR subject IS NOT CASE kind
    WHEN 'consent' THEN (content ->> '$.consent.scope') || ' ' || (content ->> '$.consent.of') WHEN 'budget' THEN content ->> 'id' WHEN 'allowance' THEN content ->> 'id' WHEN 'policy' THEN content ->> 'name' WHEN 'unpriced-model' THEN content ->> 'model'
    WHEN 'price' THEN content ->> 'model' WHEN 'limit' THEN content ->> '$.note.subject' WHEN 'void' THEN content ->> 'grantId' WHEN 'correction' THEN content ->> 'attemptId' WHEN 'restored' THEN 'ledger' WHEN 'upstream' THEN 'ledger' WHEN 'auto-top-up' THEN 'ledger' WHEN 'voucher-issuer' THEN content ->> 'keyId' END
    OR kind IN ('budget', 'allowance') AND json_type(content, '$.' || kind) = 'object' AND content ->> ('$.' || kind || '.id') IS NOT subject OR kind = 'voucher-issuer' AND json_type(content, '$.issuer') = 'object' AND content ->> '$.issuer.keyId' IS NOT subject`,
  'a directive lacks what its kind has to say, or says it in words that there are not': `SELECT id FROM directives WHERE (${said}) IS NOT 1`,
  'prices of a model were not noted in their order': `SELECT id FROM (SELECT id, subject, ROW_NUMBER() OVER (PARTITION BY subject ORDER BY sequence) AS n FROM directives WHERE kind = 'price') WHERE id <> 'price ' || subject || ' ' || n`,
  'a price was noted that was none of a request, or noted again unchanged': `SELECT id FROM (SELECT id, content, LAG(content) OVER (PARTITION BY subject ORDER BY sequence) AS before FROM directives WHERE kind = 'price') WHERE before IS NOT NULL
    AND json_array(json(content -> '$.price.rates'), json(content -> '$.price.long'), json(content -> '$.price.fast')) = json_array(json(before -> '$.price.rates'), json(before -> '$.price.long'), json(before -> '$.price.fast'))`,
  'limits were not noted in their order': `SELECT id FROM (SELECT id, subject, ROW_NUMBER() OVER (PARTITION BY subject ORDER BY sequence) AS n FROM directives WHERE kind = 'limit') WHERE id <> 'limit ' || subject || ' ' || n`,
  'a limit was noted again unchanged': `SELECT id FROM (SELECT id, content, LAG(content) OVER (PARTITION BY subject ORDER BY sequence) AS before FROM directives WHERE kind = 'limit') WHERE content -> '$.note' = before -> '$.note'`,
  'a grant is taken back without a directive, or not although there is one': `SELECT g.grant_id FROM grants g WHERE g.voided IS NOT (SELECT COALESCE(MAX(IIF(d.content ->> 'disputed', 2, 1)), 0) FROM directives d WHERE d.kind = 'void' AND d.subject = g.grant_id)`,
  'a grant was taken back twice, or there is none of that name': `SELECT d.subject FROM directives d LEFT JOIN grants g ON g.grant_id = d.subject WHERE d.kind = 'void' GROUP BY d.subject HAVING MAX(g.grant_id) IS NULL
    UNION ALL SELECT d.subject FROM directives d JOIN directives e ON e.kind = 'void' AND e.subject = d.subject AND e.sequence < d.sequence WHERE d.kind = 'void' AND (NOT d.content ->> 'disputed' OR e.content ->> 'disputed')`,
  'a grant that was taken back still has something free': 'SELECT grant_id FROM grants WHERE voided <> 0 AND remaining <> held',
  'credits were voided of a grant that nobody took back': `SELECT e.id FROM entries e LEFT JOIN directives d ON d.kind = 'void' AND d.subject = e.grant_id WHERE e.kind = 'void' AND e.account = 'grant' AND e.attempt_id IS NULL AND d.id IS NULL`,
  'credits are owed for a grant that was not disputed': `SELECT e.id FROM entries e WHERE e.account = 'owed' AND e.kind = 'post' AND e.amount < 0 AND NOT EXISTS (SELECT 1 FROM directives d WHERE d.kind = 'void' AND d.subject = e.grant_id AND d.content ->> 'disputed')`,
  'credits expired of a grant whose time was not over': `SELECT e.id FROM entries e JOIN grants g USING (grant_id) WHERE e.kind = 'expire' AND (g.expires_at_ms IS NULL OR g.expires_at_ms > e.at_ms)`,
  'a correction left no usage event': `SELECT d.id FROM directives d LEFT JOIN usage_events u ON u.id = 'use_' || d.subject || '~' || d.id LEFT JOIN charges c ON c.usage_event_id = u.id
    WHERE d.kind = 'correction' AND (u.id IS NULL OR u.at_ms <> d.at_ms OR c.id IS NULL OR u.notice IS NOT (d.content ->> 'content') ->> '$[1]' OR c.basis IS NOT (d.content ->> 'content') ->> '$[0].kind' OR (d.content ->> 'content') ->> '$[0].attemptId' IS NOT d.subject)`,
  'a correction was made without a directive': `SELECT u.id FROM usage_events u LEFT JOIN directives d ON d.kind = 'correction' AND u.id = 'use_' || d.subject || '~' || d.id WHERE u.corrects IS NOT NULL AND d.id IS NULL`,
  'a correction is booked as something else': `SELECT id FROM usage_events WHERE (outcome = 'corrected') <> (corrects IS NOT NULL) OR corrects IS NOT NULL AND (measured <> 1 OR free_reason IS NOT NULL OR status IS NOT NULL OR waited_ms <> 0 OR duration_ms <> 0
    OR first_byte_ms IS NOT NULL OR upstream_request_id IS NOT NULL OR response_id IS NOT NULL)`,
  'a correction is of another model or tier than what it corrects': `SELECT u.id FROM usage_events u LEFT JOIN usage_events f ON f.id = u.corrects AND f.corrects IS NULL WHERE u.corrects IS NOT NULL AND (f.id IS NULL OR f.sequence > u.sequence OR u.model_served IS NOT f.model_served OR u.tier IS NOT f.tier)
    UNION ALL SELECT c.id FROM charges c LEFT JOIN charges f ON f.id = c.corrects AND f.corrects IS NULL WHERE c.corrects IS NOT NULL AND (f.id IS NULL OR f.sequence > c.sequence OR c.price IS NOT f.price OR c.tier IS NOT f.tier OR f.attempt_id <> c.attempt_id)`,
};

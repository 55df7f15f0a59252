// The clever attacker: after a change, makes every hash, every place in a chain, and on request every sum, fit
// again. What is then still seen is seen by the rules and not by the hashes.
import type { DatabaseSync } from 'node:sqlite';
import { attemptRows, attemptTerms, chainTexts, grantTerms } from '../secondChecker/chainQuestions.ts';
import { sumImportsAgain } from '../secondChecker/importQuestions.ts';
import { sumAgain } from '../secondChecker/rollupQuestions.ts';
import { teachHashing } from '../secondChecker/sqlQuestions.ts';

/** Makes all hashes and places fit the rows as they are now. */
export function rehash(db: DatabaseSync): void {
  teachHashing(db);
  db.exec(`UPDATE decisions SET terms_hash = t.terms FROM (SELECT d.attempt_id, ${attemptTerms} AS terms FROM ${attemptRows}) t WHERE t.attempt_id = decisions.attempt_id;
    UPDATE usage_events SET terms_hash = d.terms_hash FROM decisions d WHERE d.attempt_id = usage_events.attempt_id;
    UPDATE entries SET terms_hash = d.terms_hash FROM decisions d WHERE d.attempt_id = entries.attempt_id AND entries.kind = 'reserve';
    UPDATE entries SET terms_hash = g.terms FROM (SELECT grant_id, ${grantTerms} AS terms FROM grants) g WHERE g.grant_id = entries.grant_id AND entries.kind = 'grant'`);
  for (const [table, text] of Object.entries(chainTexts)) rechain(db, table, text);
}

function rechain(db: DatabaseSync, table: string, text: string): void {
  const link = db.prepare(`UPDATE ${table} SET sequence = ?1, prev_hash = ?2 WHERE sequence = ?3`);
  const seal = db.prepare(`UPDATE ${table} SET hash = sha256(${text}) WHERE sequence = ? RETURNING hash`);
  let before = '0'.repeat(64);
  for (const [index, row] of db.prepare(`SELECT sequence FROM ${table} ORDER BY sequence`).all().entries()) {
    link.run(index + 1, before, Number(row['sequence']));
    before = String(seal.get(index + 1)?.['hash']);
  }
}

/** Makes running balances, what grants have left, how holds ended and what was taken back, and the sums of usage fit the data sets, then all hashes. */
export function refit(db: DatabaseSync): void {
  db.exec(`UPDATE entries SET balance_after = r.balance, held_after = r.held FROM (SELECT sequence, SUM(IIF(account = 'grant', amount, 0)) OVER (ORDER BY sequence) AS balance,
      SUM(IIF(account = 'grant', held_delta, 0)) OVER (ORDER BY sequence) AS held FROM entries) r WHERE r.sequence = entries.sequence;
    UPDATE grants SET remaining = COALESCE((SELECT SUM(amount) FROM entries e WHERE e.account = 'grant' AND e.grant_id = grants.grant_id), 0), held = COALESCE((SELECT SUM(held_delta) FROM entries e WHERE e.account = 'grant' AND e.grant_id = grants.grant_id), 0),
      voided = COALESCE((SELECT IIF(content ->> 'disputed', 2, 1) FROM directives d WHERE d.kind = 'void' AND d.subject = grants.grant_id), 0);
    UPDATE holds SET state = CASE WHEN EXISTS (SELECT 1 FROM charges c WHERE c.attempt_id = holds.attempt_id) THEN 'posted' WHEN EXISTS (SELECT 1 FROM usage_events u WHERE u.attempt_id = holds.attempt_id) THEN 'voided' ELSE 'open' END`);
  for (const statement of [...sumAgain, ...sumImportsAgain]) db.exec(statement);
  rehash(db);
}

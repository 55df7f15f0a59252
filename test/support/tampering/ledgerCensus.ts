// Counts what kinds of rows a ledger has, and says which there are to be had: tables, what each column may be and what
// a check allows are asked of the file's own schema, the rest of the product's types. A random ledger that lacks
// one of them is no proof of it.
import type { DatabaseSync } from 'node:sqlite';
import { directiveKinds, entryAccounts, entryKinds, grantSources, outcomes, payers } from './ledgerKinds.ts';
import { fallbackCauses } from '../../../src/domain/fallbackOffer.ts';

/** What random ledgers cannot have, and why. */
export const neverThere: Readonly<Record<string, string>> = {
  'a row in checkpoints': 'is kept by an audit; the tests of the quick audit have them',
  'holds.likely_output absent': 'is so in rows of the first version alone',
};

/** How to count each kind, as a query that gives one number. */
function countedKinds(db: DatabaseSync): Readonly<Record<string, string>> {
  const count = (table: string, where = '1') => `SELECT COUNT(*) AS n FROM ${table} WHERE ${where}`;
  const kinds: Record<string, string> = {};
  for (const { name, sql } of db.prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`).all()) {
    const table = String(name);
    kinds[`a row in ${table}`] = count(table);
    for (const { name: column, notnull, pk } of db.prepare(`SELECT name, "notnull", pk FROM pragma_table_info('${table}')`).all()) {
      if (notnull === 0 && pk === 0) for (const [word, is] of [['absent', 'NULL'], ['set', 'NOT NULL']]) kinds[`${table}.${String(column)} ${word}`] = count(table, `${String(column)} IS ${is}`);
    }
    for (const [, column = '', values = ''] of String(sql).matchAll(/CHECK \((\w+) IN \(([^)]*)\)\)/g)) for (const value of values.split(', ')) kinds[`${table}.${column} of ${value}`] = count(table, `${column} = ${value}`);
  }
  for (const kind of directiveKinds) kinds[`a directive of the kind ${kind}`] = count('directives', `kind = '${kind}'`);
  for (const kind of ['budget', 'allowance', 'auto-top-up', 'voucher-issuer']) kinds[`a ${kind} that is taken away`] = count('directives', `kind = '${kind}' AND content LIKE '%:null}'`);
  for (const kind of entryKinds) kinds[`an entry of the kind ${kind}`] = count('entries', `kind = '${kind}'`);
  for (const account of entryAccounts) kinds[`an entry of the account ${account}`] = count('entries', `account = '${account}'`);
  for (const outcome of outcomes) kinds[`a usage event of the outcome ${outcome}`] = count('usage_events', `outcome = '${outcome}'`);
  for (const [source, where] of Object.entries(grantSources)) {
    kinds[`a grant of the source ${source}`] = count('grants', where);
    kinds[`a hold on a grant of the source ${source}`] = count('entries', `kind = 'reserve' AND grant_id IN (SELECT grant_id FROM grants WHERE ${where})`);
    kinds[`a grant of the source ${source} that was taken back`] = count('grants', `voided <> 0 AND ${where}`);
  }
  for (const [payer, where] of Object.entries(payers)) for (const outcome of ['completed', 'rejected', 'broken', 'crashed']) kinds[`an attempt of a ${payer} that was ${outcome}`] = `SELECT COUNT(*) AS n FROM usage_events u JOIN decisions USING (attempt_id) WHERE u.outcome = '${outcome}' AND ${where}`;
  for (const basis of ['usage', 'refund']) kinds[`a correction of a fallback's answer by ${basis}`] = `SELECT COUNT(*) AS n FROM charges c JOIN decisions USING (attempt_id) WHERE c.corrects IS NOT NULL AND c.basis = '${basis}' AND ${payers.fallback}`;
  for (const cause of fallbackCauses) kinds[`a fallback for the cause ${cause}`] = count('decisions', `record ->> '$.fallback.cause' = '${cause}'`);
  kinds['an even budget over days of the calendar'] = count('directives', `content ->> '$.budget.pace' = 'even' AND json_type(content, '$.budget.period') = 'text'`);
  kinds['an even budget over hours'] = count('directives', `content ->> '$.budget.pace' = 'even' AND json_type(content, '$.budget.period') = 'object'`);
  kinds['a request that the days of an even budget let through'] = count('decisions', `record ->> 'outcome' = 'admit' AND record ->> '$.budgets[0].allowed' IS NOT NULL`);
  kinds['a request that the days of an even budget held up'] = count('decisions', `record ->> 'code' = 'budget_exceeded' AND record ->> '$.budgets[0].allowed' < record ->> '$.budgets[0].limit'`);
  return kinds;
}

/** Adds up how many rows of each kind a ledger has. */
export function takeCensus(db: DatabaseSync, census: Map<string, number>): void {
  for (const [kind, sql] of Object.entries(countedKinds(db))) census.set(kind, (census.get(kind) ?? 0) + Number(db.prepare(sql).get()?.['n']));
}

// What stands as JSON in a row, changed field by field: what people laid down, kind by kind, and what a decision tells
// of budgets, of who paid and of what a fallback answered for. The fields are those of the product's own types.
import type { DatabaseSync } from 'node:sqlite';
import type { Allowance } from '../../../src/domain/allowances.ts';
import type { AutoTopUp } from '../../../src/domain/autoTopUp.ts';
import type { Budget, BudgetVerdict } from '../../../src/domain/budgets.ts';
import type { Consent } from '../../../src/domain/consent.ts';
import type { DecisionRecord, FallbackTaken } from '../../../src/domain/decisionRecord.ts';
import type { VoucherIssuer } from '../../../src/domain/vouchers.ts';
import type { SeededRandom } from '../seededRandom.ts';
import { namesOf, payers } from './ledgerKinds.ts';
import { pickRow } from './tampering.ts';
import type { Tampering } from './tampering.ts';

/** Fields of one object in the JSON of a column: where it is, and in which rows. */
interface Fields { readonly what: string; readonly table: string; readonly column: string; readonly path: string; readonly where: string; readonly names: readonly string[] }

const directive = (kind: string, field: string, names: readonly string[]): Fields => ({ what: `a ${kind}`, table: 'directives', column: 'content', path: `$.${field}`, where: `kind = '${kind}' AND content ->> '$.${field}' IS NOT NULL`, names });
const record = (what: string, path: string, where: string, names: readonly string[]): Fields => ({ what, table: 'decisions', column: 'record', path, where, names });

const budgetNames = namesOf<keyof Budget>({ id: true, per: true, of: true, unit: true, limit: true, period: true, timeZone: true, mode: true, pace: true, pacedFromMs: true });
const verdictNames = namesOf<keyof BudgetVerdict>({ budgetId: true, key: true, unit: true, mode: true, limit: true, used: true, reserved: true, wanted: true, verdict: true, endsAtMs: true, allowed: true });
const recordNames = namesOf<keyof DecisionRecord>({
  outcome: true, layers: true, slices: true, holdMicroCredits: true, tracked: true, coveredBy: true, budgets: true, stops: true, code: true, message: true, remedy: true, said: true, remedySaid: true,
  toChange: true, toChangeSaid: true, retryAtMs: true, question: true, answered: true, inLineMs: true, fallback: true,
});

const objects: readonly Fields[] = [
  directive('consent', 'consent', namesOf<keyof Consent>({ scope: true, of: true, answer: true })),
  directive('budget', 'budget', budgetNames),
  { ...directive('budget', 'budget', ['limit', 'pace', 'pacedFromMs']), what: 'an even budget', where: `kind = 'budget' AND content ->> '$.budget.pace' = 'even'` },
  directive('allowance', 'allowance', namesOf<keyof Allowance>({ id: true, kind: true, amountMicroCredits: true, every: true, weekStartsOn: true, timeZone: true, priority: true, models: true, workspaces: true, note: true })),
  directive('auto-top-up', 'rule', namesOf<keyof AutoTopUp>({ belowMicroCredits: true, amountMicroCredits: true, capMicroCredits: true, timeZone: true })),
  directive('voucher-issuer', 'issuer', namesOf<keyof VoucherIssuer>({ keyId: true, name: true, publicKey: true })),
  // What is asked is part of answers for now, which are not stored.
  record('a decision', '$', '1', recordNames.filter((name) => name !== 'question')),
  record('a decision of a plan', '$', payers.plan, ['coveredBy', 'holdMicroCredits']),
  record('a decision of a fallback', '$', payers.fallback, ['fallback', 'holdMicroCredits']),
  record('the fallback of a decision', '$.fallback', payers.fallback, namesOf<keyof FallbackTaken>({ model: true, at: true, cause: true, code: true, because: true, said: true })),
  record('a budget in a decision', '$.budgets[0]', `record ->> '$.budgets[0]' IS NOT NULL`, verdictNames),
  record('an even budget in a decision', '$.budgets[0]', `record ->> '$.budgets[0].allowed' IS NOT NULL`, ['limit', 'allowed']),
];

/** What a field that stands for one of a few may be changed into; a text that is not here gets a letter more. */
const others: Readonly<Record<string, readonly string[]>> = {
  scope: ['request', 'task', 'workspace', 'everywhere'], answer: ['allow', 'deny', 'ask'], per: ['task', 'workspace', 'everything'], unit: ['credits', 'tokens'], period: ['day', 'week', 'month', 'life'], mode: ['soft', 'hard'],
  every: ['day', 'week', 'month'], kind: ['included', 'promotional'], timeZone: ['UTC', 'Asia/Tokyo'], verdict: ['fits', 'over', 'reserved'], outcome: ['admit', 'refuse'], cause: ['balance', 'window', 'unreachable'],
};

/** Each field changed where it stands, and taken away. */
export const fieldTamperings: readonly Tampering[] = objects.flatMap(({ what, table, column, path, where, names }) => names.flatMap((name): Tampering[] => {
  const field = `${path}.${name}`;
  const find = (db: DatabaseSync, random: SeededRandom) => pickRow(db, random, `SELECT rowid AS rowid, json_type(${column}, '${field}') AS type, ${column} ->> '${field}' AS value FROM ${table} WHERE ${where} AND json_type(${column}, '${field}') IS NOT NULL`);
  const write = (db: DatabaseSync, rowid: unknown, made: string, ...values: readonly string[]) => Number(db.prepare(`UPDATE ${table} SET ${column} = ${made} WHERE rowid = ?`).run(...values, Number(rowid)).changes) > 0;
  return [
    {
      name: `the ${name} of ${what} changed`,
      apply: (db, random) => {
        const row = find(db, random);
        if (!row) return false;
        const { type, value } = row;
        if (type === 'integer') return write(db, row['rowid'], `json_set(${column}, '${field}', json(?))`, String(Number(value) + random.pick([-1, 1])));
        if (type === 'array' || type === 'object') return write(db, row['rowid'], `json_set(${column}, '${field}', json(?))`, type === 'array' ? '[]' : '{}');
        const old = String(value);
        return write(db, row['rowid'], `json_set(${column}, '${field}', ?)`, random.pick(others[name]?.filter((one) => one !== old) ?? [`${old}x`]));
      },
    },
    {
      name: `the ${name} of ${what} taken away`,
      apply: (db, random) => {
        const row = find(db, random);
        return row !== undefined && write(db, row['rowid'], `json_remove(${column}, '${field}')`);
      },
    },
  ];
}));

// Every column that money or attribution rests on, changed in one row: numbers up, down and swapped with
// another row's, texts changed and swapped, what is set taken away and what is absent set. In any row, and once
// more in the rows of each kind that is too rare to be met by chance.
import type { DatabaseSync } from 'node:sqlite';
import type { SeededRandom } from '../seededRandom.ts';
import { directiveKinds, entryAccounts, entryKinds, grantSources, outcomes, paidBy } from './ledgerKinds.ts';
import { pickRow } from './tampering.ts';
import type { Tampering } from './tampering.ts';

interface Columns { readonly numbers: readonly string[]; readonly texts: readonly string[]; readonly nullable?: readonly string[]; readonly key?: string }

const usageTexts = ['id', 'attempt_id', 'request_id', 'workspace_id', 'client', 'model', 'tier', 'outcome', 'terms_hash', 'prev_hash', 'hash'];
const rollupNumbers = ['requests', 'input', 'cached', 'cache_write', 'output', 'reasoning', 'cost', 'estimated', 'unpriced', 'measured', 'covered', 'estimated_input', 'estimated_output', 'measured_input', 'measured_output', 'input_error', 'output_error'];

/** The columns by table. Texts that may be absent are named as nullable; so are such numbers. */
export const tamperedColumns: Readonly<Record<string, Columns>> = {
  usage_events: {
    numbers: ['sequence', 'at_ms', 'measured', 'input_tokens', 'cached_input_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens', 'waited_ms', 'duration_ms', 'status', 'first_byte_ms'],
    texts: [...usageTexts, 'thread_id', 'model_served', 'free_reason', 'upstream_request_id', 'response_id', 'notice', 'corrects'],
    nullable: ['thread_id', 'model_served', 'free_reason', 'upstream_request_id', 'response_id', 'notice', 'corrects', 'status', 'first_byte_ms'],
  },
  charges: { numbers: ['sequence', 'at_ms', 'cost', 'drawn', 'uncovered'], texts: ['id', 'usage_event_id', 'attempt_id', 'tier', 'price_version', 'price', 'terms', 'basis', 'corrects', 'prev_hash', 'hash'], nullable: ['corrects'] },
  entries: {
    numbers: ['sequence', 'at_ms', 'amount', 'held_delta', 'balance_after', 'held_after'], texts: ['id', 'account', 'kind', 'grant_id', 'attempt_id', 'charge_id', 'terms_hash', 'corrects', 'prev_hash', 'hash'],
    nullable: ['grant_id', 'attempt_id', 'charge_id', 'terms_hash', 'corrects'],
  },
  directives: { numbers: ['sequence', 'at_ms'], texts: ['id', 'kind', 'subject', 'content', 'prev_hash', 'hash'] },
  requests: { numbers: ['received_at_ms', 'stream'], texts: ['request_id', 'workspace_id', 'client', 'client_version', 'thread_id', 'turn_id', 'request_kind', 'model', 'branch', 'command', 'file'], nullable: ['client_version', 'thread_id', 'turn_id', 'request_kind', 'branch', 'command', 'file'] },
  decisions: { numbers: ['number', 'at_ms', 'waited_ms'], texts: ['attempt_id', 'request_id', 'record', 'terms_hash'] },
  holds: {
    numbers: ['number', 'opened_at_ms', 'amount', 'estimated_input', 'estimated_output', 'estimate', 'likely_output'], texts: ['attempt_id', 'request_id', 'workspace_id', 'price', 'tier', 'state', 'basis'],
    nullable: ['price', 'estimate', 'likely_output', 'basis'],
  },
  grants: {
    numbers: ['amount', 'remaining', 'held', 'priority', 'created_at_ms', 'ordinal', 'expires_at_ms', 'starts_at_ms', 'voided'], texts: ['grant_id', 'key', 'content', 'kind', 'note', 'models', 'workspaces', 'allowance_id'],
    nullable: ['expires_at_ms', 'starts_at_ms', 'note', 'models', 'workspaces', 'allowance_id'],
  },
  begun: { numbers: ['at_ms'], texts: ['attempt_id', 'response_id'], nullable: ['response_id'] },
  rollups: { numbers: ['bucket', ...rollupNumbers], texts: ['dimension', 'key'], key: 'dimension, key, bucket' },
  rollup_days: { numbers: ['day', ...rollupNumbers], texts: ['dimension', 'key'], key: 'dimension, key, day' },
  imports: {
    numbers: ['sequence', 'at_ms', 'imported_at_ms', 'input_tokens', 'cached_input_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens', 'cost'],
    texts: ['id', 'workspace_id', 'client', 'client_version', 'thread_id', 'model', 'response_id', 'source', 'price', 'prev_hash', 'hash'], nullable: ['client_version', 'thread_id', 'model', 'response_id', 'price', 'cost'],
  },
  import_sums: { numbers: ['bucket', 'requests', 'input', 'cached', 'cache_write', 'output', 'reasoning', 'cost', 'unpriced'], texts: ['dimension', 'key'], key: 'dimension, key, bucket' },
};

/** Rare kinds of rows, with what is added to a tampering's name. */
const rareRows: readonly { readonly of: string; readonly where: Readonly<Record<string, string>> }[] = [
  { of: 'of the automatic top-up', where: { grants: grantSources.auto } },
  { of: 'of a voucher', where: { grants: grantSources.voucher } },
  { of: 'of a plan', where: Object.fromEntries(['decisions', 'holds', 'usage_events'].map((table) => [table, paidBy('plan')])) },
  { of: 'of a fallback', where: Object.fromEntries(['decisions', 'holds', 'usage_events', 'charges'].map((table) => [table, paidBy('fallback')])) },
];

/** Tables that no proof is about, and why. */
export const untamperedTables: Readonly<Record<string, string>> = {
  workspaces: 'says under which token and path a workspace is known from now on; what was attributed is in the rows of requests',
  checkpoints: 'says what was proven before; the tests of the quick audit change it themselves',
  meta: 'says which programs can read the file',
};

/** Texts that mean something in themselves are changed into others that do; anything else gets a letter more. */
const otherTexts: Readonly<Record<string, readonly string[]>> = {
  'usage_events.tier': ['standard', 'fast', 'flex'], 'charges.tier': ['standard', 'fast', 'flex'], 'holds.tier': ['standard', 'fast', 'flex'],
  'usage_events.outcome': outcomes, 'charges.basis': ['usage', 'refund'], 'entries.account': entryAccounts,
  'entries.kind': entryKinds, 'holds.state': ['open', 'posted', 'voided'], 'grants.kind': ['included', 'promotional', 'purchased'],
  'directives.kind': directiveKinds, 'grants.models': ['["gpt-test"]', '["gpt-*"]'], 'grants.workspaces': ['["ws_a"]', '["ws_a","ws_b","ws_c"]'],
};

/** What is set where nothing was, where any text would not do. */
const setTexts: Readonly<Record<string, string>> = { 'holds.price': '{}', 'holds.basis': '{}', 'imports.price': '{}' };

type Row = Readonly<Record<string, string | number | null>>;

/** Columns that came later. What is done to them stands behind everything else, so that all that was there before begins at the ledger that it began at. */
const newerColumns: Readonly<Record<string, readonly string[]>> = { requests: ['branch', 'command', 'file'] };
const isNewer = (table: string, column: string) => newerColumns[table]?.includes(column) ?? false;

/** Everything that can be done to one of the newer columns of one row. */
export const newerColumnTamperings: readonly Tampering[] = Object.keys(newerColumns).flatMap((table) => columnsOf(table, '', '1', isNewer));

/** Everything that can be done to one column of one row. */
export const columnTamperings: readonly Tampering[] = [
  ...Object.keys(tamperedColumns).flatMap((table) => columnsOf(table)),
  ...rareRows.flatMap(({ of, where }) => Object.entries(where).flatMap(([table, condition]) => columnsOf(table, ` (${of})`, condition).filter((one) => !/ (?:swapped|down)$/.test(one.name)))),
];

function columnsOf(table: string, of = '', among = '1', isWanted = (name: string, column: string) => !isNewer(name, column)): Tampering[] {
  const { key = 'rowid', ...all } = tamperedColumns[table] ?? { numbers: [], texts: [] };
  const [numbers, texts, nullable] = [all.numbers, all.texts, all.nullable ?? []].map((columns) => columns.filter((column) => isWanted(table, column))) as [string[], string[], string[]];
  const keyNames = key.split(', ');
  const selected = keyNames.map((name) => `${name} AS ${name}`).join(', ');
  const isRow = keyNames.map((name) => `${name} = ?`).join(' AND ');
  const find = (db: DatabaseSync, random: SeededRandom, column: string, where: string) => pickRow(db, random, `SELECT ${selected}, ${column} AS value FROM ${table} WHERE ${column} ${where} AND ${among}`);
  const set = (db: DatabaseSync, column: string, row: Row, value: string | number | null) => {
    // A number that another row has already cannot be taken twice where it must be unique.
    try { return Number(db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${isRow}`).run(value, ...keyNames.map((name) => row[name] ?? null)).changes) > 0; } catch { return false; }
  };
  const setOne = (column: string, what: string, where: string, valueOf: (old: string | number | null, random: SeededRandom) => string | number | null): Tampering => ({
    name: `${table}${of}.${column} ${what}`,
    apply: (db, random) => {
      const row = find(db, random, column, where);
      return row !== undefined && set(db, column, row, valueOf(row['value'] ?? null, random));
    },
  });
  const swap = (column: string): Tampering => ({
    name: `${table}${of}.${column} swapped`,
    apply: (db, random) => {
      const one = find(db, random, column, 'IS NOT NULL');
      const other = one && pickRow(db, random, `SELECT ${selected}, ${column} AS value FROM ${table} WHERE ${column} IS NOT ${quoted(one['value'] ?? null)} AND ${column} IS NOT NULL`);
      if (!other) return false;
      // What the key itself is made of is swapped over a third value.
      const [first, second] = [one['value'] ?? null, other['value'] ?? null];
      const aside = typeof first === 'number' ? -1 : 'aside';
      if (!set(db, column, one, aside)) return false;
      const moved = keyNames.includes(column) ? { ...one, [column]: aside } : column === 'sequence' ? { ...one, rowid: aside } : one;
      return set(db, column, other, first) && set(db, column, moved, second);
    },
  });
  const texted = (column: string) => setOne(column, 'changed', 'IS NOT NULL', (old, random) => {
    const others = otherTexts[`${table}.${column}`]?.filter((one) => one !== old);
    return others && others.length > 0 ? random.pick(others) : changedText(String(old), random);
  });
  return [
    ...numbers.flatMap((column) => [
      ...(column === 'sequence' || column === 'ordinal' ? [] : [setOne(column, 'up', 'IS NOT NULL', (old) => Number(old) + 1), setOne(column, 'down', 'IS NOT NULL', (old) => Number(old) - 1)]),
      ...(column === 'stream' || column === 'measured' && table === 'usage_events' ? [setOne(column, 'turned', 'IS NOT NULL', (old) => 1 - Number(old))] : []), swap(column),
    ]),
    ...texts.flatMap((column) => [texted(column), swap(column)]),
    ...nullable.flatMap((column) => [setOne(column, 'taken away', 'IS NOT NULL', () => null), setOne(column, 'set', 'IS NULL', (_old, random) => (numbers.includes(column) ? 1 : otherTexts[`${table}.${column}`]?.[0] ?? setTexts[`${table}.${column}`] ?? random.pick(['x', '{}'])))]),
  ];
}

function quoted(value: string | number | null): string {
  return typeof value === 'string' ? `'${value.replaceAll('\'', '\'\'')}'` : String(value);
}

/** Hashes and JSON stay such: one digit of it becomes another. Anything else gets a letter more. */
function changedText(old: string, random: SeededRandom): string {
  if (!/^(?:[0-9a-f]{64}|[[{].*)$/s.test(old)) return `${old}x`;
  const digits = [...old.matchAll(/\d/g)].map((match) => match.index);
  if (digits.length === 0) return old === '[]' ? '[1]' : `${old} `;
  const at = random.pick(digits);
  // Never a zero in front, which JSON does not know.
  return `${old.slice(0, at)}${Number(old[at]) % 9 + 1}${old.slice(at + 1)}`;
}

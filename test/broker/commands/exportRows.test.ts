// `export` as a person types it: formats, pages, files that appear whole, and cells that no program for
// spreadsheets runs. The ledger is a real one that no broker holds.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { csvLine } from '../../../src/protocol/csv.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { grantCommand, reserveCommand, settleCommand } from '../../support/ledger/ledgerCommands.ts';
import { runOne, withFolder } from '../../support/ledger/tempLedger.ts';
import { jsonOf, ran, ranIn } from './ranCommand.ts';

/** More requests than one page holds, in groups so that it is quick. */
const many = 1100;

function fill(folder: string, requests: number): void {
  const ledger = SqliteLedger.open(join(folder, 'ledger.db'), sha256);
  runOne(ledger, grantCommand('g1', 900_000_000_000, { note: '=cmd|"/c calc"!A1' }));
  const ids = Array.from({ length: requests }, (_, index) => `r${index}-1`);
  assert.ok(ledger.runGroup(ids.flatMap((id) => [reserveCommand(id, 1_000_000), settleCommand(id, { inputTokens: 1000 })])).every((one) => one.ok));
  ledger.close();
}

describe('export', function () {
  this.timeout(60_000);

  it('gives every row once, over all pages, in each format', () => withFolder(async (folder) => {
    fill(folder, many);
    const csv = (await ran(folder, 'export')).out.split('\n');
    const requestAt = csv[0]?.split(',').indexOf('request_id') ?? -1;
    assert.deepEqual([csv.length, new Set(csv.slice(1).map((line) => line.split(',')[requestAt])).size], [many + 1, many]);
    const json = JSON.parse((await ran(folder, 'export', '--format', 'json')).out) as Record<string, unknown>[];
    assert.deepEqual([json.length, json[0]?.['request_id'], json.at(-1)?.['request_id']], [many, 'r0', `r${many - 1}`]);
    const lines = (await ran(folder, 'export', '--format', 'jsonl', '--set', 'charges')).out.split('\n').map((line) => JSON.parse(line) as { cost_microcredits: number });
    assert.equal(lines.reduce((sum, line) => sum + line.cost_microcredits, 0), (await jsonOf(folder, 'usage')).total.costMicroCredits);
    assert.deepEqual(await jsonOf(folder, 'export', '--since', '2099-01-01'), []);
    assert.equal((await ran(folder, 'export', '--set', 'directives', '--since', '2099-01-01')).out, 'at,id,kind,subject,content,hash');
  }));

  it('ends quietly when nobody reads any more', () => withFolder(async (folder) => {
    fill(folder, many);
    const taken: string[] = [];
    const { code, err } = await ranIn(folder, { write: (text) => { taken.push(text); return Promise.resolve(false); } }, ['export', '--format', 'json']);
    assert.deepEqual([code, err, taken.length], [0, '', 1]);
  }));

  it('fills a file that only its owner may read, whole or not at all, and never one that is there', () => withFolder(async (folder) => {
    fill(folder, 3);
    const path = join(folder, 'rows.csv');
    assert.deepEqual(await ran(folder, 'export', '--set', 'grants', '--out', 'rows.csv'), { code: 0, out: '', err: `Exported 1 row to ${path}.` });
    assert.deepEqual([statSync(path).mode & 0o077, readFileSync(path, 'utf8').includes(`"'=cmd|""/c calc""!A1"`)], [0, true]);
    const before = readFileSync(path);
    const refused = await ran(folder, 'export', '--out', 'rows.csv');
    assert.deepEqual([refused.code, /There is a file .* already/.test(refused.err), readFileSync(path).equals(before)], [2, true, true]);
    writeFileSync(`${path}.new`, 'left over by a program that was ended');
    assert.equal((await ran(folder, 'export', '--out', 'rows.csv', '--force')).code, 0);
    assert.equal(readFileSync(path, 'utf8').trimEnd().split('\n').length, 4);
    const nowhere = await ran(folder, 'export', '--out', join(folder, 'no', 'rows.csv'));
    assert.deepEqual([nowhere.code, /cannot be written .* Nothing was exported\./.test(nowhere.err)], [2, true]);
    writeFileSync(join(folder, 'ledger.db'), 'no ledger any more');
    assert.equal((await ran(folder, 'export', '--out', 'other.csv')).code, 1);
    assert.deepEqual([existsSync(join(folder, 'other.csv')), readdirSync(folder).filter((name) => name.endsWith('.new'))], [false, []]);
  }));

  it('marks what a program for spreadsheets would run, and quotes what holds commas, quotes or lines', () => {
    assert.equal(csvLine(['=1', '+1', '-1', '@x', '\tx', '\rx', 'x=1', -5, null, 'a,b', 'say "hi"', 'two\nlines', '']), `'=1,'+1,'-1,'@x,'\tx,"'\rx",x=1,-5,,"a,b","say ""hi""","two\nlines",`);
  });
});

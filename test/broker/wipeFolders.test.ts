// What a wipe removes and what it leaves: the product's own files in an order in which nothing left is a ledger, others' files and
// links never; all folders or none; and the same again where one was ended in between.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { dataFolders, inventory, storedIn } from '../../src/broker/dataInventory.ts';
import { prepareDataFolder } from '../../src/broker/dataFolder.ts';
import { acquireLease } from '../../src/broker/store/lease.ts';
import { sha256 } from '../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';
import { isDataFolder, provenInventory } from '../../src/broker/ownFiles.ts';
import { modeOfWiped, obstacle, removalOrder, wipeFolders } from '../../src/broker/wipeFolders.ts';
import { storedAround } from '../../src/broker/storedAround.ts';
import { isBeingWiped, markWipe, unmarkWipe } from '../../src/broker/wipeMark.ts';
import type { Clock } from '../../src/broker/clock.ts';
import { ProblemError } from '../../src/domain/problem.ts';
import { withFolder } from '../support/ledger/tempLedger.ts';
import { manualClock } from '../support/manualClock.ts';

/** A clock on which every look takes a second, so that waiting ends. */
function hastyClock(): Clock {
  let nowMs = 0;
  return { ...manualClock(), monotonicMs: () => { nowMs += 1000; return nowMs; } };
}

/** What stands in files whose names are not enough. */
const contents: Readonly<Record<string, string>> = {
  'plans.json': '[]', 'routes.json': '[]',
  'broker.log': '{"level":30,"time":"2026-11-30T12:00:00.000Z"}\n', 'broker.json': '{"url":"http://127.0.0.1:1","pid":1,"protocol":1}', 'port': '20000\n',
};

/** A data folder with a file of every kind, files of somebody else, and a folder of practice mode. */
function fill(path: string): void {
  prepareDataFolder(path);
  for (const folder of ['backups', 'quarantine', 'practice']) mkdirSync(join(path, folder));
  const own = ['ledger.db', 'ledger.db-wal', 'ledger.db-shm', 'ledger.db.version3', 'ledger.anchor', 'plans.json', 'routes.json', 'broker.log', 'broker-start.log', 'broker.json', 'port', 'backups/ledger-20261130-120000000.db', 'quarantine/ledger-20261130-120000000.db-wal'];
  for (const name of own) writeFileSync(join(path, name), contents[name] ?? name);
  writeFileSync(join(path, 'mode'), 'live\n');
  for (const name of ['prices.json', 'backups/mine.db', 'notes.txt']) writeFileSync(join(path, name), 'mine');
  prepareDataFolder(join(path, 'practice'));
  writeFileSync(join(path, 'practice/mode'), 'practice\n');
}

const nothing = () => Promise.resolve();
const steps = (more: () => Promise<void> = nothing, prepare?: () => void) => ({ clock: hastyClock(), stopsRequests: false, more, ...(prepare ? { prepare } : {}) });
const codeOf = (error: unknown) => (error instanceof ProblemError ? error.problem.code : error);

describe('a wipe of data folders', () => {
  it('removes the product\'s own files and folders, and leaves every other', () => withFolder(async (path) => {
    fill(path);
    assert.deepEqual(dataFolders(path), [path, join(path, 'practice')]);
    const [live, practice] = await wipeFolders(dataFolders(path), steps());
    assert.deepEqual([live?.isGone, live?.others.toSorted(), practice?.isGone, practice?.others], [false, ['backups/mine.db', 'notes.txt', 'prices.json'], true, []]);
    assert.deepEqual(readdirSync(path, { recursive: true }).map(String).toSorted(), ['backups', 'backups/mine.db', 'notes.txt', 'prices.json']);
    assert.equal(isDataFolder(inventory(path)), false);
  }));

  it('takes away the folder itself where nothing else lies in it', () => withFolder(async (parent) => {
    const path = join(parent, 'data');
    prepareDataFolder(path);
    const [wiped] = await wipeFolders([path], steps());
    assert.deepEqual([wiped?.isGone, existsSync(path)], [true, false]);
  }));

  it('removes copies of the ledger first, then the ledger before its log; mark and lock stay until the end', () => withFolder((path) => {
    fill(path);
    markWipe(path, 'live');
    acquireLease(path)?.release();
    const names = removalOrder(inventory(path)).map((file) => basename(file));
    const at = (name: string) => names.indexOf(name);
    assert.deepEqual([names.includes('wiping'), names.includes('lease.db')], [false, false]);
    for (const copy of ['ledger-20261130-120000000.db', 'ledger.db.version3', 'ledger-20261130-120000000.db-wal']) assert.ok(at(copy) >= 0 && at(copy) < at('ledger.db'), copy);
    for (const later of ['ledger.db-wal', 'ledger.anchor', 'workspace.key', 'mode']) assert.ok(at('ledger.db') < at(later), later);
  }));

  it('follows no link, and begins nothing where one stands in the place of a ledger', () => withFolder(async (parent) => {
    const [path, elsewhere] = [join(parent, 'data'), join(parent, 'elsewhere')];
    fill(elsewhere);
    prepareDataFolder(path);
    symlinkSync(join(elsewhere, 'broker.log'), join(path, 'broker.log'));
    assert.equal(obstacle(inventory(path)), undefined);
    const [wiped] = await wipeFolders(dataFolders(path), steps());
    assert.deepEqual([wiped?.others, wiped?.isGone, readFileSync(join(elsewhere, 'broker.log'), 'utf8')], [['broker.log'], false, contents['broker.log']]);
    for (const name of ['ledger.db', 'backups', 'practice']) {
      const linked = join(parent, `with ${name}`);
      prepareDataFolder(linked);
      symlinkSync(join(elsewhere, name), join(linked, name));
      assert.deepEqual(dataFolders(linked), [linked]);
      assert.match(String(obstacle(inventory(linked))?.problem.message), /is a link/, name);
    }
  }));

  it('takes no folder for one of its own that only has names like its', () => withFolder((path) => {
    for (const name of ['port', 'mode', 'plans.json', 'broker.log']) writeFileSync(join(path, name), 'mine');
    assert.equal(isDataFolder(inventory(path)), false);
    markWipe(path, 'live');
    assert.equal(isDataFolder(inventory(path)), true, 'half removed');
  }));

  it('takes no folder for one of its own by a file that somebody else named like a ledger, a secret or a mark', () => withFolder((path) => {
    for (const name of ['ledger.db', 'workspace.key', 'control.token', 'wiping', 'routes.json', 'port']) writeFileSync(join(path, name), 'a project\'s own\n'.repeat(20));
    assert.equal(isDataFolder(inventory(path)), false);
    SqliteLedger.open(join(path, 'real.db'), sha256).close();
    copyFileSync(join(path, 'real.db'), join(path, 'ledger.db'));
    assert.equal(isDataFolder(inventory(path)), true);
  }));

  it('leaves a project\'s files beside a ledger that have names of its own, and tells of them', () => withFolder(async (path) => {
    prepareDataFolder(path);
    const mine = { 'mode': 'dark\n', 'port': 'left side', 'plans.json': '{"plans":[1]}', 'routes.json': '[{"path":"/home","component":"Home"}]', 'broker.log': 'mine', 'broker.json': '{"url":"x"}' };
    for (const [name, text] of Object.entries(mine)) writeFileSync(join(path, name), text);
    assert.deepEqual(provenInventory(inventory(path)).others.toSorted(), Object.keys(mine).toSorted());
    const [wiped] = await wipeFolders([path], steps());
    assert.deepEqual([readdirSync(path).toSorted(), wiped?.others.toSorted()], [Object.keys(mine).toSorted(), Object.keys(mine).toSorted()]);
  }));

  it('waits for the folder before it changes anything, and prepares only then', () => withFolder(async (path) => {
    fill(path);
    const lease = acquireLease(path);
    const prepared: boolean[] = [];
    const looks: boolean[] = [];
    const clock = hastyClock();
    const watching: Clock = { ...clock, monotonicMs: () => { looks.push(isBeingWiped(path)); return clock.monotonicMs(); } };
    const waiting = { ...steps(nothing, () => { prepared.push(isBeingWiped(path)); }), clock: watching };
    await assert.rejects(wipeFolders(dataFolders(path), waiting), (error) => codeOf(error) === 'broker_running');
    assert.deepEqual([prepared, new Set(looks)], [[], new Set([false])], 'whoever ends it now ended nothing');
    lease?.release();
    await wipeFolders(dataFolders(path), waiting);
    assert.deepEqual(prepared, [true]);
  }));

  it('is taken back where preparing fails, and tells a later failure by its own cause', () => withFolder(async (path) => {
    fill(path);
    await assert.rejects(wipeFolders(dataFolders(path), steps(nothing, () => { throw new Error('no TOML'); })), /no TOML/);
    assert.deepEqual([isBeingWiped(path), isBeingWiped(join(path, 'practice')), existsSync(join(path, 'ledger.db'))], [false, false, true]);
    // A folder in the place of a file cannot be removed as one; by then practice mode's folder is gone with its lock.
    const trap = () => { rmSync(join(path, 'lease.db')); mkdirSync(join(path, 'lease.db')); return nothing(); };
    await assert.rejects(wipeFolders(dataFolders(path), steps(trap)), (error) => codeOf(error) === 'data_folder_unusable' && /could not be removed/.test(String(error)));
    assert.deepEqual([existsSync(join(path, 'practice')), existsSync(join(path, 'ledger.db'))], [false, false]);
  }));

  it('passes over a folder that another wipe took away while it waited', () => withFolder(async (parent) => {
    const path = join(parent, 'data');
    prepareDataFolder(path);
    await wipeFolders([path], steps());
    assert.deepEqual(await wipeFolders([path], steps()), []);
  }));

  it('removes nothing of any folder while somebody who is no broker holds one, and leaves no mark', () => withFolder(async (path) => {
    fill(path);
    const before = readdirSync(path, { recursive: true }).map(String).filter((name) => !/lease/.test(name)).toSorted();
    const lease = acquireLease(join(path, 'practice'));
    assert.ok(lease);
    let ran = 0;
    await assert.rejects(wipeFolders(dataFolders(path), steps(() => { ran += 1; return nothing(); })), (error) => codeOf(error) === 'broker_running');
    assert.deepEqual(readdirSync(path, { recursive: true }).map(String).filter((name) => !/lease/.test(name)).toSorted(), before);
    assert.equal(ran, 0);
    // What an earlier wipe left half done stays closed.
    markWipe(path, 'live');
    await assert.rejects(wipeFolders(dataFolders(path), steps()), (error) => codeOf(error) === 'broker_running');
    assert.deepEqual([isBeingWiped(path), isBeingWiped(join(path, 'practice'))], [true, false]);
    lease.release();
    await wipeFolders(dataFolders(path), steps());
    assert.equal(isBeingWiped(path), false);
  }));

  it('keeps the folder closed where it fails in between, and goes on from there', () => withFolder(async (path) => {
    fill(path);
    await assert.rejects(wipeFolders([path], steps(() => Promise.reject(new Error('the power went')))));
    assert.throws(() => prepareDataFolder(path), (error) => codeOf(error) === 'wipe_unfinished');
    await wipeFolders([path], steps());
    assert.ok(!existsSync(join(path, 'ledger.db')));
    assert.ok(prepareDataFolder(path).controlToken.length > 0, 'and a new broker begins with new secrets');
  }));

  it('remembers the mode of a folder that is half removed', () => withFolder((path) => {
    assert.equal(modeOfWiped(path), 'live');
    markWipe(path, 'practice');
    assert.equal(modeOfWiped(path), 'practice');
    unmarkWipe(path);
    writeFileSync(join(path, 'mode'), 'neither');
    assert.equal(modeOfWiped(path), 'live');
  }));

  it('is told before by what there is', () => withFolder((path) => {
    fill(path);
    const { folders: [live, practice], routes } = storedIn(path);
    assert.deepEqual(live?.kinds.map(({ kind, files }) => `${kind} ${files}`), ['ledger 3', 'backups 2', 'aside 1', 'anchor 1', 'plans 1', 'routes 1', 'logs 2', 'secrets 2', 'run 3']);
    assert.deepEqual([live?.others, practice?.kinds.map(({ kind }) => kind), routes], [['notes.txt', 'prices.json', 'backups/mine.db'], ['secrets', 'run'], []]);
    assert.deepEqual(storedAround(join(path, 'practice'), join(path, 'no temp')).folders.map((one) => one.path), [path, join(path, 'practice')], 'from practice mode the other folder is told too');
    assert.deepEqual(storedIn(join(path, 'nowhere')).folders, [{ path: join(path, 'nowhere'), kinds: [], others: [] }]);
  }));
});

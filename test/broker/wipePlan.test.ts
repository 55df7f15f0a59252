// A wipe as a whole: what it would do is told without changing anything; keychain entries go with the rest, but for those of a
// folder that practice mode alone uses; and a keychain that gives no answer is told and keeps nothing else.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareDataFolder } from '../../src/broker/dataFolder.ts';
import { busyProblem } from '../../src/broker/endBroker.ts';
import type { Keychain } from '../../src/broker/keyStore.ts';
import { compared, LedgerAnchor } from '../../src/broker/ledgerAnchor.ts';
import { askAgainMs, noteUpstreams } from '../../src/broker/upstreamNotes.ts';
import { sha256 } from '../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';
import { planWipe, wipe } from '../../src/broker/wipePlan.ts';
import { grantCommand } from '../support/ledger/ledgerCommands.ts';
import { runOne, withFolder } from '../support/ledger/tempLedger.ts';
import { manualClock } from '../support/manualClock.ts';
import { recordingLedger } from './recordingLedger.ts';

const ledgerEntry = new URL('../../src/broker/ledgerMain.ts', import.meta.url);

function fakeKeychain(): { keychain: Keychain; kept: Map<string, string>; locked: { yes: boolean } } {
  const kept = new Map<string, string>();
  const locked = { yes: false };
  const answer = <T>(give: () => T) => (locked.yes ? Promise.reject(new Error('locked')) : Promise.resolve(give()));
  return {
    kept, locked,
    keychain: {
      getPassword: (_service, account) => answer(() => kept.get(account) ?? null),
      setPassword: (_service, account, password) => answer(() => { kept.set(account, password); }),
      deletePassword: (_service, account) => answer(() => kept.delete(account)),
    },
  };
}

/** A folder with credits, whose ledger is noted in the keychain, and a key there. */
async function filled(path: string, mode: 'live' | 'practice', { keychain, kept }: ReturnType<typeof fakeKeychain>): Promise<void> {
  prepareDataFolder(path);
  writeFileSync(join(path, 'mode'), `${mode}\n`);
  const ledger = SqliteLedger.open(join(path, 'ledger.db'), sha256);
  runOne(ledger, grantCommand('g1', 7_000_000));
  await new LedgerAnchor(path, keychain, manualClock()).write(ledger.query('head', {}), true);
  ledger.close();
  kept.set('openai-api-key', 'sk-a-key-of-a-test');
}

describe('a wipe as a whole', () => {
  it('is told without changing anything', () => withFolder(async (path) => {
    await filled(path, 'live', fakeKeychain());
    const before = readdirSync(path).toSorted();
    const plan = await planWipe({ dataDir: path, ledgerEntry });
    assert.deepEqual(plan.folders.map((one) => [one.path, one.ledger, one.others]), [[path, { attempts: 0, balanceMicroCredits: 7_000_000, isTracked: true }, []]]);
    assert.deepEqual([plan.brokers, plan.requests, plan.routes, plan.isKeyIncluded], [0, 0, [], true]);
    assert.deepEqual(readdirSync(path).filter((name) => !/^lease|^ledger\.db-/.test(name)).toSorted(), before.filter((name) => !/^lease|^ledger\.db-/.test(name)));
    assert.deepEqual([busyProblem({ requests: 0 }), busyProblem({ requests: 2 })?.code], [undefined, 'requests_running']);
  }));

  it('takes key and mark out of the keychain, so that a new ledger is believed', () => withFolder(async (path) => {
    const world = fakeKeychain();
    await filled(path, 'live', world);
    assert.equal(world.kept.size, 2);
    const undone: string[] = [];
    const wiped = await wipe({ dataDir: path, ledgerEntry, keychain: world.keychain, clock: manualClock() }, () => { undone.push('routes'); });
    assert.deepEqual([wiped.isKeychainSilent, [...world.kept], undone], [false, [], ['routes']]);
    prepareDataFolder(path);
    const ledger = SqliteLedger.open(join(path, 'ledger.db'), sha256);
    const asked = { query: (type: never, args: never) => Promise.resolve(ledger.query(type, args)) } as unknown as Parameters<typeof compared>[0];
    assert.equal((await compared(asked, new LedgerAnchor(path, world.keychain, manualClock()))).isRewound, false);
    ledger.close();
  }));

  it('leaves the key alone where a folder is practice mode\'s own, also when it was begun before', () => withFolder(async (path) => {
    const world = fakeKeychain();
    await filled(path, 'practice', world);
    await assert.rejects(wipe({ dataDir: path, ledgerEntry, keychain: { ...world.keychain, deletePassword: () => { throw new Error('a fault'); } }, clock: manualClock() }, () => undefined));
    writeFileSync(join(path, 'mode'), '');
    await wipe({ dataDir: path, ledgerEntry, keychain: world.keychain, clock: manualClock() }, () => undefined);
    assert.deepEqual([...world.kept.keys()], ['openai-api-key']);
  }));

  it('takes the mark out that was made under another name of the folder', () => withFolder(async (parent) => {
    const world = fakeKeychain();
    const [path, otherName] = [join(parent, 'data'), join(parent, 'link')];
    mkdirSync(path);
    symlinkSync(path, otherName);
    await filled(path, 'live', world);
    await wipe({ dataDir: otherName, ledgerEntry, keychain: world.keychain, clock: manualClock() }, () => undefined);
    assert.deepEqual([...world.kept], []);
  }));

  it('tells of a keychain that gives no answer, and removes the rest', () => withFolder(async (path) => {
    const world = fakeKeychain();
    await filled(path, 'live', world);
    world.locked.yes = true;
    const wiped = await wipe({ dataDir: path, ledgerEntry, keychain: world.keychain, clock: manualClock() }, () => undefined);
    assert.deepEqual([wiped.isKeychainSilent, existsSync(join(path, 'ledger.db'))], [true, false]);
    world.locked.yes = false;
    assert.equal((await wipe({ dataDir: path, ledgerEntry, keychain: world.keychain, clock: manualClock() }, () => undefined)).isKeychainSilent, false);
    assert.deepEqual([...world.kept], [], 'and can be repeated when it is unlocked');
  }));

  it('tries to take the key out of the keychain also where that gave no answer about the ledger', () => withFolder(async (path) => {
    const world = fakeKeychain();
    await filled(path, 'live', world);
    const { deletePassword } = world.keychain;
    const keychain: Keychain = { ...world.keychain, deletePassword: (service, account) => (account.startsWith('ledger-anchor') ? Promise.reject(new Error('locked')) : deletePassword(service, account)) };
    const wiped = await wipe({ dataDir: path, ledgerEntry, keychain, clock: manualClock() }, () => undefined);
    assert.deepEqual([wiped.isKeychainSilent, world.kept.has('openai-api-key')], [true, false]);
  }));

  it('begins with the routes, and removes nothing where they cannot be taken back', () => withFolder(async (path) => {
    await filled(path, 'live', fakeKeychain());
    await assert.rejects(wipe({ dataDir: path, ledgerEntry, keychain: undefined, clock: manualClock() }, () => { throw new Error('no TOML'); }), /no TOML/);
    assert.deepEqual([existsSync(join(path, 'ledger.db')), existsSync(join(path, 'wiping'))], [true, false]);
  }));
});

describe('notes of where requests go', () => {
  it('are made once for each place, also where the ledger takes nothing at first, with the time of the start', async () => {
    const clock = manualClock(1_000_000);
    const ledger = recordingLedger();
    const logged: string[] = [];
    let ids = 0;
    const parts = { ledger, clock, ids: { directiveId: () => `dir_${ids += 1}` }, log: (event: string) => logged.push(event) };
    await noteUpstreams(parts, { key: 'api.openai.com', login: 'chatgpt.com' }).first;
    await noteUpstreams(parts, { key: 'api.openai.com', login: 'chatgpt.com' }).first;
    ledger.failing = 'direct';
    const moved = noteUpstreams(parts, { key: 'my-azure.example', login: 'chatgpt.com' });
    await moved.first;
    assert.deepEqual(logged, ['upstream-not-noted']);
    ledger.failing = undefined;
    clock.advance(askAgainMs);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => { setImmediate(resolve); });
    assert.deepEqual(await ledger.query('upstreams', {}), [{ atMs: 1_000_000, at: { key: 'api.openai.com', login: 'chatgpt.com' } }, { atMs: 1_000_000, at: { key: 'my-azure.example', login: 'chatgpt.com' } }]);
    moved.stop();
    await ledger.close();
  });
});

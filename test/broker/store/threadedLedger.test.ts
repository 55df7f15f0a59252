// The ledger on its own thread: the same contract through messages, and what happens when the file
// cannot be opened or the thread ends.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ThreadedLedger } from '../../../src/broker/store/threadedLedger.ts';
import { grantCommand, reserveCommand, startMs } from '../../support/ledger/ledgerCommands.ts';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { describeDirectiveContract } from './directiveContract.ts';
import { describeLedgerContract } from './ledgerContract.ts';

const entry = new URL('../../../src/broker/ledgerMain.ts', import.meta.url);

describeLedgerContract('ThreadedLedger', (path) => ThreadedLedger.open(entry, path));
describeDirectiveContract('ThreadedLedger', (path) => ThreadedLedger.open(entry, path));

describe('ThreadedLedger', () => {
  it('says why a file cannot be opened', () => withFolder(async (folder) => {
    const path = join(folder, 'ledger.db');
    writeFileSync(path, 'not a database, but long enough to be looked at by anybody who wants to know what it is: no.');
    await assert.rejects(ThreadedLedger.open(entry, path), (error: { problem?: { code: string } }) => error.problem?.code === 'ledger_corrupt');
  }));

  it('answers a question only after every command before it', () => withFolder(async (folder) => {
    const ledger = await ThreadedLedger.open(entry, join(folder, 'ledger.db'));
    const commands = Array.from({ length: 50 }, (_, index) => ledger.command(grantCommand(`g${index}`, 1000)));
    const balance = await ledger.query('balance', { nowMs: startMs });
    assert.equal(balance.grants.length, 50);
    await Promise.all(commands);
    await ledger.close();
  }));

  it('refuses everything once it is closed', () => withFolder(async (folder) => {
    const ledger = await ThreadedLedger.open(entry, join(folder, 'ledger.db'));
    await ledger.close();
    await assert.rejects(ledger.command(reserveCommand('r1-1', 1000)), (error: { problem?: { code: string } }) => error.problem?.code === 'ledger_unavailable');
    await assert.rejects(ledger.query('balance', { nowMs: startMs }));
    await ledger.close();
  }));

  it('may be closed twice at once', () => withFolder(async (folder) => {
    const ledger = await ThreadedLedger.open(entry, join(folder, 'ledger.db'));
    await Promise.all([ledger.close(), ledger.close()]);
  }));
});

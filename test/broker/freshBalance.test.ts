// The balance without credits whose time is over, booked or not: a disk that cannot be written keeps
// nobody from reading.
import assert from 'node:assert/strict';
import { freshBalance } from '../../src/broker/freshBalance.ts';
import { grantCommand } from '../support/ledger/ledgerCommands.ts';
import { noonMs } from '../support/manualClock.ts';
import { recordingLedger } from './recordingLedger.ts';

describe('the balance at a moment', () => {
  const withGrants = async () => {
    const ledger = recordingLedger();
    await ledger.command({ ...grantCommand('short', 5_000_000), atMs: noonMs, expiresAtMs: noonMs + 1000 });
    await ledger.command({ ...grantCommand('long', 7_000_000), atMs: noonMs });
    const before = ledger.commands.length;
    const booked = () => ledger.commands.slice(before).map((one) => one.type);
    const left = async (atMs: number) => Object.fromEntries((await freshBalance(ledger, atMs)).grants.map((grant) => [grant.id, grant.remainingMicroCredits]));
    return { ledger, left, booked };
  };

  it('books what is over, once, and nothing before', async () => {
    const { left, booked } = await withGrants();
    assert.deepEqual(Object.values(await left(noonMs + 999)), [5_000_000, 7_000_000]);
    assert.deepEqual(booked(), []);
    for (const _time of [1, 2]) assert.deepEqual(Object.values(await left(noonMs + 1000)), [0, 7_000_000]);
    assert.deepEqual(booked(), ['upkeep']);
  });

  it('leaves it out also while it cannot be booked', async () => {
    const { ledger, left } = await withGrants();
    ledger.failing = 'upkeep';
    assert.deepEqual(Object.values(await left(noonMs + 1000)), [0, 7_000_000]);
    ledger.failing = undefined;
    assert.deepEqual(Object.values(await left(noonMs + 1000)), [0, 7_000_000]);
  });
});

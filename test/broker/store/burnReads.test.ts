// What the look ahead is drawn from, held against the charges themselves: every sum is that of its span, none is counted
// twice, and no more is read after a long history, nor while very much is charged.
import assert from 'node:assert/strict';
import { newestMax } from '../../../src/broker/store/burnReads.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { balanceForecast, lookBackMs, type Burn } from '../../../src/domain/forecast.ts';
import { credit, grantCommand, reserveCommand, settleCommand, startMs } from '../../support/ledger/ledgerCommands.ts';
import { seededRandom } from '../../support/seededRandom.ts';
import { runOne } from '../../support/ledger/tempLedger.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const quarterMs = 15 * minuteMs;
/** At the tests' price. */
const tokenCost = 125;

interface Charge { readonly atMs: number; readonly tokens: number }

/** The charges at these moments, and what is read at a later one. */
function burnsOf(charges: readonly Charge[], nowMs: number): readonly Burn[] {
  const ledger = SqliteLedger.open(':memory:', sha256);
  try {
    runOne(ledger, grantCommand('g1', 1_000_000 * credit, { atMs: startMs - 24 * hourMs }));
    for (const [index, { atMs, tokens }] of charges.entries()) {
      runOne(ledger, reserveCommand(`r${index}-1`, 1000, { atMs }));
      runOne(ledger, settleCommand(`r${index}-1`, { inputTokens: tokens }, { atMs }));
    }
    return ledger.query('burns', { nowMs });
  } finally {
    ledger.close();
  }
}

const every = (count: number, stepMs: number, untilMs: number): Charge[] => Array.from({ length: count }, (_, index) => ({ atMs: untilMs - (count - 1 - index) * stepMs, tokens: 800 + index % 7 * 100 }));
const costOf = (charges: readonly Charge[]) => charges.reduce((total, { tokens }) => total + tokens * tokenCost, 0);
const burnt = (burns: readonly Burn[]) => burns.reduce((total, { costMicroCredits }) => total + costMicroCredits, 0);
const requests = (burns: readonly Burn[]) => burns.reduce((total, one) => total + (one.requests ?? 0), 0);

/** Sums follow one another and hold what was charged in their spans. */
function assertSums(burns: readonly Burn[], charges: readonly Charge[]): void {
  for (const [index, { sinceMs = Number.NaN, atMs, costMicroCredits }] of burns.entries()) {
    assert.ok(sinceMs <= atMs && sinceMs >= (burns[index - 1]?.atMs ?? 0), `sum ${index} overlaps none`);
    const untilMs = burns[index + 1]?.sinceMs ?? Infinity;
    assert.equal(costMicroCredits, costOf(charges.filter((one) => one.atMs >= sinceMs && one.atMs < untilMs)), `sum ${index}`);
  }
}

describe('what the look ahead is drawn from', () => {
  const nowMs = startMs + 7 * minuteMs;

  it('is every charge of the last hours, in quarter hours once there are enough of them, however long the history is', () => {
    const random = seededRandom(5);
    const charges = Array.from({ length: 300 }, () => ({ atMs: nowMs - Math.floor(random.next() * 12 * hourMs), tokens: Math.floor(random.next() * 3000) })).toSorted((a, b) => a.atMs - b.atMs);
    const burns = burnsOf(charges, nowMs);
    const counted = charges.filter(({ atMs }) => atMs >= Math.ceil((nowMs - lookBackMs) / quarterMs) * quarterMs);
    assert.equal(burns.length, 12);
    assert.equal(burns[0]?.sinceMs, counted[0]?.atMs);
    assert.deepEqual([burnt(burns), requests(burns)], [costOf(counted), counted.length]);
    assertSums(burns, counted);
  });

  it('is told by seconds in the first hour of work, so that a fast burn is foreseen within minutes', () => {
    const charges = every(30, 5000, nowMs);
    const burns = burnsOf(charges, nowMs);
    assert.ok(burns.length >= 12, `${burns.length}`);
    assert.deepEqual([burnt(burns), requests(burns)], [costOf(charges), 30]);
    // So much is left that it lasts for eight minutes.
    const left = Math.round(costOf(charges) / (29 * 5000) * 8 * minuteMs);
    const found = balanceForecast(left, burns, nowMs)?.runOut;
    assert.ok(found && Math.abs(found.runsOutAtMs - nowMs - 8 * minuteMs) < minuteMs / 4, JSON.stringify(found));
    assert.ok(found.earliestAtMs < found.runsOutAtMs && found.latestAtMs !== undefined && found.latestAtMs > found.runsOutAtMs);
    assert.equal(balanceForecast(left, burnsOf(every(19, 5000, nowMs), nowMs), nowMs), undefined, 'too little to go by');
  });

  it('reads no more charges than a number, and the rest from the quarter hours', () => {
    const count = newestMax * 2;
    // Twenty minutes of work, over the end of a quarter hour, of which the newest charges are ten.
    const charges = every(count, 1000, nowMs);
    const burns = burnsOf(charges, nowMs);
    assert.ok(burns.length < 90, `${burns.length}`);
    assert.deepEqual([burnt(burns), requests(burns)], [costOf(charges), count]);
    assertSums(burns, charges);
    const found = balanceForecast(costOf(charges), burns, nowMs)?.runOut;
    assert.ok(found && Math.abs(found.runsOutAtMs - nowMs - 20 * minuteMs) < minuteMs, JSON.stringify(found));
  });

  it('is nothing where nothing was charged lately', () => {
    assert.deepEqual(burnsOf(every(50, 1000, nowMs - 4 * hourMs), nowMs), []);
    assert.deepEqual(burnsOf([], nowMs), []);
    assert.deepEqual(burnsOf(every(50, 1000, nowMs + hourMs), nowMs), [], 'nor by a clock that was ahead');
  });
});

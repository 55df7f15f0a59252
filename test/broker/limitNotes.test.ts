// Proves that what the upstream changes of its limits comes into the ledger once, that an ordinary answer costs no
// command, and that a start notes nothing twice.
import assert from 'node:assert/strict';
import { LimitNotes } from '../../src/broker/limitNotes.ts';
import { noteEveryMs } from '../../src/domain/limitWatch.ts';
import type { PacedWindow } from '../../src/domain/pacedWindow.ts';
import type { Happening } from '../../src/protocol/ledgerPages.ts';
import { manualClock } from '../support/manualClock.ts';
import { recordingLedger } from './recordingLedger.ts';
import type { RecordingLedger } from './recordingLedger.ts';

const windows = (limit: number): PacedWindow[] => [
  { id: 'gpt-test/requests', model: 'gpt-test', measure: 'requests', windowMinutes: 1, limit }, { id: 'gpt-test/requests/day', model: 'gpt-test', measure: 'requests', windowMinutes: 1440, limit: 10_000 },
];

function started(ledger: RecordingLedger, logged: string[] = []) {
  const clock = manualClock();
  const notes = new LimitNotes({ ledger, clock, log: (event) => { logged.push(event); } });
  const answers = async (count: number, limit: number) => {
    for (let index = 0; index < count; index += 1) notes.answered({ requests: { limit, remaining: 1 }, retryAfterMs: 5 }, windows(limit));
    await new Promise(setImmediate);
  };
  return { clock, notes, answers };
}

const listed = async (ledger: RecordingLedger) => (await ledger.query('happenings', { filter: 'limits', limit: 10 })).rows as Extract<Happening, { from: 'directive' }>[];
const told = (rows: readonly Extract<Happening, { from: 'directive' }>[]) => rows.map(({ directive, limitsBefore }) => [
  directive.kind === 'limit' && 'limits' in directive.note ? directive.note.limits.map((one) => one.limit) : directive.kind === 'limit' && 'began' in directive.note ? directive.note.began.windowMinutes : directive.kind, limitsBefore?.map((one) => one.limit),
]);

describe('notes of limits', () => {
  it('are written first and for each change, with what was before, and cost nothing otherwise', async () => {
    const ledger = recordingLedger();
    const { clock, answers } = started(ledger);
    await answers(100, 500);
    assert.equal(ledger.commands.length, 1);
    clock.advance(noteEveryMs);
    await answers(100, 300);
    assert.equal(ledger.commands.length, 2);
    assert.deepEqual(told(await listed(ledger)), [[[300], [500]], [[500], undefined]]);
    const [newest] = await listed(ledger);
    assert.deepEqual(newest?.directive, { kind: 'limit', note: { subject: 'gpt-test', limits: [{ measure: 'requests', limit: 300, windowMinutes: 1 }] } });
    assert.deepEqual((await ledger.query('audit', { full: true })).violations, []);
    // After a start the first limits are given to the ledger again, which has them.
    const again = started(ledger);
    await again.answers(100, 300);
    assert.deepEqual([ledger.commands.length, (await listed(ledger)).length], [3, 2]);
    assert.deepEqual((await ledger.query('happenings', { filter: 'prices', limit: 10 })).rows, []);
    assert.equal((await ledger.query('happenings', { filter: 'all', limit: 10 })).rows.length, 2);
    await ledger.close();
  });

  it('tell of a plan\'s window that began anew', async () => {
    const ledger = recordingLedger();
    const { notes } = started(ledger);
    for (const [usedPercent, resetsAtMs] of [[60, 1e9], [61, 1e9], [62, 1e9], [1, 2e9], [1, 2e9], [2, 2e9]] as const) notes.planTold('ChatGPT 0a1b', [{ windowMinutes: 300, usedPercent, resetsAtMs }, { windowMinutes: 10_080, usedPercent, resetsAtMs: 5e9 }]);
    await new Promise(setImmediate);
    assert.deepEqual(told(await listed(ledger)), [[300, undefined]]);
    assert.equal(ledger.commands.length, 1);
    await ledger.close();
  });

  it('that the ledger does not take are logged, and stop nothing', async () => {
    const ledger = recordingLedger();
    const logged: string[] = [];
    const { answers } = started(ledger, logged);
    ledger.failing = 'note-limit';
    await answers(3, 500);
    assert.deepEqual([logged, await listed(ledger)], [['limit-not-noted'], []]);
    await ledger.close();
  });
});

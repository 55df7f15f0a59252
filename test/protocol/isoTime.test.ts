// Times that people type: read as they were meant, in any zone, and never made up.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseIso } from '../../src/protocol/isoTime.ts';

/** Central Europe in 2026: an hour ahead of UTC in winter, two from 29 March 01:00Z to 25 October 01:00Z. */
const berlin = (atMs: number) => (atMs >= Date.UTC(2026, 2, 29, 1) && atMs < Date.UTC(2026, 9, 25, 1) ? 2 : 1) * 3_600_000;
/** A zone that skips the hour after midnight on 6 September 2026, as Chile does. */
const santiago = (atMs: number) => (atMs >= Date.UTC(2026, 8, 6, 4) ? -3 : -4) * 3_600_000;
const utc = () => 0;

describe('times that people type', () => {
  it('are ISO dates and times', () => {
    assert.equal(parseIso('2026-11-22', utc), Date.UTC(2026, 10, 22));
    assert.equal(parseIso('2024-02-29', utc), Date.UTC(2024, 1, 29));
    assert.equal(parseIso('2026-11-22T10:00Z', utc), Date.UTC(2026, 10, 22, 10));
    assert.equal(parseIso('2026-11-22T10:00:05.25+02:00', utc), Date.UTC(2026, 10, 22, 8, 0, 5, 250));
    assert.equal(parseIso('2026-11-22T10:00:00-03:30', utc), Date.UTC(2026, 10, 22, 13, 30));
  });

  it('are nothing when they do not exist, say more, or lie before 1970', () => {
    for (const bad of ['', 'tomorrow', '22.11.2026', '2026-13-01', '2026', '1e3', '2026-02-30T99:00Z', '2026-02-31', '2025-02-29', '2026-00-10', '2026-11-22 (hello world)', '2026-11-22garbage', '2026-11-22 10:00 PST',
      '2026-11-22T25:00', '2026-11-22T10:60Z', '2026-11-22T10:00+25:00', '2026-11-22T10:00Zulu', ' 2026-11-22', '2026-11-22\n', '1969-01-01', '1969-12-31T23:59:59Z', '0026-01-01', '275760-09-13', '+002026-11-22', '٢٠٢٦-11-22']) assert.equal(parseIso(bad, utc), undefined, bad);
  });

  it('are local where they name no zone, also on days of 23 and 25 hours', () => {
    assert.equal(parseIso('2026-11-22', berlin), Date.UTC(2026, 10, 21, 23));
    assert.equal(parseIso('2026-07-01', berlin), Date.UTC(2026, 5, 30, 22));
    assert.equal(parseIso('2026-10-25', berlin), Date.UTC(2026, 9, 24, 22));
    assert.equal(parseIso('2026-10-26', berlin), Date.UTC(2026, 9, 25, 23));
    assert.equal(parseIso('2026-03-30', berlin), Date.UTC(2026, 2, 29, 22));
    assert.equal(parseIso('2026-11-22T10:00', berlin), Date.UTC(2026, 10, 22, 9));
    assert.equal(parseIso('2026-11-22T10:00Z', berlin), Date.UTC(2026, 10, 22, 10));
    assert.equal(parseIso('2026-10-25T02:30', berlin), Date.UTC(2026, 9, 25, 0, 30), 'the first of two');
    assert.equal(parseIso('2026-09-06', santiago), Date.UTC(2026, 8, 6, 4), 'a midnight that is skipped');
  });

  it('are read back as they were written', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (atMs) => { assert.equal(parseIso(new Date(atMs).toISOString(), berlin), atMs); }));
  });
});

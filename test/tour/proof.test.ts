// Tests that the tour's closing checks notice every single figure that is off by one.
import assert from 'node:assert/strict';
import { checks, creditsText, dollarsText, type Seen } from '../../src/tour/proof.ts';

const row = (key: string, costMicroCredits: number) => ({ key, label: key, requests: 2, inputTokens: 100, cachedInputTokens: 0, outputTokens: 10, costMicroCredits });
const credits = (balanceMicroCredits: number, heldMicroCredits = 0) => ({ tracked: true, balanceMicroCredits, heldMicroCredits, grants: [] });
const run = (name: string) => ({ name, exitCode: 0, inputTokens: 100, outputTokens: 10, fileText: 'x\n', wantedText: 'x\n' });
const right: Seen = {
  before: credits(500_000_000), after: credits(498_000_000), rows: [row('a', 1_500_000), row('b', 500_000)],
  audit: { ok: true, violations: [], entries: 9, charges: 4, openHolds: 0 }, runs: [run('a'), run('b')],
};
const failures = (seen: Seen) => checks(seen).filter((check) => !check.ok).length;

describe('the tour\'s proof', () => {
  it('passes when everything adds up', () => {
    assert.equal(failures(right), 0);
  });

  const wrong: Readonly<Record<string, Seen>> = {
    'one microcredit more was drawn than the workspaces cost': { ...right, after: credits(497_999_999) },
    'nothing was spent at all': { ...right, after: right.before, rows: [row('a', 0), row('b', 0)] },
    'Codex counted another number of tokens': { ...right, runs: [run('a'), { ...run('b'), outputTokens: 11 }] },
    'one run failed': { ...right, runs: [run('a'), { ...run('b'), exitCode: 1 }] },
    'a file was not written': { ...right, runs: [run('a'), { ...run('b'), fileText: undefined }] },
    'a file holds something else': { ...right, runs: [run('a'), { ...run('b'), fileText: 'y\n' }] },
    'credits are still held': { ...right, after: credits(498_000_000, 1) },
    'a hold is open': { ...right, audit: { ...right.audit, openHolds: 1 } },
    'the audit found something': { ...right, audit: { ...right.audit, ok: false, violations: [{ invariant: 'I1', what: 'x' }] } },
    'a workspace is missing': { ...right, rows: [row('a', 2_000_000)] },
  };
  for (const [what, seen] of Object.entries(wrong)) {
    it(`fails when ${what}`, () => { assert.ok(failures(seen) >= 1); });
  }

  it('writes amounts to the last unit', () => {
    assert.equal(creditsText(1_234_567_891), '1,234.567891');
    assert.equal(creditsText(500_000_000), '500.00');
    assert.equal(dollarsText(25_000_000), '$1.00');
  });
});

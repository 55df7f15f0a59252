// `credits auto` as a person types it: set, shown, switched off, and refused. The ledger is a real one.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { jsonOf, ran } from './ranCommand.ts';

const withData = (run: (data: string) => Promise<void>) => withFolder((folder) => run(join(folder, 'data')));

describe('credits auto', function () {
  this.timeout(120_000);

  it('sets the rule, adds at once where too little is left, and tells how it stands', () => withData(async (data) => {
    const first = await ran(data, 'credits', 'auto', '--below', '10', '--add', '50', '--cap', '120', '--time-zone', 'UTC');
    assert.match(first.out, /^Set: While less than 10\.00 credits are left, 50\.00 purchased ones are added; 0\.00 of at most 120\.00 this month, which ends .* \(UTC\)\.\nIt begins once the balance is tracked/);
    await jsonOf(data, 'credits', 'add', '5', '--kind', 'promotional');
    const { autoTopUp, grants, balanceMicroCredits } = await jsonOf(data, 'credits', 'list');
    assert.deepEqual([autoTopUp.addedMicroCredits, autoTopUp.capMicroCredits, autoTopUp.timeZone, balanceMicroCredits], [50_000_000, 120_000_000, 'UTC', 55_000_000]);
    assert.deepEqual(grants.map((grant: { kind: string; source?: string }) => [grant.kind, grant.source]), [['promotional', undefined], ['purchased', 'auto']]);
    assert.match((await ran(data, 'credits', 'list')).out, /purchased \(auto\) +in force[^]*50\.00 of at most 120\.00 this month/);
    assert.match((await ran(data, 'status')).out, /\nTop-up +While less than 10\.00 credits are left/);
    assert.deepEqual(await jsonOf(data, 'credits', 'auto'), { autoTopUp });
    assert.deepEqual(await jsonOf(data, 'credits', 'auto', 'off'), { exists: false, autoTopUp: null });
    assert.deepEqual(await ran(data, 'credits', 'auto'), { code: 0, out: 'The automatic top-up is off.', err: '' });
    const { ok } = await jsonOf(data, 'audit', '--full');
    assert.equal(ok, true);
  }));

  it('refuses half of a rule, one that cannot hold, and other words', () => withData(async (data) => {
    for (const [args, why] of [
      [['--below', '10'], /Say when, how much and how much in a month/], [['on'], /Say `credits auto off`/], [['off', '--below', '10'], /Say `credits auto off`/], [['--below', '0', '--add', '1', '--cap', '1'], /"0" is no amount/],
      [['--below', '10', '--add', '5', '--cap', '50'], /at least as much as its threshold/], [['--below', '1', '--add', '5', '--cap', '4'], /cap of the automatic top-up is not less/], [['--below', '1', '--add', '1', '--cap', '101'], /at most 100 times a month/],
      [['--below', '1', '--add', '1', '--cap', '1', '--time-zone', 'Mars/Base'], /time zone/],
    ] as const) {
      const { code, err } = await ran(data, 'credits', 'auto', ...args);
      assert.equal(code, 2, args.join(' '));
      assert.match(err, why);
    }
  }));
});

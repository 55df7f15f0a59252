// `codex-broker wipe` where somebody sits at the terminal: it tells, asks for a word that is typed in full, and does nothing for
// less than that.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { jsonOf, ran, ranIn } from './ranCommand.ts';

const args = ['wipe', '--no-keychain'] as const;

describe('a wipe at the terminal', function () {
  this.timeout(30_000);

  it('asks for a whole word after telling what goes, and does as it is told', () => withFolder(async (parent) => {
    const folder = join(parent, 'data');
    const surroundings = { home: parent, cwd: parent };
    await jsonOf(folder, 'credits', 'add', '12');
    const asked: unknown[] = [];
    const answering = (answer: boolean) => ranIn(folder, { ...surroundings, ask: (question, word) => { asked.push([question, word]); return Promise.resolve(answer); } }, args);
    const refused = await answering(false);
    assert.deepEqual([refused.code, existsSync(join(folder, 'ledger.db')), asked], [1, true, [['Remove all of this for good?', 'wipe']]]);
    assert.match(refused.out, /12\.00 credits left[\s\S]*codex-broker export --set requests --out FILE[\s\S]*Nothing was removed\.$/);
    const agreed = await answering(true);
    assert.deepEqual([agreed.code, existsSync(folder)], [0, false]);
    assert.match(agreed.out, /Removed \d+ files \(.*\) with the folder/);
  }));

  it('is agreed to by --yes alone where nobody can be asked, and refuses what contradicts itself', () => withFolder(async (parent) => {
    const folder = join(parent, 'data');
    await jsonOf(folder, 'credits', 'add', '12');
    const surroundings = { home: parent, cwd: parent };
    assert.deepEqual([(await ranIn(folder, surroundings, args)).code, (await ranIn(folder, surroundings, [...args, '--yes', '--dry-run'])).code, existsSync(folder)], [2, 2, true]);
    const practice = await ranIn(folder, surroundings, [...args, '--yes', '--practice']);
    assert.deepEqual([practice.code, existsSync(folder)], [0, true], 'practice mode has a folder of its own');
    assert.equal((await ranIn(folder, surroundings, [...args, '--yes'])).code, 0);
    assert.equal(existsSync(folder), false);
    assert.match((await ran(folder, ...args, '--dry-run')).out, /There is no data of the broker/);
  }));
});

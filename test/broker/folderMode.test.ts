// A data folder belongs to one mode for ever, so that no simulated request draws real credits.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimFolder, folderMode, refuseOtherMode } from '../../src/broker/folderMode.ts';
import type { ProblemError } from '../../src/domain/problem.ts';
import { withFolder } from '../support/ledger/tempLedger.ts';

const unusable = (error: ProblemError) => error.problem.code === 'data_folder_unusable';

describe('the mode of a data folder', () => {
  it('is that of who came first', () => withFolder((folder) => {
    assert.equal(folderMode(folder), undefined);
    for (const [name, mode, other] of [['a', 'practice', 'live'], ['b', 'live', 'practice']] as const) {
      const path = join(folder, name);
      mkdirSync(path);
      refuseOtherMode(path, other);
      claimFolder(path, mode);
      claimFolder(path, mode);
      claimFolder(path, undefined);
      assert.throws(() => claimFolder(path, other), unusable);
      assert.throws(() => refuseOtherMode(path, other), (error: ProblemError) => unusable(error) && error.problem.message.includes(path) && error.problem.remedy.includes('--practice'));
      assert.equal(folderMode(path), mode);
    }
  }));

  it('is live where a ledger lies without a word about it, or where nobody named one', () => withFolder((folder) => {
    writeFileSync(join(folder, 'ledger.db'), '');
    assert.equal(folderMode(folder), 'live');
    assert.throws(() => claimFolder(folder, 'practice'), unusable);
    const fresh = join(folder, 'fresh');
    mkdirSync(fresh);
    claimFolder(fresh, undefined);
    assert.equal(readFileSync(join(fresh, 'mode'), 'utf8'), 'live\n');
  }));

  it('is a problem when its file says something else or cannot be read', () => withFolder((folder) => {
    writeFileSync(join(folder, 'mode'), 'both');
    assert.throws(() => claimFolder(folder, 'live'), unusable);
    const odd = join(folder, 'odd');
    mkdirSync(join(odd, 'mode'), { recursive: true });
    assert.throws(() => folderMode(odd), unusable);
  }));
});

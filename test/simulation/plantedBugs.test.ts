// Proves that the simulation can fail: each planted bug goes into a copy of the rules and the store,
// and the same random worlds that the product passes must stumble over it.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sha256 } from '../../src/broker/store/ledgerThread.ts';
import type { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';
import { withFastFolder } from '../support/ledger/tempLedger.ts';
import { liveThrough } from './ledgerWorld.ts';
import { plantedBugs } from './plantedBugs.ts';
import type { PlantedBug } from './plantedBugs.ts';

const root = resolve(import.meta.dirname, '../..');
/** Worlds that a bug may hide in before it counts as missed. */
const worldsMax = 40;
const stepsPerWorld = 60;

/** A copy of what the ledger is made of, with one bug in it, or with none. */
async function ledgerWith(folder: string, bug: PlantedBug | undefined): Promise<typeof SqliteLedger> {
  for (const part of ['src/domain', 'src/protocol', 'src/broker/store']) cpSync(join(root, part), join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  if (bug) {
    const path = join(folder, 'src', bug.file);
    const text = readFileSync(path, 'utf8');
    assert.equal(text.split(bug.from).length, 2, `the text to change for "${bug.name}" must be there exactly once`);
    writeFileSync(path, text.replace(bug.from, () => bug.to));
  }
  const loaded = await import(pathToFileURL(join(folder, 'src/broker/store/sqliteLedger.ts')).href) as { SqliteLedger: typeof SqliteLedger };
  return loaded.SqliteLedger;
}

/** How many worlds it took to find a bug; undefined when none of them did. */
async function worldsUntilFound(bug: PlantedBug | undefined): Promise<number | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'codex-broker-planted-'));
  try {
    const Ledger = await ledgerWith(folder, bug);
    for (let seed = 1; seed <= worldsMax; seed += 1) {
      try {
        await withFastFolder((world) => { liveThrough({ seed, steps: stepsPerWorld, folder: world, open: (path) => Ledger.open(path, sha256) }); });
      } catch {
        // Any failure counts: a wrong answer, a broken promise, or a store that gives up.
        return seed;
      }
    }
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('planted money bugs', function () {
  this.timeout(60_000);

  it('finds nothing in a copy without a bug', async () => {
    assert.equal(await worldsUntilFound(undefined), undefined);
  });

  for (const bug of plantedBugs) {
    it(`finds that ${bug.name}`, async () => {
      assert.notEqual(await worldsUntilFound(bug), undefined, `${worldsMax} worlds did not show it`);
    });
  }
});

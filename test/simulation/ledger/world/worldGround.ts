// What many worlds of one program stand on: an empty ledger that was migrated once, as a file to copy and
// as a database in memory, in a folder that is gone afterwards.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../../../src/broker/store/openDatabase.ts';
import type { SeededRandom } from '../../../support/seededRandom.ts';
import type { FaultPlan } from './faultyConnection.ts';
import { memoryBase, memoryDisk } from './memoryDisk.ts';
import { fileDisk } from './worldDisk.ts';
import type { Disk, OpenLedger } from './worldDisk.ts';

/** Ground for worlds. */
export interface WorldGround {
  readonly openLedger: OpenLedger;
  disk(kind: Disk['kind'], plan: FaultPlan, random: SeededRandom): Disk;
  close(): void;
}

/** Makes the ground; in memory where the system has a place for files there. */
export function worldGround(openLedger: OpenLedger): WorldGround {
  const shared = '/dev/shm';
  const folder = mkdtempSync(join(existsSync(shared) ? shared : tmpdir(), 'codex-broker-world-'));
  const templatePath = join(folder, 'template.db');
  openLedger(templatePath, 'owner', openDatabase).close();
  const template = readFileSync(templatePath);
  const base = memoryBase(openLedger, templatePath);
  return {
    openLedger,
    disk: (kind, plan, random) => {
      if (kind === 'memory') return memoryDisk(base, plan);
      const own = mkdtempSync(join(folder, 'w'));
      const disk = fileDisk(own, template, plan, random);
      return { ...disk, end: () => { disk.end(); rmSync(own, { recursive: true, force: true }); } };
    },
    close: () => { base.close(); rmSync(folder, { recursive: true, force: true }); },
  };
}

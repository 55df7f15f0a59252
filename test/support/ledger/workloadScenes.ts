// The lives in which a ledger is disturbed: a first one, from the making of the file to its closing, and
// a later one, which finds the log and the open holds of another.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { canTrace } from '../process/systemCallKiller.ts';
import type { Call } from './diskTrace.ts';
import { copyLedger, proveCut, withSoundLedger } from './lifeProof.ts';
import { ReferenceLives } from './referenceLives.ts';
import type { Lives } from './referenceLives.ts';
import { standardSteps } from './standardGroups.ts';
import { killing, runWorkload, tracing } from './workloadRuns.ts';
import type { Run, Workload } from './workloadRuns.ts';

/** A workload, what it must lead to, and what its life begins with. */
export interface Scene {
  readonly workload: Workload;
  readonly reference: ReferenceLives;
  /** A folder with the ledger that earlier lives left; without it there is none yet. */
  readonly before?: { readonly folder: string; readonly lives: Lives };
}

/** Groups of a life that is long enough for its log to be moved into the file in the middle of it. */
export const groupsOfLongLife = 90;

/** A life from the beginning. */
export function firstLife(program: string, seed: number, groups: number): Scene {
  return { workload: { program, seed, groups }, reference: new ReferenceLives(standardSteps(seed, groups)) };
}

/** Lives a first life that nothing disturbs, traced where that is possible, and proves it. */
export async function wholeLife(folder: string, scene: Scene): Promise<Run> {
  const place = join(folder, 'whole');
  const run = await runWorkload(place, scene.workload, canTrace ? { disturbance: tracing } : {});
  assert.deepEqual([run.code, run.stderr], [0, '']);
  assert.equal(withSoundLedger(place, 'a whole life', (ledger) => proveCut(ledger, scene.reference, [], run.told, 'a whole life')), scene.reference.steps.length);
  rmSync(place, { recursive: true });
  return run;
}

/**
 * A life that begins with the log of another, which was killed before it could move it into the file, and
 * with the holds that the other left open.
 */
export async function laterLife(folder: string, program: string, seed: number, groups: number): Promise<Scene> {
  const whole = firstLife(program, seed, groups);
  const { calls } = await wholeLife(folder, whole);
  const open = whole.reference.steps.map((_, count) => openHoldsOf(whole.reference.replay([count])));
  const count = open.lastIndexOf(Math.max(...open));
  assert.ok((open[count] ?? 0) >= 1, 'no hold is ever open');
  // Killed in the middle of the group after that.
  const told = calls.findLastIndex((one) => one.call === 'write' && one.text.startsWith(`ok ${count - 1} `));
  const next = calls.slice(told).filter((one) => one.call === 'pwrite64' && one.path.endsWith('-wal'))[1];
  const before = join(folder, `before-${seed}`);
  const run = await runWorkload(before, whole.workload, { disturbance: killing('pwrite64', next?.n ?? 1) });
  assert.equal(run.signal, 'SIGKILL');
  assert.equal(withSoundLedger(copyLedger(before, 'copy'), 'before', (ledger) => proveCut(ledger, whole.reference, [], run.told, 'before')), count);
  return { ...whole, before: { folder: before, lives: [count] } };
}

function openHoldsOf(ledger: SqliteLedger): number {
  const { openHolds } = ledger.query('audit', { full: false });
  ledger.close();
  return openHolds;
}

/** The calls of a scene that nothing disturbs. */
export async function callsOf(folder: string, scene: Scene): Promise<readonly Call[]> {
  const place = startOf(folder, 'counted', scene);
  const { calls } = await runWorkload(place, scene.workload, { disturbance: tracing });
  rmSync(place, { recursive: true });
  return calls;
}

/** A folder of its own with the ledger that the scene begins with. */
export function startOf(folder: string, name: string, { before }: Scene): string {
  return before ? copyLedger(before.folder, join('..', name)) : join(folder, name);
}

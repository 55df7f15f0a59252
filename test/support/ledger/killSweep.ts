// Kills the program of the standard workload at one point after the other, two at a time, and proves
// after each that the ledger keeps its promises; also again and again while it recovers.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import type { SeededRandom } from '../seededRandom.ts';
import type { Call, TracedCall } from './diskTrace.ts';
import { copyLedger, proveCut, proveNextLife, proveSameMoney, runAllAgain, withSoundLedger } from './lifeProof.ts';
import { proveOnce } from './provenFiles.ts';
import type { Lives, ReferenceLives } from './referenceLives.ts';
import { killing, lanes, runWorkload } from './workloadRuns.ts';
import type { Run } from './workloadRuns.ts';
import { startOf } from './workloadScenes.ts';
import type { Scene } from './workloadScenes.ts';

/** A place to die at: the n-th call of a kind, before it is done. */
export interface Point { readonly call: TracedCall; readonly n: number }

/** Runs something for each item, some at a time. After the first failure nothing more is begun, and it is thrown when all has ended. */
export async function inLanes<T>(items: readonly T[], run: (item: T, index: number, lane: number) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  let next = 0;
  await Promise.all(Array.from({ length: lanes }, async (_, lane) => {
    while (next < items.length && failures.length === 0) {
      const index = next++;
      try {
        await run(items[index] as T, index, lane);
      } catch (error) {
        failures.push(error);
      }
    }
  }));
  if (failures.length > 0) throw failures[0];
}

/** Every point of a traced life: each call that changes the disk, and the first word of each answer. */
export function pointsOf(calls: readonly Call[]): Point[] {
  return calls.filter((one) => (one.call === 'write' ? / 0 \w+\\n$/.test(one.text) : one.call !== 'pread64')).map(({ call, n }) => ({ call, n }));
}

/** Those calls of a long life that are around the moment in which its log is moved into the file and begun anew. */
export function callsAroundMove(calls: readonly Call[]): readonly Call[] {
  const firstTold = calls.findIndex((one) => one.call === 'write');
  const moved = calls.findIndex((one, index) => index > firstTold && one.call === 'pwrite64' && one.path.endsWith('.db'));
  const anew = calls.findIndex((one, index) => index > moved && one.call === 'pwrite64' && one.path.endsWith('-wal') && one.offset === 0);
  assert.ok(moved > 0 && anew > moved, 'a long life moves its log into the file and begins it anew');
  return calls.slice(moved - 10, anew + 40);
}

/** Proves what one killed run left in a folder. The ledger there has had its next life afterwards, or is left as another one that was proven. */
export function proveKilled(folder: string, scene: Scene, run: Run, about: string): void {
  assert.equal(run.stderr, '', about);
  proveOnce(scene, folder, `killed ${JSON.stringify(run.told)}`, () => proveLeft(folder, scene, run, about));
}

function proveLeft(folder: string, { reference, before }: Scene, run: Run, about: string): void {
  const lives = proveAsFound(folder, reference, before?.lives ?? [], run, about);
  withSoundLedger(folder, about, (ledger) => proveNextLife(ledger, reference, lives, about));
}

/** Proves the same on a copy, so that the ledger stays as it was left. @returns what took effect in all lives */
function proveAsFound(folder: string, reference: ReferenceLives, earlier: Lives, run: Run, about: string): Lives {
  assert.equal(run.stderr, '', about);
  const copy = copyLedger(folder, 'copy');
  const count = withSoundLedger(copy, about, (ledger) => {
    const found = proveCut(ledger, reference, earlier, run.told, about);
    if (earlier.length === 0) proveSameMoney(ledger, reference, run.told, about);
    else runAllAgain(ledger, reference.steps, run.told, about);
    return found;
  });
  rmSync(copy, { recursive: true });
  return [...earlier, count];
}

/** Kills a life at each point and proves what is left. @returns how many were killed */
export async function sweep(folder: string, scene: Scene, points: readonly Point[]): Promise<number> {
  let killed = 0;
  await inLanes(points, async ({ call, n }, _index, lane) => {
    const about = `seed ${scene.workload.seed}, killed at ${call} ${n}`;
    const place = startOf(folder, `${call}-${n}`, scene);
    const run = await runWorkload(place, scene.workload, { disturbance: killing(call, n), lane });
    if (run.signal === 'SIGKILL') killed += 1;
    else assert.equal(run.code, 0, `${about}: ${run.stderr}`);
    proveKilled(place, scene, run, about);
    rmSync(place, { recursive: true });
  });
  return killed;
}

/** Calls of a start that resolves what was left open, roughly: the places where a later life is killed. */
const recoveryCallsMax = 60;

/**
 * Kills a life at a point, then the next while it recovers, and the next, and proves each. @returns the number of kills
 */
export async function killInRow(folder: string, scene: Scene, first: Point, { depth, random, lane }: { readonly depth: number; readonly random: SeededRandom; readonly lane: number }): Promise<number> {
  const place = startOf(folder, `row-${first.call}-${first.n}`, scene);
  let lives: Lives = scene.before?.lives ?? [];
  let about = `seed ${scene.workload.seed}`;
  let killed = 0;
  for (let life = 0; life < depth; life += 1) {
    const point: Point = life === 0 ? first : random.chance(0.2) ? { call: 'fsync', n: random.whole(1, 4) } : { call: 'pwrite64', n: random.whole(1, recoveryCallsMax) };
    about += `, killed at ${point.call} ${point.n}`;
    const run = await runWorkload(place, scene.workload, { disturbance: killing(point.call, point.n), lane });
    if (run.signal === 'SIGKILL') killed += 1;
    lives = proveAsFound(place, scene.reference, lives, run, about);
  }
  withSoundLedger(place, about, (ledger) => proveNextLife(ledger, scene.reference, lives, about));
  rmSync(place, { recursive: true });
  return killed;
}

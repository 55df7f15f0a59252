// Proves that the kill and disk error tests can fail: each planted fault goes into the store that the
// program of the standard workload is built from, and the same proofs that the product passes must stumble
// over it within a few points.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { earlyAnswers, readTrace } from '../support/ledger/diskTrace.ts';
import type { Call } from '../support/ledger/diskTrace.ts';
import { proveFailed } from '../support/ledger/errorProof.ts';
import { pointsOf, proveKilled } from '../support/ledger/killSweep.ts';
import { withFastFolder } from '../support/ledger/tempLedger.ts';
import { bundleProgram, failing, killing, runWorkload } from '../support/ledger/workloadRuns.ts';
import { firstLife, wholeLife } from '../support/ledger/workloadScenes.ts';
import type { Scene } from '../support/ledger/workloadScenes.ts';
import { canTrace } from '../support/process/systemCallKiller.ts';
import { seededRandom } from '../support/seededRandom.ts';
import type { Edit } from '../simulation/ledger/planted/plantedBug.ts';

/** Points that a fault may hide from before it counts as missed. */
const pointsMax = 40;
/** Points at which a life without a fault is tried the same way; the other tests try them all. */
const pointsOfControl = 15;
const groups = 8;

const file = 'broker/store/ledgerFile.ts';
const ledger = 'broker/store/sqliteLedger.ts';

/** A fault, as one or more changes of the store's text. Nobody sees it while nothing disturbs the program. */
interface Fault {
  readonly name: string;
  readonly changes: readonly Edit[];
  /** Whether it shows at the first points of a life only. */
  readonly isEarly?: boolean;
}

const earlyAnswer: Fault = {
  name: 'a group is answered before it is committed',
  changes: [
    {
      file: ledger,
      from: `this.#db.exec('BEGIN IMMEDIATE');\n      if (!this.#runTogether(commands, outcomes)) for (const command of commands) outcomes.push(this.#runOne(command));\n      this.#db.exec('COMMIT');`,
      to: `if (this.#db.isTransaction) this.#db.exec('COMMIT');\n      this.#db.exec('BEGIN IMMEDIATE');\n      for (const command of commands) outcomes.push(this.#runOne(command));`,
    },
    { file: ledger, from: 'close(): void {', to: `close(): void { if (this.#db.isTransaction) this.#db.exec('COMMIT');` },
  ],
};

const foundByKills: readonly Fault[] = [
  earlyAnswer,
  {
    name: 'each command of a group commits by itself',
    changes: [{
      file: ledger, from: 'if (!this.#runTogether(commands, outcomes)) for (const command of commands) outcomes.push(this.#runOne(command));',
      to: `for (const command of commands) { outcomes.push(this.#runOne(command)); this.#db.exec('COMMIT; BEGIN IMMEDIATE'); }`,
    }],
  },
  {
    name: 'a settlement is written in two transactions',
    changes: [{ file: 'broker/store/settleWrites.ts', from: 'for (const posting of plan.postings) {', to: `db.exec('COMMIT; BEGIN IMMEDIATE; SAVEPOINT command');\n  for (const posting of plan.postings) {` }],
  },
  { name: 'the journal is kept in memory', changes: [{ file, from: `'PRAGMA journal_mode = WAL'`, to: `'PRAGMA journal_mode = MEMORY'` }] },
  { name: 'a new ledger is made in its place', changes: [{ file, from: 'const fresh = `${path}.new`;', to: 'const fresh = path;' }], isEarly: true },
];

const foundByErrors: readonly Fault[] = [
  {
    name: 'a failed commit is acknowledged',
    changes: [{ file: ledger, from: 'const why = storeProblem(error);', to: 'if (outcomes.length === commands.length) return outcomes;\n      const why = storeProblem(error);' }],
  },
  {
    name: 'the ledger goes on after a failed commit with what it knew before',
    changes: [{
      file: ledger, from: 'const why = storeProblem(error);',
      to: `if (this.#db.isTransaction) this.#db.exec('ROLLBACK');\n      if (commands.length > 0) return commands.map(() => ({ ok: false, problem: storeProblem(error) }));\n      const why = storeProblem(error);`,
    }],
  },
  { name: 'an error of SQLite ends the program', changes: [{ file: ledger, from: 'const why = storeProblem(error);', to: 'if (commands.length > 0) throw error;\n      const why = storeProblem(error);' }] },
];

const relaxed: Fault = {
  name: 'the log is not synchronised at each commit',
  changes: [
    { file, from: `db.exec('PRAGMA synchronous = FULL;`, to: `db.exec('PRAGMA synchronous = NORMAL;` },
    { file, from: `pragma(db, 'synchronous') !== 2`, to: `pragma(db, 'synchronous') !== 1` },
  ],
};

/** The same items in an order in which neighbours are far apart. */
function spread<T>(items: readonly T[]): T[] {
  const random = seededRandom(5);
  return items.map((item) => ({ item, at: random.next() })).sort((a, b) => a.at - b.at).map(({ item }) => item);
}

/** How many points it takes until a proof fails; undefined when none of them does. */
async function pointsUntilFound<T>(folder: string, points: readonly T[], most: number, prove: (place: string, point: T) => Promise<void>): Promise<number | undefined> {
  for (const [index, point] of points.slice(0, most).entries()) {
    const place = join(folder, `point-${index}`);
    try {
      await prove(place, point);
    } catch {
      // Any failure counts: a broken promise, a file that cannot be opened, a program that ended on its own.
      return index + 1;
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }
  return undefined;
}

/** A first life with a fault in it, which ends as it must when nothing disturbs it. */
async function lifeWith(folder: string, fault?: Fault): Promise<{ readonly scene: Scene; readonly calls: readonly Call[] }> {
  const bugs = fault?.changes.map((change) => ({ name: fault.name, ...change }));
  const scene = firstLife(await bundleProgram(join(folder, 'program'), bugs), 1, groups);
  return { scene, calls: (await wholeLife(folder, scene)).calls };
}

async function killsUntilFound(folder: string, fault?: Fault): Promise<number | undefined> {
  const { scene, calls } = await lifeWith(folder, fault);
  return pointsUntilFound(folder, fault?.isEarly ? pointsOf(calls) : spread(pointsOf(calls)), fault ? pointsMax : pointsOfControl, async (place, { call, n }) => {
    proveKilled(place, scene, await runWorkload(place, scene.workload, { disturbance: killing(call, n) }), `${call} ${n}`);
  });
}

async function errorsUntilFound(folder: string, fault?: Fault): Promise<number | undefined> {
  const { scene, calls } = await lifeWith(folder, fault);
  const points = spread(calls.filter((one) => one.call === 'fsync' || one.call === 'pwrite64'));
  return pointsUntilFound(folder, points, fault ? pointsMax : pointsOfControl, async (place, { call, n }) => {
    proveFailed(place, scene, await runWorkload(place, scene.workload, { disturbance: failing(call, n, 'EIO', false) }), `${call} ${n}`);
  });
}

describe('planted faults of the store', function () {
  this.timeout(120_000);

  it(`show by kills at random moments that ${earlyAnswer.name}`, () => withFastFolder(async (folder) => {
    const { scene } = await lifeWith(folder, earlyAnswer);
    const random = seededRandom(4);
    const found = await pointsUntilFound(folder, Array.from({ length: pointsMax }, () => random.whole(1, 20)), pointsMax, async (place, lines) => {
      proveKilled(place, scene, await runWorkload(place, scene.workload, { killAfter: { lines, ms: 0 } }), `after line ${lines}`);
    });
    assert.notEqual(found, undefined);
  }));

  it('show in the order of calls, whichever of the two is too early', () => {
    const log = '21</d/ledger.db-wal>';
    const ledgerFile = '20</d/ledger.db>';
    const early = (...lines: readonly string[]) => earlyAnswers(readTrace(lines.join('\n'))).length;
    const write = `pwrite64(${log}, "x"..., 24, 32) = 24`;
    const answer = 'write(1</d/told-0>, "ok 1 0 ab\\n", 10) = 10';
    assert.equal(early(write, `fsync(${log}) = 0`, answer), 0);
    assert.equal(early(`fsync(${log}) = 0`, write, answer), 1);
    assert.equal(early(write, `fsync(${log}) = -1 EIO (Input/output error) (INJECTED)`, answer), 1);
    assert.equal(early(`pwrite64(${log}, "x"..., 24, 32) = -1 EIO (Input/output error) (INJECTED)`, answer), 0);
    const move = `pwrite64(${ledgerFile}, "x"..., 4096, 0) = 4096`;
    assert.equal(early(move, `fsync(${ledgerFile}) = 0`, 'unlink("/d/ledger.db-wal") = 0'), 0);
    assert.equal(early(move, 'unlink("/d/ledger.db-wal") = 0'), 1);
    assert.equal(early(move, `pwrite64(${log}, "x"..., 32, 0) = 32`, `fsync(${log}) = 0`), 1);
  });

  if (!canTrace) {
    console.log('    Programs cannot be traced here (strace is missing or not allowed): only one planted fault is looked for.');
    return;
  }

  it('are not seen by kills where there are none', () => withFastFolder(async (folder) => {
    assert.equal(await killsUntilFound(folder), undefined);
  }));
  for (const bug of foundByKills) {
    it(`show by kills that ${bug.name}`, () => withFastFolder(async (folder) => {
      const found = await killsUntilFound(folder, bug);
      assert.notEqual(found, undefined, `${pointsMax} kills did not show it`);
    }));
  }

  it('are not seen by disk errors where there are none', () => withFastFolder(async (folder) => {
    assert.equal(await errorsUntilFound(folder), undefined);
  }));
  for (const bug of foundByErrors) {
    it(`show by disk errors that ${bug.name}`, () => withFastFolder(async (folder) => {
      const found = await errorsUntilFound(folder, bug);
      assert.notEqual(found, undefined, `${pointsMax} errors did not show it`);
    }));
  }

  it(`show by the order of the calls alone that ${relaxed.name}`, () => withFastFolder(async (folder) => {
    const { scene, calls } = await lifeWith(folder, relaxed);
    assert.notDeepEqual(earlyAnswers(calls), []);
    // No kill can show it: what the system has taken survives the program.
    const last = pointsOf(calls).at(-30);
    assert.ok(last);
    const place = join(folder, 'killed');
    proveKilled(place, scene, await runWorkload(place, scene.workload, { disturbance: killing(last.call, last.n) }), 'killed');
  }));
});

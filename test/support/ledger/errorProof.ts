// Lets the program of the standard workload meet a disk that fails at one call, or from one call on, and
// holds the file against what it told: what was acknowledged is there, what was refused is there as a whole
// or not at all, and running everything again changes the money once.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import type { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { earlyAnswers } from './diskTrace.ts';
import type { TracedCall } from './diskTrace.ts';
import { inLanes } from './killSweep.ts';
import { digest, proveNothingOpen, same, withSoundLedger } from './lifeProof.ts';
import { proveOnce } from './provenFiles.ts';
import { pictureOf, runStep } from './referenceLives.ts';
import type { ReferenceLives } from './referenceLives.ts';
import type { Step } from './standardGroups.ts';
import { failing, runWorkload } from './workloadRuns.ts';
import type { Run, Told } from './workloadRuns.ts';
import { startOf } from './workloadScenes.ts';
import type { Scene } from './workloadScenes.ts';
import { startMs } from './ledgerCommands.ts';

/** Nothing has been run yet. */
export function noRuns(): ErrorRuns {
  return { runs: 0, codes: new Map(), refusing: 0, early: [], unclosed: [] };
}

/** A failure of the disk: the n-th call of a kind, or that and all after it. */
export interface DiskError { readonly call: TracedCall; readonly n: number; readonly error: 'EIO' | 'ENOSPC'; readonly isLasting: boolean }

/** How programs end that were not ended by somebody: well, not opened, not recovered. */
const endCodes = [0, 3, 4];

/** What the runs of some errors told. */
export interface ErrorRuns {
  runs: number;
  /** How often each refusal was given. */
  readonly codes: Map<string, number>;
  /** Programs that had to refuse something. */
  refusing: number;
  /** What was acknowledged before it was synchronised, and what could not be closed. */
  readonly early: string[];
  readonly unclosed: string[];
}

/** Lets each error happen to a life of its own, proves what is left, and adds to what is known of the runs. */
export async function failAt(folder: string, scene: Scene, errors: readonly DiskError[], known: ErrorRuns): Promise<void> {
  await inLanes(errors, async ({ call, n, error, isLasting }, _index, lane) => {
    const about = `seed ${scene.workload.seed}, ${error} at ${call} ${n}${isLasting ? ' and after it' : ''}`;
    const place = startOf(folder, `${error}-${call}-${n}-${isLasting ? 'lasting' : 'once'}`, scene);
    const run = await runWorkload(place, scene.workload, { disturbance: failing(call, n, error, isLasting), lane });
    proveFailed(place, scene, run, about);
    known.runs += 1;
    if (run.told.some((one) => one.what !== 'ok')) known.refusing += 1;
    for (const { what, detail } of run.told) if (what === 'refused' || what === 'unopened' || what === 'unanswered') known.codes.set(detail, (known.codes.get(detail) ?? 0) + 1);
    known.early.push(...earlyAnswers(run.calls).slice(0, 1).map((one) => `${about}: ${one}`));
    known.unclosed.push(...run.told.filter((one) => one.what === 'unclosed').map((one) => `${about}: ${one.detail}`));
    rmSync(place, { recursive: true });
  });
}

/** Proves what a run on a failing disk told and left. The ledger there has had its next life afterwards, or is left as another one that was proven. */
export function proveFailed(folder: string, scene: Scene, run: Run, about: string): void {
  assert.deepEqual([run.stderr, run.signal], ['', null], about);
  assert.ok(endCodes.includes(run.code ?? -1), `${about}: ended with code ${run.code}`);
  proveOnce(scene, folder, `failed ${JSON.stringify(run.told)}`, () => proveLeft(folder, scene, run, about));
}

function proveLeft(folder: string, { reference, before }: Scene, run: Run, about: string): void {
  withSoundLedger(folder, about, (ledger) => {
    const expected = reference.replay(before?.lives ?? []);
    try {
      follow(expected, ledger, reference, run.told, about);
      same(pictureOf(ledger, reference.steps), pictureOf(expected, reference.steps), `${about}: what is there`);
      runBothAgain(ledger, expected, reference.steps, run.told, about);
      same(pictureOf(ledger, reference.steps), pictureOf(expected, reference.steps), `${about}: what is there at last`);
    } finally {
      expected.close();
    }
  });
}

/**
 * Brings the reference to where the file is. A step counts when its anchor was acknowledged, or is seen in the
 * file. Of a step that does not count, only commands may be acknowledged that an earlier one had done already.
 */
function follow(expected: SqliteLedger, ledger: SqliteLedger, { steps }: ReferenceLives, told: readonly Told[], about: string): void {
  for (const [index, step] of steps.entries()) {
    const lines = told.filter((one) => one.step === index);
    if (lines.length === 0) return;
    const acknowledged = lines.filter((one) => one.what === 'ok');
    const counts = acknowledged.some((one) => step.commands[one.index] === step.anchor) || isSeen(ledger, step) && !isSeen(expected, step);
    const answers = counts ? runStep(expected, step) : [];
    for (const one of acknowledged) {
      const command = step.commands[one.index];
      const answer = counts ? answers[one.index] : command && runStep(expected, { commands: [command], anchor: command })[0];
      assert.equal(answer && digest(answer), one.detail, `${about}: the answer to command ${one.index} of step ${index}`);
      if (!counts) assert.equal(answer?.isRepeat, true, `${about}: command ${one.index} of step ${index} was acknowledged, its group is not there`);
    }
  }
}

/** Whether the anchor of a step took effect. */
function isSeen(ledger: SqliteLedger, { anchor }: Step): boolean {
  switch (anchor.type) {
    case 'reserve': return attempt(ledger, anchor.attemptId) !== undefined;
    case 'settle': return attempt(ledger, anchor.attemptId)?.outcome !== undefined;
    case 'grant': return ledger.query('balance', { nowMs: startMs }).grants.some((one) => one.id === anchor.grantId);
    // Nothing is run after a recovery that was refused, so nothing has been opened since.
    case 'recover': return ledger.query('audit', { full: false }).openHolds === 0;
    default: throw new Error(`A ${anchor.type} leaves no trace of its own.`);
  }
}

function attempt(ledger: SqliteLedger, attemptId: string) {
  return ledger.query('explain', { id: attemptId })?.attempts.find((one) => one.attemptId === attemptId);
}

/** Runs the whole list on the file and on the reference: the same answers, and what was acknowledged was there already. */
function runBothAgain(ledger: SqliteLedger, expected: SqliteLedger, steps: readonly Step[], told: readonly Told[], about: string): void {
  for (const [index, step] of steps.entries()) {
    if (index === 0) continue;
    const answers = runStep(ledger, step);
    assert.deepEqual(answers, runStep(expected, step), `${about}: step ${index} again`);
    for (const one of told) if (one.what === 'ok' && one.step === index) assert.equal(answers[one.index]?.isRepeat, true, `${about}: command ${one.index} of step ${index} was acknowledged`);
  }
  proveNothingOpen(ledger, steps, about);
  runStep(expected, steps[0]);
}

// Holds the file that a disturbed program left behind against what the program told and against the
// reference: nothing acknowledged is lost, no group is there in part, and running everything again changes
// the money once. Each proof works on files that no other connection has open.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { checkAgain } from '../secondChecker.ts';
import { ledgerFiles, proveOnce } from './provenFiles.ts';
import { difference, moneyOf, pictureOf, runStep } from './referenceLives.ts';
import type { Lives, ReferenceLives } from './referenceLives.ts';
import type { Answer, Step } from './standardGroups.ts';
import type { Told } from './workloadRuns.ts';
import { startMs } from './ledgerCommands.ts';

/** The digest by which a program tells an answer. */
export const digest = (answer: Answer) => sha256(answer.text).slice(0, 16);
/** Stands for the second checker, which depends on the file alone. */
const secondCheck = {};

/** Copies the ledger of an ended program, its log and what it left half made, into a folder beside it. */
export function copyLedger(folder: string, name: string): string {
  const copy = join(folder, name);
  mkdirSync(copy, { recursive: true });
  for (const file of ledgerFiles) if (existsSync(join(folder, file))) copyFileSync(join(folder, file), join(copy, file));
  return copy;
}

/** Opens the ledger of a folder, looks, closes it, and asks the second checker. */
export function withSoundLedger<T>(folder: string, about: string, look: (ledger: SqliteLedger) => T): T {
  const path = join(folder, 'ledger.db');
  const ledger = SqliteLedger.open(path, sha256);
  let seen: T;
  try {
    assert.deepEqual(ledger.query('audit', { full: true }).violations, [], `${about}: the audit as found`);
    seen = look(ledger);
    assert.deepEqual(ledger.query('audit', { full: true }).violations, [], `${about}: the audit at the end`);
  } finally {
    ledger.close();
  }
  proveOnce(secondCheck, folder, '', () => { assert.deepEqual(checkAgain(path), [], `${about}: the second checker`); });
  return seen;
}

/** Asserts that two texts are the same; the message shows where they begin to differ. */
export function same(actual: string, expected: string, sentence: string): void {
  assert.equal(difference(actual, expected), '', sentence);
}

/**
 * Proves what a killed program left: its steps up to one, whole, at least those it told of and at most one more.
 * @returns the number of steps that took effect in its life
 */
export function proveCut(ledger: SqliteLedger, reference: ReferenceLives, earlier: Lives, told: readonly Told[], about: string): number {
  const toldOf = Math.max(0, ...told.map((one) => one.step + 1));
  const picture = pictureOf(ledger, reference.steps);
  const fitting = [toldOf, toldOf + 1].find((count) => picture === reference.after([...earlier, count]));
  if (fitting === undefined) same(picture, reference.after([...earlier, toldOf]), `${about}: ${toldOf} steps were told of, and neither they nor one more are what is there`);
  return fitting ?? toldOf;
}

/** Runs every step again: what was acknowledged answers as it did, as something that is there already. */
export function runAllAgain(ledger: SqliteLedger, steps: readonly Step[], told: readonly Told[], about: string): void {
  const answers = steps.map((step, index) => (index === 0 ? [] : runStep(ledger, step)));
  for (const { what, step, index, detail } of told) {
    if (what !== 'ok' || step === 0) continue;
    const again = answers[step]?.[index];
    assert.deepEqual([again?.isRepeat, again && digest(again)], [true, detail], `${about}: command ${index} of step ${step}, ${steps[step]?.commands[index]?.type}, was acknowledged`);
  }
}

/** Proves that going on without a new start ends with the money of a life that nothing disturbed. Only for a first life. */
export function proveSameMoney(ledger: SqliteLedger, reference: ReferenceLives, told: readonly Told[], about: string): void {
  runAllAgain(ledger, reference.steps, told, about);
  proveNothingOpen(ledger, reference.steps, about);
  same(moneyOf(ledger, reference.steps), reference.undisturbedMoney(), `${about}: the money at last`);
}

/** Proves that a new start resolves what is open and that the whole list then ends as it must. */
export function proveNextLife(ledger: SqliteLedger, reference: ReferenceLives, lives: Lives, about: string): void {
  proveNothingOpen(ledger, reference.steps, about);
  for (const step of reference.steps.slice(1)) runStep(ledger, step);
  proveNothingOpen(ledger, reference.steps, about);
  same(pictureOf(ledger, reference.steps), reference.atLast(lives), `${about}: the whole ledger at last`);
}

/** Resolves what is open, as each start does. */
export function proveNothingOpen(ledger: SqliteLedger, steps: readonly Step[], about: string): void {
  runStep(ledger, steps[0]);
  const { openHolds } = ledger.query('audit', { full: false });
  const held = ledger.query('balance', { nowMs: startMs }).grants.map((one) => one.heldMicroCredits).reduce((sum, one) => sum + one, 0);
  assert.deepEqual([openHolds, held], [0, 0], `${about}: open holds and reserved credits after the start`);
}

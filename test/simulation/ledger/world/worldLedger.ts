// The ledger of a world beside the second mind's: every group of commands goes to both, with the fault that
// is planned for it, and what they answer and hold is compared. Knows what each fault must leave behind.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { LedgerCommand } from '../../../../src/broker/store/ledgerCommands.ts';
import { checkAgain } from '../../../support/secondChecker.ts';
import type { SeededRandom } from '../../../support/seededRandom.ts';
import { applyTo, isOnRecord, wouldDecide } from '../model/ledgerModel.ts';
import type { Answer } from '../model/ledgerModel.ts';
import { canBeTrue } from '../model/modelCosts.ts';
import { importAll } from '../model/modelImports.ts';
import { copyState, newState } from '../model/modelState.ts';
import type { ModelState } from '../model/modelState.ts';
import { answerOf, textOf, verdictOf } from './answers.ts';
import { FaultPlan } from './faultyConnection.ts';
import type { Disk, LedgerUnderTest } from './worldDisk.ts';
import { codeOfFailure, someFault } from './worldFaults.ts';
import type { WorldGround } from './worldGround.ts';
import { compareReport, compareRows, compareViews, keepBooks, proveByAudit } from './worldProof.ts';
import type { Sides } from './worldProof.ts';

/** Hears what a command of a group was answered; nothing where the program ended before it could be. */
export type Hear = (index: number, answer: Answer | undefined) => void;

/** The second checker looks at every world of files; false leaves it out. */
const asksSecondChecker = true;
const nobody: Hear = () => undefined;

/** A ledger and its model in one world. */
export class WorldLedger {
  readonly #random: SeededRandom;
  readonly #ground: WorldGround;
  readonly #plan = new FaultPlan();
  readonly #disk: Disk;
  readonly #digest = createHash('sha256');
  readonly #names = new Map<string, string>();
  readonly counters = new Map<string, number>();
  readonly given: LedgerCommand[] = [];
  #ledger: LedgerUnderTest;
  #state = newState();
  #isShut = false;

  constructor(kind: Disk['kind'], ground: WorldGround, random: SeededRandom) {
    this.#random = random;
    this.#ground = ground;
    this.#disk = ground.disk(kind, this.#plan, random);
    this.#ledger = this.#open(this.#disk.path);
    this.count(`disk of ${kind}`);
  }

  /** What the model knows. */
  get state(): ModelState { return this.#state; }

  /** Whether the disk cannot be opened at present. */
  get isShut(): boolean { return this.#isShut; }

  /** Counts that something happened. */
  count(what: string): void { this.counters.set(what, (this.counters.get(what) ?? 0) + 1); }

  #sides(): Sides {
    return { ledger: this.#ledger, disk: this.#disk, state: this.#state, nameOf: (id) => this.#nameOf(id) };
  }

  #open(path: string): LedgerUnderTest {
    return this.#ground.openLedger(path, 'owner', this.#disk.open);
  }

  /** Grants that a rule made are called by their keys, since the rule chose their ids. */
  #nameOf(grantId: string): string {
    if (this.#state.grants.has(grantId)) return grantId;
    let name = this.#names.get(grantId);
    if (name === undefined) {
      name = String(this.#disk.prepare('SELECT key FROM grants WHERE grant_id = ?').get(grantId)?.['key'] ?? grantId);
      this.#names.set(grantId, name);
    }
    return name;
  }

  /** Whether it is known by which id a grant goes in the real ledger: its own, or one that was met there. */
  isSeen(grantId: string): boolean {
    return !/^(allowance|auto top-up) /.test(grantId) || [...this.#names.values()].includes(grantId);
  }

  #real(command: LedgerCommand): LedgerCommand {
    if (command.type !== 'correct' || command.what.kind !== 'void') return command;
    const { what } = command;
    const [id] = [...this.#names].find(([, name]) => name === what.grantId) ?? [what.grantId];
    return { ...command, what: { ...what, grantId: id } };
  }

  /** Runs commands in one transaction, perhaps with a fault. */
  run(group: readonly LedgerCommand[], hear: Hear = nobody, withFault = false, nowMs = 0): void {
    // While it is shut, each group opens it first; that is trouble enough.
    const fault = withFault && !this.#isShut ? someFault(this.#random) : undefined;
    if (this.#plan.opensToFail === 0) this.#isShut = false;
    const before = fault ? copyState(this.#state) : undefined;
    this.#plan.arm(fault);
    const outcomes = this.#ledger.runGroup(group.map((command) => this.#real(command)));
    const { fired } = this.#plan;
    this.given.push(...group);
    if (this.#isShut) this.#compare(group, outcomes, hear, () => ({ fails: 'ledger_unavailable' }));
    else if (!fired || !before) this.#compare(group, outcomes, hear, (command) => applyTo(this.#state, command));
    else {
      this.count(fired.fault.kind);
      if (this.#disk.kind === 'files') this.count(`${fired.fault.kind}, on files`);
      if (fired.isOnDisk) for (const command of group) applyTo(this.#state, command);
      else this.#state = before;
      if (fired.isCrash) {
        this.#state.notes = [];
        group.forEach((_command, index) => hear(index, undefined));
        this.#startAgain(nowMs);
        return;
      }
      this.#isShut = fired.fault.opensFail > 0;
      if (this.#isShut) this.count('opening fails too');
      this.#compare(group, outcomes, hear, this.#isShut ? () => ({ fails: 'ledger_unavailable' }) : this.#lookedUp(codeOfFailure(fired.fault.code), fired.fault.lookUpFails));
    }
    this.#plan.arm(undefined);
  }

  /** What a command must answer after a commit whose outcome was not known: what it is on record with, or that the store failed. */
  #lookedUp(code: string, failing: number): (command: LedgerCommand) => Answer {
    let left = failing;
    return (command) => {
      if (!isOnRecord(this.#state, command)) return { fails: code };
      this.count('found after a failure');
      left -= 1;
      if (left !== 0) return applyTo(this.#state, command);
      this.count('looking up fails too');
      return { fails: 'ledger_unavailable' };
    };
  }

  #compare(group: readonly LedgerCommand[], outcomes: ReturnType<LedgerUnderTest['runGroup']>, hear: Hear, answer: (command: LedgerCommand) => Answer): void {
    group.forEach((command, index) => {
      const expected = textOf(answer(command));
      const real = answerOf(command, outcomes[index], (id) => this.#nameOf(id));
      const actual = textOf(real);
      if (actual !== expected) assert.equal(actual, expected, `the answer to ${command.type} is ${actual} and must be ${expected}: ${JSON.stringify(command)} ${JSON.stringify(outcomes[index])}`);
      this.#digest.update(actual);
      this.count(`${command.type} ${String(real['fails'] ?? real['outcome'] ?? real['code'] ?? real['exists'] ?? real['created'] ?? 'done')}`);
      if (command.type === 'reserve' && real['code'] !== undefined) this.count(`${command.type} ${String(real['outcome'])} ${String(real['code'])}`);
      hear(index, real);
    });
    for (const note of this.#state.notes.splice(0)) this.count(note);
  }

  /** The program ends between two groups. */
  crash(nowMs: number): void {
    this.count('crash between groups');
    this.#startAgain(nowMs);
  }

  #startAgain(nowMs: number): void {
    this.#plan.arm(undefined);
    const path = this.#disk.restart();
    if (this.#random.chance(0.1)) {
      // The disk is not there yet when the program starts; nothing is changed by that.
      this.#plan.opensToFail = 1;
      assert.throws(() => this.#open(path), { name: 'ProblemError' });
      this.count('opening fails at the start');
    }
    this.#ledger = this.#open(path);
    this.compareRows();
    if (this.#random.chance(0.8)) this.run([{ type: 'recover', atMs: nowMs }], nobody, this.#random.chance(0.1), nowMs);
  }

  /** Every balance and the number of rows. */
  compareRows(): void {
    if (!this.#isShut) compareRows(this.#sides());
  }

  /** Looks at what people see, at the audit since the last one, and at a decision that is only asked for. */
  look(nowMs: number): void {
    if (this.#isShut) return;
    compareViews(this.#sides(), nowMs);
    compareReport(this.#sides(), this.#random);
    const { violations } = this.#ledger.query('audit', { full: false, ...(this.#random.chance(0.7) ? { keepAtMs: nowMs } : {}) });
    assert.deepEqual(violations, [], 'the audit since the last one found something');
    const files = this.given.findLast((command) => command.type === 'import');
    if (files?.type === 'import' && files.uses.every((use) => canBeTrue(use.usage))) assert.deepEqual(this.#ledger.query('importable', { uses: files.uses }), importAll(copyState(this.#state), files), 'what importing would come to is told wrongly');
    const asked = this.given.findLast((command) => command.type === 'reserve');
    if (asked?.type === 'reserve') {
      const facts = { ...asked, atMs: nowMs };
      const expected = wouldDecide(this.#state, facts);
      // What would be added for it is in no row.
      const nameOf = (id: string) => expected.slices.map(([name]) => name).find((name) => `grant_${createHash('sha256').update(name).digest('hex').slice(0, 24)}` === id) ?? this.#nameOf(id);
      assert.equal(textOf(verdictOf(this.#ledger.query('decide', facts), nameOf)), textOf(expected), 'what would be decided is not what the model would');
    }
    compareRows(this.#sides());
    this.count('looked');
  }

  /** Ends what is open and proves everything. Gives one hash over every answer and the heads of all chains. */
  end(nowMs: number, withAudit = true): string {
    // A disk that is shut opens again in the end.
    this.#plan.opensToFail = 0;
    this.run([{ type: 'recover', atMs: nowMs }, { type: 'upkeep', atMs: nowMs }]);
    compareRows(this.#sides());
    keepBooks(this.#sides());
    if (withAudit) proveByAudit(this.#sides());
    if (this.#random.chance(0.25)) {
      compareViews(this.#sides(), nowMs);
      compareReport(this.#sides(), this.#random);
    }
    this.#digest.update(JSON.stringify(this.#ledger.query('head', {})));
    this.#ledger.close();
    if (this.#disk.kind === 'files' && asksSecondChecker) assert.deepEqual(checkAgain(this.#disk.lastPath()), [], 'the second checker found something');
    return this.#digest.digest('hex');
  }

  /** Leaves nothing behind, however the world ended. */
  dispose(): void { this.#disk.end(); }
}

// Makes a ledger from a seed: some days in which everything happens that can happen to one. Credits are added by
// people, rules and vouchers, given again, taken back and expire; attempts are reserved, refused, settled, lost and
// corrected, and paid for by credits, a plan or nobody; budgets, permissions and policies change; responses are
// imported; clocks are set. Equal seeds make equal ledgers.
import { readFileSync, writeFileSync } from 'node:fs';
import type { LedgerCommand, LedgerCommandResults } from '../../../src/broker/store/ledgerCommands.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import type { CommandOutcome } from '../../../src/broker/store/sqliteLedger.ts';
import { seededRandom } from '../seededRandom.ts';
import { startMs, workspaceCommand } from './ledgerCommands.ts';
import { workspaces } from './randomDays.ts';
import type { Days } from './randomDays.ts';
import { importOf, reserveOf, settleOf } from './randomRequests.ts';
import { correctOf, directiveOf, grantOf, noteOf, repaymentOf, voucherOf } from './randomWords.ts';

/** How a ledger came to be. */
export interface MadeLedger {
  /** How often each kind of thing happened. */
  readonly happened: Happenings;
  /** Whether its clock was never set back. */
  readonly clockIsTrue: boolean;
}
type Happenings = Map<string, number>;

/** The file of a ledger in which nothing has happened. */
let empty: Buffer | undefined;

/** How long a ledger's days are. */
export interface RandomLedgerOptions {
  /** Groups of commands that are given to it. */
  readonly steps?: number;
  /** After how many of them a checkpoint is kept; without it there is none. */
  readonly checkpointAfter?: number;
}

/** Makes a ledger at a path and closes it. */
export function makeRandomLedger(path: string, seed: number, { steps = 54, checkpointAfter }: RandomLedgerOptions = {}): MadeLedger {
  const random = seededRandom(seed);
  const happened: Happenings = new Map();
  const days: Days = { random, nowMs: startMs + random.whole(0, 200) * 3_600_000, clockIsSet: random.chance(0.3), tracked: false, open: new Map(), ended: new Map(), fallenBack: [], responses: [], imported: [], grants: [], requests: new Map(), given: [], next: 0 };
  const startsTracked = random.chance(0.8);
  const waiting = startsTracked && random.chance(0.2) ? repaymentOf(days) : [];
  // Making the tables takes longer than everything else, so an empty ledger is made once and copied.
  if (empty === undefined) { SqliteLedger.open(path, sha256).close(); empty = readFileSync(path); } else writeFileSync(path, empty);
  const ledger = SqliteLedger.open(path, sha256);
  try {
    for (let step = 0; step < steps; step += 1) {
      days.tracked = startsTracked || step > steps / 2;
      const group = Array.from({ length: random.chance(0.3) ? random.whole(2, 5) : 1 }, () => (random.chance(0.3) ? waiting.shift()?.(days.nowMs) : undefined) ?? nextCommand(days));
      const outcomes = ledger.runGroup(group);
      group.forEach((command, index) => note(days, happened, command, outcomes[index]));
      passTime(days);
      if (step + 1 === checkpointAfter) ledger.query('audit', { full: false, keepAtMs: days.nowMs });
    }
  } finally {
    ledger.close();
  }
  return { happened, clockIsTrue: !days.clockIsSet };
}

function passTime(days: Days): void {
  const { random } = days;
  if (random.chance(0.08)) days.nowMs += random.whole(1, 72) * 3_600_000;
  else if (days.clockIsSet && random.chance(0.15)) days.nowMs -= random.whole(0, 30 * 3_600) * 1000;
  else days.nowMs += random.whole(0, random.chance(0.3) ? 3_600 : 5) * 1000;
}

/** Remembers what became of a command. */
function note(days: Days, happened: Happenings, command: LedgerCommand, outcome: CommandOutcome | undefined): void {
  const count = (what: string) => happened.set(what, (happened.get(what) ?? 0) + 1);
  days.given.push(command);
  if (!outcome?.ok) { count(`${command.type} failed`); return; }
  const value = outcome.value as Readonly<Record<string, unknown>>;
  if ('problem' in value) { count(`${command.type} ${(value['problem'] as { code: string }).code}`); return; }
  count(command.type);
  if (command.type === 'reserve') {
    const { decision, exists } = value as unknown as LedgerCommandResults['reserve'];
    const { fallback, coveredBy, slices } = decision;
    count(`reserve ${exists ? 'again' : decision.code ?? decision.outcome}`);
    if (slices.some((slice) => slice.kind === 'purchased')) count('reserve purchased');
    for (const { grantId } of slices) if (!days.grants.includes(grantId)) days.grants.push(grantId);
    if (decision.outcome === 'admit' && !exists) days.open.set(command.attemptId, { hold: command, isCovered: coveredBy === 'plan', ...(fallback ? { fallback: fallback.model } : {}) });
    return;
  }
  if (command.type === 'settle') {
    if (days.open.get(command.attemptId)?.fallback !== undefined && command.chargeable) days.fallenBack.push(command.attemptId);
    days.open.delete(command.attemptId);
    if (command.usage.inputTokens > 0) days.ended.set(command.attemptId, command.usage);
  }
  if (command.type === 'recover') for (const id of days.open.keys()) if (!command.keep?.includes(id)) days.open.delete(id);
  if ((command.type === 'grant' || command.type === 'redeem') && value['created'] === true) days.grants.push(command.grantId);
  if (command.type === 'correct') count(`correct ${command.what.kind}`);
  if (command.type === 'direct') count(`direct ${command.directive.kind}`);
  if (command.type === 'import') for (const what of ['added', 'known', 'seen']) if (Number(value[what]) > 0) count(`import ${what}`);
  if (command.type === 'upkeep' && Number(value['granted']) > 0) count('allowance given');
}

function nextCommand(days: Days): LedgerCommand {
  const { random, tracked, nowMs: atMs } = days;
  const roll = random.next();
  if (roll < 0.105 || tracked && days.grants.length === 0 && roll < 0.4) return tracked ? grantOf(days) : reserveOf(days);
  if (roll < 0.25) return { type: 'direct', key: random.chance(0.05) ? 'd_1' : `d_${days.next += 1}`, atMs, directive: directiveOf(days) };
  if (roll < 0.33 && days.ended.size > 0) return correctOf(days);
  if (roll < 0.36 && days.given.length > 0) return againOf(days, random.pick(days.given));
  if (roll < 0.385) return { type: 'upkeep', atMs };
  if (roll < 0.398) return { type: 'recover', atMs, ...(random.chance(0.4) ? { keep: [...days.open.keys()].filter(() => random.chance(0.5)) } : {}) };
  if (roll < 0.402) return workspaceCommand(random.pick(workspaces));
  if (roll < 0.44 && days.open.size > 0) return { type: 'begin', attemptId: random.pick([...days.open.keys()]), atMs, ...(random.chance(0.8) ? { responseId: `resp_${days.next += 1}` } : {}) };
  if (roll < 0.7 && days.open.size > 0) return settleOf(days, random.pick([...days.open.values()]));
  if (roll > 0.98) return noteOf(days);
  if (roll > 0.96) return importOf(days);
  if (roll > 0.925 && tracked) return voucherOf(days);
  return reserveOf(days);
}

/** A copy of a command that was given before: it comes late, and with its own time only where clocks are set anyway. */
function againOf({ clockIsSet, nowMs }: Days, command: LedgerCommand): LedgerCommand {
  return clockIsSet ? command : { ...command, atMs: nowMs };
}


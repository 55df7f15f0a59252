// A world in which a ledger lives through a random day: top-ups, holds, settlements, expiry, copies
// and late commands, a clock that is set, and crashes at any moment. Each answer is compared with the
// model's, and the file is proven at the end. Equal seeds give equal worlds.
import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ModelPrice } from '../../src/domain/pricing.ts';
import type { LedgerCommand, LedgerCommandResults, SettleCommand } from '../../src/broker/store/ledgerPort.ts';
import { sha256 } from '../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';
import type { CommandOutcome } from '../../src/broker/store/sqliteLedger.ts';
import { grantCommand, oddPrice, reserveCommand, settleCommand, startMs, testPrice, workspaceCommand } from '../support/ledger/ledgerCommands.ts';
import { checkAgain } from '../support/secondChecker.ts';
import type { SeededRandom } from '../support/seededRandom.ts';
import { seededRandom } from '../support/seededRandom.ts';
import { LedgerModel } from './ledgerModel.ts';

/** A ledger as the world uses it. */
export type LedgerUnderTest = Pick<SqliteLedger, 'runGroup' | 'query' | 'close'>;

/** What to live through. */
export interface WorldOptions {
  readonly seed: number;
  readonly steps: number;
  /** A folder of the world's own. */
  readonly folder: string;
  readonly open: (path: string) => LedgerUnderTest;
}

/** What happened. */
export interface WorldHistory {
  /** One hash over the heads of all three chains. */
  readonly head: string;
  /** How often each kind of thing happened. */
  readonly counters: ReadonlyMap<string, number>;
}

const workspaces = ['ws_a', 'ws_b', 'ws_c'];
/** Commands that come late at the most; older ones are forgotten. */
const lateMax = 20;

/** Lives through a world. @throws AssertionError at the first answer or row that is not as it must be */
export function liveThrough(options: WorldOptions): WorldHistory {
  const random = seededRandom(options.seed);
  const counters = new Map<string, number>();
  const count = (what: string) => { counters.set(what, (counters.get(what) ?? 0) + 1); };
  let model = new LedgerModel();
  let file = 0;
  const pathOf = (number: number) => join(options.folder, `ledger-${number}.db`);
  let ledger = options.open(pathOf(file));
  let nowMs = startMs;
  let late: LedgerCommand[] = [];
  const given: LedgerCommand[] = [];

  /** What lies on the disk at this moment, taken up by a program that is started anew. */
  const crash = () => {
    copyOnDisk(pathOf(file), pathOf(file + 1), random.chance(0.3) ? random.whole(1, 6000) : 0);
    ledger.close();
    file += 1;
    ledger = options.open(pathOf(file));
    count('crash');
    if (random.chance(0.8)) run([{ type: 'recover', atMs: nowMs }]);
  };
  const run = (group: readonly LedgerCommand[]) => {
    const expected = group.map((command) => model.apply(command));
    const outcomes = ledger.runGroup(group);
    group.forEach((command, index) => {
      const actual = answerOf(command, outcomes[index]);
      assert.deepEqual(actual, expected[index], `${command.type}: ${JSON.stringify(command)}`);
      count(typeof actual === 'string' ? `${command.type} failed` : `${command.type} ${String(actual['code'] ?? actual['exists'] ?? actual['created'] ?? 'done')}`);
      given.push(command);
    });
  };

  for (let step = 0; step < options.steps; step += 1) {
    const size = random.chance(0.3) ? random.whole(2, 6) : 1;
    const group = Array.from({ length: size }, (_, index) => nextCommand(random, { model, nowMs, given, name: `s${step}i${index}` }));
    const now = group.filter((command) => {
      if (late.length >= lateMax || command.type === 'grant' || !random.chance(0.1)) return true;
      late.push(command);
      return false;
    });
    if (late.length > 0 && random.chance(0.2)) {
      const [chosen] = late.splice(random.whole(0, late.length - 1), 1);
      if (chosen) { now.splice(random.whole(0, now.length), 0, chosen); count('late'); }
    }
    if (random.chance(0.04)) {
      // The program ends while the group is being written: nothing of it is there afterwards.
      const before = model.copy();
      copyOnDisk(pathOf(file), pathOf(file + 1), 0);
      ledger.runGroup(now);
      ledger.close();
      file += 1;
      ledger = options.open(pathOf(file));
      model = before;
      late = [...now, ...late].slice(0, lateMax);
      count('lost group');
    } else {
      run(now);
    }
    if (random.chance(0.04)) crash();
    if (random.chance(0.06)) { nowMs += random.whole(-3_600, 86_400) * 1000; count('clock set'); } else nowMs += random.whole(0, 3) * 1000;
    compareBalances(ledger, model);
  }
  run([{ type: 'recover', atMs: nowMs }]);
  compareBalances(ledger, model);
  ledger.close();
  prove(pathOf(file), model);
  return { head: headOf(pathOf(file)), counters };
}

/** Copies what an ended program leaves: the file and its log, perhaps with writes that were never synchronised. */
function copyOnDisk(from: string, to: string, tornBytes: number): void {
  copyFileSync(from, to);
  if (!existsSync(`${from}-wal`)) return;
  copyFileSync(`${from}-wal`, `${to}-wal`);
  if (tornBytes > 0) appendFileSync(`${to}-wal`, Buffer.alloc(tornBytes, 0x5a));
}

interface Surroundings { readonly model: LedgerModel; readonly nowMs: number; readonly given: readonly LedgerCommand[]; readonly name: string }

/** Something that may happen next: mostly sensible, at times a copy of what was, at times nonsense. */
function nextCommand(random: SeededRandom, { model, nowMs, given, name }: Surroundings): LedgerCommand {
  const attempts = [...model.attempts.values()];
  const open = attempts.filter((attempt) => attempt.open);
  const roll = random.next();
  if (roll < 0.08 || model.grants.length === 0 && roll < 0.12) {
    const kind = random.pick(['included', 'promotional', 'purchased'] as const);
    const consent = random.pick([{ scope: 'ask' }, { scope: 'everywhere' }, { scope: 'workspace', workspaceId: random.pick(workspaces) }, { scope: 'ask' }, { scope: 'ask' }] as const);
    return grantCommand(`grant_${name}`, random.whole(1, 400_000), {
      kind, consent, atMs: nowMs, ...(random.chance(0.5) ? { expiresAtMs: nowMs + random.whole(0, 12) * 1000 } : {}),
      ...(random.chance(0.1) && model.grants.length > 0 ? { key: random.pick(model.grants).command.key } : {}),
    });
  }
  if (roll < 0.18 && given.length > 0) return random.pick(given);
  if (roll < 0.22) return { type: 'expire', atMs: nowMs };
  if (roll < 0.225) return { type: 'consent', atMs: nowMs, consent: random.chance(0.1) ? { scope: 'everywhere' } : { scope: 'workspace', workspaceId: random.pick(workspaces) } };
  if (roll < 0.24) return workspaceCommand(random.pick(workspaces));
  if (roll < 0.32 && attempts.length > 0) return { type: 'begin', attemptId: random.pick(attempts).command.attemptId, atMs: nowMs };
  if (roll < 0.34) return settleCommand(`ghost_${name}-1`, { inputTokens: 1 });
  if (roll < 0.62 && open.length > 0) return settlement(random, random.pick(open).command.attemptId, nowMs);
  const price = random.chance(0.5) ? testPrice : random.chance(0.9) ? oddPrice : undefined;
  const request = reserveCommand(`${name}-1`, undefined).request;
  const ended = random.chance(0.03) ? { ended: { code: 'wait_too_long' as const, message: 'Too long.', remedy: 'Try later.' } } : {};
  const { price: _price, ...command } = reserveCommand(`${name}-1`, undefined, {
    atMs: nowMs, request: { ...request, receivedAtMs: nowMs, workspaceId: random.pick(workspaces) }, limits: { waitedMs: random.whole(0, 500), because: 'There is room.', ...ended },
    unpricedRule: random.pick(['refuse', 'allow']), tier: random.pick(['standard', 'standard', 'fast', 'flex']),
    estimatedInputTokens: random.whole(1, 900), estimatedOutputTokens: random.whole(1, 60),
  });
  return { ...command, ...(price ? { price, estimateMicroCredits: random.whole(1, 150_000) } : {}) };
}

/** An end: mostly with usage, at times free, at times with the price of another model, rarely absurd. */
function settlement(random: SeededRandom, attemptId: string, nowMs: number): SettleCommand {
  if (random.chance(0.04)) return settleCommand(attemptId, { inputTokens: Number.MAX_SAFE_INTEGER }, { atMs: nowMs });
  if (random.chance(0.15)) return settleCommand(attemptId, {}, { atMs: nowMs, outcome: 'rejected', chargeable: false, freeReason: 'Refused upstream.' });
  const inputTokens = random.chance(0.1) ? random.pick([271_999, 272_000, 272_001]) : random.whole(0, 900);
  const cachedInputTokens = random.whole(0, inputTokens);
  const outputTokens = random.whole(0, 80);
  const served: ModelPrice = { ...oddPrice, model: 'gpt-served', version: 'test 9' };
  return settleCommand(attemptId, {
    inputTokens, cachedInputTokens, cacheWriteTokens: random.whole(0, inputTokens - cachedInputTokens), outputTokens, reasoningTokens: random.whole(0, outputTokens),
  }, { atMs: nowMs, tier: random.pick(['standard', 'standard', 'fast', 'flex']), ...(random.chance(0.1) ? { modelServed: served.model, servedPrice: served } : {}) });
}

/** An answer in the shape in which the model tells it. */
function answerOf(command: LedgerCommand, outcome: CommandOutcome | undefined): Readonly<Record<string, unknown>> | 'fails' {
  if (!outcome?.ok) return 'fails';
  const value = outcome.value as LedgerCommandResults['grant'] | LedgerCommandResults['reserve'] | LedgerCommandResults['settle'];
  if (command.type === 'grant') {
    const made = value as LedgerCommandResults['grant'];
    return 'problem' in made ? { code: made.problem.code } : { created: made.created, id: made.grant.id };
  }
  if (command.type === 'reserve') {
    const { decision, exists } = value as LedgerCommandResults['reserve'];
    return { exists, code: decision.code, slices: decision.slices.map((slice) => [slice.grantId, slice.microCredits]) };
  }
  if (command.type === 'settle') {
    const { exists, costMicroCredits, drawnMicroCredits } = value as LedgerCommandResults['settle'];
    return { exists, cost: costMicroCredits, drawn: drawnMicroCredits };
  }
  return { ...value };
}

function compareBalances(ledger: LedgerUnderTest, model: LedgerModel): void {
  assert.deepEqual(ledger.query('balance', {}).grants.map((grant) => [grant.id, grant.remainingMicroCredits, grant.heldMicroCredits]),
    model.grants.map((grant) => [grant.id, grant.left, grant.held]));
}

/** The file must satisfy the audit, the second checker and plain bookkeeping. */
function prove(path: string, model: LedgerModel): void {
  const ledger = SqliteLedger.open(path, sha256);
  try {
    assert.deepEqual(ledger.query('audit', { full: true }).violations, []);
  } finally {
    ledger.close();
  }
  assert.deepEqual(checkAgain(path), []);
  const db = new DatabaseSync(path);
  const number = (sql: string) => Number(db.prepare(`SELECT COALESCE((${sql}), 0) AS n`).get()?.['n']);
  const dropped = number('SELECT SUM(amount - remaining) FROM grants');
  assert.equal(number('SELECT SUM(drawn) FROM charges') + model.expired, dropped, 'what was drawn and what expired is not what the grants lost');
  db.close();
}

function headOf(path: string): string {
  const db = new DatabaseSync(path);
  const heads = ['usage_events', 'charges', 'entries'].map((table) => String(db.prepare(`SELECT hash FROM ${table} ORDER BY sequence DESC LIMIT 1`).get()?.['hash']));
  db.close();
  return sha256(heads.join(' '));
}

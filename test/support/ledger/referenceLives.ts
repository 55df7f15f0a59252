// What a ledger must hold after lives that ended anywhere: the same steps, run in memory without any
// disturbance. Also the picture of a ledger, by which two of them are compared: everything that the port tells.
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { answerOf } from './standardGroups.ts';
import type { Answer, Step } from './standardGroups.ts';
import { startMs } from './ledgerCommands.ts';

/** Steps that took effect in each of several lives, one after the other. */
export type Lives = readonly number[];

const everything = Number.MAX_SAFE_INTEGER;

/** Runs one step and gives its answers. */
export function runStep(ledger: SqliteLedger, step: Step | undefined): (Answer | undefined)[] {
  if (!step) return [];
  const outcomes = ledger.runGroup(step.commands);
  return step.commands.map((command, index) => answerOf(command, outcomes[index]));
}

/** Everything that a ledger tells about itself. */
export function pictureOf(ledger: SqliteLedger, steps: readonly Step[]): string {
  const attempts = steps.flatMap(({ commands }) => commands.flatMap((command) => (command.type === 'reserve' ? command.attemptId : [])));
  const { violations: _violations, ...audit } = ledger.query('audit', { full: false });
  return JSON.stringify({
    audit, balance: ledger.query('balance', { nowMs: startMs }), workspaces: ledger.query('workspaces', {}), entries: ledger.query('entries', { limit: everything }),
    recent: ledger.query('recent', { limit: everything }), attempts: [...new Set(attempts)].map((id) => ledger.query('explain', { id })),
  });
}

/**
 * What a ledger holds in money, whatever way it came there: each grant, each request, what was drawn and what expired.
 * What time brings is booked first, up to the last start: credits that a hold gives back after their grant's time is
 * over expire with whatever looks next, which after a disturbance may be an earlier step that runs again.
 */
export function moneyOf(ledger: SqliteLedger, steps: readonly Step[]): string {
  ledger.runGroup([{ type: 'upkeep', atMs: Math.max(...steps.flatMap(({ commands }) => commands.map(({ atMs }) => atMs))) }]);
  const moved = new Map<string, number>();
  for (const entry of ledger.query('entries', { limit: everything })) {
    const key = `${entry.grantId} ${entry.kind} ${entry.requestId ?? ''}`;
    moved.set(key, (moved.get(key) ?? 0) + entry.amountMicroCredits);
  }
  const inOrder = (lines: readonly string[]) => lines.toSorted((one, other) => (one < other ? -1 : 1));
  return JSON.stringify({
    grants: ledger.query('balance', { nowMs: startMs }).grants.map((one) => [one.id, one.remainingMicroCredits, one.heldMicroCredits]),
    moved: inOrder([...moved].map(([key, amount]) => `${key} ${amount}`)),
    requests: inOrder(ledger.query('recent', { limit: everything }).map((one) => [one.requestId, one.outcome, one.measured, one.inputTokens, one.outputTokens, one.costMicroCredits ?? null].join(' '))),
  });
}

/** Two texts where they begin to differ; empty when they are the same. */
export function difference(actual: string, expected: string): string {
  if (actual === expected) return '';
  let at = 0;
  while (actual[at] === expected[at]) at += 1;
  const from = Math.max(0, at - 120);
  return `...${actual.slice(from, at + 160)}... instead of ...${expected.slice(from, at + 160)}...`;
}

/** The reference for one list of steps. */
export class ReferenceLives {
  readonly steps: readonly Step[];
  readonly #known = new Map<string, string>();

  constructor(steps: readonly Step[]) {
    this.steps = steps;
  }

  /** A ledger in memory after some lives. The caller closes it. */
  replay(lives: Lives): SqliteLedger {
    const ledger = SqliteLedger.open(':memory:', sha256);
    for (const count of lives) for (const step of this.steps.slice(0, count)) runStep(ledger, step);
    return ledger;
  }

  /** The picture after some lives. */
  after(lives: Lives): string {
    return this.#recall(`after ${lives.join(' ')}`, () => this.#look(this.replay(lives), (ledger) => pictureOf(ledger, this.steps)));
  }

  /** The picture after some lives, one more that is whole, and a last start that resolves what is open. */
  atLast(lives: Lives): string {
    return this.after([...lives, this.steps.length, 1]);
  }

  /** The money after a single life that nothing disturbed, and a last start. */
  undisturbedMoney(): string {
    return this.#recall('money', () => this.#look(this.replay([this.steps.length, 1]), (ledger) => moneyOf(ledger, this.steps)));
  }

  #recall(key: string, make: () => string): string {
    const known = this.#known.get(key) ?? make();
    this.#known.set(key, known);
    return known;
  }

  #look(ledger: SqliteLedger, look: (ledger: SqliteLedger) => string): string {
    try {
      return look(ledger);
    } finally {
      ledger.close();
    }
  }
}

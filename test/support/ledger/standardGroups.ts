// The standard workload of the kill and disk error tests, as a list: what a ledger is asked to do, in
// groups that commit together, from one seed. It holds everything that moves credits: holds over several
// grants, posts, voids, overage, expiry, permissions, budgets, allowances, refusals and repeated commands. Nothing is run here.
import type { LedgerCommand, LedgerCommandResults, RequestFacts } from '../../../src/broker/store/ledgerCommands.ts';
import type { CommandOutcome } from '../../../src/broker/store/sqliteLedger.ts';
import type { SeededRandom } from '../seededRandom.ts';
import { seededRandom } from '../seededRandom.ts';
import { beginCommand, grantCommand, halfInLine, reserveCommand, settleCommand, startMs, workspaceCommand } from './ledgerCommands.ts';

/** Commands that commit together. */
export interface Step {
  readonly commands: readonly LedgerCommand[];
  /** The one that comes nowhere else in the list, so that its trace on the disk proves that the step was done. */
  readonly anchor: LedgerCommand;
}

/** Commands of a group at the most. */
const groupMax = 8;
const workspaces = ['ws_a', 'ws_b'] as const;
/** Attempts that run at the same time at the most. */
const runningMax = 6;

interface Running { readonly attemptId: string; readonly request: RequestFacts; isBegun: boolean }

interface Unfinished {
  readonly random: SeededRandom;
  nowMs: number;
  grants: number;
  requests: number;
  directives: number;
  running: Running[];
  /** Attempts that the upstream turned away and that will be tried once more. */
  readonly turnedAway: Running[];
  /** Commands that may come again later. */
  readonly past: LedgerCommand[];
}

/**
 * The list of a seed. The first step resolves what an earlier life left open, as the broker does at its
 * start; the others can each be run any number of times.
 */
export function standardSteps(seed: number, groups: number): readonly Step[] {
  const state: Unfinished = { random: seededRandom(seed), nowMs: startMs, grants: 0, requests: 0, directives: 0, running: [], turnedAway: [], past: [] };
  // Later than everything else, as the clock of a later start is.
  const recover: LedgerCommand = { type: 'recover', atMs: startMs + (groups + 10) * 1000 };
  return [{ commands: [recover], anchor: recover }, ...opening(state), ...Array.from({ length: Math.max(0, groups - 2) }, () => nextStep(state))];
}

/** A request from before the first grant, which is not tracked, and the grants that others draw from. */
function opening(state: Unfinished): Step[] {
  const untracked = newReserve(state);
  const first = newGrant(state);
  const more = [
    newGrant(state, { kind: 'included', expiresAtMs: state.nowMs + 4000 }), newGrant(state, { kind: 'promotional' }),
    newGrant(state, { kind: 'purchased', amountMicroCredits: 900_000, consent: { scope: 'workspace', workspaceId: 'ws_a' } }),
  ];
  state.past.push(...more);
  return [
    { commands: [workspaceCommand('ws_a'), untracked, beginCommand('r1-1')], anchor: untracked },
    { commands: [first, workspaceCommand('ws_b'), ...more], anchor: first },
  ];
}

function nextStep(state: Unfinished): Step {
  const { random } = state;
  state.nowMs += 1000;
  // One that ends and nothing else: the commonest group of a quiet broker.
  const alone = random.chance(0.2) ? newSettle(state) : undefined;
  if (alone) return { commands: [alone], anchor: alone };
  const anchor = random.chance(0.35) || state.running.length >= runningMax ? newGrant(state) : newReserve(state);
  const commands: LedgerCommand[] = [anchor];
  const size = random.chance(0.3) ? 1 : random.whole(2, groupMax);
  while (commands.length < size) {
    const next = anything(state);
    commands.push(next);
    if (next.type !== 'upkeep') state.past.push(next);
  }
  return { commands, anchor };
}

function anything(state: Unfinished): LedgerCommand {
  const { random, running, nowMs } = state;
  const roll = random.next();
  if (roll < 0.35) return newSettle(state) ?? newReserve(state);
  if (roll < 0.55) {
    const one = running.find((attempt) => !attempt.isBegun);
    if (one) { one.isBegun = true; return beginCommand(one.attemptId); }
  }
  if (roll < 0.7 && state.past.length > 0) return random.pick(state.past);
  if (roll < 0.75) return { type: 'upkeep', atMs: nowMs };
  if (roll < 0.82) return directive(state);
  if (roll < 0.84) return workspaceCommand(random.pick(workspaces));
  // The key of the first grant with another amount is refused; nothing changes.
  if (roll < 0.87) return grantCommand(`conflict${state.requests}`, 1, { key: 'key-g1', atMs: nowMs });
  return running.length < runningMax ? newReserve(state) : newGrant(state);
}

/** Something that a person lays down, each with a key of its own. */
function directive(state: Unfinished): LedgerCommand {
  const { random, nowMs } = state;
  state.directives += 1;
  const key = `d${state.directives}`;
  const lay = (directive: Extract<LedgerCommand, { type: 'direct' }>['directive']): LedgerCommand => ({ type: 'direct', key, atMs: nowMs, directive });
  const roll = random.next();
  if (roll < 0.4) return lay({ kind: 'consent', consent: { scope: 'workspace', of: random.pick(workspaces), answer: random.pick(['allow', 'allow', 'ask', 'deny'] as const) } });
  if (roll < 0.7) {
    const id = random.pick(['total', 'each']);
    return lay({ kind: 'budget', id, budget: random.chance(0.4) ? null : { id, per: id === 'total' ? 'everything' : 'workspace', unit: 'credits', limit: random.whole(500_000, 4_000_000), period: random.pick(['day', { rollingHours: 1 }] as const), timeZone: 'UTC', mode: random.pick(['hard', 'soft'] as const) } });
  }
  return lay({ kind: 'allowance', id: 'daily', allowance: { id: 'daily', kind: 'included', amountMicroCredits: random.whole(50_000, 300_000), every: 'day', timeZone: 'UTC', priority: 40 } });
}

function newGrant(state: Unfinished, more: Partial<Parameters<typeof grantCommand>[2]> = {}): LedgerCommand {
  const { random, nowMs } = state;
  state.grants += 1;
  return grantCommand(`g${state.grants}`, random.whole(150_000, 700_000), {
    atMs: nowMs, kind: random.pick(['included', 'promotional', 'purchased'] as const),
    ...(random.chance(0.4) ? { expiresAtMs: nowMs + random.whole(2, 8) * 1000 } : {}), ...more,
  });
}

function newReserve(state: Unfinished): LedgerCommand {
  const { random, nowMs } = state;
  const again = random.chance(0.5) ? state.turnedAway.pop() : undefined;
  if (!again) state.requests += 1;
  const attemptId = again ? again.attemptId.replace(/1$/, '2') : `r${state.requests}-1`;
  const request = again?.request ?? { ...reserveCommand(attemptId, undefined).request, receivedAtMs: nowMs, workspaceId: random.pick(workspaces) };
  const isEnded = random.chance(0.06);
  if (!isEnded) state.running.push({ attemptId, request, isBegun: attemptId === 'r1-1' });
  return reserveCommand(attemptId, random.whole(60_000, 420_000), {
    request, atMs: nowMs, tier: random.pick(['standard', 'standard', 'fast', 'flex'] as const),
    limits: { ...halfInLine(random.whole(0, 50)), because: 'There is room.', ...(isEnded ? { ended: { code: 'wait_too_long', message: 'Too long.', remedy: 'Try later.' } } : {}) },
  });
}

/** Ends a running attempt: posted, posted above its hold, estimated, or free. */
function newSettle(state: Unfinished): LedgerCommand | undefined {
  const { random, nowMs, running } = state;
  if (running.length === 0) return undefined;
  const one = random.pick(running);
  state.running = running.filter((other) => other !== one);
  if (random.chance(0.2)) {
    if (one.attemptId.endsWith('-1')) state.turnedAway.push(one);
    return settleCommand(one.attemptId, {}, { atMs: nowMs, outcome: 'rejected', chargeable: false, freeReason: 'Refused upstream.' });
  }
  const inputTokens = random.whole(100, 3000);
  return settleCommand(one.attemptId, { inputTokens, cachedInputTokens: random.whole(0, inputTokens), outputTokens: random.whole(0, 250) }, { atMs: nowMs, measured: random.chance(0.85) });
}

/** What a command answered, without what differs between the first time and the next. */
export interface Answer {
  readonly text: string;
  /** Whether the ledger says that it had done this before; true also where there is nothing to tell apart. */
  readonly isRepeat: boolean;
}

/** The answer to a command; undefined when the ledger refused it. */
export function answerOf(command: LedgerCommand, outcome: CommandOutcome | undefined): Answer | undefined {
  if (!outcome?.ok) return undefined;
  switch (command.type) {
    case 'reserve': {
      const { decision, exists } = outcome.value as LedgerCommandResults['reserve'];
      return { text: JSON.stringify(decision), isRepeat: exists };
    }
    case 'settle': {
      const { exists, costMicroCredits, drawnMicroCredits } = outcome.value as LedgerCommandResults['settle'];
      return { text: JSON.stringify([costMicroCredits ?? null, drawnMicroCredits]), isRepeat: exists };
    }
    case 'grant': {
      const made = outcome.value as LedgerCommandResults['grant'];
      return 'problem' in made ? { text: made.problem.code, isRepeat: true } : { text: made.grant.id, isRepeat: !made.created };
    }
    case 'direct': case 'correct': {
      const made = outcome.value as LedgerCommandResults['direct'] | LedgerCommandResults['correct'];
      return 'problem' in made ? { text: made.problem.code, isRepeat: true } : { text: 'done', isRepeat: made.exists };
    }
    case 'begin': case 'workspace': return { text: 'done', isRepeat: (outcome.value as { exists: boolean }).exists };
    default: return { text: 'done', isRepeat: true };
  }
}

// Makes a ledger from a seed: some days in which everything happens that can happen to one. Credits are added,
// given again, taken back and expire; attempts are reserved, refused, settled, lost and corrected; budgets,
// permissions and policies change; clocks are set. Equal seeds make equal ledgers.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Budget } from '../../../src/domain/budgets.ts';
import type { Directive } from '../../../src/domain/directives.ts';
import type { ModelPrice } from '../../../src/domain/pricing.ts';
import type { TokenUsage } from '../../../src/domain/tokenUsage.ts';
import type { CorrectCommand, GrantCommand, LedgerCommand, LedgerCommandResults, ReserveCommand, SettleCommand } from '../../../src/broker/store/ledgerCommands.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import type { CommandOutcome } from '../../../src/broker/store/sqliteLedger.ts';
import { seededRandom } from '../seededRandom.ts';
import type { SeededRandom } from '../seededRandom.ts';
import { oddPrice, reserveCommand, settleCommand, startMs, testPrice, workspaceCommand } from './ledgerCommands.ts';

/** How a ledger came to be. */
export interface MadeLedger {
  /** How often each kind of thing happened. */
  readonly happened: Happenings;
  /** Whether its clock was never set back. */
  readonly clockIsTrue: boolean;
}
type Happenings = Map<string, number>;

/** Smaller than `testPrice`, so that a few tokens cost little; changes with time. */
const smallPrices: readonly ModelPrice[] = [1, 2, 3].map((times) => ({ ...oddPrice, model: 'gpt-small', version: `small ${times}`, rates: { ...oddPrice.rates, output: oddPrice.rates.output * times } }));
const ceilingPrice: ModelPrice = { ...oddPrice, model: 'ceiling', version: 'ceiling 1' };
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'];
const workspaces = ['ws_a', 'ws_b', 'ws_c'];
const threads = ['th_1', 'th_2', 'th_3'];
const clients = ['codex_exec', 'openai_sdk'];
/** The last one never has a price. */
const models = ['gpt-test', 'gpt-odd', 'gpt-small', 'local-free'];
const tiers = ['standard', 'standard', 'standard', 'fast', 'flex'] as const;

/** The file of a ledger in which nothing has happened. */
let empty: Buffer | undefined;

interface Days {
  readonly random: SeededRandom;
  nowMs: number;
  readonly clockIsSet: boolean;
  readonly open: Map<string, ReserveCommand>;
  readonly ended: Map<string, TokenUsage>;
  readonly grants: string[];
  readonly requests: Map<string, ReserveCommand['request']>;
  readonly given: LedgerCommand[];
  next: number;
}

/** How long a ledger's days are. */
export interface RandomLedgerOptions {
  /** Groups of commands that are given to it. */
  readonly steps?: number;
  /** After how many of them a checkpoint is kept; without it there is none. */
  readonly checkpointAfter?: number;
}

/** Makes a ledger at a path and closes it. */
export function makeRandomLedger(path: string, seed: number, { steps = 40, checkpointAfter }: RandomLedgerOptions = {}): MadeLedger {
  const random = seededRandom(seed);
  const happened: Happenings = new Map();
  const days: Days = { random, nowMs: startMs + random.whole(0, 200) * 3_600_000, clockIsSet: random.chance(0.3), open: new Map(), ended: new Map(), grants: [], requests: new Map(), given: [], next: 0 };
  const startsTracked = random.chance(0.8);
  // Making the tables takes longer than everything else, so an empty ledger is made once and copied.
  if (empty === undefined) { SqliteLedger.open(path, sha256).close(); empty = readFileSync(path); } else writeFileSync(path, empty);
  const ledger = SqliteLedger.open(path, sha256);
  try {
    for (let step = 0; step < steps; step += 1) {
      const group = Array.from({ length: random.chance(0.3) ? random.whole(2, 5) : 1 }, () => nextCommand(days, startsTracked || step > steps / 2));
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
  if (command.type === 'reserve') {
    const { decision, exists } = value as unknown as LedgerCommandResults['reserve'];
    count(`reserve ${exists ? 'again' : decision.code ?? decision.outcome}`);
    if (decision.slices.some((slice) => slice.kind === 'purchased')) count('reserve purchased');
    if (decision.outcome === 'admit' && !exists) days.open.set(command.attemptId, command);
    return;
  }
  if (command.type === 'settle') { days.open.delete(command.attemptId); if (command.chargeable) days.ended.set(command.attemptId, command.usage); }
  if (command.type === 'recover') days.open.clear();
  if (command.type === 'grant' && value['created'] === true) days.grants.push(command.grantId);
  count(command.type === 'correct' ? `correct ${command.what.kind}` : command.type === 'direct' ? `direct ${command.directive.kind}` : command.type);
  if (command.type === 'upkeep' && Number(value['granted']) > 0) count('allowance given');
}

function nextCommand(days: Days, tracked: boolean): LedgerCommand {
  const { random } = days;
  const roll = random.next();
  if (roll < 0.12 || tracked && days.grants.length === 0 && roll < 0.4) return tracked ? grantOf(days) : reserveOf(days);
  if (roll < 0.24) return { type: 'direct', key: random.chance(0.05) ? 'd_1' : `d_${days.next += 1}`, atMs: days.nowMs, directive: directiveOf(days, tracked) };
  if (roll < 0.32 && days.ended.size > 0) return correctOf(days);
  if (roll < 0.35 && days.given.length > 0) return againOf(days, random.pick(days.given));
  if (roll < 0.38) return { type: 'upkeep', atMs: days.nowMs };
  if (roll < 0.39) return { type: 'recover', atMs: days.nowMs };
  if (roll < 0.4) return workspaceCommand(random.pick(workspaces));
  if (roll < 0.44 && days.open.size > 0) return { type: 'begin', attemptId: random.pick([...days.open.keys()]), atMs: days.nowMs, responseId: `resp_${days.next += 1}` };
  if (roll < 0.7 && days.open.size > 0) return settleOf(days, random.pick([...days.open.values()]));
  return reserveOf(days);
}

/** A copy of a command that was given before: it comes late, and with its own time only where clocks are set anyway. */
function againOf({ clockIsSet, nowMs }: Days, command: LedgerCommand): LedgerCommand {
  return clockIsSet ? command : { ...command, atMs: nowMs };
}

function grantOf(days: Days): GrantCommand {
  const { random, nowMs } = days;
  const grantId = `g${days.next += 1}`;
  const maybe = <T>(chance: number, make: () => T) => (random.chance(chance) ? [make()] : []);
  const consent = random.pick([{ scope: 'ask' }, { scope: 'ask' }, { scope: 'everywhere' }, { scope: 'workspace', workspaceId: random.pick(workspaces) }] as const);
  const startsAtMs = maybe(0.2, () => nowMs + random.whole(-2, 6) * 3_600_000)[0];
  return {
    type: 'grant', grantId, key: random.chance(0.04) && days.grants.length > 0 ? `key-${random.pick(days.grants)}` : `key-${grantId}`, kind: random.pick(['included', 'promotional', 'purchased', 'purchased']),
    amountMicroCredits: random.whole(1, random.chance(0.3) ? 20_000 : 600_000), atMs: nowMs, consent,
    ...(startsAtMs === undefined ? {} : { startsAtMs }),
    ...Object.assign({}, ...maybe(0.4, () => ({ expiresAtMs: nowMs + random.whole(0, 90) * 1_800_000 }))),
    ...Object.assign({}, ...maybe(0.3, () => ({ priority: random.whole(1, 90) }))),
    ...Object.assign({}, ...maybe(0.15, () => ({ models: random.pick([['gpt-*'], ['gpt-test'], ['gpt-odd', 'gpt-sm*']]) }))),
    ...Object.assign({}, ...maybe(0.15, () => ({ workspaces: [random.pick(workspaces)] }))),
    ...Object.assign({}, ...maybe(0.2, () => ({ note: 'A "gift" – naïve\nline' }))),
  } as GrantCommand;
}

function directiveOf(days: Days, tracked: boolean): Directive {
  const { random } = days;
  const roll = random.next();
  if (roll < 0.4) {
    const scope = random.pick(['request', 'task', 'workspace', 'workspace', 'everywhere'] as const);
    const of = { request: random.chance(0.5) && days.requests.size > 0 ? random.pick([...days.requests.keys()]) : `r${days.next + 1}`, task: random.pick(threads), workspace: random.pick(workspaces), everywhere: '' }[scope];
    // An answer for one request is final: it is asked for once, while that request waits.
    return { kind: 'consent', consent: { scope, of, answer: random.pick(scope === 'request' ? ['allow', 'deny'] : ['allow', 'allow', 'deny', 'ask']) } };
  }
  if (roll < 0.65) {
    const id = `b${random.whole(1, 4)}`;
    return { kind: 'budget', id, budget: random.chance(0.15) ? null : budgetOf(days, id) };
  }
  if (roll < 0.8 && tracked) {
    const id = `a ${random.whole(1, 2)}`;
    return { kind: 'allowance', id, allowance: random.chance(0.15) ? null : {
      id, kind: random.pick(['included', 'promotional']), amountMicroCredits: random.whole(1, 90_000), every: random.pick(['day', 'week', 'month']), timeZone: random.pick(zones), priority: random.whole(10, 60),
      ...(random.chance(0.5) ? { weekStartsOn: random.whole(1, 7) } : {}), ...(random.chance(0.2) ? { models: ['gpt-*'] } : {}), ...(random.chance(0.2) ? { workspaces: [random.pick(workspaces)] } : {}), ...(random.chance(0.3) ? { note: 'weekly' } : {}),
    } };
  }
  if (roll < 0.9) return random.chance(0.5) ? { kind: 'policy', name: 'unattended', value: random.pick(['refuse', 'allow']) } : { kind: 'policy', name: 'unpriced', value: random.pick(['refuse', 'ask', 'ceiling', 'allow']) };
  return { kind: 'unpriced-model', model: 'local-free', answer: random.pick(['allow', 'deny', 'ask']) };
}

function budgetOf({ random }: Days, id: string): Budget {
  const per = random.pick(['request', 'task', 'workspace', 'model', 'client', 'everything'] as const);
  const named = { task: random.pick(threads), workspace: random.pick(workspaces), model: random.pick(['gpt-*', 'gpt-test', 'gpt-odd']), client: random.pick(clients), request: undefined, everything: undefined }[per];
  const unit = random.pick(['credits', 'tokens'] as const);
  return {
    id, per, unit, limit: unit === 'credits' ? random.whole(0, 500_000) : random.whole(0, 9_000), mode: random.pick(['soft', 'hard', 'hard']), timeZone: random.pick(zones),
    period: random.pick(['day', 'week', 'month', 'life', { rollingHours: random.whole(1, 60) }]), ...(named === undefined || random.chance(0.5) ? {} : { of: named }),
  };
}

function correctOf(days: Days): CorrectCommand {
  const { random } = days;
  const attemptId = random.pick([...days.ended.keys()]);
  const what = random.chance(0.2) && days.grants.length > 0 ? { kind: 'void', grantId: random.pick(days.grants), disputed: random.chance(0.6) } as const
    : random.chance(0.5) ? { kind: 'usage', attemptId, usage: usageOf(random) } as const : { kind: 'refund', attemptId, microCredits: random.whole(1, 60_000) } as const;
  return { type: 'correct', key: `k~${days.next += 1}_x`, atMs: days.nowMs, reason: 'The upstream "said" so.', what };
}

function priceOf(random: SeededRandom, model: string): ModelPrice | undefined {
  return { 'gpt-test': testPrice, 'gpt-odd': oddPrice, 'gpt-small': random.pick(smallPrices) }[model];
}

function reserveOf(days: Days): ReserveCommand {
  const { random, nowMs } = days;
  const known = random.chance(0.15) && days.requests.size > 0 ? random.pick([...days.requests.keys()]) : undefined;
  const requestId = known ?? `r${days.next += 1}`;
  const request: ReserveCommand['request'] = days.requests.get(requestId) ?? {
    requestId, receivedAtMs: nowMs, workspaceId: random.pick(workspaces), client: random.pick(clients), model: random.pick(models), stream: random.chance(0.8),
    ...(random.chance(0.7) ? { threadId: random.pick(threads) } : {}), ...(random.chance(0.3) ? { turnId: `turn_${requestId}`, clientVersion: '1.2.3' } : {}), ...(random.chance(0.5) ? { requestKind: random.pick(['turn', 'compaction', 'review']) } : {}),
  };
  days.requests.set(requestId, request);
  const price = priceOf(random, request.model);
  const { unpricedRule: _rule, price: _price, ...command } = reserveCommand(`${requestId}-${days.next += 1}`, undefined, {
    request, atMs: nowMs, number: 1, tier: random.pick(tiers), estimatedInputTokens: random.whole(1, 900), estimatedOutputTokens: random.whole(1, 120), canAsk: random.chance(0.2), canWait: random.chance(0.2),
    limits: { waitedMs: random.whole(0, 500), because: 'There is room.', ...(random.chance(0.02) ? { ended: { code: 'wait_too_long' as const, message: 'Too long.', remedy: 'Try later.' } } : {}) },
    ...(random.chance(0.5) ? { likelyOutputTokens: random.whole(1, 60), basis: '{"bytes":12}' } : {}), ...(random.chance(0.1) ? { answered: { kind: 'consent' as const, afterMs: 900, ...(random.chance(0.5) ? { answer: 'no' } : {}) } } : {}),
  });
  const estimate = () => random.whole(1, random.chance(0.2) ? 250_000 : 60_000);
  return { ...command, ...(price ? { price, estimateMicroCredits: estimate() } : random.chance(0.5) ? { ceiling: { price: ceilingPrice, estimateMicroCredits: estimate() } } : {}) };
}

function usageOf(random: SeededRandom): TokenUsage {
  const inputTokens = random.chance(0.03) ? random.pick([271_999, 272_000, 272_001]) : random.whole(0, 900);
  const cachedInputTokens = random.whole(0, inputTokens);
  const outputTokens = random.whole(0, 100);
  return { inputTokens, cachedInputTokens, cacheWriteTokens: random.chance(0.5) ? 0 : random.whole(0, inputTokens - cachedInputTokens), outputTokens, reasoningTokens: random.whole(0, outputTokens) };
}

function settleOf(days: Days, hold: ReserveCommand): SettleCommand {
  const { random, nowMs } = days;
  const { attemptId } = hold;
  const shared = { atMs: nowMs, waitedMs: hold.limits.waitedMs, durationMs: random.whole(0, 9000), ...(random.chance(0.7) ? { firstByteMs: random.whole(0, 900), upstreamRequestId: `req_${attemptId}` } : {}) };
  if (random.chance(0.08)) return settleCommand(attemptId, {}, { ...shared, outcome: 'rejected', chargeable: false, freeReason: 'Refused upstream.', status: 429 });
  if (random.chance(0.06)) return settleCommand(attemptId, {}, { ...shared, outcome: 'broken', chargeable: false, measured: false, exposed: true, freeReason: 'Lost before it answered.' });
  if (random.chance(0.1)) return settleCommand(attemptId, { inputTokens: hold.estimatedInputTokens, outputTokens: random.whole(0, hold.estimatedOutputTokens) }, { ...shared, outcome: 'aborted', measured: false, notice: 'It was estimated.' });
  const served = { ...oddPrice, model: 'gpt-served', version: 'served 1' };
  return settleCommand(attemptId, usageOf(random), {
    ...shared, tier: hold.tier ?? 'standard', outcome: random.pick(['completed', 'completed', 'incomplete', 'failed']), responseId: `resp_${attemptId}`,
    ...(random.chance(0.15) ? { modelServed: hold.request.model } : random.chance(0.1) ? { modelServed: served.model, servedPrice: served } : {}),
  });
}

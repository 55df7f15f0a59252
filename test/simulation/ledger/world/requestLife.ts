// One request's life as a client and the broker live it: a hold, an answer that begins, an end that is
// reported; again where no answer came, a new attempt where the upstream refused, nothing where it is given up.
import type { LedgerCommand, RequestFacts, ReserveCommand, SettleCommand } from '../../../../src/broker/store/ledgerCommands.ts';
import { fallbackCauses } from '../../../../src/domain/fallbackOffer.ts';
import type { TokenUsage } from '../../../../src/domain/tokenUsage.ts';
import { oddPrice, settleCommand } from '../../../support/ledger/ledgerCommands.ts';
import type { SeededRandom } from '../../../support/seededRandom.ts';
import type { Answer } from '../model/ledgerModel.ts';
import { canBeTrue, drawable } from '../model/modelCosts.ts';
import { freeOf } from '../model/modelState.ts';
import { ceilingPrice, clientNames, dearPrice, freePrice, ownPrices, pricedModels, threadIds, unpricedModel, workspaceIds } from './scene.ts';
import type { Scene } from './scene.ts';

/** Attempts of one request at the most, and answers for now that it takes before it gives up. */
const attemptsMax = 3;
const patienceMax = 3;

/** What a request was for, by its second: nothing is drawn for it. */
function originOf(nowMs: number): Pick<RequestFacts, 'branch' | 'command' | 'file'> {
  const second = Math.abs(Math.trunc(nowMs / 1000));
  const [branch, command, file] = [['main', 'feature/a', undefined][second % 3], ['ask', undefined][second % 2], ['src/a.ts', 'a b.md', undefined, undefined, undefined][second % 5]];
  return { ...(branch === undefined ? {} : { branch }), ...(command === undefined ? {} : { command }), ...(file === undefined ? {} : { file }) };
}

/** A request on its way. */
export class RequestLife {
  readonly facts: RequestFacts;
  /** The client's own sign-in pays for it. */
  readonly #isOnPlan: boolean;
  #number = 1;
  #patience = patienceMax;
  #isRunning = false;
  /** What it sends until it is answered. */
  #pending: LedgerCommand | undefined;
  #inFlight = 0;
  isOver = false;

  constructor({ random, nowMs, mood, name }: Scene) {
    this.#isOnPlan = random.chance(mood.plan);
    const model = random.chance(mood.unpriced) ? unpricedModel : random.pick(Object.keys(pricedModels));
    this.facts = {
      requestId: name('req'), receivedAtMs: nowMs, workspaceId: random.pick(workspaceIds), client: random.pick(clientNames), model, stream: random.chance(0.9),
      ...(random.chance(0.7) ? { threadId: random.pick(threadIds) } : {}), ...(random.chance(0.5) ? { requestKind: random.pick(['turn', 'compaction']) } : {}),
      ...originOf(nowMs),
    };
  }

  /** Whether it has something to say now. */
  get isWaiting(): boolean { return this.#inFlight > 0; }

  /** The attempt that it is at. */
  get attemptId(): string { return `${this.facts.requestId}-${this.#number}`; }

  /** What it sends next. */
  speak(scene: Scene): LedgerCommand[] {
    const { random, nowMs } = scene;
    const commands: LedgerCommand[] = [];
    if (this.#pending === undefined && this.#isRunning && random.chance(0.06)) {
      // Given up without a word: only a recovery ends it.
      this.isOver = true;
      return [];
    }
    if (this.#pending === undefined && this.#isRunning && random.chance(0.7)) commands.push({ type: 'begin', attemptId: this.attemptId, atMs: nowMs, responseId: `resp_${this.attemptId}` });
    this.#pending ??= this.#isRunning ? this.#ending(scene) : this.#reserve(scene);
    commands.push(this.#pending);
    this.#inFlight += commands.length;
    return commands;
  }

  /** Hears what became of a command; without an answer it does not know. */
  hear({ random, nowMs }: Scene, command: LedgerCommand, answer: Answer | undefined): void {
    this.#inFlight -= 1;
    if (command !== this.#pending) return;
    if (answer === undefined || 'fails' in answer) {
      if (answer !== undefined && command.type === 'settle' && (!canBeTrue(command.usage) || command.servedPrice === dearPrice)) this.#pending = undefined;
      else if (random.chance(0.2)) this.isOver = true;
      return;
    }
    this.#pending = undefined;
    if (command.type === 'settle') {
      const again = command.outcome === 'rejected' && this.#number < attemptsMax && random.chance(0.6);
      this.isOver = !again;
      if (again) { this.#number += 1; this.#isRunning = false; }
      return;
    }
    if (command.type !== 'reserve') return;
    if (answer['outcome'] === 'admit') { this.#isRunning = true; return; }
    if (answer['outcome'] === 'refuse') { this.isOver = true; return; }
    this.#patience -= 1;
    if (random.chance(0.3)) { this.isOver = true; return; }
    const { answered: _answered, ...asked } = command;
    const { canWait, ...patient } = asked;
    this.#pending = answer['outcome'] === 'ask' ? { ...asked, atMs: nowMs, ...(random.chance(0.7) ? { answered: { kind: answer['question'] === 'unpriced' ? 'unpriced' : 'consent', afterMs: 5000, ...(random.chance(0.5) ? { answer: 'this workspace' } : {}) } as const } : {}) }
      : { ...patient, atMs: nowMs, canWait: canWait === true && this.#patience > 0 };
  }

  #reserve(scene: Scene): ReserveCommand {
    const { random, nowMs, state, mood } = scene;
    const { model, workspaceId } = this.facts;
    const known = pricedModels[model];
    const isFree = random.chance(0.02);
    const price = known && isFree ? freePrice : known && random.chance(0.04) ? { ...known, version: 'test 9', rates: { ...known.rates, output: known.rates.output + random.whole(0, 1) } } : known;
    const free = drawable(state, { atMs: nowMs, model, workspaceId }).reduce((sum, grant) => sum + freeOf(grant), 0);
    const exact = [free, free + 1, Math.ceil(free / 2), Math.floor(free / 3), free - 1].map((one) => Math.max(1, one));
    const estimate = isFree ? 0 : mood.lastCredit || random.chance(0.1) ? random.pick(exact) : random.whole(1, 150_000);
    const ended = random.chance(0.03) ? { ended: { code: random.pick(['wait_too_long', 'wait_too_long', 'upstream_unreachable'] as const), message: 'Too long.', remedy: 'Try later.', ...(random.chance(0.5) ? { retryAtMs: nowMs + 5000 } : {}) } } : {};
    const own = random.pick(ownPrices);
    const fallback = { model: own.model, at: 'localhost:11434', causes: fallbackCauses.filter(() => random.chance(0.8)), price: own, estimateMicroCredits: own.rates.input === 0 ? 0 : random.whole(1, 900), ...(random.chance(0.1) ? { isElsewhere: true as const } : {}) };
    const asked = {
      type: 'reserve' as const, attemptId: this.attemptId, number: this.#number, request: this.facts, atMs: nowMs, ...(price ? { price } : {}),
      tier: random.pick(['standard', 'standard', 'fast', 'flex'] as const), estimatedInputTokens: random.whole(1, 900), estimatedOutputTokens: random.whole(1, 60), likelyOutputTokens: random.whole(0, 60),
      limits: { waitedMs: random.whole(0, 500), because: 'There is room.', ...ended }, canAsk: random.chance(0.5), canWait: random.chance(0.5),
      ...(random.chance(0.03) ? { runaway: { action: random.pick(['slow', 'ask', 'let', 'stop'] as const), because: 'It goes round in a circle.' } } : {}),
      ...(random.chance(0.01) ? { unsafe: { code: 'no_api_key' as const, message: 'There is no key.', remedy: 'Store one.' } } : {}),
    };
    if (this.#isOnPlan) return { ...asked, plan: { because: 'A plan pays.' } };
    return {
      ...asked, ...(price ? { estimateMicroCredits: estimate } : {}), ...(random.chance(mood.fallback) ? { fallback } : {}),
      ...(random.chance(0.6) && !price ? { ceiling: { price: ceilingPrice, estimateMicroCredits: random.whole(1, 60_000) } } : {}),
      ...(random.chance(0.1) ? { unpricedRule: random.pick(['refuse', 'ask', 'allow'] as const) } : {}),
    };
  }

  #ending({ random, nowMs, state }: Scene): SettleCommand {
    const id = this.attemptId;
    const roll = random.next();
    const { covered, fallback } = state.attempts.get(id) ?? {};
    if (covered || fallback !== undefined) return this.#endElsewhere({ random, nowMs }, covered === true, fallback);
    if (roll < 0.08) return settleCommand(id, {}, { atMs: nowMs, outcome: 'broken', chargeable: false, measured: false, exposed: true, freeReason: 'Lost.' });
    if (roll < 0.22) return settleCommand(id, {}, { atMs: nowMs, outcome: 'rejected', chargeable: false, freeReason: 'Refused upstream.' });
    if (roll < 0.3) return settleCommand(id, { inputTokens: random.whole(1, 900), outputTokens: random.whole(0, 60) }, { atMs: nowMs, outcome: 'aborted', measured: false, notice: 'Estimated.' });
    // Never by the rules of the broker; the store refuses it by itself, and a true report comes after it.
    if (roll < 0.32) return settleCommand(id, random.pick([{ inputTokens: Number.MAX_SAFE_INTEGER }, { inputTokens: -1 }, { inputTokens: 5, cachedInputTokens: 6 }, { outputTokens: 100_000_001 }, { inputTokens: 0.5 }]), { atMs: nowMs });
    // A price that no charge can be computed from is found out when half of the end is written.
    if (roll < 0.335) return settleCommand(id, { inputTokens: 90_000_000 }, { atMs: nowMs, modelServed: 'gpt-dear', servedPrice: dearPrice });
    return settleCommand(id, someUsage(random), {
      atMs: nowMs, ...(random.chance(0.7) ? { responseId: `resp_${id}` } : {}), outcome: random.pick(['completed', 'completed', 'incomplete', 'failed']), tier: random.pick(['standard', 'standard', 'fast', 'flex']),
      // Also where nothing was to be paid, and the model that served costs something.
      ...(random.chance(state.attempts.get(id)?.slices.length === 0 ? 0.4 : 0.1) ? { modelServed: 'gpt-served', servedPrice: { ...oddPrice, model: 'gpt-served', version: 'test 8' } } : {}),
    });
  }

  /** What no credits pay for ends in the same ways; whatever it used, a plan is charged nothing, and the fallback by its own price. */
  #endElsewhere({ random, nowMs }: Pick<Scene, 'random' | 'nowMs'>, covered: boolean, fallback: string | undefined): SettleCommand {
    const id = this.attemptId;
    const shared = { atMs: nowMs, ...(fallback === undefined ? {} : { modelServed: fallback }), ...(random.chance(0.7) ? { responseId: `resp_${id}` } : {}) };
    const free = { chargeable: false, freeReason: 'A plan paid.' };
    const roll = random.next();
    if (roll < 0.15) return settleCommand(id, {}, { ...shared, outcome: 'broken', measured: false, ...free, ...(covered ? {} : { exposed: true }) });
    if (roll < 0.3) return settleCommand(id, {}, { ...shared, outcome: 'rejected', ...free });
    if (roll < 0.4) return settleCommand(id, { inputTokens: random.whole(1, 900), outputTokens: random.whole(0, 60) }, { ...shared, outcome: 'aborted', measured: false, ...(covered ? free : {}) });
    return settleCommand(id, someUsage(random), { ...shared, outcome: random.pick(['completed', 'completed', 'incomplete', 'failed']), ...(covered ? free : {}) });
  }
}

/** Usage as an upstream may report it. */
export function someUsage(random: SeededRandom): TokenUsage {
  const inputTokens = random.chance(0.06) ? random.pick([271_999, 272_000, 272_001]) : random.whole(0, 900);
  const cachedInputTokens = random.whole(0, inputTokens);
  const outputTokens = random.whole(0, 80);
  return { inputTokens, cachedInputTokens, cacheWriteTokens: random.whole(0, inputTokens - cachedInputTokens), outputTokens, reasoningTokens: random.whole(0, outputTokens) };
}

// A second mind about the ledger: what each command must answer and what every grant must have left,
// written from the rules alone. It shares no code with the product, keeps no history and no file.
import type { ModelPrice, PriceTier } from '../../src/domain/pricing.ts';
import type { TokenUsage } from '../../src/domain/tokenUsage.ts';
import type { GrantCommand, LedgerCommand, ReserveCommand, SettleCommand } from '../../src/broker/store/ledgerPort.ts';

interface ModelGrant { readonly command: GrantCommand; readonly id: string; readonly order: number; left: number; held: number }
interface ModelAttempt {
  readonly command: ReserveCommand;
  readonly slices: { readonly grant: ModelGrant; readonly amount: number }[];
  readonly code?: string;
  open: boolean;
  begun: boolean;
  cost?: number;
  drawn: number;
}

/** What a command must answer, in a shape that an actual answer can be brought into. */
export type Expected = Readonly<Record<string, unknown>> | 'fails';

const drawOrder = ['included', 'promotional', 'purchased'];

/** What the ledger should know. */
export class LedgerModel {
  readonly grants: ModelGrant[] = [];
  readonly attempts = new Map<string, ModelAttempt>();
  readonly #workspaces = new Set<string>();
  /** Who was allowed purchased credits outside of a grant: workspace ids, or `*` for every one. */
  readonly #allowed = new Set<string>();
  /** Sum of everything that expired, to account for every credit at the end. */
  expired = 0;

  /** Copies the state, for a group of commands whose fate is not known yet. */
  copy(): LedgerModel {
    const copy = new LedgerModel();
    const grants = new Map(this.grants.map((grant) => [grant, { ...grant }]));
    copy.grants.push(...grants.values());
    for (const [id, attempt] of this.attempts) {
      copy.attempts.set(id, { ...attempt, slices: attempt.slices.map((slice) => ({ amount: slice.amount, grant: grants.get(slice.grant) ?? slice.grant })) });
    }
    for (const id of this.#workspaces) copy.#workspaces.add(id);
    for (const id of this.#allowed) copy.#allowed.add(id);
    copy.expired = this.expired;
    return copy;
  }

  /** Does a command and tells what it must answer. */
  apply(command: LedgerCommand): Expected {
    switch (command.type) {
      case 'grant': return this.#grant(command);
      case 'reserve': return this.#reserve(command);
      case 'settle': return this.#settle(command);
      case 'expire': return { expired: this.#expire(command.atMs) };
      case 'begin': {
        const attempt = this.attempts.get(command.attemptId);
        if (!attempt || attempt.code !== undefined) return 'fails';
        const exists = attempt.begun;
        attempt.begun = true;
        return { exists };
      }
      case 'recover': {
        const open = [...this.attempts.values()].filter((attempt) => attempt.open);
        for (const attempt of open) {
          const { command: hold } = attempt;
          const usage = { inputTokens: attempt.begun ? hold.estimatedInputTokens : 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 };
          this.#end(attempt, attempt.begun && hold.price ? costOf(usage, hold.price, hold.tier ?? 'standard') : undefined, command.atMs, false);
        }
        return { resolved: open.length };
      }
      case 'consent': {
        const who = command.consent.scope === 'everywhere' ? '*' : command.consent.workspaceId;
        const exists = this.#allowed.has(who);
        this.#allowed.add(who);
        return { exists };
      }
      case 'workspace': {
        const exists = this.#workspaces.has(command.workspaceId);
        this.#workspaces.add(command.workspaceId);
        return { exists };
      }
    }
  }

  #grant(command: GrantCommand): Expected {
    const known = this.grants.find((grant) => grant.command.key === command.key);
    if (known) {
      const same = (['kind', 'amountMicroCredits', 'expiresAtMs'] as const).every((name) => known.command[name] === command[name])
        && JSON.stringify(known.command.consent) === JSON.stringify(command.consent);
      return same ? { created: false, id: known.id } : { code: 'key_conflict' };
    }
    if (command.expiresAtMs !== undefined && command.expiresAtMs <= command.atMs) return { code: 'argument_invalid' };
    this.grants.push({ command, id: command.grantId, order: this.grants.length, left: command.amountMicroCredits, held: 0 });
    return { created: true, id: command.grantId };
  }

  /** Whether a workspace may use purchased credits, by what was said with the grants so far or by itself. */
  #permitted(workspaceId: string): boolean {
    return this.#allowed.has('*') || this.#allowed.has(workspaceId) || this.grants.some(({ command: { kind, consent } }) => kind === 'purchased'
      && (consent.scope === 'everywhere' || consent.scope === 'workspace' && consent.workspaceId === workspaceId));
  }

  #drawable(atMs: number): ModelGrant[] {
    const expiry = (grant: ModelGrant) => grant.command.expiresAtMs ?? Infinity;
    const first = (a: ModelGrant, b: ModelGrant) => drawOrder.indexOf(a.command.kind) - drawOrder.indexOf(b.command.kind)
      || (expiry(a) === expiry(b) ? 0 : expiry(a) - expiry(b)) || a.command.atMs - b.command.atMs || a.order - b.order;
    return this.grants.filter((grant) => expiry(grant) > atMs && grant.left > grant.held).sort(first);
  }

  #reserve(command: ReserveCommand): Expected {
    const known = this.attempts.get(command.attemptId);
    const answer = (attempt: ModelAttempt, exists: boolean): Expected => ({
      exists, code: attempt.code, slices: attempt.slices.map((slice) => [slice.grant.id, slice.amount]),
    });
    if (known) return answer(known, true);
    this.#expire(command.atMs);
    const attempt = this.#decide(command);
    this.attempts.set(command.attemptId, attempt);
    for (const { grant, amount } of attempt.slices) grant.held += amount;
    return answer(attempt, false);
  }

  #decide(command: ReserveCommand): ModelAttempt {
    const refused = (code: string): ModelAttempt => ({ command, slices: [], code, open: false, begun: false, drawn: 0 });
    const admitted = (slices: ModelAttempt['slices']): ModelAttempt => ({ command, slices, open: true, begun: false, drawn: 0 });
    if (command.unsafe) return refused(command.unsafe.code);
    if (command.limits.ended) return refused(command.limits.ended.code);
    if (this.grants.length === 0) return admitted([]);
    if (command.estimateMicroCredits === undefined) return command.unpricedRule === 'refuse' ? refused('model_unpriced') : admitted([]);
    let missing = command.estimateMicroCredits;
    const slices: ModelAttempt['slices'] = [];
    for (const grant of this.#drawable(command.atMs)) {
      const amount = Math.min(missing, grant.left - grant.held);
      if (amount <= 0) break;
      if (grant.command.kind === 'purchased' && !this.#permitted(command.request.workspaceId)) return refused('consent_missing');
      slices.push({ grant, amount });
      missing -= amount;
    }
    return missing > 0 ? refused('credits_exhausted') : admitted(slices);
  }

  #settle(command: SettleCommand): Expected {
    const attempt = this.attempts.get(command.attemptId);
    if (!attempt || attempt.code !== undefined) return 'fails';
    if (attempt.open) {
      const price = command.servedPrice ?? attempt.command.price;
      const cost = command.chargeable && price ? costOf(command.usage, price, command.tier) : undefined;
      if (cost !== undefined && !Number.isSafeInteger(cost)) return 'fails';
      this.#end(attempt, cost, command.atMs, command.measured);
      return { exists: false, cost, drawn: attempt.drawn };
    }
    return { exists: true, cost: attempt.cost, drawn: attempt.drawn };
  }

  #end(attempt: ModelAttempt, cost: number | undefined, atMs: number, measured: boolean): void {
    attempt.open = false;
    if (cost !== undefined) attempt.cost = cost;
    let due = attempt.slices.length === 0 ? 0 : cost ?? 0;
    const before = due;
    for (const { grant, amount } of attempt.slices) {
      const taken = Math.min(due, amount);
      grant.held -= amount;
      grant.left -= taken;
      due -= taken;
    }
    const mayBuy = this.#permitted(attempt.command.request.workspaceId) || attempt.slices.some(({ grant }) => grant.command.kind === 'purchased');
    for (const grant of due > 0 && measured ? this.#drawable(atMs) : []) {
      if (grant.command.kind === 'purchased' && !mayBuy) continue;
      const taken = Math.min(due, grant.left - grant.held);
      grant.left -= taken;
      due -= taken;
    }
    attempt.drawn = before - due;
  }

  #expire(atMs: number): number {
    const over = this.grants.filter((grant) => (grant.command.expiresAtMs ?? Infinity) <= atMs && grant.left > grant.held);
    for (const grant of over) {
      this.expired += grant.left - grant.held;
      grant.left = grant.held;
    }
    return over.length;
  }
}

/** A charge in its own arithmetic: everything times two, so that half a microcredit is a whole number. */
function costOf(usage: TokenUsage, price: ModelPrice, tier: PriceTier): number {
  const rates = price.long !== undefined && usage.inputTokens > price.long.aboveInputTokens ? price.long.rates : price.rates;
  const fresh = usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens;
  const sum = [[fresh, rates.input], [usage.cachedInputTokens, rates.cachedInput], [usage.cacheWriteTokens, rates.cacheWrite], [usage.outputTokens, rates.output]]
    .reduce((total, [tokens = 0, rate = 0]) => total + BigInt(tokens) * BigInt(rate), 0n);
  const fast = price.fast ?? { numerator: 2, denominator: 1 };
  const [times, over] = tier === 'flex' ? [1n, 2n] : tier === 'fast' ? [BigInt(fast.numerator), BigInt(fast.denominator)] : [1n, 1n];
  const halves = 2n * sum * times;
  const unit = 1_000_000n * over;
  return Number((halves / unit + 1n) / 2n);
}

// What people lay down in a random ledger, what they add to it and what they correct, and what the broker notes of
// limits. Everything is drawn from the ledger's own chance.
import type { AutoTopUp } from '../../../src/domain/autoTopUp.ts';
import type { Budget } from '../../../src/domain/budgets.ts';
import type { Directive } from '../../../src/domain/directives.ts';
import type { CorrectCommand, DirectCommand, GrantCommand, LedgerCommand, RedeemCommand } from '../../../src/broker/store/ledgerCommands.ts';
import { reserveCommand, settleCommand } from './ledgerCommands.ts';
import { clients, models, threads, workspaces, zones } from './randomDays.ts';
import type { Days } from './randomDays.ts';
import { usageOf } from './randomRequests.ts';

const hourMs = 3_600_000;
const quarterHourMs = 900_000;
/** Issuers of vouchers by the ids of their keys. The first is never trusted. */
const issuers = ['00000000000000aa', '00000000000000bb', '00000000000000cc'];

/** Limits of a model, mostly changed ones, or a window that began anew. */
export function noteOf({ random, nowMs }: Days): LedgerCommand {
  const subject = random.pick(models);
  if (random.chance(0.3)) return { type: 'note-limit', atMs: nowMs, note: { subject: 'ChatGPT 0a1b/300', began: { plan: 'ChatGPT 0a1b', windowMinutes: 300, resetsAtMs: nowMs + random.whole(0, 300) * 60_000 } } };
  return { type: 'note-limit', atMs: nowMs, note: { subject, limits: [{ measure: random.pick(['requests', 'tokens']), limit: random.whole(1, 3) * 100, windowMinutes: 1 }] } };
}

/** Credits that a person adds. */
export function grantOf(days: Days): GrantCommand {
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

/** A voucher that somebody redeems, now and then one that was redeemed before; or the trust in an issuer, where there is none yet. */
export function voucherOf(days: Days): RedeemCommand | DirectCommand {
  const { random, nowMs, given } = days;
  const trusted = given.flatMap((one) => (one.type === 'direct' && one.directive.kind === 'voucher-issuer' && one.directive.issuer ? [one.directive.keyId] : []));
  if (trusted.length === 0 && random.chance(0.7)) return { type: 'direct', key: `d_${days.next += 1}`, atMs: nowMs, directive: issuerOf(days) };
  const before = random.chance(0.15) ? given.filter((one) => one.type === 'redeem') : [];
  const facts = before.length > 0 ? random.pick(before) : { keyId: trusted.length > 0 && random.chance(0.85) ? random.pick(trusted) : random.pick(issuers), voucherId: `v${days.next += 1}`, amountMicroCredits: random.whole(1, 200_000), ...(random.chance(0.5) ? { expiresAtMs: nowMs + random.whole(-1, 40) * hourMs } : {}) };
  return { ...facts, type: 'redeem', grantId: `voucher_${days.next += 1}`, atMs: nowMs };
}

/** Somebody whose vouchers are taken, or no more. */
function issuerOf({ random }: Days): Directive {
  const keyId = random.pick(issuers.slice(1));
  return { kind: 'voucher-issuer', keyId, issuer: random.chance(0.25) ? null : { keyId, name: 'A "lead"', publicKey: 'A'.repeat(43) } };
}

/** Something that a person lays down. */
export function directiveOf(days: Days): Directive {
  const { random, tracked } = days;
  const roll = random.next();
  if (roll < 0.38) {
    const scope = random.pick(['request', 'task', 'workspace', 'workspace', 'everywhere'] as const);
    const of = { request: random.chance(0.5) && days.requests.size > 0 ? random.pick([...days.requests.keys()]) : `r${days.next + 1}`, task: random.pick(threads), workspace: random.pick(workspaces), everywhere: '' }[scope];
    // An answer for one request is final: it is asked for once, while that request waits.
    return { kind: 'consent', consent: { scope, of, answer: random.pick(scope === 'request' ? ['allow', 'deny'] : ['allow', 'allow', 'deny', 'ask']) } };
  }
  if (roll < 0.62) {
    const id = `b${random.whole(1, 4)}`;
    return { kind: 'budget', id, budget: random.chance(0.15) ? null : budgetOf(days, id) };
  }
  if (roll < 0.72 && tracked) {
    const id = `a ${random.whole(1, 2)}`;
    return { kind: 'allowance', id, allowance: random.chance(0.15) ? null : {
      id, kind: random.pick(['included', 'promotional']), amountMicroCredits: random.whole(1, 90_000), every: random.pick(['day', 'week', 'month']), timeZone: random.pick(zones), priority: random.whole(10, 60),
      ...(random.chance(0.5) ? { weekStartsOn: random.whole(1, 7) } : {}), ...(random.chance(0.2) ? { models: ['gpt-*'] } : {}), ...(random.chance(0.2) ? { workspaces: [random.pick(workspaces)] } : {}), ...(random.chance(0.3) ? { note: 'weekly' } : {}),
    } };
  }
  if (roll < 0.81) return { kind: 'auto-top-up', rule: autoTopUpOf(days) };
  if (roll < 0.86) return issuerOf(days);
  if (roll < 0.87) return { kind: 'restored', note: 'From a backup of yesterday.' };
  if (roll < 0.88) return { kind: 'upstream', at: { key: roll < 0.875 ? 'api.openai.com' : '127.0.0.1:8080', login: 'chatgpt.com' } };
  if (roll < 0.94) return random.chance(0.5) ? { kind: 'policy', name: 'unattended', value: random.pick(['refuse', 'allow']) } : { kind: 'policy', name: 'unpriced', value: random.pick(['refuse', 'ask', 'ceiling', 'allow']) };
  return { kind: 'unpriced-model', model: 'local-free', answer: random.pick(['allow', 'deny', 'ask']) };
}

function budgetOf({ random, nowMs }: Days, id: string): Budget {
  const per = random.pick(['request', 'task', 'workspace', 'model', 'client', 'everything'] as const);
  const named = { task: random.pick(threads), workspace: random.pick(workspaces), model: random.pick(['gpt-*', 'gpt-test', 'gpt-odd']), client: random.pick(clients), request: undefined, everything: undefined }[per];
  const unit = random.pick(['credits', 'tokens'] as const);
  const period = random.pick(['day', 'week', 'month', 'life', { rollingHours: random.whole(1, 90) }] as const);
  // What is spread over days is asked for less than a day of it at a time.
  const isSpread = per !== 'request' && period !== 'day' && period !== 'life' && (typeof period !== 'object' || period.rollingHours > 24) && random.chance(0.6);
  const pace = !isSpread ? {} : typeof period === 'object' ? { pace: 'even', pacedFromMs: Math.floor((nowMs - random.whole(0, 60) * hourMs) / quarterHourMs) * quarterHourMs } as const : { pace: 'even' } as const;
  const limit = (unit === 'credits' ? random.whole(0, 500_000) : random.whole(0, 9_000)) * (isSpread ? random.whole(1, 9) : 1);
  return { id, per, unit, limit, mode: random.pick(['soft', 'hard', 'hard']), timeZone: random.pick(zones), period, ...pace, ...(named === undefined || random.chance(0.5) ? {} : { of: named }) };
}

/** The automatic top-up with a cap of a few additions, or that it is switched off. */
function autoTopUpOf({ random }: Days): AutoTopUp | null {
  if (random.chance(0.15)) return null;
  const belowMicroCredits = random.whole(1, random.pick([90_000, 900_000]));
  const amountMicroCredits = belowMicroCredits + random.whole(0, 60_000);
  return { belowMicroCredits, amountMicroCredits, capMicroCredits: amountMicroCredits * random.whole(1, 4) + random.pick([0, amountMicroCredits - 1]), timeZone: random.pick(zones) };
}

/** A correction of what was used, of a charge or of a grant. */
export function correctOf(days: Days): CorrectCommand {
  const { random } = days;
  const attemptId = random.pick(days.fallenBack.length > 0 && random.chance(0.25) ? days.fallenBack : [...days.ended.keys()]);
  // What rules and vouchers gave is rare, and people take that back too.
  const ruled = days.grants.filter((id) => !/^g\d/.test(id));
  const what = random.chance(0.3) && days.grants.length > 0 ? { kind: 'void', grantId: random.pick(ruled.length > 0 && random.chance(0.4) ? ruled : days.grants), disputed: random.chance(0.6) } as const
    : random.chance(0.5) ? { kind: 'usage', attemptId, usage: usageOf(random) } as const : { kind: 'refund', attemptId, microCredits: random.whole(1, random.chance(0.3) ? 50 : 60_000) } as const;
  return { type: 'correct', key: `k~${days.next += 1}_x`, atMs: days.nowMs, reason: 'The upstream "said" so.', what };
}

/**
 * The long way to a repayment, which chance alone hardly ever goes: credits are spent, then disputed, others pay what
 * is owed for them, and then it turns out that less had been spent.
 */
export function repaymentOf(days: Days): ((nowMs: number) => LedgerCommand)[] {
  const [spent, paying, request] = [`g${days.next += 1}`, `g${days.next += 1}`, `r${days.next += 1}`];
  const grant = (grantId: string) => (atMs: number): GrantCommand => ({ type: 'grant', grantId, key: `key-${grantId}`, kind: 'purchased', amountMicroCredits: 700_000, atMs, priority: 1, consent: { scope: 'everywhere' } });
  const correct = (what: CorrectCommand['what']) => (atMs: number): CorrectCommand => ({ type: 'correct', key: `k~${what.kind}_${request}`, atMs, reason: 'A dispute.', what });
  return [
    grant(spent),
    (atMs) => reserveCommand(`${request}-1`, 600_000, { atMs, canAsk: false, request: { requestId: request, receivedAtMs: days.nowMs, workspaceId: 'ws_a', client: 'codex_exec', model: 'gpt-test', stream: true } }),
    (atMs) => settleCommand(`${request}-1`, { inputTokens: 3000, outputTokens: 100 }, { atMs }),
    correct({ kind: 'void', grantId: spent, disputed: true }), grant(paying), correct({ kind: 'refund', attemptId: `${request}-1`, microCredits: 300_000 }),
  ];
}

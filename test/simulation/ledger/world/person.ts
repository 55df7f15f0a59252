// The person in a world: adds credits, sets budgets and allowances, answers, changes policies, corrects. At
// times twice with the same key, at times with the same key for something else, at times nonsense.
import type { Budget } from '../../../../src/domain/budgets.ts';
import type { AutoTopUp } from '../../../../src/domain/autoTopUp.ts';
import type { CorrectCommand, Correction, DirectCommand, GrantCommand, LedgerCommand, RedeemCommand } from '../../../../src/broker/store/ledgerCommands.ts';
import { grantCommand } from '../../../support/ledger/ledgerCommands.ts';
import { countedUnder, usedUnder } from '../model/modelBudgets.ts';
import { evenDay } from '../model/modelEven.ts';
import { clientNames, threadIds, unpricedModel, workspaceIds } from './scene.ts';
import type { Scene } from './scene.ts';
import { someUsage } from './requestLife.ts';

const zones = ['UTC', 'Europe/Berlin', 'Asia/Beirut'] as const;
const modelPatterns = ['gpt-5*', 'gpt-test', 'gpt-5', 'gpt-*'] as const;
const hourMs = 3_600_000;
const quarterHourMs = 900_000;

/** Some command that was given before, of a kind. */
function earlier<T extends LedgerCommand['type']>({ given, random }: Scene, type: T, isMeant: (command: Extract<LedgerCommand, { readonly type: T }>) => boolean = () => true): Extract<LedgerCommand, { readonly type: T }> | undefined {
  const same = given.filter((one): one is Extract<LedgerCommand, { readonly type: T }> => one.type === type).filter(isMeant);
  return same.length > 0 ? random.pick(same) : undefined;
}

/** Credits that are added. */
export function topUp(scene: Scene): GrantCommand {
  const { random, nowMs, mood, name } = scene;
  const known = random.chance(0.08) ? earlier(scene, 'grant') : undefined;
  const kind = random.chance(mood.purchased) ? 'purchased' : random.pick(['included', 'promotional'] as const);
  const consent = random.pick([{ scope: 'ask' }, { scope: 'everywhere' }, { scope: 'workspace', workspaceId: random.pick(workspaceIds) }, { scope: 'ask' }, { scope: 'ask' }] as const);
  const lifeMs = random.pick([0, 1, 1000, 60_000, hourMs, 24 * hourMs]);
  const startsAtMs = random.chance(mood.shortLived ? 0.25 : 0.08) ? nowMs + random.pick([-1000, 0, 1000, hourMs]) : undefined;
  const amount = mood.lastCredit ? random.whole(1, 300) * random.pick([1, 1000]) : random.whole(1, 400_000);
  return grantCommand(name('grant'), known && random.chance(0.5) ? known.amountMicroCredits : amount, {
    kind: known?.kind ?? kind, consent: known?.consent ?? consent, atMs: nowMs,
    ...(random.chance(mood.shortLived ? 0.8 : 0.25) ? { expiresAtMs: (startsAtMs ?? nowMs) + lifeMs } : {}), ...(startsAtMs === undefined ? {} : { startsAtMs }),
    ...(random.chance(0.25) ? { priority: random.pick([10, 50, 90]) } : {}), ...(random.chance(0.12) ? { models: [random.pick(modelPatterns)] } : {}),
    ...(random.chance(0.12) ? { workspaces: [random.pick(workspaceIds), 'ws_a'] } : {}), ...(known ? { key: known.key } : {}),
  });
}

/** Gives a directive a key: a new one, or at times one that was used. */
function given(scene: Scene, directive: DirectCommand['directive']): DirectCommand {
  const { random, nowMs, name } = scene;
  const known = random.chance(0.08) ? random.pick([...scene.state.keys.keys(), name('key')]) : undefined;
  return { type: 'direct', key: known ?? name('key'), atMs: nowMs, directive };
}

/** An answer about purchased credits, or one that is taken back. */
export function consent(scene: Scene): DirectCommand {
  const { random } = scene;
  const said = random.chance(0.35) ? earlier(scene, 'direct', ({ directive }) => directive.kind === 'consent' && (directive.consent.scope !== 'request' || scene.alive.includes(directive.consent.of))) : undefined;
  if (said?.directive.kind === 'consent') return given(scene, { kind: 'consent', consent: { ...said.directive.consent, answer: random.pick(['ask', 'ask', 'deny', 'allow']) } });
  const scope = random.pick(['request', 'request', 'task', 'workspace', 'workspace', 'everywhere'] as const);
  const of = { request: scene.alive.length > 0 ? random.pick(scene.alive) : 'req_none', task: random.pick(threadIds), workspace: random.pick(workspaceIds), everywhere: '' }[scope];
  return given(scene, { kind: 'consent', consent: { scope, of, answer: random.pick(['allow', 'allow', 'deny', 'ask']) } });
}

/** A budget, mostly near to what is used already, so that the next requests press against it. */
export function budget(scene: Scene): DirectCommand {
  const { random, state, nowMs } = scene;
  const id = random.pick(['first', 'second', 'third']);
  if (random.chance(0.1)) return given(scene, { kind: 'budget', id, budget: null });
  const per = random.pick(['request', 'task', 'workspace', 'model', 'client', 'everything'] as const);
  const of = { request: undefined, everything: undefined, task: random.pick(threadIds), workspace: random.pick(workspaceIds), model: random.pick(modelPatterns), client: random.pick(clientNames) }[per];
  const draft: Budget = {
    id, per, unit: random.pick(['credits', 'tokens']), limit: 0, mode: random.pick(['hard', 'hard', 'soft']), timeZone: random.pick(zones),
    period: random.pick(['day', 'week', 'month', 'life', { rollingHours: random.pick([1, 2, 5, 24]) }, { rollingHours: random.pick([30, 72, 168]) }]), ...(of !== undefined && random.chance(0.4) ? { of } : {}),
  };
  const pace = random.chance(0.7) ? evenly(scene, draft) : {};
  const [last] = scene.given.filter((one) => one.type === 'reserve').slice(-1);
  const key = last?.type === 'reserve' ? countedUnder(draft, last.request) : undefined;
  const { used, reserved } = key === undefined ? { used: 0, reserved: 0 } : usedUnder(state, draft, key, nowMs);
  const want = last?.type === 'reserve' ? draft.unit === 'credits' ? last.estimateMicroCredits ?? 0 : last.estimatedInputTokens + last.estimatedOutputTokens : 0;
  const near = random.pick([used + reserved + want, used + want, used + reserved + want - 1, want]);
  const far = draft.unit === 'credits' ? random.whole(0, 400_000) : random.whole(0, 3000);
  const wrong = random.chance(0.05) ? random.pick([{ limit: -1 }, { limit: 1.5 }, { timeZone: 'Mars/Olympus' }, { period: { rollingHours: 0 } }, { period: { rollingHours: 8785 } }, { pace: 'even' as const }, { pacedFromMs: 7 * quarterHourMs }]) : {};
  const limit = random.chance(0.5) ? wholeFor({ ...draft, ...pace }, Math.max(0, near), nowMs) : far;
  return given(scene, { kind: 'budget', id, budget: { ...draft, ...pace, limit, ...wrong } });
}

/** Spreads a budget that has days; the days of a rolling one began a while ago, or begin later where the clock is set back. */
function evenly({ random, nowMs }: Scene, { per, period }: Budget): Pick<Budget, 'pace' | 'pacedFromMs'> {
  if (per === 'request' || period === 'day' || period === 'life' || typeof period === 'object' && period.rollingHours <= 24) return {};
  if (typeof period !== 'object') return { pace: 'even' };
  return { pace: 'even', pacedFromMs: Math.floor((nowMs - random.pick([0, 0, 5, 25, 47, 60, 96]) * hourMs) / quarterHourMs) * quarterHourMs };
}

/** The least limit of a budget of which so much may be used by now. */
function wholeFor(draft: Budget, amount: number, nowMs: number): number {
  // Parts of a limit that every number of days and hours divides are exact.
  const unit = 24 * 72 * 28 * 29 * 30 * 31;
  return Math.ceil(amount * unit / (evenDay({ ...draft, limit: unit }, nowMs)?.allowed ?? unit));
}

/** Credits that come back by themselves. Some names differ in little. */
export function allowance(scene: Scene): DirectCommand {
  const { random } = scene;
  const id = random.pick(['weekly', 'team-a', 'team_a']);
  if (random.chance(0.1)) return given(scene, { kind: 'allowance', id, allowance: null });
  const wrong = random.chance(0.06) ? random.pick([{ amountMicroCredits: 0 }, { timeZone: 'Mars/Olympus' }, { weekStartsOn: 8 }, { kind: 'purchased' }]) : {};
  const made = {
    id, kind: random.pick(['included', 'promotional'] as const), amountMicroCredits: random.whole(1, 200_000), every: random.pick(['day', 'week', 'month'] as const), timeZone: random.pick(zones),
    priority: random.pick([10, 50]), ...(random.chance(0.5) ? { weekStartsOn: random.pick([1, 6, 7]) } : {}), ...(random.chance(0.15) ? { workspaces: [random.pick(workspaceIds)] } : {}),
    ...(random.chance(0.15) ? { models: [random.pick(modelPatterns)] } : {}),
  };
  return given(scene, { kind: 'allowance', id, allowance: { ...made, ...wrong } });
}

/** The automatic top-up, mostly with a cap of a few additions; at times switched off, at times nonsense. */
export function autoTopUp(scene: Scene): DirectCommand {
  const { random } = scene;
  if (random.chance(0.08)) return given(scene, { kind: 'auto-top-up', rule: null });
  const belowMicroCredits = random.whole(1, 60_000);
  const amountMicroCredits = belowMicroCredits + random.pick([0, 1, random.whole(0, 100_000)]);
  const rule: AutoTopUp = { belowMicroCredits, amountMicroCredits, capMicroCredits: amountMicroCredits * random.pick([1, 2, 3, 5, 100]) + random.pick([0, 0, amountMicroCredits - 1]), timeZone: random.pick(zones) };
  const wrong = random.chance(0.08) ? random.pick([{ belowMicroCredits: 0 }, { belowMicroCredits: amountMicroCredits + 1 }, { capMicroCredits: amountMicroCredits - 1 }, { capMicroCredits: amountMicroCredits * 101 }, { timeZone: 'Mars/Olympus' }]) : {};
  return given(scene, { kind: 'auto-top-up', rule: { ...rule, ...wrong } });
}

/** A voucher that somebody redeems, or somebody who is trusted with issuing them, or no more. */
export function voucher(scene: Scene): DirectCommand | RedeemCommand {
  const { random, nowMs, name, state } = scene;
  const issuers = ['00000000000000aa', '00000000000000bb'];
  const trusted = issuers.filter((id) => { const word = state.directives.get(`voucher-issuer ${id}`); return word?.kind === 'voucher-issuer' && word.issuer; });
  const keyId = random.pick(trusted.length > 0 && random.chance(0.8) ? trusted : issuers);
  if (random.chance(trusted.length > 0 ? 0.15 : 0.7)) return given(scene, { kind: 'voucher-issuer', keyId, issuer: random.chance(0.8) ? { keyId, name: 'A lead', publicKey: 'A'.repeat(43) } : null });
  const known = random.chance(0.25) ? earlier(scene, 'redeem') : undefined;
  const facts = known ?? { keyId, voucherId: name('voucher'), amountMicroCredits: random.whole(1, 200_000), ...(random.chance(0.5) ? { expiresAtMs: nowMs + random.pick([-1000, 0, 1000, hourMs, 24 * hourMs]) } : {}) };
  return { ...facts, type: 'redeem', grantId: name('grant'), atMs: nowMs };
}

/** A policy, or an answer about one model without a price. */
export function policy(scene: Scene): DirectCommand {
  const { random } = scene;
  if (random.chance(0.3)) return given(scene, { kind: 'unpriced-model', model: random.chance(0.8) ? unpricedModel : 'other', answer: random.pick(['allow', 'deny', 'ask']) });
  return given(scene, random.chance(0.6) ? { kind: 'policy', name: 'unpriced', value: random.pick(['refuse', 'ask', 'ceiling', 'allow']) } : { kind: 'policy', name: 'unattended', value: random.pick(['refuse', 'allow']) });
}

/** A correction, mostly of something that can be corrected. */
export function correction(scene: Scene): CorrectCommand {
  const { random, nowMs, name, state } = scene;
  const known = random.chance(0.1) ? earlier(scene, 'correct') : undefined;
  const key = known?.key ?? (random.chance(0.03) && state.keys.size > 0 ? random.pick([...state.keys.keys()]) : name('correct'));
  return { type: 'correct', key, atMs: nowMs, reason: random.pick(['The report came late.', 'A gift.']), what: known && random.chance(0.5) ? known.what : whatIsWrong(scene) };
}

function whatIsWrong({ random, state, isSeen }: Scene): Correction {
  const attempts = [...state.attempts];
  const charged = attempts.filter(([, one]) => one.end?.cost !== undefined);
  if (random.chance(0.22) || attempts.length === 0) {
    const grants = [...state.grants.keys()].filter(isSeen);
    const undone = grants.filter((id) => state.grants.get(id)?.voided === 'undone');
    if (undone.length > 0 && random.chance(0.2)) return { kind: 'void', grantId: random.pick(undone), disputed: true };
    return { kind: 'void', grantId: grants.length > 0 && random.chance(0.95) ? random.pick(grants) : 'grant_none', disputed: random.chance(0.5) };
  }
  // Requests that disputed credits have paid are corrected more often than their number asks for.
  const owing = random.chance(0.25) ? charged.filter(([, one]) => [...one.end?.drawnFrom ?? []].some(([grantId, amount]) => amount > 0 && state.grants.get(grantId)?.voided === 'disputed')) : [];
  const [attemptId, attempt] = owing.length > 0 ? random.pick(owing) : charged.length > 0 && random.chance(0.9) ? random.pick(charged) : random.pick(attempts);
  if (random.chance(0.5)) return { kind: 'usage', attemptId, usage: random.chance(0.03) ? { ...someUsage(random), inputTokens: -1 } : random.chance(0.15) && attempt.end ? attempt.end.usage : someUsage(random) };
  const costNow = attempt.end?.costNow ?? 0;
  return { kind: 'refund', attemptId, microCredits: random.pick([costNow, random.whole(1, Math.max(1, costNow)), Math.ceil(costNow / 2), costNow + 1, 0]) };
}

// The second mind's automatic top-up and vouchers: when the rule adds, how much in a month, for which requests, and
// what a voucher gives. Written from the rules alone.
import type { AutoTopUp } from '../../../../src/domain/autoTopUp.ts';
import type { DecideFacts, RedeemCommand } from '../../../../src/broker/store/ledgerCommands.ts';
import { periodAt } from './modelCalendar.ts';
import { drawable, isAlive } from './modelCosts.ts';
import { decided, withFallback } from './modelDecision.ts';
import type { Decided } from './modelDecision.ts';
import { addGrant, priorityUnsaid } from './modelGrants.ts';
import { copyState, freeOf } from './modelState.ts';
import type { ModelState } from './modelState.ts';

const chosenByRule = 'the automatic top-up';

function ruleOf(state: ModelState): AutoTopUp | undefined {
  const word = state.directives.get('auto-top-up ledger');
  return word?.kind === 'auto-top-up' ? word.rule ?? undefined : undefined;
}

/** Adds so many times, or not at all where that is more than the month allows. */
function add(state: ModelState, rule: AutoTopUp, times: number, atMs: number): boolean {
  const month = periodAt('month', rule.timeZone, atMs);
  const before = [...state.grants.values()].filter((grant) => grant.chosen === chosenByRule);
  const thisMonth = before.filter((grant) => month.fromMs <= grant.createdAtMs && grant.createdAtMs < month.untilMs).reduce((all, grant) => all + (state.topUpAmounts.get(grant.id) ?? 0), 0);
  if (thisMonth + times * rule.amountMicroCredits > rule.capMicroCredits) {
    state.notes.push('automatic top-up capped');
    return false;
  }
  for (let time = 0; time < times; time += 1) {
    let number = 1;
    while (state.grants.has(`auto top-up ${month.fromMs} ${number}`)) number += 1;
    const id = `auto top-up ${month.fromMs} ${number}`;
    state.topUpAmounts.set(id, rule.amountMicroCredits);
    addGrant(state, id, { id, kind: 'purchased', chosen: chosenByRule, priority: priorityUnsaid, createdAtMs: atMs, left: rule.amountMicroCredits, held: 0, spent: 0, expired: [] });
  }
  return true;
}

/** Adds once where less is left than the rule says. */
export function addBelowThreshold(state: ModelState, atMs: number): number {
  const rule = ruleOf(state);
  if (!rule || state.grants.size === 0 || state.owed > 0) return 0;
  const there = [...state.grants.values()].filter((grant) => isAlive(grant, atMs)).reduce((all, grant) => all + grant.left, 0);
  if (there >= rule.belowMicroCredits || !add(state, rule, 1, atMs)) return 0;
  state.notes.push('automatic top-up below the threshold');
  return 1;
}

/** Decides; credits that are missing are added where the rule may and the request then goes on. */
export function decidedWithTopUp(state: ModelState, facts: DecideFacts): Decided {
  const plain = decided(state, facts);
  const rule = ruleOf(state);
  if (!rule || plain.verdict.outcome !== 'refuse' || plain.verdict.code !== 'credits_exhausted') return withFallback(state, facts, plain);
  const free = drawable(state, { atMs: facts.atMs, model: facts.request.model, workspaceId: facts.request.workspaceId }).reduce((all, grant) => all + freeOf(grant), 0);
  let times = 1;
  while (free + times * rule.amountMicroCredits < (plain.estimate ?? 0)) times += 1;
  const ahead = copyState(state);
  if (!add(ahead, rule, times, facts.atMs)) {
    state.notes.push('automatic top-up not enough for a request');
    return withFallback(state, facts, plain);
  }
  const again = decided(ahead, facts);
  if (again.verdict.outcome === 'admit') {
    add(state, rule, times, facts.atMs);
    state.notes.push('automatic top-up for a request', ...(times > 1 ? ['automatic top-up several times for a request'] : []));
  } else state.notes.push('no automatic top-up without permission');
  return withFallback(state, facts, again);
}

/** A voucher. */
export function redeem(state: ModelState, { grantId, keyId, voucherId, amountMicroCredits, expiresAtMs, atMs }: RedeemCommand) {
  const key = `voucher ${keyId} ${voucherId}`;
  const known = state.grantKeys.get(key);
  if (known !== undefined) return known === grantId ? { created: false, id: known, left: state.grants.get(known)?.left } : { code: 'voucher_redeemed' };
  const issuer = state.directives.get(`voucher-issuer ${keyId}`);
  if (issuer?.kind !== 'voucher-issuer' || !issuer.issuer) return { code: 'voucher_foreign' };
  if (expiresAtMs !== undefined && atMs >= expiresAtMs) return { code: 'voucher_expired' };
  addGrant(state, key, { id: grantId, kind: 'promotional', chosen: 'a voucher', priority: priorityUnsaid, createdAtMs: atMs, left: amountMicroCredits, held: 0, spent: 0, expired: [], ...(expiresAtMs === undefined ? {} : { expiresAtMs }) });
  return { created: true, id: grantId, left: amountMicroCredits };
}

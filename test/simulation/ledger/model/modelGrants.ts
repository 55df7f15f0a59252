// The second mind's grants: how credits come (top-ups, allowances, once for one key), how they go without
// being used (time that is over, grants that are taken back), and how new ones pay what is owed.
import type { Allowance } from '../../../../src/domain/allowances.ts';
import type { GrantCommand } from '../../../../src/broker/store/ledgerCommands.ts';
import { periodAt } from './modelCalendar.ts';
import { freeOf, moveGrant } from './modelState.ts';
import type { ModelGrant, ModelState } from './modelState.ts';
import { layDown } from './modelDirectives.ts';

/** Burn priority where none was chosen. */
export const priorityUnsaid = 50;

function chosenIn(command: GrantCommand): string {
  const { kind, amountMicroCredits, expiresAtMs, consent, startsAtMs, priority, models, workspaces } = command;
  return JSON.stringify([kind, amountMicroCredits, expiresAtMs ?? 'never', consent, startsAtMs ?? 'now', priority ?? 'unsaid', models ?? 'all', workspaces ?? 'all']);
}

/** A top-up. */
export function topUp(state: ModelState, command: GrantCommand) {
  const knownId = state.grantKeys.get(command.key);
  const known = knownId === undefined ? undefined : state.grants.get(knownId);
  if (known) return known.chosen === chosenIn(command) ? { created: false, id: known.id, left: known.left } : { code: 'key_conflict' };
  const { expiresAtMs, startsAtMs, models, workspaces } = command;
  if (expiresAtMs !== undefined && (expiresAtMs <= command.atMs || startsAtMs !== undefined && expiresAtMs <= startsAtMs)) return { code: 'argument_invalid' };
  addGrant(state, command.key, {
    id: command.grantId, kind: command.kind, chosen: chosenIn(command), priority: command.priority ?? priorityUnsaid, createdAtMs: command.atMs, left: command.amountMicroCredits, held: 0, spent: 0, expired: [],
    ...(startsAtMs === undefined ? {} : { startsAtMs }), ...(expiresAtMs === undefined ? {} : { expiresAtMs }), ...(models ? { models } : {}), ...(workspaces ? { workspaces } : {}),
  });
  if (command.kind === 'purchased') {
    const { consent } = command;
    if (consent.scope !== 'ask') layDown(state, `grant ${command.grantId}`, { kind: 'consent', consent: { scope: consent.scope, of: consent.scope === 'workspace' ? consent.workspaceId : '', answer: 'allow' } });
    payOwed(state, command);
  }
  return { created: true, id: command.grantId, left: state.grants.get(command.grantId)?.left };
}

/** Adds a grant with the entry that makes it. */
export function addGrant(state: ModelState, key: string, grant: ModelGrant): void {
  state.grants.set(grant.id, grant);
  state.grantKeys.set(key, grant.id);
  state.rows.entries += 1;
}

function payOwed(state: ModelState, { grantId, amountMicroCredits }: GrantCommand): void {
  const amount = Math.min(state.owed, amountMicroCredits);
  if (amount === 0) return;
  moveGrant(state, grantId, { left: -amount, spent: amount });
  state.owed -= amount;
  state.paid += amount;
  state.rows.entries += 2;
  state.notes.push('owed paid');
}

/** Takes what is free of a grant away where its time is over or it was taken back. Tells whether it did. */
export function endIfOver(state: ModelState, grantId: string, atMs: number): boolean {
  const grant = state.grants.get(grantId);
  if (!grant || freeOf(grant) <= 0) return false;
  const isVoided = grant.voided !== undefined;
  if (!isVoided && atMs < (grant.expiresAtMs ?? Infinity)) return false;
  const amount = freeOf(grant);
  moveGrant(state, grantId, { left: -amount });
  if (isVoided) state.voided += amount;
  else {
    state.expired += amount;
    state.grants.set(grantId, { ...grant, left: grant.left - amount, expired: [...grant.expired, amount] });
  }
  state.rows.entries += 1;
  state.notes.push(isVoided ? 'free credits of a voided grant gone' : 'expired');
  if (!isVoided && grant.held > 0) state.notes.push('expired while a part is reserved');
  return true;
}

/** What had expired of grants that are in time after all comes back, where more than ten minutes are left of it. */
function returnExpired(state: ModelState, atMs: number): number {
  let returned = 0;
  for (const grant of state.grants.values()) {
    if (grant.expired.length === 0 || grant.voided !== undefined || atMs < grant.createdAtMs || atMs + 10 * 60_000 >= (grant.expiresAtMs ?? Infinity)) continue;
    const amount = grant.expired.reduce((sum, one) => sum + one, 0);
    state.grants.set(grant.id, { ...grant, left: grant.left + amount, expired: [] });
    state.expired -= amount;
    state.rows.entries += grant.expired.length;
    returned += grant.expired.length;
    state.notes.push(grant.held > 0 ? 'expired too early, back beside a hold' : 'expired too early, back');
  }
  return returned;
}

/** What time brings, but for the automatic top-up. */
export function bookTime(state: ModelState, atMs: number): { readonly expired: number; readonly returned: number; readonly granted: number } {
  const returned = returnExpired(state, atMs);
  const expired = [...state.grants.keys()].filter((id) => endIfOver(state, id, atMs)).length;
  let granted = 0;
  for (const one of state.directives.values()) if (one.kind === 'allowance' && one.allowance && giveAllowance(state, one.allowance, atMs)) granted += 1;
  return { expired, returned, granted };
}

/** The credits of the period that a moment lies in; each period once, whatever clocks do. */
function giveAllowance(state: ModelState, allowance: Allowance, atMs: number): boolean {
  const { fromMs, untilMs } = periodAt(allowance.every, allowance.timeZone, atMs, allowance.weekStartsOn);
  const key = `allowance ${allowance.id} ${fromMs}`;
  if (state.grantKeys.has(key)) return false;
  addGrant(state, key, {
    id: key, kind: allowance.kind, chosen: 'an allowance', priority: allowance.priority, createdAtMs: atMs, startsAtMs: fromMs, expiresAtMs: untilMs, left: allowance.amountMicroCredits, held: 0, spent: 0, expired: [],
    ...(allowance.models ? { models: allowance.models } : {}), ...(allowance.workspaces ? { workspaces: allowance.workspaces } : {}),
  });
  state.notes.push('allowance given');
  return true;
}

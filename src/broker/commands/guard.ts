// `codex-broker guard`: whether there is enough left to go on, as an exit code for hooks and CI: 0 there is,
// 1 there is not, or it cannot be told.
import { isInForce } from '../../domain/grants.ts';
import { decimalsApart, formatCredits, parseCredits, sum } from '../../domain/units.ts';
import type { Snapshot } from '../../protocol/snapshot.ts';
import { mayUsePurchased } from '../../protocol/windowDraw.ts';
import { workspaceIdOf } from '../dataFolder.ts';
import { wrongUse } from './argumentValues.ts';
import { usedShare } from './budgetTexts.ts';
import type { CommandIo } from './commandIo.ts';
import { pathOf, readOptions } from './commandIo.ts';
import { withControl } from './withControl.ts';

/** What is asked for. Without a bound it is that the next request can be paid at all. */
export interface GuardBounds { readonly freeMicroCreditsMin?: number; readonly usedShareMax?: number }

/** The state as a guard sees it. */
export interface GuardFinding {
  readonly ok: boolean;
  /** What is not as it should be, as sentences. */
  readonly reasons: readonly string[];
  /** Free for this workspace; absent while the balance is not tracked. */
  readonly freeMicroCredits?: number;
}

/** `codex-broker guard [--min-credits N] [--max-used PCT]` */
export async function guard(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { 'min-credits': { type: 'string' }, 'max-used': { type: 'string' }, workspace: { type: 'string' } });
  const bounds = { ...minimum(values['min-credits']), ...maximum(values['max-used']) };
  const { workspaceId } = workspaceIdOf(values.workspace === undefined ? io.cwd : pathOf('workspace', values.workspace, io));
  return withControl(values, io, 'read', async ({ api }) => {
    const found = judge(await api.status({}), workspaceId, bounds);
    io.out(values.json ? JSON.stringify(found) : found.ok ? okText(found) : found.reasons.join(' '));
    return found.ok ? 0 : 1;
  });
}

function minimum(text: string | undefined): Pick<GuardBounds, 'freeMicroCreditsMin'> {
  if (text === undefined) return {};
  const amount = parseCredits(text);
  if (amount === undefined) throw wrongUse(`"${text}" is no amount of credits: a number from 0 on with at most six decimals.`);
  return { freeMicroCreditsMin: amount };
}

function maximum(text: string | undefined): Pick<GuardBounds, 'usedShareMax'> {
  if (text === undefined) return {};
  const percent = /^\d{1,3}(\.\d{1,2})?%?$/.test(text) ? Number(text.replace('%', '')) : Number.NaN;
  if (!(percent <= 100)) throw wrongUse(`"${text}" is no share from 0 to 100 percent.`);
  return { usedShareMax: percent / 100 };
}

/** Judges the state for one workspace. */
export function judge(snapshot: Snapshot, workspaceId: string, { freeMicroCreditsMin, usedShareMax }: GuardBounds): GuardFinding {
  const { balance } = snapshot;
  const grants = balance.grants.filter((grant) => isInForce(grant, snapshot.atMs) && (grant.workspaces === undefined || grant.workspaces.includes(workspaceId)));
  const free = sum(grants.map((grant) => grant.remainingMicroCredits - grant.heldMicroCredits));
  const reasons = snapshot.problems.map((one) => one.message);
  if (balance.owedMicroCredits > 0) reasons.push(`${formatCredits(balance.owedMicroCredits, 6)} credits are owed, so nothing is sent.`);
  if (freeMicroCreditsMin !== undefined) {
    // What is not counted cannot be promised: a wrong data folder must not pass for a full purse.
    if (!balance.tracked) reasons.push('The balance is not tracked, so no credits can be promised.');
    else if (free < freeMicroCreditsMin) reasons.push(`${tellApart(free, freeMicroCreditsMin)} credits are free, fewer than ${tellApart(freeMicroCreditsMin, free)}.`);
  }
  if (usedShareMax !== undefined && balance.tracked) {
    const granted = sum(grants.map((grant) => grant.amountMicroCredits));
    const share = granted > 0 ? 1 - free / granted : 1;
    if (share > usedShareMax) reasons.push(`${percentText(share)} of the credits are used, more than ${percentText(usedShareMax)}.`);
  }
  for (const { id, budget, today, uses } of snapshot.budgets) {
    for (const use of uses) {
      if (budget.per !== 'everything' && !(budget.per === 'workspace' && use.key === workspaceId)) continue;
      const share = usedShare(budget, use);
      if (usedShareMax !== undefined ? share > usedShareMax : budget.mode === 'hard' && share >= 1) reasons.push(`${percentText(share)} of the budget ${id} is used${usedShareMax === undefined ? '' : `, more than ${percentText(usedShareMax)}`}.`);
      else if (today?.day && budget.mode === 'hard' && use.used + use.reserved >= today.allowed) reasons.push(`The budget ${id} is used up for today.`);
    }
  }
  if (balance.tracked && freeMicroCreditsMin === undefined && free <= 0) reasons.push('No credits are free.');
  const onlyPurchased = grants.filter((grant) => grant.remainingMicroCredits > grant.heldMicroCredits).every((grant) => grant.kind === 'purchased');
  if (free > 0 && onlyPurchased && !mayUsePurchased(snapshot.consent, workspaceId)) reasons.push('Only purchased credits are free, and this workspace may not use them.');
  return { ok: reasons.length === 0, reasons, ...(balance.tracked ? { freeMicroCredits: free } : {}) };
}

function okText({ freeMicroCredits }: GuardFinding): string {
  return freeMicroCredits === undefined ? 'Nothing stands in the way: the balance is not tracked.' : `Nothing stands in the way: ${formatCredits(freeMicroCredits)} credits are free.`;
}

/** An amount beside another one, with as many decimals as it takes to see which is more. */
function tellApart(amount: number, other: number): string {
  return formatCredits(amount, decimalsApart(amount, other));
}

function percentText(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

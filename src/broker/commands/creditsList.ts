// `codex-broker credits list`: the balance, every grant with its state, what is owed, and what comes back by
// itself.
import { isExpired } from '../../domain/grants.ts';
import { formatCredits, formatUsd } from '../../domain/units.ts';
import type { GrantView, Snapshot } from '../../protocol/snapshot.ts';
import { allowanceText } from './budgetTexts.ts';
import { autoTopUpText } from './creditsAuto.ts';
import type { CommandIo } from './commandIo.ts';
import { readOptions, textTable } from './commandIo.ts';
import { momentText } from './factTexts.ts';
import { owedLine } from './owedLine.ts';
import { withControl } from './withControl.ts';

/** `codex-broker credits list` */
export async function creditsList(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, {});
  return withControl(values, io, 'read', async ({ api }) => {
    const { balance, allowances, autoTopUp, atMs } = await api.status({});
    if (values.json) {
      io.out(JSON.stringify({ ...balance, allowances, ...(autoTopUp ? { autoTopUp } : {}) }));
      return 0;
    }
    const isOnlyFor = balance.grants.some((grant) => grant.workspaces);
    const names = isOnlyFor ? new Map((await api.usage({ by: 'workspace' })).rows.map((row) => [row.key, row.label])) : new Map<string, string>();
    io.out(balanceText({ balance, allowances, atMs, ...(autoTopUp ? { autoTopUp } : {}) }, names));
    return 0;
  });
}

/** The balance as lines. @param names labels of workspaces by their ids, as far as they are known */
export function balanceText({ balance, allowances, autoTopUp, atMs }: Pick<Snapshot, 'balance' | 'allowances' | 'autoTopUp' | 'atMs'>, names: ReadonlyMap<string, string>): string {
  const back = [...allowances.length === 0 ? [] : ['', 'Comes back by itself:', ...allowances.map((one) => `  ${allowanceText(one)}`)], ...autoTopUp ? ['', autoTopUpText(autoTopUp)] : []];
  if (!balance.tracked) return ['The balance is not tracked: no credits were ever added.', ...back].join('\n');
  return [
    `Balance ${formatCredits(balance.balanceMicroCredits)} credits (${formatUsd(balance.balanceMicroCredits)}), ${formatCredits(balance.heldMicroCredits)} reserved.`,
    ...(balance.owedMicroCredits > 0 ? [owedLine(balance.owedMicroCredits)] : []),
    '',
    textTable(['grant', 'kind', 'state', 'starts', 'expires', 'only for', 'priority', 'amount', 'left', 'reserved'], balance.grants.map((grant) => [
      grant.id, grantName(grant), grantState(grant, atMs), momentText(grant.startsAtMs ?? grant.createdAtMs), grant.expiresAtMs === undefined ? 'never' : momentText(grant.expiresAtMs),
      onlyFor(grant, names), String(grant.priority), formatCredits(grant.amountMicroCredits), formatCredits(grant.remainingMicroCredits), formatCredits(grant.heldMicroCredits)]), 6),
    ...back,
  ].join('\n');
}

/** Its kind, and where it came from when nobody added it by hand. */
function grantName({ kind, source }: GrantView): string {
  return source ? `${kind} (${source})` : kind;
}

/** The state of a grant in a word or two. */
export function grantState(grant: Pick<GrantView, 'voided' | 'startsAtMs' | 'expiresAtMs' | 'remainingMicroCredits'>, nowMs: number): string {
  if (grant.voided !== undefined) return grant.voided === 'disputed' ? 'disputed' : 'taken back';
  if (isExpired(grant, nowMs)) return 'expired';
  if (grant.startsAtMs !== undefined && grant.startsAtMs > nowMs) return 'not begun';
  return grant.remainingMicroCredits === 0 ? 'used up' : 'in force';
}

function onlyFor({ models, workspaces }: GrantView, names: ReadonlyMap<string, string>): string {
  return [...(models ?? []), ...(workspaces ?? []).map((id) => names.get(id) ?? id)].join(', ');
}

// `codex-broker credits add`: one grant with one cause, once for one key. It asks the broker, or the ledger
// when none runs; it never changes it itself.
import { randomUUID } from 'node:crypto';
import { grantKinds } from '../../domain/grants.ts';
import { formatCredits, formatUsd } from '../../domain/units.ts';
import type { CreditsAddResult } from '../../protocol/control.ts';
import { amountOf, modelsOf, momentOf, wholeNumberOf, wordOf, workspaceIdsOf } from './argumentValues.ts';
import type { CommandIo } from './commandIo.ts';
import { readOptions } from './commandIo.ts';
import { consentOf } from './creditsConsent.ts';
import { momentText } from './factTexts.ts';
import { withControl } from './withControl.ts';

/** Options that say what a grant or an allowance pays for, and in which order it burns. */
export const restrictionOptions = { priority: { type: 'string' }, models: { type: 'string', multiple: true }, workspaces: { type: 'string', multiple: true } } as const;

interface RestrictionValues { readonly priority?: string | undefined; readonly models?: readonly string[] | undefined; readonly workspaces?: readonly string[] | undefined }

/** Reads them. @throws ProblemError `argument_invalid` */
export function restrictionsOf(values: RestrictionValues, io: CommandIo): { priority?: number; models?: string[]; workspaces?: string[] } {
  const priority = wholeNumberOf('--priority', values.priority, 1000);
  const models = modelsOf('models', values.models);
  const workspaces = workspaceIdsOf(values.workspaces, io);
  return { ...(priority === undefined ? {} : { priority }), ...(models ? { models } : {}), ...(workspaces ? { workspaces } : {}) };
}

/** `codex-broker credits add AMOUNT` */
export async function creditsAdd(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, {
    ...restrictionOptions, kind: { type: 'string' }, starts: { type: 'string' }, expires: { type: 'string' }, key: { type: 'string' }, note: { type: 'string' }, for: { type: 'string' },
  }, 1);
  const amount = amountOf(positionals[0]);
  const kind = wordOf('kind', values.kind ?? 'purchased', grantKinds);
  const startsAtMs = momentOf(values.starts);
  const expiresAtMs = momentOf(values.expires);
  const restrictions = restrictionsOf(values, io);
  const consent = consentOf(values.for, io);
  return withControl(values, io, 'change', async ({ api }) => {
    const result = await api.creditsAdd({
      amountMicroCredits: amount, kind, key: values.key ?? `cli-${randomUUID()}`, consent, ...restrictions,
      ...(startsAtMs === undefined ? {} : { startsAtMs }), ...(expiresAtMs === undefined ? {} : { expiresAtMs }), ...(values.note === undefined ? {} : { note: values.note }),
    });
    io.out(values.json ? JSON.stringify(result) : addedText(result, values.for));
    return 0;
  });
}

function addedText({ created, grant, balance }: CreditsAddResult, to: string | undefined): string {
  const paid = created ? grant.amountMicroCredits - grant.remainingMicroCredits : 0;
  return [
    created ? `Added ${formatCredits(grant.amountMicroCredits)} ${grant.kind} credits (${formatUsd(grant.amountMicroCredits)}).` : 'This key was used before: nothing was added again.',
    ...(created && grant.startsAtMs !== undefined && grant.startsAtMs > grant.createdAtMs ? [`They can be used from ${momentText(grant.startsAtMs)} on.`] : []),
    ...(paid > 0 ? [`${formatCredits(paid, 6)} of them paid what was owed.`] : []),
    `Balance ${formatCredits(balance.balanceMicroCredits)} credits.`,
    ...(created && grant.kind === 'purchased' ? [consentText(to)] : []),
  ].join('\n');
}

function consentText(to: string | undefined): string {
  if (to === undefined) return 'Every workspace may use purchased credits from now on; next time, --for PATH allows only one, --for none no further one.';
  if (to === 'all') return 'Every workspace may use purchased credits from now on.';
  return to === 'none' ? 'No further workspace was allowed purchased credits; whoever was allowed them before still is.'
    : `The workspace ${to} may use purchased credits; whoever was allowed them before still is.`;
}

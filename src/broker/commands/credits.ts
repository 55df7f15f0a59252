// `codex-broker credits add`, `credits allow` and `credits list`, and `codex-broker token`. They ask the
// broker, or the ledger when none runs; they never change it themselves.
import { existsSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { problem, ProblemError } from '../../domain/problem.ts';
import { grantKinds } from '../../domain/grants.ts';
import { formatCredits, formatUsd, parseCredits } from '../../domain/units.ts';
import { parseIso } from '../../protocol/control.ts';
import { grantMicroCreditsMax } from '../../protocol/controlArguments.ts';
import type { BalanceView } from '../../protocol/snapshot.ts';
import { workspaceIdOf } from '../dataFolder.ts';
import { utcOffsetMs } from '../systemClock.ts';
import type { CommandIo } from './commandIo.ts';
import { pathOf, readOptions, textTable } from './commandIo.ts';
import { withControl } from './reports.ts';

/** `codex-broker credits add AMOUNT | allow | list` */
export async function credits(args: readonly string[], io: CommandIo): Promise<number> {
  const [verb, ...rest] = args;
  if (verb === 'add') return creditsAdd(rest, io);
  if (verb === 'allow') return creditsAllow(rest, io);
  if (verb === 'list') return creditsList(rest, io);
  throw new ProblemError(problem('argument_invalid', 'Say `credits add AMOUNT`, `credits allow` or `credits list`.'));
}

async function creditsAdd(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, {
    kind: { type: 'string' }, expires: { type: 'string' }, key: { type: 'string' }, note: { type: 'string' }, for: { type: 'string' },
  }, 1);
  const amount = parseCredits(positionals[0] ?? '');
  if (amount === undefined || amount === 0 || amount > grantMicroCreditsMax) {
    throw new ProblemError(problem('argument_invalid', `"${positionals[0] ?? ''}" is no amount of credits: a number above 0 and up to 1000000, with at most six decimals.`));
  }
  const kind = grantKinds.find((one) => one === (values.kind ?? 'purchased'));
  if (!kind) throw new ProblemError(problem('argument_invalid', `A grant is ${grantKinds.join(', ')}, not "${values.kind}".`));
  const expiresAtMs = values.expires === undefined ? undefined : parseIso(values.expires, utcOffsetMs);
  if (values.expires !== undefined && expiresAtMs === undefined) throw new ProblemError(problem('argument_invalid', `"${values.expires}" is no date such as 2026-12-31 (midnight here) or 2026-12-31T10:00:00Z.`));
  const consent = consentOf(values.for, io);
  return withControl(values, io, 'change', async ({ api }) => {
    const result = await api.creditsAdd({
      amountMicroCredits: amount, kind, key: values.key ?? `cli-${randomUUID()}`, consent,
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }), ...(values.note === undefined ? {} : { note: values.note }),
    });
    if (values.json) io.out(JSON.stringify(result));
    else {
      io.out(result.created ? `Added ${formatCredits(amount)} ${kind} credits (${formatUsd(amount)}).` : 'This key was used before: nothing was added again.');
      io.out(`Balance ${formatCredits(result.balance.balanceMicroCredits)} credits.`);
      if (kind === 'purchased' && result.created) io.out(consentText(values.for));
    }
    return 0;
  });
}

/** Adding purchased credits says in the same breath who may use purchased credits; `--for` narrows it. */
function consentOf(to: string | undefined, io: CommandIo): { scope: 'everywhere' } | { scope: 'ask' } | { scope: 'workspace'; workspaceId: string } {
  if (to === undefined || to === 'all') return { scope: 'everywhere' };
  if (to === 'none') return { scope: 'ask' };
  return { scope: 'workspace', workspaceId: workspaceIdOf(pathOf('for', to, io)).workspaceId };
}

function consentText(to: string | undefined): string {
  if (to === undefined) return 'Every workspace may use purchased credits from now on; next time, --for PATH allows only one, --for none no further one.';
  if (to === 'all') return 'Every workspace may use purchased credits from now on.';
  return to === 'none' ? 'No further workspace was allowed purchased credits; whoever was allowed them before still is.'
    : `The workspace ${to} may use purchased credits; whoever was allowed them before still is.`;
}

/** The narrower answer is the default: what is allowed here cannot be taken back. */
async function creditsAllow(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { for: { type: 'string' } });
  const to = values.for ?? '.';
  const consent = consentOf(to, io);
  if (consent.scope === 'ask') throw new ProblemError(problem('argument_invalid', 'A permission cannot be taken back; --for takes a folder, or "all" for every workspace.'));
  const path = pathOf('for', to, io);
  if (consent.scope === 'workspace' && !existsSync(path)) throw new ProblemError(problem('argument_invalid', `There is no folder ${path}, so no workspace was allowed anything.`));
  return withControl(values, io, 'change', async ({ api }) => {
    const result = await api.consent(consent);
    io.out(values.json ? JSON.stringify(result)
      : `${consent.scope === 'everywhere' ? 'Every workspace' : `The workspace ${path}`} may use purchased credits, those of now and later ones.`);
    return 0;
  });
}

async function creditsList(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, {});
  return withControl(values, io, 'read', async ({ api }) => {
    const balance = await api.creditsList({});
    io.out(values.json ? JSON.stringify(balance) : balanceText(balance));
    return 0;
  });
}

function balanceText(balance: BalanceView): string {
  if (!balance.tracked) return 'The balance is not tracked: no credits were ever added.';
  return [`Balance ${formatCredits(balance.balanceMicroCredits)} credits (${formatUsd(balance.balanceMicroCredits)}), ${formatCredits(balance.heldMicroCredits)} reserved.`, '',
    textTable(['grant', 'kind', 'expires', 'amount', 'left', 'reserved'], balance.grants.map((grant) => [grant.id, grant.kind,
      grant.expiresAtMs === undefined ? 'never' : new Date(grant.expiresAtMs).toISOString().slice(0, 16),
      formatCredits(grant.amountMicroCredits), formatCredits(grant.remainingMicroCredits), formatCredits(grant.heldMicroCredits)]), 3)].join('\n');
}

/** `codex-broker token --workspace PATH` */
export async function token(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { workspace: { type: 'string' }, label: { type: 'string' } });
  const workspacePath = values.workspace === undefined ? io.cwd : pathOf('workspace', values.workspace, io);
  return withControl(values, io, 'change', async ({ api, url }) => {
    const made = await api.token({ workspacePath, ...(values.label === undefined ? {} : { label: values.label }) });
    if (values.json) io.out(JSON.stringify(made));
    else {
      io.out(`Workspace  ${made.workspaceId}`);
      io.out(`Token      ${made.token}`);
      io.out(url === undefined ? 'No broker is running; its address is told once `codex-broker serve` runs.' : `SDKs       OPENAI_BASE_URL=${made.baseUrl}  OPENAI_API_KEY=<token>\nCodex      codex -c openai_base_url="${made.codexBaseUrl}"`);
    }
    return 0;
  });
}

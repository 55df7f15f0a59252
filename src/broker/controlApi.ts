// The control calls: what a window or the command line may ask of the broker. Arguments are
// checked here, once for both ways in; expected failures are problems, never stack traces.
import { isAbsolute } from 'node:path';
import { offsetSpans } from '../domain/localDays.ts';
import { problem, ProblemError } from '../domain/problem.ts';
import type { CallOutcome, ControlApi, ControlResults } from '../protocol/control.ts';
import { controlArguments } from '../protocol/controlArguments.ts';
import type { ControlMethod } from '../protocol/controlArguments.ts';
import { balanceView } from './balanceView.ts';
import type { ControlParts } from './controlParts.ts';
import { renewalsMax, renewalsOf, tokenHash, workspaceIdOf, workspaceToken } from './dataFolder.ts';
import { directiveCalls } from './directiveCalls.ts';
import { dryRun } from './dryRun.ts';
import { freshBalance } from './freshBalance.ts';
import { importCalls } from './importCalls.ts';
import { insightsOf } from './insightsCall.ts';
import { compared } from './ledgerAnchor.ts';
import { reportCalls } from './reportCalls.ts';
import { totalOf } from './snapshotFeed.ts';
import { voucherCalls } from './voucherCalls.ts';
import type { Workspace } from './store/ledgerPort.ts';

/** Makes the calls. */
export function controlApi(parts: ControlParts): ControlApi {
  const { ledger, clock } = parts;
  /** Something was added or allowed: requests that wait for it are decided again. */
  const eased = () => {
    parts.admission()?.recheck();
    parts.changed();
  };
  return {
    status: () => parts.feed.read(),
    token: async ({ workspacePath, label, renew }) => {
      if (!parts.folder) throw new ProblemError(problem('data_folder_unusable', 'The data folder was opened for reading only, so no token can be made.'));
      // The caller's working folder is not this process's: a relative path would name another folder here.
      if (!isAbsolute(workspacePath)) throw new ProblemError(problem('argument_invalid', 'workspacePath: a workspace is named by its whole path.'));
      const found = workspaceIdOf(workspacePath);
      const { workspaceKey } = parts.folder;
      const known = (await ledger.query('workspaces', {})).find((one) => one.workspaceId === found.workspaceId);
      const renewals = (known ? renewalsOf(workspaceKey, known.workspaceId, known.tokenHash) : 0) + (renew ? 1 : 0);
      if (renewals > renewalsMax) throw new ProblemError(problem('argument_invalid', 'renew: this workspace\'s token was replaced {0} times already, which is the most. Nothing was changed.', { values: [renewalsMax] }));
      const token = workspaceToken(workspaceKey, found.workspaceId, renewals);
      const workspace: Workspace = { workspaceId: found.workspaceId, path: found.path, label: label ?? found.label, tokenHash: tokenHash(token) };
      await ledger.command({ type: 'workspace', ...workspace, atMs: clock.nowMs() });
      parts.registered(workspace);
      return { token, workspaceId: found.workspaceId, baseUrl: `${parts.url()}/v1`, codexBaseUrl: `${parts.url()}/w/${token}/v1`, takesOrigin: true,
        // Practice mode takes no sign-in of a person.
        ...(parts.practice ? {} : { chatgptBaseUrl: `${parts.url()}/w/${token}/backend-api/codex` }) };
    },
    creditsAdd: async (args) => {
      const result = await ledger.command({
        type: 'grant', grantId: parts.ids.grantId(), key: args.key, kind: args.kind, amountMicroCredits: args.amountMicroCredits, atMs: clock.nowMs(), consent: args.consent,
        ...(args.priority === undefined ? {} : { priority: args.priority }), ...(args.startsAtMs === undefined ? {} : { startsAtMs: args.startsAtMs }),
        ...(args.expiresAtMs === undefined ? {} : { expiresAtMs: args.expiresAtMs }), ...(args.note === undefined ? {} : { note: args.note }),
        ...(args.models ? { models: args.models } : {}), ...(args.workspaces ? { workspaces: args.workspaces } : {}),
      });
      eased();
      if ('problem' in result) throw new ProblemError(result.problem);
      const balance = balanceView(await ledger.query('balance', { nowMs: clock.nowMs() }));
      const grant = balance.grants.find((one) => one.id === result.grant.id);
      if (!grant) throw new ProblemError(problem('internal', 'The grant was stored but cannot be read.'));
      return { grant, created: result.created, balance };
    },
    creditsList: async () => balanceView(await freshBalance(ledger, clock.nowMs())),
    ...directiveCalls(parts, eased),
    ...voucherCalls(parts, eased),
    ...importCalls(parts),
    usage: async ({ by, sinceMs, withoutImported }) => {
      const rows = await ledger.query('usage', {
        by, imported: withoutImported !== true, ...(sinceMs === undefined ? {} : { sinceMs }), ...(by === 'day' ? { utcOffsets: offsetSpans(sinceMs ?? 0, clock.nowMs(), parts.utcOffsetMs) } : {}),
      });
      return { rows, total: totalOf(rows, 'total') };
    },
    insights: (args) => insightsOf({ ledger, clock, utcOffsetMs: parts.utcOffsetMs, priceOf: (model, atMs) => parts.pricing().prices(model, atMs) }, args),
    ...reportCalls(parts),
    explain: async ({ id }) => {
      const found = await ledger.query('explain', { id });
      if (!found) throw new ProblemError(problem('request_not_found', 'The ledger knows no request "{0}".', { values: [id.slice(0, 60)] }));
      return found;
    },
    dryRun: (args) => dryRun({ ledger, clock, ...parts.pricing() }, args),
    audit: async ({ full }) => {
      const [{ isRewound, found }, findings] = [await compared(ledger, parts.anchor), await ledger.query('audit', { full: full ?? false })];
      // What an older copy holds adds up by itself: only what was noted outside of it tells.
      const older = { invariant: 'I9', what: 'the ledger does not hold what was noted outside of it: it is an older copy, or was changed from outside' } as const;
      const violations = isRewound ? [older, ...findings.violations] : findings.violations;
      return { ...findings, ok: violations.length === 0, violations, anchors: found };
    },
    backup: async ({ path }) => {
      if (path !== undefined && !isAbsolute(path)) throw new ProblemError(problem('argument_invalid', 'path: a backup is named by its whole path.'));
      const written = path ?? parts.newBackup();
      return { path: written, ...await ledger.query('backup', { path: written }) };
    },
    export: (args) => ledger.query('export', args),
    health: async () => ({ ...await ledger.query('health', {}), heldBodyBytes: parts.heldBodyBytes() }),
    setApiKey: async ({ apiKey }) => {
      if (parts.practice) throw new ProblemError(problem('argument_invalid', 'Practice mode needs no key, and a real one must not reach its simulated upstream. It was not stored.'));
      const result = await parts.keys.store(apiKey);
      parts.changed();
      return result;
    },
    forgetApiKey: async () => {
      const forgotten = await parts.keys.forget();
      parts.changed();
      return { forgotten };
    },
    cancel: ({ requestId }) => Promise.resolve({
      cancelled: parts.admission()?.cancel(requestId, problem('cancelled', 'A person stopped this request in the dashboard.')) ?? false,
    }),
    release: ({ workspaceId }) => {
      if (!parts.watch) throw new ProblemError(problem('broker_unreachable', 'No broker is running, so none has slowed down or stopped anything.'));
      parts.watch.release(workspaceId);
      parts.changed();
      return Promise.resolve({ released: true });
    },
    setPriority: ({ requestId, priority }) => Promise.resolve({ changed: parts.admission()?.setPriority(requestId, priority) ?? false }),
    shutdown: () => {
      parts.shutdown();
      return Promise.resolve({ stopping: true });
    },
  };
}

/** Whether a name is one of the calls. */
export function isControlMethod(name: string): name is ControlMethod {
  return Object.hasOwn(controlArguments, name);
}

/** Checks the arguments and runs a call; every failure becomes a problem. `log` gets what a person should not see. */
export async function callControl(api: ControlApi, method: string, args: unknown, log: (event: string, fields: Readonly<Record<string, unknown>>) => void): Promise<CallOutcome> {
  if (!isControlMethod(method)) return { ok: false, problem: problem('unknown_route', 'There is no call "{0}".', { values: [method.slice(0, 40)] }) };
  const parsed = controlArguments[method].safeParse(args ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { ok: false, problem: problem('argument_invalid', '{0}: {1}.', { values: [issue?.path.join('.') || method, issue?.message ?? 'not as expected'] }) };
  }
  try {
    return { ok: true, value: await (api[method] as (checked: unknown) => Promise<ControlResults[ControlMethod]>)(parsed.data) };
  } catch (error) {
    if (error instanceof ProblemError) return { ok: false, problem: error.problem };
    log('call-failed', { method, error: error instanceof Error ? error.stack : String(error) });
    return { ok: false, problem: problem('internal', 'The call {0} failed for a reason that the broker did not expect.', { values: [method] }) };
  }
}

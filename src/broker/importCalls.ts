// The control calls about usage that went around the broker: books what a session file tells, for the workspace
// of the folder that Codex worked in and at the price of its time, and tells of one imported response.
import { dirname, isAbsolute } from 'node:path';
import { outsideWorkspace } from '../domain/importedUse.ts';
import type { ModelPrice } from '../domain/pricing.ts';
import { problem, ProblemError } from '../domain/problem.ts';
import { isPlausible } from '../domain/tokenUsage.ts';
import type { ControlApi } from '../protocol/control.ts';
import type { ControlArguments } from '../protocol/controlArguments.ts';
import type { ControlParts } from './controlParts.ts';
import { tokenHash, workspaceIdOf, workspaceToken } from './dataFolder.ts';
import type { ImportedUse } from './store/ledgerCommands.ts';
import type { Workspace } from './store/ledgerPort.ts';

type GivenUse = ControlArguments<'importUsage'>['uses'][number];

/** Who used it, where the file does not say. */
const unnamedClient = 'codex';

/** Makes the calls. */
export function importCalls(parts: ControlParts): Pick<ControlApi, 'importUsage' | 'explainImported'> {
  const { ledger, clock } = parts;
  return {
    importUsage: async ({ uses, dryRun }) => {
      if (parts.practice) throw new ProblemError(problem('argument_invalid', 'This is practice mode, whose ledger counts simulated requests; real usage does not belong there. Nothing was imported.', { remedy: 'Leave practice mode, then import again.' }));
      const odd = uses.find((use) => !isPlausible(use.usage));
      if (odd) throw new ProblemError(problem('argument_invalid', 'The usage of {0} cannot be true. Nothing was imported.', { values: [odd.key] }));
      const known = new Map((await ledger.query('workspaces', {})).map((one) => [one.workspaceId, one]));
      const workspaces = new Map<string, Workspace>();
      const { prices } = parts.pricing();
      const read = uses.map((use): ImportedUse => {
        const workspace = use.cwd === undefined ? undefined : workspaceOf(use.cwd, known);
        if (workspace) workspaces.set(workspace.workspaceId, workspace);
        return bookable(use, workspace?.workspaceId ?? outsideWorkspace.workspaceId, use.model === undefined ? undefined : prices(use.model, use.atMs));
      });
      if (dryRun === true) return ledger.query('importable', { uses: read });
      const result = await ledger.command({ type: 'import', atMs: clock.nowMs(), uses: read });
      if (result.added > 0) {
        await registerWorkspaces([...workspaces.values()].filter((one) => !known.has(one.workspaceId)), parts);
        parts.changed();
      }
      return result;
    },
    explainImported: async ({ id }) => {
      const found = await ledger.query('explainImported', { id });
      if (!found) throw new ProblemError(problem('request_not_found', 'No imported response has the id "{0}".', { values: [id.slice(0, 60)], remedy: 'Use an id that `codex-broker export --set imports` shows.' }));
      return found;
    },
  };
}

function bookable(use: GivenUse, workspaceId: string, price: ModelPrice | undefined): ImportedUse {
  const { key, responseId, atMs, client = unnamedClient, clientVersion, threadId, model, usage, source } = use;
  return {
    key, atMs, workspaceId, client, usage, source, ...(responseId === undefined ? {} : { responseId }), ...(clientVersion === undefined ? {} : { clientVersion }),
    ...(threadId === undefined ? {} : { threadId }), ...(model === undefined ? {} : { model }), ...(price === undefined ? {} : { price }),
  };
}

/** The known workspace that a folder lies in, the nearest one; else one of its own. A path of another system names none. */
function workspaceOf(cwd: string, known: ReadonlyMap<string, Workspace>): Workspace | undefined {
  if (!isAbsolute(cwd)) return undefined;
  const own = workspaceIdOf(cwd);
  const paths = new Map([...known.values()].map((one) => [one.path, one]));
  for (let path = own.path; ; path = dirname(path)) {
    const found = paths.get(path);
    if (found) return found;
    if (path === dirname(path)) return { ...own, tokenHash: '' };
  }
}

/** Gives new workspaces their names and tokens, as asking for a token does. Without the folder's key they stay nameless. */
async function registerWorkspaces(fresh: readonly Workspace[], { ledger, folder, clock, registered }: ControlParts): Promise<void> {
  if (!folder) return;
  for (const one of fresh) {
    const workspace = { ...one, tokenHash: tokenHash(workspaceToken(folder.workspaceKey, one.workspaceId)) };
    await ledger.command({ type: 'workspace', ...workspace, atMs: clock.nowMs() });
    registered(workspace);
  }
}

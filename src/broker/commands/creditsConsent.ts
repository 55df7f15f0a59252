// `codex-broker credits allow`, `deny` and `ask`: who may use purchased credits. A workspace's own answer
// goes before the one for all; `ask` takes an answer back.
import { existsSync } from 'node:fs';
import type { ConsentAnswer } from '../../domain/consent.ts';
import { workspaceIdOf } from '../dataFolder.ts';
import { wrongUse } from './argumentValues.ts';
import type { CommandIo } from './commandIo.ts';
import { pathOf, readOptions } from './commandIo.ts';
import { withControl } from './withControl.ts';

/** Who `--for` means: every workspace, one, or (with a top-up only) nobody further. */
export type ConsentTarget = { scope: 'everywhere' } | { scope: 'ask' } | { scope: 'workspace'; workspaceId: string };

/** Reads `--for`; left out, it means every workspace. @throws ProblemError `argument_invalid` */
export function consentOf(to: string | undefined, io: CommandIo): ConsentTarget {
  if (to === undefined || to === 'all') return { scope: 'everywhere' };
  if (to === 'none') return { scope: 'ask' };
  return { scope: 'workspace', workspaceId: workspaceIdOf(pathOf('for', to, io)).workspaceId };
}

/** `codex-broker credits allow [--for all|PATH]` */
export function creditsAllow(args: readonly string[], io: CommandIo): Promise<number> { return answer('allow', args, io); }

/** `codex-broker credits deny [--for all|PATH]` */
export function creditsDeny(args: readonly string[], io: CommandIo): Promise<number> { return answer('deny', args, io); }

/** `codex-broker credits ask [--for all|PATH]` */
export function creditsAsk(args: readonly string[], io: CommandIo): Promise<number> { return answer('ask', args, io); }

/** Without `--for` it is about the folder that it is said in: the narrower answer is the default. */
async function answer(said: ConsentAnswer, args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { for: { type: 'string' } });
  const to = values.for ?? '.';
  const target = consentOf(to, io);
  if (target.scope === 'ask') throw wrongUse('The option --for takes a folder, or "all" for every workspace; `credits ask` takes an answer back.');
  const path = pathOf('for', to, io);
  // A folder that is gone may still be denied or asked about again; allowing one is more likely a slip.
  if (said === 'allow' && target.scope === 'workspace' && !existsSync(path)) throw wrongUse(`There is no folder ${path}, so no workspace was allowed anything.`);
  return withControl(values, io, 'change', async ({ api }) => {
    const result = await api.consent({ ...target, answer: said });
    io.out(values.json ? JSON.stringify(result) : answerText(said, target.scope === 'everywhere' ? undefined : path));
    return 0;
  });
}

/** @param path the workspace's folder; absent for all */
function answerText(said: ConsentAnswer, path: string | undefined): string {
  const who = path === undefined ? 'Every workspace' : `The workspace ${path}`;
  if (said === 'allow') return `${who} may use purchased credits, those of now and later ones.${path === undefined ? ' A workspace that was denied them still is.' : ''}`;
  if (said === 'deny') return `${path === undefined ? 'No workspace' : who} may${path === undefined ? '' : ' not'} use purchased credits.${path === undefined ? ' A workspace that was allowed them by itself still is.' : ''}`;
  return path === undefined ? 'What was said for every workspace is taken back; what was said for one of them still holds.'
    : `What was said for the workspace ${path} is taken back; what was said for every workspace holds for it, if anything was.`;
}

// `codex-broker explain`: one request that was made, with its decision, charge, corrections and entries; or,
// with --dry-run, one that is not made.
import { formatCredits } from '../../domain/units.ts';
import type { ExplainResult } from '../../protocol/control.ts';
import { wantedWord, wrongUse } from './argumentValues.ts';
import type { CommandIo, FolderOptions } from './commandIo.ts';
import { readOptions, textTable } from './commandIo.ts';
import { explainDryRun } from './explainDryRun.ts';
import { withControl } from './withControl.ts';

/** `codex-broker explain ID | --dry-run FILE` */
export async function explain(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, { 'dry-run': { type: 'string' }, workspace: { type: 'string' } }, 1);
  const file = values['dry-run'];
  if (file !== undefined) {
    if (positionals.length > 0) throw wrongUse('A dry run has no id: say either an id or --dry-run FILE.');
    return explainDryRun({ ...values, file }, io);
  }
  if (values.workspace !== undefined) throw wrongUse('The option --workspace goes with --dry-run; a request that was made has its workspace.');
  const id = wantedWord(positionals[0], 'The id of a request');
  if (id.startsWith('import:')) return explainImported(id, values, io);
  return withControl(values, io, 'read', async ({ api }) => {
    const told = await api.explain({ id });
    io.out(values.json ? JSON.stringify(told) : explainText(told));
    return 0;
  });
}

/** One response that went around the broker. */
function explainImported(id: string, values: FolderOptions & { readonly json?: boolean | undefined }, io: CommandIo): Promise<number> {
  return withControl(values, io, 'read', async ({ api }) => {
    const told = await api.explainImported({ id });
    io.out(values.json ? JSON.stringify(told) : [`Imported response ${told.id}`, ...told.story.map((sentence) => `  ${sentence}`)].join('\n'));
    return 0;
  });
}

function explainText({ id, story, entries }: ExplainResult): string {
  return [`Request ${id}`, ...story.map((sentence) => `  ${sentence}`),
    ...(entries.length === 0 ? [] : ['', textTable(['entry', 'kind', 'grant', 'amount', 'reserved', 'balance after'], entries.map((entry) => [
      String(entry.sequence), entry.kind, entry.account === 'grant' ? entry.grantId ?? '' : entry.account, formatCredits(entry.amountMicroCredits, 6), formatCredits(entry.heldDeltaMicroCredits, 6), formatCredits(entry.balanceAfterMicroCredits, 6)]), 3)])].join('\n');
}

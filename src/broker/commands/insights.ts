// `codex-broker insights`: what is worth knowing of the last days, with its numbers and one thing to do.
import { insightNotes, insightText, nothingFound } from '../../protocol/insightWords.ts';
import { wholeNumberOf, workspaceOf, wrongUse } from './argumentValues.ts';
import type { CommandIo } from './commandIo.ts';
import { readOptions } from './commandIo.ts';
import { withControl } from './withControl.ts';

/** The longest range in days. */
const daysMax = 90;

/** `codex-broker insights [--days N] [--workspace PATH]` */
export async function insights(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { days: { type: 'string' }, workspace: { type: 'string' } });
  const days = wholeNumberOf('days', values.days, daysMax);
  if (days === 0) throw wrongUse(`The option --days takes 1 to ${daysMax}.`);
  const workspaceId = values.workspace === undefined ? undefined : workspaceOf('workspace', values.workspace, io);
  return withControl(values, io, 'read', async ({ api }) => {
    const found = await api.insights({ ...(days === undefined ? {} : { days }), ...(workspaceId === undefined ? {} : { workspaceId }) });
    if (values.json) io.out(JSON.stringify(found));
    else if (found.insights.length === 0) io.out(nothingFound(found.days));
    else for (const insight of found.insights) {
      const { title, detail, action, worth } = insightText(insight, found, 'en');
      io.out(`${title}${worth === undefined ? '' : ` (${worth})`}\n  ${detail}\n  ${action}`);
    }
    if (!values.json) for (const note of insightNotes(found, 'en')) io.out(note);
    return 0;
  });
}

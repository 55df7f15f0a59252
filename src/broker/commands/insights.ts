// `codex-broker insights`: what is worth knowing of the last seven days, with its numbers and one thing to do.
import { insightText } from '../../protocol/insightWords.ts';
import type { CommandIo } from './commandIo.ts';
import { readOptions } from './commandIo.ts';
import { withControl } from './withControl.ts';

/** `codex-broker insights` */
export async function insights(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, {});
  return withControl(values, io, 'read', async ({ api }) => {
    const found = await api.insights({});
    if (values.json) io.out(JSON.stringify(found));
    else if (found.insights.length === 0) io.out('Nothing stands out in the last seven days.');
    else for (const insight of found.insights) {
      const { title, detail, action, worth } = insightText(insight, 'en');
      io.out(`${title}${worth === undefined ? '' : ` (${worth})`}\n  ${detail}\n  ${action}`);
    }
    return 0;
  });
}

// `codex-broker privacy`: what left this computer, day by day, what never does, and what is kept here.
import type { PrivacySection } from '../../protocol/privacyReport.ts';
import { privacySections } from '../../protocol/privacyWords.ts';
import { sentDays } from '../../protocol/sentReport.ts';
import { systemClock, utcOffsetMs } from '../systemClock.ts';
import type { CommandIo } from './commandIo.ts';
import { readOptions, textTable } from './commandIo.ts';
import { withControl } from './withControl.ts';

/** `codex-broker privacy` */
export async function privacy(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, {});
  return withControl(values, io, 'read', async ({ api, url }) => {
    const snapshot = await api.status({});
    const days = await sentDays({
      daysWithUse: async (sinceMs) => (await api.usage({ by: 'day', sinceMs, withoutImported: true })).rows.map((row) => row.key),
      sent: async (span) => (await api.sent(span)).rows,
    }, { nowMs: systemClock.nowMs(), utcOffsetMs });
    const stored = await api.stored({});
    const { broker: { mode, upstream, dataDir }, running, unmetered } = snapshot;
    if (values.json) io.out(JSON.stringify({ mode, dataDir, ...(url === undefined ? {} : { upstream, runningNow: running.length, unmetered: unmetered ?? null }), days, stored }));
    else io.out(privacySections({ snapshot, isBrokerRunning: url !== undefined, days, stored }, 'en').map(sectionText).join('\n\n'));
    return 0;
  });
}

function sectionText({ title, sentences = [], table, list = [] }: PrivacySection): string {
  return [
    title, ...sentences.map((sentence) => `  ${sentence}`),
    ...(table && table.rows.length > 0 ? [textTable(table.head, table.rows, table.numbersFrom).replaceAll(/^/gm, '  ')] : []),
    ...list.map((sentence) => `  - ${sentence}`),
  ].join('\n');
}

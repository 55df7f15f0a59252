// `codex-broker usage`: what was used, summed by day or by what people ask about.
import { formatCredits, formatTokens, formatUsd } from '../../domain/units.ts';
import { clientName } from '../../protocol/clientName.ts';
import { usageGroupings } from '../../protocol/history.ts';
import { commandWords } from '../../protocol/originWords.ts';
import type { UsageRow } from '../../protocol/snapshot.ts';
import { momentOf, wordOf } from './argumentValues.ts';
import type { CommandIo } from './commandIo.ts';
import { readOptions, textTable } from './commandIo.ts';
import { csvLine } from '../../protocol/csv.ts';
import { withControl } from './withControl.ts';

/** `codex-broker usage` */
export async function usage(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { by: { type: 'string' }, since: { type: 'string' }, csv: { type: 'boolean' }, 'without-imported': { type: 'boolean' } });
  const by = wordOf('by', values.by ?? 'day', usageGroupings);
  const sinceMs = momentOf(values.since);
  return withControl(values, io, 'read', async ({ api }) => {
    const report = await api.usage({ by, ...(values['without-imported'] ? { withoutImported: true } : {}), ...(sinceMs === undefined ? {} : { sinceMs }) });
    io.out(values.json ? JSON.stringify(report) : values.csv ? usageCsv(report.rows) : usageText(by, report.rows, report.total));
    return 0;
  });
}

/** A usage report as a table for people. */
export function usageText(by: string, rows: readonly UsageRow[], total: UsageRow): string {
  const cells = (row: UsageRow) => [nameOf(by, row.label), String(row.requests), formatTokens(row.inputTokens), formatTokens(row.cachedInputTokens), formatTokens(row.outputTokens),
    formatTokens(row.reasoningTokens), formatCredits(row.costMicroCredits, 4), formatUsd(row.costMicroCredits), remarkOf(row)];
  return textTable([by, 'requests', 'input', 'cached', 'output', 'reasoning', 'credits', 'USD', ''], [...rows.map(cells), cells({ ...total, label: 'total' })]);
}

/** A name for people; what came from no client is called as the ledger calls it. */
function nameOf(by: string, label: string): string {
  return by === 'client' ? clientName(label) : by === 'command' ? commandWords(label) : label;
}

function remarkOf({ estimated, unpriced, imported }: UsageRow): string {
  return [...(estimated > 0 ? [`${estimated} estimated`] : unpriced > 0 ? [`${unpriced} unpriced`] : []), ...(imported ? [`${imported.requests} imported`] : [])].join(', ');
}

function usageCsv(rows: readonly UsageRow[]): string {
  const head = ['key', 'label', 'requests', 'inputTokens', 'cachedInputTokens', 'cacheWriteTokens', 'outputTokens', 'reasoningTokens', 'costMicroCredits', 'estimated', 'unpriced'] as const;
  return [csvLine([...head, 'importedRequests', 'importedCostMicroCredits']), ...rows.map((row) => csvLine([...head.map((name) => row[name]), row.imported?.requests ?? 0, row.imported?.costMicroCredits ?? 0]))].join('\n');
}

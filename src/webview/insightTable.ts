// Insights as a table, for export: what people read, and beside it for programs each number that a finding rests on. Pure.
import type { Insight } from '../domain/insights.ts';
import type { InsightsResult } from '../protocol/insightsResult.ts';
import { insightText } from '../protocol/insightWords.ts';
import { t } from '../protocol/language.ts';
import { words } from './shownTable.ts';
import type { ShownCell, ShownTable } from './shownTable.ts';

/** Names and numbers of findings, each a column of its own. */
const names = ['model', 'workspace', 'task'] as const;
const numbers = ['requests', 'inputTokens', 'tokens', 'share', 'shareBefore', 'waitedMs', 'costMicroCredits', 'otherMicroCredits'] as const;

/** The table. @param of which findings they are, such as the range */
export function insightTable({ insights, ...range }: InsightsResult, of: string, locale: string): ShownTable {
  const value = (one: string | number | undefined): ShownCell => ({ text: one === undefined ? '' : String(one), value: one ?? null });
  const dataOnly = (key: string) => ({ key, title: key, isDataOnly: true as const });
  return {
    title: `${t('Codex insights')} · ${of}`,
    columns: [
      { key: 'finding', title: t('Finding') }, { key: 'detail', title: t('Detail') }, { key: 'action', title: t('What to do') }, { key: 'worthMicroCredits', title: t('Worth'), isNumber: true },
      ...['kind', 'subject', ...names, ...numbers, 'since'].map(dataOnly),
    ],
    rows: insights.map((one: Insight) => {
      const { title, detail, action, worth } = insightText(one, range, locale);
      return [
        words(title), words(detail), words(action), { text: worth ?? '—', value: one.worthMicroCredits ?? null }, words(one.kind), words(one.subject),
        ...names.map((name) => value(one.names[name])), ...numbers.map((name) => value(one.numbers[name])), value(one.sinceMs === undefined ? undefined : new Date(one.sinceMs).toISOString()),
      ];
    }),
  };
}

// The benchmark of the ledger as a picture: how much of its goal each question takes, and how many durable
// pairs it does for each that a bare group commit does. Drawn from the numbers of a run.
import { barChart } from './barChart.ts';
import type { Panel } from './barChart.ts';
import type { ScaleResult } from './ledgerScale.ts';
import type { ThroughputResult } from './ledgerThroughput.ts';

/** A bare group commit must not do more than so many times as many pairs as the ledger. */
export const throughputRatioMax = 1.5;

/** Draws both parts; a part that was not measured is left out. */
export function chartOf(scale: ScaleResult | undefined, throughput: ThroughputResult | undefined): string {
  return barChart('Benchmark of the ledger', [...scale ? [scalePanel(scale)] : [], ...throughput ? [throughputPanel(throughput)] : []]);
}

function scalePanel({ requests, starts, dashboard, reports }: ScaleResult): Panel {
  // Reports of one day or of all days are read in the same way as those of ninety, and are quicker.
  const lines = [...starts, ...dashboard, ...reports.filter(({ what }) => !/, (today|all)$/.test(what))].filter((line) => line.goalMs !== undefined);
  return {
    title: `${requests.toLocaleString('en')} requests: time as a part of its goal (the line), 2 s for a start, 50 ms for a question`, goal: 1, isFloor: false,
    bars: lines.map(({ what, ms, goalMs = 1 }) => ({ label: what.trim(), share: ms / goalMs, value: `${(ms * 100 / goalMs).toFixed(ms < goalMs / 10 ? 1 : 0)} %` })),
  };
}

function throughputPanel({ rows }: ThroughputResult): Panel {
  return {
    title: 'Durable holds with their settlements, a bare group commit being 1 (the line: the goal)', goal: 1 / throughputRatioMax, isFloor: true,
    bars: ([['ratio', 'numbers'], ['ratioSameBytes', 'as many bytes'], ['ratioSameRows', 'the same rows']] as const).flatMap(([ratio, what]) => rows.map((row) => (
      { label: `${row.clients} at once, beside ${what}`, share: 1 / row[ratio], value: (1 / row[ratio]).toFixed(2) }))),
  };
}

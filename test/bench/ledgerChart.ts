// The benchmark of the ledger as a picture: how much of its goal each question takes, and how many durable
// pairs it does for each that a bare group commit does. Drawn from the numbers of a run.
import type { ScaleResult } from './ledgerScale.ts';
import type { ThroughputResult } from './ledgerThroughput.ts';

/** A bare group commit must not do more than so many times as many pairs as the ledger. */
export const throughputRatioMax = 1.5;

/** Around everything: the picture brings its own light ground, so that it reads the same on a dark page. */
const margin = 16;
const width = 760;
const barHeight = 16;
const rowHeight = 24;
const labelWidth = 260;
const valueWidth = 90;
const barWidth = width - labelWidth - valueWidth;
/** The longest bar, as a share; what is longer is cut there and told by its number. */
const shareMax = 1.3;

interface Bar { readonly label: string; readonly share: number; readonly value: string }
/** A goal is a line that bars stay below, or with `isFloor` one that they reach. */
interface Panel { readonly title: string; readonly bars: readonly Bar[]; readonly goal: number; readonly isFloor: boolean }

/** Draws both parts; a part that was not measured is left out. */
export function chartOf(scale: ScaleResult | undefined, throughput: ThroughputResult | undefined): string {
  let top = 0;
  const drawn = [...scale ? [scalePanel(scale)] : [], ...throughput ? [throughputPanel(throughput)] : []].map((panel) => {
    const first = top + 44;
    top = first + panel.bars.length * rowHeight + 12;
    return draw(panel, first);
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-margin} ${-margin / 2} ${width + 2 * margin} ${top + margin}" font-family="system-ui, sans-serif" font-size="13" fill="#3d444d">
<title>Benchmark of the ledger</title>
<rect x="${-margin}" y="${-margin / 2}" width="${width + 2 * margin}" height="${top + margin}" rx="6" fill="#ffffff"/>
${drawn.join('\n')}
</svg>
`;
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

function draw({ title, bars, goal, isFloor }: Panel, first: number): string {
  const placeOf = (share: number) => labelWidth + Math.min(share, shareMax) / shareMax * barWidth;
  const goalAt = placeOf(goal).toFixed(1);
  return [
    text(0, first - 20, title, 'bold'),
    ...bars.map(({ label, share, value }, index) => {
      const y = first + index * rowHeight;
      const isMet = isFloor ? share >= goal : share <= goal;
      const length = Math.max(1, placeOf(share) - labelWidth).toFixed(1);
      return `${text(labelWidth - 10, y + 12, label, 'end')}<rect x="${labelWidth}" y="${y}" width="${length}" height="${barHeight}" rx="2" fill="${isMet ? '#3b82d0' : '#c8741a'}"/>${text(width - valueWidth + 8, y + 12, value)}`;
    }),
    `<line x1="${goalAt}" x2="${goalAt}" y1="${first - 8}" y2="${first + bars.length * rowHeight}" stroke="#6e7781" stroke-dasharray="4 3"/>`,
  ].join('\n');
}

function text(x: number, y: number, content: string, how?: 'bold' | 'end'): string {
  const more = how === 'bold' ? ' font-weight="600"' : how === 'end' ? ' text-anchor="end"' : '';
  return `<text x="${x}" y="${y}"${more}>${content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
}

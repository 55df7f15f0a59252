// Draws panels of horizontal bars as one SVG picture, each panel with an optional line for its goal.

/** Around everything: the picture brings its own light ground, so that it reads the same on a dark page. */
const margin = 16;
const width = 760;
const barHeight = 16;
const rowHeight = 24;
const labelWidth = 260;
const valueWidth = 90;
const barWidth = width - labelWidth - valueWidth;

/** One bar: how long it is, and what is written beside it. */
export interface Bar {
  readonly label: string;
  readonly share: number;
  readonly value: string;
  /** `plain` has no goal and is neither met nor missed. */
  readonly kind?: 'plain';
}

/** A goal is a line that bars stay below, or with `isFloor` one that they reach. Bars longer than `shareMax` are cut there and told by their number. */
export interface Panel { readonly title: string; readonly bars: readonly Bar[]; readonly goal?: number; readonly isFloor?: boolean; readonly shareMax?: number }

/** The picture of all panels. */
export function barChart(title: string, panels: readonly Panel[]): string {
  let top = 0;
  const drawn = panels.map((panel) => {
    const first = top + 44;
    top = first + panel.bars.length * rowHeight + 12;
    return draw(panel, first);
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-margin} ${-margin / 2} ${width + 2 * margin} ${top + margin}" font-family="system-ui, sans-serif" font-size="13" fill="#3d444d">
<title>${title}</title>
<rect x="${-margin}" y="${-margin / 2}" width="${width + 2 * margin}" height="${top + margin}" rx="6" fill="#ffffff"/>
${drawn.join('\n')}
</svg>
`;
}

function draw({ title, bars, goal, isFloor = false, shareMax = 1.3 }: Panel, first: number): string {
  const placeOf = (share: number) => labelWidth + Math.min(share, shareMax) / shareMax * barWidth;
  const colour = ({ share, kind }: Bar) => (kind === 'plain' || goal === undefined ? '#9aa4af' : (isFloor ? share >= goal : share <= goal) ? '#3b82d0' : '#c8741a');
  const goalAt = goal === undefined ? '' : placeOf(goal).toFixed(1);
  return [
    text(0, first - 20, title, 'bold'),
    ...bars.map((bar, index) => {
      const y = first + index * rowHeight;
      const length = Math.max(1, placeOf(Math.max(0, bar.share)) - labelWidth).toFixed(1);
      return `${text(labelWidth - 10, y + 12, bar.label, 'end')}<rect x="${labelWidth}" y="${y}" width="${length}" height="${barHeight}" rx="2" fill="${colour(bar)}"/>${text(width - valueWidth + 8, y + 12, bar.value)}`;
    }),
    ...goal === undefined ? [] : [`<line x1="${goalAt}" x2="${goalAt}" y1="${first - 8}" y2="${first + bars.length * rowHeight}" stroke="#6e7781" stroke-dasharray="4 3"/>`],
  ].join('\n');
}

function text(x: number, y: number, content: string, how?: 'bold' | 'end'): string {
  const more = how === 'bold' ? ' font-weight="600"' : how === 'end' ? ' text-anchor="end"' : '';
  return `<text x="${x}" y="${y}"${more}>${content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
}

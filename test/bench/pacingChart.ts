// The comparison of pacing as a picture: for each measure a strip of each policy with a dot for every scenario,
// to the left is better. Drawn from the numbers of a run.
import type { Compared, Row } from '../simulation/pacing/comparison.ts';

const margin = 16;
const [labelWidth, stripWidth, gap, rowHeight, headHeight, footHeight] = [160, 158, 40, 24, 40, 26];

/** A measure: how far right a value lies, from 0 to 1, and what is written below. Values beyond are drawn at the end. */
interface Measure { readonly title: string; readonly of: (row: Row) => number | undefined; readonly place: (value: number) => number; readonly ticks: readonly (readonly [number, string])[] }

const linear = (from: number, to: number) => (value: number) => (value - from) / (to - from);
/** Zero is told apart from the least amount: it lies at the very left. */
const logarithmic = (least: number, most: number) => (value: number) => (value <= 0 ? 0 : 0.1 + 0.9 * Math.max(0, Math.log(value / least) / Math.log(most / least)));

const measures: readonly Measure[] = [
  { title: 'time beside the oracle', of: (row) => row.makespanRatio, place: linear(0.99, 1.2), ticks: [[1, '1'], [1.1, '1.1'], [1.2, '1.2']] },
  { title: 'refused per 100 jobs', of: (row) => row.refusalsPer100, place: logarithmic(0.01, 10_000), ticks: [[0, '0'], [1, '1'], [100, '100'], [10_000, '10⁴']] },
  { title: 'failed per 100 jobs', of: (row) => row.failedPer100, place: linear(0, 100), ticks: [[0, '0'], [50, '50'], [100, '100']] },
  { title: 'wait of a person, p99', of: (row) => row.personWaitP99Ms / 1000, place: logarithmic(0.01, 1000), ticks: [[0, '0'], [1, '1 s'], [60, '1 min']] },
];

/** Draws all measures of all policies. */
export function pacingChart(all: readonly Compared[]): string {
  const policies = all[0]?.rows.map(({ policy }) => policy) ?? [];
  const [width, height] = [labelWidth + measures.length * (stripWidth + gap), headHeight + policies.length * rowHeight + footHeight];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-margin} ${-margin / 2} ${width + 2 * margin} ${height + margin}" font-family="system-ui, sans-serif" font-size="13" fill="#3d444d">
<title>Pacing compared: a dot for each of ${all.length} scenarios, further left is better</title>
<rect x="${-margin}" y="${-margin / 2}" width="${width + 2 * margin}" height="${height + margin}" rx="6" fill="#ffffff"/>
${policies.map((policy, index) => `<text x="0" y="${headHeight + index * rowHeight + 16}"${index === 0 ? ' font-weight="600"' : ''}>${policy}</text>`).join('\n')}
${measures.map((measure, index) => strip(measure, labelWidth + index * (stripWidth + gap), policies, all)).join('\n')}
</svg>
`;
}

function strip({ title, of, place, ticks }: Measure, left: number, policies: readonly string[], all: readonly Compared[]): string {
  const at = (value: number) => (left + Math.min(1, Math.max(0, place(value))) * stripWidth).toFixed(1);
  const bottom = headHeight + policies.length * rowHeight;
  return [
    `<text x="${left}" y="16" font-weight="600">${title}</text>`,
    ...ticks.flatMap(([value, label]) => [
      `<line x1="${at(value)}" x2="${at(value)}" y1="${headHeight - 6}" y2="${bottom}" stroke="#d1d9e0"/>`,
      `<text x="${at(value)}" y="${bottom + 18}" font-size="11" text-anchor="middle" fill="#59636e">${label}</text>`,
    ]),
    ...policies.flatMap((policy, index) => all.flatMap(({ rows }) => {
      const row = rows.find((each) => each.policy === policy);
      const value = row && of(row);
      return value === undefined ? [] : [`<circle cx="${at(value)}" cy="${headHeight + index * rowHeight + 12}" r="4.5" fill="${index === 0 ? '#3b82d0' : '#c8741a'}" fill-opacity="0.55"/>`];
    })),
  ].join('\n');
}

// The `burn-chart` element: what was left over a period as a line, beside even use as a dashed one. The table with the
// same numbers is the page's.
import type { TemplateResult } from 'lit';
import type uPlot from 'uplot';
import { scaleTop } from './chartSeries.ts';
import { inkOf } from './chartInk.ts';
import type { BurnDown } from './burnText.ts';
import { PlotElement, plotHeightPx } from './plotElement.ts';
import type { PlotLibrary } from './plotLibrary.ts';
import { timeOfDay, weekdayDate } from './timeText.ts';

const dayMs = 86_400_000;

/** Properties: `burn` (what to draw) and `locale`. */
export class BurnChart extends PlotElement {
  static override properties = { burn: { attribute: false } };

  declare burn: BurnDown;

  protected override render(): TemplateResult {
    return this.plot(this.burn.sentence);
  }

  protected override drawnFrom(): string {
    return JSON.stringify([this.locale, this.burn.course]);
  }

  protected override draw(place: HTMLElement, width: number, library: PlotLibrary): uPlot {
    const { course, scale } = this.burn;
    const { fromMs, untilMs, left, ideal } = course;
    const ink = inkOf(this);
    const times = [...left.map((one) => one.atMs), ...(untilMs > left.at(-1)!.atMs ? [untilMs] : [])];
    const amounts = times.map((_, index) => (left[index] === undefined ? null : left[index].amount / scale));
    const even = times.map((atMs) => (ideal ? (ideal.atStart + (ideal.atEnd - ideal.atStart) * (atMs - fromMs) / (untilMs - fromMs)) / scale : null));
    const numbers = [...amounts, ...even].filter((one) => one !== null);
    const top = scaleTop(Math.max(0, ...numbers));
    const lowest = Math.min(0, ...numbers);
    const isShort = untilMs - fromMs <= 2 * dayMs;
    return new library({
      width, height: plotHeightPx, padding: [8, 40, 0, 0], legend: { show: false }, cursor: { show: false },
      scales: { x: { time: false, range: [fromMs, untilMs] }, y: { range: [lowest, top] } },
      axes: this.axes({
        splits: (plot) => {
          const count = Math.max(1, Math.floor(plot.bbox.width / devicePixelRatio / 96));
          return Array.from({ length: count + 1 }, (_, index) => fromMs + (untilMs - fromMs) * index / count);
        },
        values: (_plot, splits) => splits.map((atMs) => (isShort ? timeOfDay(atMs, { locale: this.locale }) : weekdayDate(atMs, { locale: this.locale }))),
      }, top, lowest),
      series: [
        {},
        { stroke: () => ink('--vscode-charts-blue'), width: 2, points: { show: false } },
        { stroke: () => ink('--vscode-foreground'), width: 1, dash: [2, 4], points: { show: false } },
      ],
    }, [times, amounts, even], place);
  }
}

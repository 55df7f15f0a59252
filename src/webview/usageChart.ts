// The `usage-chart` element: bars by day or hour, stacked where there are several series, with the same numbers as a
// table on request. Colours come from the theme's variables each time it draws.
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type uPlot from 'uplot';
import { t } from '../protocol/language.ts';
import { scaleTop, stackTops } from './chartSeries.ts';
import type { BarChart } from './chartSeries.ts';
import { inkOf, seriesFill } from './chartInk.ts';
import { PlotElement, plotHeightPx } from './plotElement.ts';
import type { PlotLibrary } from './plotLibrary.ts';
import { plainTable } from './plainTable.ts';

const labelWidthPx = 56;

/** Properties: `chart` (what to draw, in words too), `locale`, `headId`, the id of its heading, and `tools`, what else can be done with the chart or its table. */
export class UsageChart extends PlotElement {
  static override properties = { chart: { attribute: false }, headId: { type: String }, tools: { attribute: false }, asTable: { state: true }, pointed: { state: true } };

  declare chart: BarChart;
  declare headId: string;
  declare tools: ((asTable: boolean) => TemplateResult) | undefined;
  declare asTable: boolean;
  declare pointed: number | undefined;

  constructor() {
    super();
    this.locale = 'en';
    this.headId = 'head-chart';
    this.asTable = false;
  }

  protected override render(): TemplateResult {
    const { chart } = this;
    const isEmpty = chart.highest === undefined;
    const said = this.pointed ?? chart.highest;
    const several = chart.series.length > 1;
    return html`
      <header class="head"><h2 id=${this.headId}>${chart.title}</h2><span class="dim hide-s">${chart.subtitle}</span><span class="grow"></span>${isEmpty ? nothing : this.tools?.(this.asTable)}
        ${tableSwitch(this.asTable, () => { this.asTable = !this.asTable; })}</header>
      ${this.plot(chart.sentence, this.asTable || isEmpty)}
      ${this.asTable ? plainTable(chart.table(), this.headId) : html`
        ${several && !isEmpty ? html`<ul class="keys plain">${chart.series.map((series, index) => html`<li><span class="swatch s${series.isOther ? 'other' : index + 1}" aria-hidden="true"></span> <span class="ell" title=${series.name}>${series.name}</span> <span class="dim">${series.amount}</span></li>`)}</ul>` : nothing}
        <p class="dim caption">${said === undefined ? chart.nothing : this.pointed === undefined ? t('Highest: {0}', chart.steps[said]?.text ?? '') : chart.steps[said]?.text ?? ''}</p>`}`;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('chart') || changed.has('asTable') || changed.has('locale') || changed.has('isMissing')) super.updated(changed);
  }

  protected override drawnFrom(): string {
    return JSON.stringify([this.locale, this.chart.steps.map((step) => step.label), this.chart.series.map((series) => [series.isOther, series.values])]);
  }

  protected override draw(place: HTMLElement, width: number, library: PlotLibrary): uPlot {
    this.pointed = undefined;
    const { steps, series } = this.chart;
    const ink = inkOf(this);
    const positions = steps.map((_, index) => index);
    // The whole stack is drawn first and the lower ones over it, so that each part shows between two tops.
    const tops = stackTops(series.map((one) => one.values)).toReversed();
    const top = scaleTop(Math.max(0, ...tops.flat().map((one) => one ?? 0)));
    const bars = library.paths.bars?.({ size: [0.66, 28] });
    return new library({
      width, height: plotHeightPx,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
      scales: { x: { time: false, range: [-0.5, steps.length - 0.5] }, y: { range: [0, top] } },
      axes: this.axes({
        // Every n-th step keeps its name, so that names never run into each other; the newest always does.
        splits: (plot) => {
          const step = Math.max(1, Math.ceil(labelWidthPx / (plot.bbox.width / devicePixelRatio / Math.max(1, steps.length))));
          return positions.filter((index) => (steps.length - 1 - index) % step === 0);
        },
        values: (_plot, splits) => splits.map((index) => steps[index]?.label ?? ''),
      }, top),
      series: [{}, ...tops.map((_, back) => {
        const index = tops.length - 1 - back;
        return {
          fill: () => seriesFill(ink, series[index]?.isOther ? undefined : index), stroke: () => ink('--vscode-editor-background'), width: tops.length > 1 ? 1 : 0,
          ...(bars ? { paths: bars } : {}), points: { show: false },
        };
      })],
      hooks: { setCursor: [(plot) => { this.pointed = plot.cursor.idx ?? undefined; }] },
    }, [positions, ...tops], place);
  }
}

/** The button that turns a chart into its table and back. */
export function tableSwitch(asTable: boolean, turn: () => void): TemplateResult {
  return html`<button class="link" type="button" aria-pressed=${asTable ? 'true' : 'false'} @click=${turn}>${asTable ? t('Show as chart') : t('Show as table')}</button>`;
}

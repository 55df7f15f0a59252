// The `usage-chart` element: bars by day or hour, stacked where there are several series, drawn by uPlot on a canvas,
// with the same numbers as a table on request. Colours come from the theme's variables each time it draws.
import { html, LitElement, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import uPlot from 'uplot';
import { axisDecimals, scaleTop, stackTops } from './chartSeries.ts';
import type { BarChart } from './chartSeries.ts';
import { inkOf, seriesFill } from './chartInk.ts';
import { plainTable } from './plainTable.ts';

const heightPx = 168;
const labelWidthPx = 56;

/** Properties: `chart` (what to draw, in words too), `locale`, `headId`, the id of its heading, and `tools`, what else can be done with the chart or its table. */
export class UsageChart extends LitElement {
  static override properties = {
    chart: { attribute: false }, locale: { type: String }, headId: { type: String }, tools: { attribute: false },
    asTable: { state: true }, pointed: { state: true },
  };

  declare chart: BarChart;
  declare locale: string;
  declare headId: string;
  declare tools: ((asTable: boolean) => TemplateResult) | undefined;
  declare asTable: boolean;
  declare pointed: number | undefined;
  #plot: uPlot | undefined;
  #drawn = '';
  readonly #resize = new ResizeObserver(() => this.#fit());
  // VS Code changes the variables on the root element and the kind on the body.
  readonly #theme = new MutationObserver(() => this.#plot?.redraw(false, true));

  constructor() {
    super();
    this.locale = 'en';
    this.headId = 'head-chart';
    this.asTable = false;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
    this.#theme.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class', 'data-theme'] });
    this.#theme.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    this.#theme.disconnect();
    this.#dropPlot();
  }

  /** The drawing, for a picture of it; undefined while nothing is drawn. */
  get canvas(): HTMLCanvasElement | undefined {
    return this.querySelector<HTMLCanvasElement>('.plot canvas') ?? undefined;
  }

  protected override render(): TemplateResult {
    const { chart } = this;
    const isEmpty = chart.highest === undefined;
    const said = this.pointed ?? chart.highest;
    const several = chart.series.length > 1;
    return html`
      <header class="head"><h2 id=${this.headId}>${chart.title}</h2><span class="dim hide-s">${chart.subtitle}</span><span class="grow"></span>${isEmpty ? nothing : this.tools?.(this.asTable)}
        <button class="link" type="button" aria-pressed=${this.asTable ? 'true' : 'false'} @click=${() => { this.asTable = !this.asTable; }}>${this.asTable ? 'Show as chart' : 'Show as table'}</button></header>
      <div class="plot" role="img" aria-label=${chart.sentence} ?hidden=${this.asTable || isEmpty}></div>
      ${this.asTable ? plainTable(chart.table(), this.headId) : html`
        ${several && !isEmpty ? html`<ul class="keys plain">${chart.series.map((series, index) => html`<li><span class="swatch s${series.isOther ? 'other' : index + 1}" aria-hidden="true"></span> <span class="ell" title=${series.name}>${series.name}</span> <span class="dim">${series.amount}</span></li>`)}</ul>` : nothing}
        <p class="dim caption">${said === undefined ? chart.nothing : `${this.pointed === undefined ? 'Highest: ' : ''}${chart.steps[said]?.text ?? ''}`}</p>`}`;
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('chart') && !changed.has('asTable') && !changed.has('locale')) return;
    const drawn = JSON.stringify([this.locale, this.chart.steps.map((step) => step.label), this.chart.series.map((series) => [series.isOther, series.values])]);
    if (this.#plot && this.#drawn === drawn) return;
    this.#drawn = drawn;
    this.pointed = undefined;
    this.#dropPlot();
    this.#fit();
  }

  #dropPlot(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  /** Makes the plot once there is room, and follows the width of its place. */
  #fit(): void {
    const place = this.querySelector<HTMLElement>('.plot');
    const width = Math.floor(place?.clientWidth ?? 0);
    if (!place || width === 0) return;
    if (this.#plot) {
      if (this.#plot.width !== width) this.#plot.setSize({ width, height: heightPx });
      return;
    }
    this.#plot = this.#draw(place, width);
  }

  #draw(place: HTMLElement, width: number): uPlot {
    const { steps, series } = this.chart;
    const ink = inkOf(this);
    const font = `11px ${getComputedStyle(this).fontFamily}`;
    const text = () => ink('--vscode-descriptionForeground');
    const positions = steps.map((_, index) => index);
    // The whole stack is drawn first and the lower ones over it, so that each part shows between two tops.
    const tops = stackTops(series.map((one) => one.values)).toReversed();
    const top = scaleTop(Math.max(0, ...tops.flat().map((one) => one ?? 0)));
    const bars = uPlot.paths.bars?.({ size: [0.66, 28] });
    const number = new Intl.NumberFormat(this.locale, { maximumFractionDigits: axisDecimals(top), notation: top >= 10_000 ? 'compact' : 'standard' });
    return new uPlot({
      width, height: heightPx,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
      scales: { x: { time: false, range: [-0.5, steps.length - 0.5] }, y: { range: [0, top] } },
      axes: [
        {
          stroke: text, font, size: 22, gap: 4, grid: { show: false }, ticks: { show: false },
          // Every n-th step keeps its name, so that names never run into each other; the newest always does.
          splits: (plot) => {
            const step = Math.max(1, Math.ceil(labelWidthPx / (plot.bbox.width / devicePixelRatio / Math.max(1, steps.length))));
            return positions.filter((index) => (steps.length - 1 - index) % step === 0);
          },
          values: (_plot, splits) => splits.map((index) => steps[index]?.label ?? ''),
        },
        {
          stroke: text, font, size: 44, gap: 6, ticks: { show: false }, splits: () => [0, 0.25, 0.5, 0.75, 1].map((share) => share * top),
          values: (_plot, splits) => splits.map((value) => number.format(value)),
          grid: { stroke: () => ink('--grid-line'), width: 1 },
        },
      ],
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

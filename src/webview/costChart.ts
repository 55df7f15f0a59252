// The `cost-chart` element: cost per day as bars, drawn by uPlot on a canvas, with the same numbers
// as a table on request. Colours come from the theme's variables each time it draws.
import { html, LitElement, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import uPlot from 'uplot';
import { formatUsd } from '../domain/units.ts';
import type { UsageRow } from '../protocol/snapshot.ts';
import { countText, creditsText, tokensLine } from './amountText.ts';
import { axisDecimals, chartColumns, chartDays, chartSentence, dayText, highestDay, scaleTop } from './chartSeries.ts';
import { dayTitle } from './timeText.ts';

const heightPx = 168;
const labelWidthPx = 56;

/** Properties: `days` (oldest first) and `locale`. */
export class CostChart extends LitElement {
  static override properties = {
    days: { attribute: false }, locale: { type: String },
    asTable: { state: true }, pointed: { state: true },
  };

  declare days: readonly UsageRow[];
  declare locale: string;
  declare asTable: boolean;
  declare pointed: number | undefined;
  #plot: uPlot | undefined;
  #drawn = '';
  readonly #resize = new ResizeObserver(() => this.#fit());
  // VS Code changes the variables on the root element and the kind on the body.
  readonly #theme = new MutationObserver(() => this.#plot?.redraw(false, true));

  constructor() {
    super();
    this.days = [];
    this.locale = 'en';
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

  protected override render(): TemplateResult {
    const days = chartDays(this.days);
    const highest = highestDay(days);
    const said = this.pointed ?? highest;
    return html`
      <header class="head"><h2 id="head-days">Cost per day</h2><span class="dim hide-s">last ${days.length} days, in credits</span><span class="grow"></span>
        <button class="link" type="button" aria-pressed=${this.asTable ? 'true' : 'false'} @click=${() => { this.asTable = !this.asTable; }}>${this.asTable ? 'Show as chart' : 'Show as table'}</button></header>
      <div class="plot" role="img" aria-label=${chartSentence(days, this.locale)} ?hidden=${this.asTable || highest === undefined}></div>
      ${this.asTable ? this.#table(days) : html`<p class="dim caption">${said === undefined ? 'No cost yet.' : `${this.pointed === undefined ? 'Highest: ' : ''}${dayText(days[said]!, this.locale)}`}</p>`}`;
  }

  #table(days: readonly UsageRow[]): TemplateResult {
    return html`<table class="stack" aria-labelledby="head-days"><thead><tr><th scope="col">Day</th><th scope="col" class="n hide-s">Requests</th><th scope="col" class="n hide-s">Tokens</th><th scope="col" class="n">Credits</th><th scope="col" class="n hide-s">$</th></tr></thead>
      <tbody>${days.toReversed().map((day) => html`<tr><td>${dayTitle(day.key, this.locale)}</td><td class="n hide-s">${countText(day.requests, this.locale)}</td><td class="n hide-s dim">${day.requests === 0 ? nothing : tokensLine(day, this.locale)}</td>
        <td class="n">${creditsText(day.costMicroCredits, this.locale, day.estimated > 0)}</td><td class="n dim hide-s">${formatUsd(day.costMicroCredits, 2, this.locale)}</td></tr>`)}</tbody></table>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('days') && !changed.has('asTable') && !changed.has('locale')) return;
    const days = chartDays(this.days);
    const drawn = JSON.stringify([this.locale, days.map((day) => [day.key, day.costMicroCredits])]);
    if (this.#plot && this.#drawn === drawn) return;
    this.#drawn = drawn;
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

  #colour(name: string): string {
    return getComputedStyle(this).getPropertyValue(name).trim() || getComputedStyle(this).color;
  }

  #draw(place: HTMLElement, width: number): uPlot {
    const days = chartDays(this.days);
    const font = `11px ${getComputedStyle(this).fontFamily}`;
    const text = () => this.#colour('--vscode-descriptionForeground');
    const columns = chartColumns(days);
    const top = scaleTop(Math.max(0, ...columns[1]));
    const bars = uPlot.paths.bars?.({ size: [0.66, 28] });
    const number = new Intl.NumberFormat(this.locale, { maximumFractionDigits: axisDecimals(top) });
    return new uPlot({
      width, height: heightPx,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
      scales: { x: { time: false, range: [-0.5, days.length - 0.5] }, y: { range: [0, top] } },
      axes: [
        {
          stroke: text, font, size: 22, gap: 4, grid: { show: false }, ticks: { show: false },
          // Every n-th day keeps its name, so that names never run into each other; the newest always does.
          splits: (plot) => {
            const step = Math.max(1, Math.ceil(labelWidthPx / (plot.bbox.width / devicePixelRatio / Math.max(1, days.length))));
            return columns[0].filter((index) => (days.length - 1 - index) % step === 0);
          },
          values: (_plot, splits) => splits.map((index) => dayTitle(days[index]?.key ?? '', this.locale).split(' ').slice(0, 2).join(' ')),
        },
        {
          stroke: text, font, size: 40, gap: 6, ticks: { show: false }, splits: () => [0, 0.25, 0.5, 0.75, 1].map((share) => share * top),
          values: (_plot, splits) => splits.map((value) => number.format(value)),
          grid: { stroke: () => this.#colour('--grid-line'), width: 1 },
        },
      ],
      series: [{}, { fill: () => this.#colour('--vscode-charts-blue'), width: 0, ...(bars ? { paths: bars } : {}), points: { show: false } }],
      hooks: { setCursor: [(plot) => { this.pointed = plot.cursor.idx ?? undefined; }] },
    }, columns, place);
  }
}

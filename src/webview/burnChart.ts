// The `burn-chart` element: what was left over a period as a line, beside even use as a dashed one. Drawn by uPlot; the
// table with the same numbers is the page's.
import { html, LitElement } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import uPlot from 'uplot';
import { axisDecimals, scaleTop } from './chartSeries.ts';
import { inkOf } from './chartInk.ts';
import type { BurnDown } from './burnText.ts';
import { timeOfDay, weekdayDate } from './timeText.ts';

const heightPx = 168;
const dayMs = 86_400_000;

/** Properties: `burn` (what to draw) and `locale`. */
export class BurnChart extends LitElement {
  static override properties = { burn: { attribute: false }, locale: { type: String } };

  declare burn: BurnDown;
  declare locale: string;
  #plot: uPlot | undefined;
  #drawn = '';
  readonly #resize = new ResizeObserver(() => this.#fit());
  readonly #theme = new MutationObserver(() => this.#plot?.redraw(false, true));

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

  /** The drawing, for a picture of it. */
  get canvas(): HTMLCanvasElement | undefined {
    return this.querySelector<HTMLCanvasElement>('.plot canvas') ?? undefined;
  }

  protected override render(): TemplateResult {
    return html`<div class="plot" role="img" aria-label=${this.burn.sentence}></div>`;
  }

  protected override updated(_changed: PropertyValues): void {
    const drawn = JSON.stringify([this.locale, this.burn.course]);
    if (this.#plot && this.#drawn === drawn) return;
    this.#drawn = drawn;
    this.#dropPlot();
    this.#fit();
  }

  #dropPlot(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #fit(): void {
    const place = this.querySelector<HTMLElement>('.plot');
    const width = Math.floor(place?.clientWidth ?? 0);
    if (!place || width === 0) return;
    if (!this.#plot) this.#plot = this.#draw(place, width);
    else if (this.#plot.width !== width) this.#plot.setSize({ width, height: heightPx });
  }

  #draw(place: HTMLElement, width: number): uPlot {
    const { course, scale } = this.burn;
    const { fromMs, untilMs, left, ideal } = course;
    const ink = inkOf(this);
    const font = `11px ${getComputedStyle(this).fontFamily}`;
    const text = () => ink('--vscode-descriptionForeground');
    const times = [...left.map((one) => one.atMs), ...(untilMs > left.at(-1)!.atMs ? [untilMs] : [])];
    const amounts = times.map((_, index) => (left[index] === undefined ? null : left[index].amount / scale));
    const even = times.map((atMs) => (ideal ? (ideal.atStart + (ideal.atEnd - ideal.atStart) * (atMs - fromMs) / (untilMs - fromMs)) / scale : null));
    const numbers = [...amounts, ...even].filter((one) => one !== null);
    const top = scaleTop(Math.max(0, ...numbers));
    const lowest = Math.min(0, ...numbers);
    const format = new Intl.NumberFormat(this.locale, { maximumFractionDigits: axisDecimals(top), notation: top >= 10_000 ? 'compact' : 'standard' });
    const isShort = untilMs - fromMs <= 2 * dayMs;
    return new uPlot({
      width, height: heightPx, padding: [8, 40, 0, 0], legend: { show: false }, cursor: { show: false },
      scales: { x: { time: false, range: [fromMs, untilMs] }, y: { range: [lowest, top] } },
      axes: [
        {
          stroke: text, font, size: 22, gap: 4, grid: { show: false }, ticks: { show: false },
          splits: (plot) => {
            const count = Math.max(1, Math.floor(plot.bbox.width / devicePixelRatio / 96));
            return Array.from({ length: count + 1 }, (_, index) => fromMs + (untilMs - fromMs) * index / count);
          },
          values: (_plot, splits) => splits.map((atMs) => (isShort ? timeOfDay(atMs, { locale: this.locale }) : weekdayDate(atMs, { locale: this.locale }))),
        },
        {
          stroke: text, font, size: 48, gap: 6, ticks: { show: false }, splits: () => [...(lowest < 0 ? [lowest] : []), 0, 0.25, 0.5, 0.75, 1].map((share) => (share < 0 ? share : share * top)),
          values: (_plot, splits) => splits.map((value) => format.format(value)), grid: { stroke: () => ink('--grid-line'), width: 1 },
        },
      ],
      series: [
        {},
        { stroke: () => ink('--vscode-charts-blue'), width: 2, points: { show: false } },
        { stroke: () => ink('--vscode-foreground'), width: 1, dash: [2, 4], points: { show: false } },
      ],
    }, [times, amounts, even], place);
  }
}

// What all charts of the page share: one is drawn by uPlot once there is room, follows the width of its place and the
// theme's variables, and gives its canvas away for a picture. Where the library cannot be had, a sentence stands in its place.
import { html, LitElement, nothing } from 'lit';
import type { PropertyDeclarations, PropertyValues, TemplateResult } from 'lit';
import type uPlot from 'uplot';
import { axisDecimals } from './chartSeries.ts';
import { t } from '../protocol/language.ts';
import { inkOf } from './chartInk.ts';
import { plotLibrary } from './plotLibrary.ts';
import type { PlotLibrary } from './plotLibrary.ts';

/** Height of a drawing. */
export const plotHeightPx = 168;

/** Who scrolls meets a drawing that is there already: one is made half a screen before it is seen. */
const nearMargin = '50% 0px';

/** An element with a `.plot` that it draws into. Property: `locale`, whose numbers the scale has. */
export abstract class PlotElement extends LitElement {
  static override properties: PropertyDeclarations = { locale: { type: String }, isMissing: { state: true } };

  declare locale: string;
  /** The library could not be had for what is to be drawn now. */
  declare isMissing: boolean | undefined;
  #library: PlotLibrary | undefined;
  #plot: uPlot | undefined;
  #drawn = '';
  /** How wide it was when it was last looked at; 0 while it is not shown. */
  #widthPx = 0;
  /** It was in view, or close to it, since it stands on the page; before that it is not drawn. */
  #isNear = false;
  readonly #resize = new ResizeObserver(() => this.#sized());
  readonly #view = new IntersectionObserver((seen) => this.#seen(seen.some((one) => one.isIntersecting)), { rootMargin: nearMargin });
  // VS Code changes the variables on the root element and the kind on the body.
  readonly #theme = new MutationObserver(() => this.#plot?.redraw(false, true));

  /** What the drawing is made of: it is drawn anew when this text is another one. */
  protected abstract drawnFrom(): string;
  protected abstract draw(place: HTMLElement, width: number, library: PlotLibrary): uPlot;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
    this.#view.observe(this);
    this.#theme.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class', 'data-theme'] });
    this.#theme.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    this.#view.disconnect();
    this.#isNear = false;
    this.#theme.disconnect();
    this.#dropPlot();
    this.#widthPx = 0;
  }

  /** The drawing, for a picture of it; undefined while nothing is drawn. */
  get canvas(): HTMLCanvasElement | undefined {
    return this.querySelector<HTMLCanvasElement>('.plot canvas') ?? undefined;
  }

  protected override updated(_changed: PropertyValues): void {
    const drawn = this.drawnFrom();
    if (this.#plot && this.#drawn === drawn) return;
    // Another drawing is another try.
    if (this.#drawn !== drawn) this.isMissing = false;
    this.#drawn = drawn;
    this.#dropPlot();
    this.#fit();
  }

  #dropPlot(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #sized(): void {
    // Who comes back to the page tries again.
    if (this.#widthPx === 0 && this.clientWidth > 0) this.isMissing = false;
    this.#widthPx = this.clientWidth;
    this.#fit();
  }

  #seen(isNear: boolean): void {
    if (!isNear || this.#isNear) return;
    this.#isNear = true;
    this.#fit();
  }

  /** Makes the plot once there is room, and follows the width of its place. */
  #fit(): void {
    if (!this.#isNear) return;
    const place = this.querySelector<HTMLElement>('.plot');
    const width = Math.floor(place?.clientWidth ?? 0);
    if (!place || width === 0) return;
    if (!this.#library) {
      void this.#fetch();
      return;
    }
    if (!this.#plot) this.#plot = this.draw(place, width, this.#library);
    else if (this.#plot.width !== width) this.#plot.setSize({ width, height: plotHeightPx });
  }

  /** Gets the library; where that fails, the next change of what is drawn tries again, and so does who comes back to the page. */
  async #fetch(): Promise<void> {
    const library = await plotLibrary().catch(() => undefined);
    // Several may have waited for it; the first one draws.
    if (this.#library) return;
    this.#library = library;
    this.isMissing = library === undefined;
    if (library) this.#fit();
  }

  /** The place of the drawing with what it shows in words; where the library is missing, a sentence in its place. */
  protected plot(sentence: string, isHidden = false): TemplateResult {
    return html`<div class="plot" role="img" aria-label=${sentence} ?hidden=${isHidden || this.isMissing === true}></div>
      ${this.isMissing && !isHidden ? html`<p class="dim caption no-plot" role="status">${t('The chart could not be loaded. The table has its numbers.')}</p>` : nothing}`;
  }

  /** The axes: names along the bottom, and a scale of quarters up to `top`, with what lies below zero. */
  protected axes(names: Pick<uPlot.Axis, 'splits' | 'values'>, top: number, lowest = 0): uPlot.Axis[] {
    const ink = inkOf(this);
    const format = new Intl.NumberFormat(this.locale, { maximumFractionDigits: axisDecimals(top), notation: top >= 10_000 ? 'compact' : 'standard' });
    const both = { stroke: () => ink('--vscode-descriptionForeground'), font: `11px ${getComputedStyle(this).fontFamily}`, ticks: { show: false } };
    return [
      { ...both, size: 22, gap: 4, grid: { show: false }, ...names },
      {
        ...both, size: 48, gap: 6, splits: () => [...(lowest < 0 ? [lowest] : []), ...[0, 0.25, 0.5, 0.75, 1].map((share) => share * top)],
        values: (_plot, splits) => splits.map((value) => format.format(value)), grid: { stroke: () => ink('--grid-line'), width: 1 },
      },
    ];
  }
}

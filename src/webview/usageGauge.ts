// The `usage-gauge` element: a bar for what is left (or used) and a tick for the time left in the
// window, spoken as one sentence. It draws what it is given and never decides what is low.
import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { LimitLevel } from './limitText.ts';

/**
 * Properties: `share` and `tick` from 0 to 1 (absent when unknown), `reserved` (a hatched part behind the share),
 * `level`, and `sentence`, which
 * is the whole meaning for a screen reader. Without a share it is dashed and speaks as an image,
 * because a meter without a value is not a meter.
 */
export class UsageGauge extends LitElement {
  static override properties = {
    share: { type: Number }, reserved: { type: Number }, tick: { type: Number }, level: { type: String }, sentence: { type: String },
  };

  declare share: number | undefined;
  declare reserved: number | undefined;
  declare tick: number | undefined;
  declare level: LimitLevel;
  declare sentence: string;

  constructor() {
    super();
    this.level = 'fine';
    this.sentence = '';
  }

  /** Styled by the page's own sheet, so that high contrast is handled in one place. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): TemplateResult {
    return html`${this.share === undefined ? nothing : html`<span class="fill"></span>`}${this.share === undefined || !this.reserved ? nothing : html`<span class="reserved"></span>`}${this.tick === undefined ? nothing : html`<span class="tick"></span>`}`;
  }

  protected override updated(): void {
    // Widths go through the style object: the page's policy forbids style attributes.
    const place = (selector: string, property: 'width' | 'left', share: number | undefined) => {
      const part = this.querySelector<HTMLElement>(selector);
      if (part && share !== undefined) part.style[property] = `${Math.min(1, Math.max(0, share)) * 100}%`;
    };
    place('.fill', 'width', this.share);
    place('.reserved', 'left', this.share);
    place('.reserved', 'width', this.reserved);
    place('.tick', 'left', this.tick);
    const now = this.share === undefined ? undefined : String(Math.round(this.share * 100));
    const isKnown = now !== undefined;
    this.#put('data-level', isKnown ? this.level : 'unknown');
    this.#put('aria-label', this.sentence);
    this.#put('role', isKnown ? 'meter' : 'img');
    this.#put('aria-valuemin', isKnown ? '0' : undefined);
    this.#put('aria-valuemax', isKnown ? '100' : undefined);
    this.#put('aria-valuenow', now);
    this.#put('aria-valuetext', isKnown ? this.sentence : undefined);
  }

  /** Touches an attribute only where it changes: what looks at the page is not woken for nothing. */
  #put(name: string, value: string | undefined): void {
    if ((this.getAttribute(name) ?? undefined) === value) return;
    if (value === undefined) this.removeAttribute(name);
    else this.setAttribute(name, value);
  }
}

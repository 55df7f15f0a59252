// Holds whether the pages behind the first one are there, which come as a script of their own when somebody comes near
// them. Until they are there the page that was open stays in view, so that nothing flickers.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { t } from '../protocol/language.ts';
import type { creditsPage } from './creditsPage.ts';
import { notice } from './notices.ts';
import type { Tab } from './pageState.ts';

/** What the script of the other pages brings beside their elements. */
export interface OtherPages { readonly creditsPage: typeof creditsPage }

/** The other pages, as far as they are there. */
export class LazyPages {
  readonly #load: () => Promise<OtherPages>;
  readonly #changed: () => void;
  #pages: OtherPages | undefined;
  #isComing = false;
  #hasFailed = false;
  /** What is in view since the last look. */
  #seen: Tab | undefined;

  /** @param changed is called when they are asked for, when they are there, and when they cannot be had */
  constructor(load: () => Promise<OtherPages>, changed: () => void) {
    this.#load = load;
    this.#changed = changed;
  }

  /** The pages, once they are there. */
  get pages(): OtherPages | undefined {
    return this.#pages;
  }

  /** They are on their way. */
  get isComing(): boolean {
    return this.#isComing;
  }

  /** They could not be had when they were asked for last, even where they are asked for again. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Asks for them, unless they are there or on their way; after a failure once more. */
  fetch(): void {
    if (this.#pages || this.#isComing) return;
    this.#isComing = true;
    const ended = (pages: OtherPages | undefined) => {
      this.#isComing = false;
      this.#pages = pages;
      this.#hasFailed = pages === undefined;
      this.#changed();
    };
    this.#load().then(ended, () => ended(undefined));
    this.#changed();
  }

  /** The tab whose page is in view while `tab` is the open one. */
  inView(tab: Tab): Tab {
    const waits = tab !== 'now' && this.#isComing && !this.#hasFailed;
    if (this.#seen === undefined || !waits) this.#seen = tab;
    return this.#seen;
  }

  /** What stands in the place of a page that is not there: that it comes, or why it does not and what can be done. */
  instead(): TemplateResult {
    if (!this.#hasFailed) return html`<div class="loading late"><vscode-progress-ring aria-label=${t('Loading the page')}></vscode-progress-ring></div>`;
    const again = html`<vscode-button secondary data-test="load-again" @click=${() => this.fetch()}>${t('Try again')}${this.#isComing ? '…' : nothing}</vscode-button>`;
    return html`<div class="notices no-page" data-test="no-page">${notice('error', t('This page could not be loaded.'), t('Its file may have been replaced by an update of the extension. Nothing is lost, and requests go on. Try again; if that does not help, close the dashboard and open it anew.'), again)}</div>`;
  }
}

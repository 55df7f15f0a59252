// A part of the page that time alone changes: a countdown, a stopwatch, a pace. It is painted with the page, and again by
// the page's clock when what it says becomes something else, without the rest of the page.
import { AsyncDirective } from 'lit/async-directive.js';
import { directive } from 'lit/directive.js';
import type { DirectiveResult } from 'lit/directive.js';
import { isSaidAlike } from './nextChange.ts';
import type { MovingPart, PageClock } from './pageClock.ts';

/** The moment that the page is painted for, and what paints moving parts later; without a clock, time stands still. */
export interface Moment {
  readonly nowMs: number;
  readonly clock?: PageClock | undefined;
}

/** What a part says at a time: texts, levels, shares from 0 to 1. Pure. */
type Saying = (nowMs: number) => unknown;

class Moving extends AsyncDirective implements MovingPart {
  #saying: Saying = () => undefined;
  #paint: (said: never) => unknown = () => undefined;
  #said: unknown;
  /** How far the part's time is ahead of the page's clock. */
  #aheadMs = 0;

  override render({ nowMs, clock }: Moment, saying: Saying, paint: (said: never) => unknown): unknown {
    this.#saying = saying;
    this.#paint = paint;
    this.#said = saying(nowMs);
    this.#aheadMs = clock ? nowMs - clock.nowMs() : 0;
    clock?.add(this);
    return paint(this.#said as never);
  }

  isSaidAlike(pageNowMs: number): boolean {
    return isSaidAlike(this.#said, this.#saying(pageNowMs + this.#aheadMs));
  }

  move(pageNowMs: number): void {
    if (!this.isConnected) return;
    this.#said = this.#saying(pageNowMs + this.#aheadMs);
    this.setValue(this.#paint(this.#said as never));
  }
}

const movingDirective = directive(Moving);

/** Paints what `saying` gives for the moment, and again whenever it gives something else. Moving parts do not stand in one another. */
export function moving<Said>(moment: Moment, saying: (nowMs: number) => Said, paint: (said: Said) => unknown): DirectiveResult {
  return movingDirective(moment, saying, paint);
}

/** A moving text. */
export function movingText(moment: Moment, saying: (nowMs: number) => string): DirectiveResult {
  return moving(moment, saying, (said) => said);
}

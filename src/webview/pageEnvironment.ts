// What the page may use of the world around it, handed in by its main file, so that every part of it
// runs the same under a test: the channel to the extension, the clock, its timer, fresh keys.
import type { PageMessage } from '../protocol/dashboardMessages.ts';
import type { OtherPages } from './lazyPages.ts';
import type { PageTime } from './pageTime.ts';

/** The page's surroundings. */
export interface PageEnvironment extends PageTime {
  /** Posts a message to the extension. */
  post(message: PageMessage): void;
  /** Calls back once the next frame is on its way to the screen. */
  afterFrame(callback: () => void): void;
  /** A key that no other form has, for one top-up. */
  newKey(): string;
  /** The time zone of the person, by its IANA name. */
  timeZone(): string;
  /** The tab that was open when the page was last shown, as it was stored. */
  loadTab(): unknown;
  /** Stores the open tab for the next time. */
  saveTab(tab: string): void;
  /** What was chosen on a page, as it was stored, and storing it. */
  loadChoice(page: string): unknown;
  saveChoice(page: string, choice: unknown): void;
  /** Loads the script of the other pages; once it is there it is not loaded again. */
  loadOtherPages(): Promise<OtherPages>;
}

// What a person does in a VS Code window and sees there, as steps of a test: status bar, command
// palette, input boxes, notifications, dialogs, editors and the pages inside webviews.
import fs from 'node:fs';
import path from 'node:path';
import type { FrameLocator, Locator, Page } from 'playwright-core';

/** Only a fault uses that up, however much else the machine has to do. */
const stepMsMax = 60_000;

/** One window. */
export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Waits until the workbench is up and no extension is being activated any more. */
  async ready(): Promise<this> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
    // The entry is shown for a moment only, or not at all; both are fine.
    await this.page.locator('#status\\.extensions\\.activating').waitFor({ state: 'detached', timeout: 60_000 });
    return this;
  }

  /** A status bar item; `id` is "publisher.name.item". */
  statusItem(id: string): Locator {
    return this.page.locator(`.part.statusbar .statusbar-item[id="${id}"]`);
  }

  /** The item's text without its icon. */
  async statusText(id: string): Promise<string> {
    return plain(await this.statusItem(id).innerText());
  }

  /** What a screen reader says for the item. */
  async statusLabel(id: string): Promise<string> {
    return plain(await this.statusItem(id).locator('a').first().getAttribute('aria-label') ?? '');
  }

  /** Waits until the item's text matches; the error says what it was. */
  async waitForStatus(id: string, pattern: RegExp): Promise<string> {
    return this.waitFor(`status bar text ${pattern}`, () => this.statusText(id), (text) => pattern.test(text));
  }

  /** Waits until what a screen reader says matches. */
  async waitForLabel(id: string, pattern: RegExp): Promise<string> {
    return this.waitFor(`status bar label ${pattern}`, () => this.statusLabel(id), (text) => pattern.test(text));
  }

  /** Looks again and again until `good`; rejects with the last value that was seen. */
  async waitFor<T>(what: string, look: () => Promise<T>, good: (value: T) => boolean): Promise<T> {
    const deadline = performance.now() + stepMsMax;
    for (;;) {
      const value = await look().catch((error: unknown) => error);
      if (!(value instanceof Error) && good(value as T)) return value as T;
      if (performance.now() > deadline) throw new Error(`Waited ${stepMsMax / 1000} s for ${what}; last seen: ${value instanceof Error ? value.message : JSON.stringify(value)}`);
      await this.page.waitForTimeout(50);
    }
  }

  /** Puts the mouse on the item and gives the text of the card that appears. */
  async statusCard(id: string): Promise<string> {
    const card = this.page.locator('.workbench-hover-container .monaco-hover-content, .workbench-hover-container .hover-contents').first();
    await this.page.mouse.move(640, 300);
    // One that is still there from before would be read as it was.
    await card.waitFor({ state: 'hidden', timeout: stepMsMax });
    await this.statusItem(id).hover();
    await card.waitFor({ timeout: stepMsMax });
    return (await card.innerText()).replaceAll('\u00a0', ' ').trim();
  }

  /** Opens the item's card and clicks a link of it. */
  async clickInCard(id: string, label: string): Promise<void> {
    await this.statusCard(id);
    await this.page.locator('.workbench-hover-container a').filter({ hasText: label }).first().click();
  }

  /** Runs a command by the title that the palette shows, "Category: Title". */
  async runCommand(title: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget .quick-input-filter input');
    const wanted = `>${title}`;
    const row = this.page.locator('.quick-input-widget .quick-input-list .monaco-list-row').filter({ hasText: title }).first();
    // A key that is pressed before the workbench listens is lost, and a document that comes late takes the focus and with it the
    // palette, so it is pressed again; one that was pressed twice and comes late empties the box.
    await this.waitFor(`the command ${title}`, async () => {
      if (!await input.isVisible()) await this.page.keyboard.press('F1');
      await input.waitFor({ state: 'visible', timeout: 2_000 });
      if (await input.inputValue() !== wanted) await input.fill(wanted);
      return row.isVisible();
    }, (isVisible) => isVisible);
    await row.click();
  }

  /** Types into the input box or list that a command opened, and confirms. */
  async answer(text: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget .quick-input-box input, .quick-input-widget .quick-input-filter input').first();
    await input.waitFor({ state: 'visible', timeout: stepMsMax });
    await input.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** A message in the corner that holds `text`, or in the list of all messages while that stands open. */
  notification(text: string | RegExp): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item, .notifications-center.visible .notification-list-item').filter({ hasText: text }).first();
  }

  /** A modal question. */
  dialog(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }

  /** Presses a button of the modal question. */
  async pressInDialog(button: string | RegExp): Promise<void> {
    await this.dialog().getByRole('button', { name: button }).click({ timeout: stepMsMax });
    await this.dialog().waitFor({ state: 'detached', timeout: stepMsMax });
  }

  /** An editor tab whose name holds `name`. */
  tab(name: string | RegExp): Locator {
    return this.page.locator('.part.editor .tab').filter({ hasText: name }).first();
  }

  /**
   * The page of an extension inside a webview, found by a selector that only the wanted one has:
   * hidden webviews stay in the window.
   */
  async webview(selector: string): Promise<FrameLocator> {
    const deadline = performance.now() + stepMsMax;
    for (;;) {
      for (const outer of await this.page.locator('iframe.webview').all()) {
        const inner = outer.contentFrame().locator('iframe#active-frame').contentFrame();
        // A frame that is being replaced throws; the next round looks again.
        if (await inner.locator(selector).first().isVisible().catch(() => false)) return inner;
      }
      if (performance.now() > deadline) throw new Error(`No webview showed ${selector} within ${stepMsMax / 1000} s.`);
      await this.page.waitForTimeout(100);
    }
  }

  /** Reloads the window by its command, so that extensions are ended properly first. */
  async reload(): Promise<void> {
    await this.page.evaluate(() => { (window as { beforeReload?: boolean }).beforeReload = true; });
    await this.runCommand('Developer: Reload Window');
    await this.page.waitForFunction(() => !(window as { beforeReload?: boolean }).beforeReload, undefined, { timeout: 60_000 });
    await this.ready();
  }

  /** Keeps a picture of the window among the results of the run. */
  async picture(file: string): Promise<void> {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    await this.page.screenshot({ path: file });
  }
}

function plain(text: string): string {
  return text.replace(/[\s\u00a0\u202f]+/g, ' ').trim();
}

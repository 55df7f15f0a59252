// One bundle, one server and one Chromium for all files of page tests in this process, and the page that each test has to itself.
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { pageMessage } from '../../../src/protocol/dashboardMessages.ts';
import type { PageMessage } from '../../../src/protocol/dashboardMessages.ts';
import { startPageHost } from './pageHost.ts';
import type { OpenPage, PageHost, PageOptions } from './pageHost.ts';

let starting: Promise<PageHost> | undefined;

/** Opens a page for who closes it. */
export async function openPage(options?: PageOptions): Promise<OpenPage> {
  starting ??= startPageHost();
  return (await starting).open(options);
}

// Outside of every "describe", so that it ends with the last file.
after(async () => { await (await starting)?.close(); });

/** The page of the test that runs, with short ways to what is asked most. */
export interface TestPage extends OpenPage {
  /** What carries this name for tests. */
  readonly hook: (name: string) => Locator;
  /** What the page posted of one type. */
  readonly sent: <T extends PageMessage['type']>(type: T) => Promise<Extract<PageMessage, { type: T }>[]>;
  /** The name for tests, or else the id, of what has the focus. */
  readonly focused: () => Promise<string | null | undefined>;
}

/**
 * Opens a page before each test of this "describe" and closes it after, when it must have kept to its policy and posted
 * nothing that the extension would not read.
 * @param prepare brings the page to where the tests begin
 */
export function pageForEach(prepare: (open: TestPage) => Promise<unknown> = async () => {}): TestPage {
  let open: OpenPage;
  const page: TestPage = {
    get page() { return open.page; },
    send: (...messages) => open.send(...messages),
    posted: () => open.posted(),
    arrived: () => open.arrived(),
    answer: (by) => open.answer(by),
    violations: () => open.violations(),
    setNow: (nowMs) => open.setNow(nowMs),
    setTheme: (theme) => open.setTheme(theme),
    close: () => open.close(),
    hook: (name) => open.page.locator(`[data-test=${name}]`),
    sent: async <T extends PageMessage['type']>(type: T) => (await open.posted()).filter((message): message is Extract<PageMessage, { type: T }> => message.type === type),
    focused: () => open.page.evaluate(() => document.activeElement?.getAttribute('data-test') ?? document.activeElement?.id),
  };
  beforeEach(async () => {
    open = await openPage();
    await prepare(page);
  });
  afterEach(async () => {
    assert.deepEqual(await open.violations(), []);
    for (const message of await open.posted()) assert.deepEqual(pageMessage.parse(message), message);
    await open.close();
  });
  return page;
}

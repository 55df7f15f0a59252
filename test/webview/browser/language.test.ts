// The pages in other languages. In one that is made up, in which all that was translated stands in marks, nothing else is
// left but data; in German, whose words are long, nothing is cut off at the widths that people have.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Language } from '../../../src/protocol/language.ts';
import { speakers } from '../../support/language/plainWords.ts';
import { german, pseudo, untranslated } from '../../support/language/spokenIn.ts';
import { sampleStates } from '../sampleStates.ts';
import { sceneData, scenes } from '../spokenScenes.ts';
import type { Scene } from '../spokenScenes.ts';
import type { OpenPage } from './pageHost.ts';
import { openPage } from './sharedHost.ts';
import { cutWords, shownWords } from './shownWords.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const pictures = path.join(root, 'test-output/webview');
const widths = [1000, 320];
/** Faces that people look at in German; the long run takes all of them. */
const pictured: readonly string[] = ['ruled', 'days', 'refused', 'all', 'findings', 'budget per workspace'];
const isLong = process.env['CODEX_BROKER_TEST_LONG'] !== undefined;

describe('the pages in other languages', function languages() {
  this.timeout(240_000);
  let speakersOf: (piece: string) => readonly string[];
  before(async () => {
    await mkdir(pictures, { recursive: true });
    speakersOf = await speakers(root, ['src/webview', 'src/protocol', 'src/domain']);
  });

  async function shown(scene: Scene, language: Language, look: (open: OpenPage, name: string) => Promise<void>): Promise<void> {
    const open = await openPage({ language, ...(scene.isSidebar ? { isSidebar: true } : {}) });
    await scene.show({ ...open, language, look: (name) => look(open, name) });
    assert.deepEqual(await open.violations(), []);
    await open.close();
  }

  it('gives people their language to take along, and programs English', async () => {
    const open = await openPage({ language: german });
    await open.send(...sampleStates['ruled']!);
    await open.page.locator('[data-test=tab-history]').click();
    await open.answer();
    await open.page.locator('[data-choice=tokens]').click();
    const chart = open.page.locator('history-page usage-chart');
    await chart.locator('[aria-pressed=false].link').click();
    for (const format of ['csv', 'json', 'md']) await chart.locator(`[data-test=export-${format}]`).click();
    const [csv, json, markdown] = (await open.posted()).flatMap((message) => (message.type === 'save' ? [message.content] : []));
    assert.match(csv!, /^day,Fresh input tokens,Cached input tokens,Output tokens,Reasoning tokens,total tokens\r\n/);
    assert.ok(Object.hasOwn((JSON.parse(json!) as object[])[0]!, 'Fresh input tokens'));
    assert.match(markdown!, /^## Tokens pro Tag · nach Art der Tokens\n\n\| Tag \| Neue Eingabe \|/);
    assert.match(await chart.locator('th').nth(1).innerText(), /Neue Eingabe/, 'the page goes on in its language');
    await open.close();
  });

  for (const scene of scenes) {
    it(`has no words that cannot be translated: ${scene.name}`, async () => {
      const data = sceneData();
      const findings = new Map<string, string>();
      await shown(scene, pseudo, async ({ page }, name) => {
        for (const text of await shownWords(page)) {
          for (const piece of untranslated(text.replaceAll(/⟦[^⟦⟧]*⟧/gu, ' '), data).split(' | ').filter((each) => each !== '')) findings.set(piece, findings.get(piece) ?? `${name}: "${piece}" of "${text}" (${speakersOf(piece).join(', ') || 'put together from parts'})`);
        }
      });
      assert.deepEqual([...findings.values()], []);
    });

    it(`has room for German: ${scene.name}`, async () => {
      const findings = new Set<string>();
      await shown(scene, german, async ({ page }, name) => {
        for (const width of scene.isSidebar ? [300, 170] : widths) {
          await page.setViewportSize({ width, height: 900 });
          // From the top on: a bar that sticks while the page is scrolled would lie across the picture.
          await page.evaluate(() => { scrollTo(0, 0); });
          // A chart follows the new width one frame later.
          await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
          for (const cut of await cutWords(page)) findings.add(`${name}, ${width} pixels: ${cut}`);
          if (isLong || pictured.includes(name)) await page.screenshot({ path: path.join(pictures, `de-${scene.name}-${name}-${width}.png`.replaceAll(' ', '-')), fullPage: true });
        }
      });
      assert.deepEqual([...findings], []);
    });
  }
});

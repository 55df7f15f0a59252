// Every text of the manifest is there in English and in German, and so are the pages of the walkthrough.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fixedParts, plainTexts, withWords, wordKeys } from '../support/language/manifestWords.ts';

describe('words of the manifest', () => {
  const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
  const manifest: unknown = read('package.json');
  const english = read('package.nls.json');
  const german = read('package.nls.de.json');

  it('have a key wherever people read them', () => {
    assert.deepEqual(plainTexts(manifest), []);
    assert.deepEqual(plainTexts({ name: 'package', contributes: { views: { a: [{ id: 'b', name: 'Now' }] }, commands: [{ title: '%a%' }, { title: 'Go', command: 'x' }], configuration: { properties: { c: { enum: ['d'], enumDescriptions: ['%d%', 'E'] } } } } }),
      ['contributes.views.a[0].name', 'contributes.commands[1].title', 'contributes.configuration.properties.c.enumDescriptions[1]']);
  });

  it('are there in both languages, and none is left over', () => {
    const keys = [...new Set(wordKeys(manifest))].sort();
    assert.ok(keys.length > 80);
    assert.deepEqual(Object.keys(english).sort(), keys);
    assert.deepEqual(Object.keys(german).sort(), keys);
    for (const words of [english, german]) assert.deepEqual(Object.entries(words).filter(([, text]) => text.trim() === ''), []);
  });

  it('are translated, with the same links and names in them', () => {
    // Names stay what they are, and a few words are the same in both.
    const same = ['command.category', 'settings.title', 'setting.meter.unit.credits.label', 'setting.statusBar.style.text.label', 'setting.statusBar.style.ring.label'];
    assert.deepEqual(Object.keys(english).filter((key) => english[key] === german[key]), same);
    for (const [key, text] of Object.entries(english)) assert.deepEqual(fixedParts(german[key] ?? ''), fixedParts(text), key);
    assert.notDeepEqual(fixedParts('[Go](command:a) `b`'), fixedParts('[Los](command:c) `b`'));
  });

  it('are put in where the manifest asks for them', () => {
    assert.deepEqual(withWords({ a: ['%b%', '%c%', 1], d: '90 %' }, { b: 'B' }), { a: ['B', '%c%', 1], d: '90 %' });
  });

  it('name every command in texts as the command is named', () => {
    // What stands in bold in a setting or in the walkthrough is a command's title, or a word of no command.
    const words = { 'setting.meter.show': 2, 'setting.passThrough': 1 } as Readonly<Record<string, number>>;
    for (const texts of [english, german]) {
      const titles = Object.entries(texts).filter(([key]) => key.startsWith('command.')).map(([, title]) => title);
      for (const [key, text] of Object.entries(texts)) {
        const bold = [...text.matchAll(/\*\*([^*]+)\*\*/g)].map(([, inside = '']) => inside);
        assert.equal(bold.filter((inside) => !titles.includes(inside)).length, words[key] ?? 0, `${key}: ${bold.join(', ')}`);
      }
    }
  });

  it('have a German page for each page of the walkthrough, which VS Code finds by its name', () => {
    const folder = 'media/walkthrough';
    const pages = readdirSync(folder).filter((name) => name.endsWith('.md') && !name.includes('.nls.'));
    assert.equal(pages.length, 6);
    for (const page of pages) {
      const translated = `${folder}/${page.replace(/\.md$/, '.nls.de.md')}`;
      assert.ok(existsSync(translated), translated);
      const [from, to] = [`${folder}/${page}`, translated].map((path) => readFileSync(path, 'utf8'));
      const shape = (text = '') => text.split('\n').map((line) => /^(#|- |\||!\[|```)?/.exec(line)?.[0] ?? '').join('\n');
      assert.equal(shape(to), shape(from), page);
      assert.notEqual(to, from);
    }
  });
});

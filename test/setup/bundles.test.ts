// The sizes that the bundles keep to as they ship. The page is built here as the product builds it: it is what a
// person waits for after a click.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import type { Metafile } from 'esbuild';
import { buildBundle, bundles, firstPage, refuseTooLarge } from '../../src/setup/bundles.mjs';

const root = path.resolve(import.meta.dirname, '../..');
/** What the dashboard's first page may load as scripts, minified. */
const firstPageBytesMax = 250_000;

/** The page's scripts as they ship, by the names of their bundles, and the files that went into each. */
async function builtPage() {
  const folder = mkdtempSync(path.join(tmpdir(), 'codex-bundles-'));
  try {
    const scripts = new Map<string, string>();
    const inputs = new Map<string, Metafile['outputs'][string]['inputs']>();
    for (const bundle of bundles.filter(({ name }) => name === 'webview' || name === 'plot')) {
      const { metafile } = await buildBundle(build, bundle, { root, folder, minify: true, version: '0.0.0' }) as { metafile: Metafile };
      for (const [name, one] of Object.entries(metafile.outputs)) inputs.set(path.basename(name), one.inputs);
      for (const { name, outfile } of bundles.filter((one) => one === bundle || one.within === bundle.name)) scripts.set(name, readFileSync(path.join(folder, path.basename(outfile)), 'utf8'));
    }
    return { scripts, inputs };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the bundles of the dashboard page', function pageBundles() {
  this.timeout(60_000);
  let page: Awaited<ReturnType<typeof builtPage>>;
  before(async () => { page = await builtPage(); });
  const bytesOf = (name: string) => Buffer.byteLength(page.scripts.get(name) ?? '');

  it('stay within their budget with all that the first page loads, which the build itself keeps too', () => {
    assert.deepEqual(firstPage.names, ['webview', 'plot']);
    assert.ok(firstPage.bytesMax <= firstPageBytesMax);
    const bytes = firstPage.names.reduce((sum, name) => sum + bytesOf(name), 0);
    const largest = [...page.inputs].flatMap(([script, files]) => Object.entries(files).map(([name, { bytesInOutput }]) => ({ text: `${name} ${bytesInOutput} in ${script}`, bytesInOutput }))).sort((a, b) => b.bytesInOutput - a.bytesInOutput).slice(0, 8).map(({ text }) => text);
    assert.ok(bytesOf('webview') > 0 && bytesOf('plot') > 0 && bytes <= firstPageBytesMax, `the first page loads ${bytes} bytes; the largest parts: ${largest.join(', ')}`);
    for (const [name, text] of page.scripts) {
      assert.ok(bytesOf(name) <= (bundles.find((bundle) => bundle.name === name)?.bytesMax ?? 0), name);
      assert.doesNotMatch(text, /\n[ \t]/, 'what indents its templates does not ship');
    }
  });

  it('are refused by the build where one of them, or all of them together, is too large', () => {
    const size = (name: string, bytes: number) => ({ name, outfile: `dist/${name}.js`, bytes, bytesMax: 200_000 });
    assert.doesNotThrow(() => refuseTooLarge([size('webview', 150_000), size('plot', 100_000), size('otherPages', 100_000)]));
    assert.throws(() => refuseTooLarge([size('otherPages', 200_001)]), /dist\/otherPages\.js has 195 KB, more than its budget/);
    assert.throws(() => refuseTooLarge([size('webview', 150_000), size('plot', 100_001)]), /first page loads \(dist\/webview\.js, dist\/plot\.js\) has 244 KB, more than its budget of 244 KB/);
  });

  it('ask for one script at first, which the other pages share with it', () => {
    const importsOf = (name: string) => [...(page.scripts.get(name) ?? '').matchAll(/(?:\bfrom|\bimport\(?) ?"\.\/[^"]+"/g)].map(([found]) => found);
    assert.deepEqual([importsOf('webview'), importsOf('otherPages')], [['import("./otherPages.js"'], ['from"./webview.js"']]);
    const twice = [...page.inputs.values()].flatMap((files) => Object.keys(files)).filter((name, index, all) => name.endsWith('.ts') && all.indexOf(name) !== index);
    assert.deepEqual(twice.filter((name) => name !== 'src/webview/plotLibrary.ts'), [], 'nothing is in both of them');
  });

  it('carry no checker of shapes: the page paints plain data, and its extension checks what it asks', () => {
    assert.deepEqual([...page.inputs.values()].flatMap((files) => Object.keys(files)).filter((name) => /node_modules\/zod\//.test(name)), []);
  });
});

// The sizes that the bundles keep to as they ship. The page is built here as the product builds it: it is what a
// person waits for after a click.
import assert from 'node:assert/strict';
import path from 'node:path';
import { build } from 'esbuild';
import { bundles, optionsFor, unindented } from '../../src/setup/bundles.mjs';

const root = path.resolve(import.meta.dirname, '../..');
/** What the dashboard page may have, minified. */
const pageBytesMax = 250_000;

/** The page's script as it ships: its size, and the files it is made of with what each adds. */
async function builtPage() {
  const page = bundles.find((bundle) => bundle.name === 'webview');
  assert.ok(page);
  const { metafile, outputFiles } = await build({ ...optionsFor(page, { root, minify: true, version: '0.0.0' }), metafile: true as const, write: false });
  const [script] = Object.entries(metafile.outputs).flatMap(([name, one]) => (name.endsWith('.js') ? [one] : []));
  const shipped = outputFiles.find((file) => file.path.endsWith('.js'));
  assert.ok(script && shipped);
  return { page, script, shipped: unindented(shipped.text) };
}

describe('the bundle of the dashboard page', () => {
  it('stays within its budget, which the build itself keeps too', async () => {
    const { page, script: { inputs }, shipped } = await builtPage();
    const bytes = Buffer.byteLength(shipped);
    const largest = Object.entries(inputs).sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput).slice(0, 5).map(([name, one]) => `${name} ${one.bytesInOutput}`);
    assert.ok(page.bytesMax <= pageBytesMax);
    assert.doesNotMatch(shipped, /\n[ \t]/, 'what indents its templates does not ship');
    assert.ok(bytes <= pageBytesMax, `the page has ${bytes} bytes; the largest parts: ${largest.join(', ')}`);
  });

  it('carries no checker of shapes: the page paints plain data, and its extension checks what it asks', async () => {
    const { script } = await builtPage();
    assert.deepEqual(Object.keys(script.inputs).filter((name) => /node_modules\/zod\//.test(name)), []);
  });
});

// Turns the entry files into the bundles under dist/ and puts their companions beside them
// (keytar with every platform's binary, the icon font, the licences of what was bundled in).
// It never removes files of a build that is in use and never reports success for a part it left out.
import fs from 'node:fs';
import path from 'node:path';
import { thirdPartyNotices } from './notices.mjs';
import { buildPage } from './pageBundle.mjs';
import { ownPricesPlugin } from './priceData.mjs';

/**
 * Entry file, output and largest size, minified, of each bundle; `within` names the bundle that a script is split off from. The
 * order is the order of the printed list.
 */
export const bundles = [
  { name: 'extension', entry: 'src/extension/main.ts', outfile: 'dist/extension.cjs', bytesMax: 1_000_000 },
  { name: 'broker', entry: 'src/broker/main.ts', outfile: 'dist/broker.mjs', bytesMax: 3_000_000 },
  { name: 'ledger', entry: 'src/broker/ledgerMain.ts', outfile: 'dist/ledger.mjs', bytesMax: 400_000 },
  { name: 'sandbox', entry: 'src/sandbox/main.ts', outfile: 'dist/sandbox.mjs', bytesMax: 1_000_000 },
  { name: 'webview', entry: 'src/webview/main.ts', outfile: 'dist/webview.js', bytesMax: 190_000 },
  { name: 'otherPages', within: 'webview', entry: 'src/webview/otherPages.ts', outfile: 'dist/otherPages.js', bytesMax: 100_000 },
  { name: 'plot', entry: 'src/webview/plotMain.ts', outfile: 'dist/plot.js', bytesMax: 60_000 },
  { name: 'sidebar', entry: 'src/webview/sidebarMain.ts', outfile: 'dist/sidebar.js', bytesMax: 64_000 },
];

/** What the dashboard's first page loads as scripts, at once or because it has a chart: the largest size of all together, minified. */
export const firstPage = { names: ['webview', 'plot'], bytesMax: 250_000 };

// Bundled CommonJS packages still call `require` for Node's own modules and may ask for
// `__dirname`, neither of which an ES module has.
export const moduleShim = [
  'import { createRequire as bundleCreateRequire } from "node:module";',
  'import { fileURLToPath as bundleFileUrlToPath } from "node:url";',
  'import { dirname as bundleDirname } from "node:path";',
  'const require = bundleCreateRequire(import.meta.url);',
  'const bundleFile = bundleFileUrlToPath(import.meta.url);',
  'const bundleFolder = bundleDirname(bundleFile);',
].join('\n');

/** Whether a bundle runs in a page. */
export function isPage({ name }) {
  return ['webview', 'otherPages', 'plot', 'sidebar'].includes(name);
}

/**
 * Options of esbuild for one bundle. Node parts target Node 22, the oldest one inside the supported
 * editors; the page targets the Chromium of those editors.
 * @returns {import('esbuild').BuildOptions}
 */
function optionsFor(bundle, { root, minify, version }) {
  const shared = {
    absWorkingDir: root,
    entryPoints: [bundle.entry],
    outfile: bundle.outfile,
    bundle: true,
    minify,
    metafile: true,
    legalComments: 'none',
    logLevel: 'silent',
    // One letter outside of Latin-1 would make V8 keep the whole bundle in two bytes a letter.
    charset: 'ascii',
    plugins: [ownPricesPlugin],
    define: { __BROKER_VERSION__: JSON.stringify(version) },
  };
  if (isPage(bundle)) {
    return {
      ...shared, charset: 'utf8', platform: 'browser', format: 'iife', target: ['chrome132'],
      loader: { '.ttf': 'dataurl', '.svg': 'text' },
      define: { ...shared.define, 'process.env.NODE_ENV': '"production"' },
    };
  }
  const node = { ...shared, platform: 'node', target: 'node22', keepNames: true };
  if (bundle.name === 'extension') {
    // ws asks for these two optional speed-ups and does without them when they are absent.
    return { ...node, format: 'cjs', external: ['vscode', 'bufferutil', 'utf-8-validate'] };
  }
  const shebang = bundle.name === 'broker' ? '#!/usr/bin/env node\n' : '';
  return {
    ...node, format: 'esm',
    external: ['keytar', 'bufferutil', 'utf-8-validate'],
    banner: { js: shebang + moduleShim },
    define: { ...shared.define, __dirname: 'bundleFolder', __filename: 'bundleFile' },
  };
}

/**
 * Builds every bundle and its companions into `root`/dist.
 * @param {{ root: string, minify?: boolean, allowMissing?: boolean, say: (line: string) => void }} options
 *   `allowMissing` builds what exists and names what does not; without it a missing entry is an error.
 * @returns {Promise<void>} rejects with esbuild's own error or a plain Error with a full sentence
 */
export async function buildAll({ root, minify = false, allowMissing = false, say }) {
  // esbuild is loaded here and not at the top, so that its absence gets a sentence too.
  const { build } = await import('esbuild').catch(() => {
    throw new Error('esbuild is not installed; run "npm ci" first.');
  });
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  fs.mkdirSync(path.join(root, 'dist'), { recursive: true });

  const missing = bundles.filter((bundle) => !fs.existsSync(path.join(root, bundle.entry)));
  if (missing.length > 0 && !allowMissing) {
    throw new Error(`These entry files do not exist: ${missing.map((bundle) => bundle.entry).join(', ')}.`);
  }
  for (const bundle of missing) say(`  ${bundle.name.padEnd(10)} left out, ${bundle.entry} does not exist yet`);

  const present = bundles.filter((bundle) => !missing.includes(bundle));
  const built = present.filter((bundle) => bundle.within === undefined);
  const results = await Promise.allSettled(built.map((bundle) => buildBundle(build, bundle, { root, minify, version })));
  const failures = results.filter((result) => result.status === 'rejected').map((result) => result.reason);
  if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures);

  const warnings = results.flatMap((result) => result.value.warnings);
  if (warnings.length > 0) throw Object.assign(new Error('esbuild warned.'), { errors: warnings });

  const metafiles = results.map((result) => result.value.metafile);
  if (present.some((bundle) => bundle.name === 'webview')) await finishPage({ root, build, minify, metafiles });
  copyIconFont(root);
  copyKeytar(root);
  fs.writeFileSync(path.join(root, 'dist/ThirdPartyNotices.txt'), thirdPartyNotices(root, metafiles));
  if (fs.existsSync(path.join(root, 'dist/broker.mjs'))) fs.chmodSync(path.join(root, 'dist/broker.mjs'), 0o755);

  const bytesOf = (bundle) => fs.statSync(path.join(root, bundle.outfile)).size;
  for (const bundle of present) say(`  ${bundle.name.padEnd(10)} ${bundle.outfile.padEnd(20)} ${kilobytes(bytesOf(bundle))}`);
  if (minify) refuseTooLarge(present.map((bundle) => ({ ...bundle, bytes: bytesOf(bundle) })));
}

/**
 * Throws where a bundle, or what the dashboard's first page loads, is larger than its budget.
 * @param {{ name: string, outfile: string, bytes: number, bytesMax: number }[]} sizes minified
 */
export function refuseTooLarge(sizes) {
  const first = sizes.filter(({ name }) => firstPage.names.includes(name));
  const whole = { outfile: `What the dashboard's first page loads (${first.map(({ outfile }) => outfile).join(', ')})`, bytes: first.reduce((sum, { bytes }) => sum + bytes, 0), bytesMax: firstPage.bytesMax };
  for (const { outfile, bytes, bytesMax } of [...sizes, whole]) {
    if (bytes > bytesMax) throw new Error(`${outfile} has ${kilobytes(bytes).trim()}, more than its budget of ${kilobytes(bytesMax).trim()}. Something large was imported, or the budget in src/setup/bundles.mjs is to be raised on purpose.`);
  }
}

/** Builds one bundle, and what is split off from it, into `folder`; a bundle of Node always into its own place. */
export async function buildBundle(build, bundle, { root, folder = path.join(root, 'dist'), minify, version }) {
  const options = optionsFor(bundle, { root, minify, version });
  if (!isPage(bundle)) return build(options);
  const other = bundles.find(({ within }) => within === bundle.name);
  const result = other ? await buildPage(build, options, path.basename(other.outfile)) : await build({ ...options, write: false });
  for (const file of result.files ?? result.outputFiles) fs.writeFileSync(path.join(folder, path.basename(file.path)), minify && file.path.endsWith('.js') ? unindented(file.text) : file.text);
  return result;
}

/** In a minified page lines break in templates alone, and a browser reads a break with what indents the next line as one space. */
function unindented(page) {
  return page.replaceAll(/\n[ \t]+/g, '\n');
}

/** The page's styles: esbuild writes them when the entry imports them, else main.css is built on its own. */
async function finishPage({ root, build, minify, metafiles }) {
  const written = metafiles.some((metafile) => Object.keys(metafile.outputs).includes('dist/webview.css'));
  const styles = path.join(root, 'src/webview/main.css');
  if (written || !fs.existsSync(styles)) return;
  const result = await build({
    absWorkingDir: root, entryPoints: ['src/webview/main.css'], outfile: 'dist/webview.css',
    bundle: true, minify, metafile: true, logLevel: 'silent', loader: { '.ttf': 'dataurl' },
  });
  metafiles.push(result.metafile);
}

/** Folder of the icon font and its style sheet. */
export function iconFontFolder(root) {
  return path.join(root, 'node_modules/@vscode/codicons/dist');
}

/** The icons' style sheet. It names the font without its version, so that the page can ask for the same address before it has read the sheet. */
export function iconStyle(root) {
  return fs.readFileSync(path.join(iconFontFolder(root), 'codicon.css'), 'utf8').replace(/codicon\.ttf\?[0-9a-f]+/, 'codicon.ttf');
}

/** The icon font and its style sheet, which the page links by name. */
function copyIconFont(root) {
  fs.writeFileSync(path.join(root, 'dist/codicon.css'), iconStyle(root));
  fs.copyFileSync(path.join(iconFontFolder(root), 'codicon.ttf'), path.join(root, 'dist/codicon.ttf'));
}

/** keytar with the binaries of every platform, so that one package serves all of them. */
function copyKeytar(root) {
  const from = path.join(root, 'node_modules/keytar');
  const to = path.join(root, 'dist/node_modules/keytar');
  // A running broker has the binary mapped: it is replaced only when another version came.
  const versionIn = (folder) => { try { return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).version; } catch { return undefined; /* not copied yet */ } };
  if (versionIn(to) !== versionIn(from)) {
    for (const part of ['LICENSE.md', 'lib', 'prebuilds', 'package.json']) fs.cpSync(path.join(from, part), path.join(to, part), { recursive: true });
  }
  if (fs.readdirSync(path.join(to, 'prebuilds')).length < 10) {
    throw new Error('keytar came with fewer than ten platforms; the package would not work everywhere. Run "npm ci" again.');
  }
}

function kilobytes(bytes) {
  return `${(bytes / 1024).toFixed(0).padStart(6)} KB`;
}

/**
 * What went wrong, for a person: file, line and message of each error, never a stack trace.
 * @param {unknown} error what `buildAll` or `packageExtension` rejected with
 * @returns {string}
 */
export function buildFailureText(error) {
  const parts = error instanceof AggregateError && !('warnings' in error) ? error.errors : [error];
  const lines = parts.flatMap((part) => {
    if (Array.isArray(part?.errors)) {
      return part.errors.map(({ location, text }) => (location ? `${location.file}:${location.line}:${location.column}: ${text}` : text));
    }
    return [part instanceof Error ? part.message : String(part)];
  });
  return lines.length === 1 ? lines[0] : `\n  ${lines.join('\n  ')}`;
}

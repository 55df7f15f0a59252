// Makes the VSIX with vsce and then checks what is really inside it: only files that are on the list,
// every file that must be there, and less than four megabytes. It never publishes anything.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { node24 } from './nodeVersion.mjs';
import { zipListing } from './zipListing.mjs';

/** The largest VSIX that is acceptable. */
const vsixBytesMax = 4 * 1024 * 1024;

/** What may be in the VSIX. Everything else fails the build. */
const allowed = [
  /^\[Content_Types\]\.xml$/,
  /^extension\.vsixmanifest$/,
  /^extension\/package\.json$/,
  /^extension\/package\.nls(\.[a-z-]+)?\.json$/,
  /^extension\/l10n\/bundle\.l10n\.[a-z-]+\.json$/,
  /^extension\/(readme|README)\.md$/,
  /^extension\/(changelog|CHANGELOG)\.md$/,
  /^extension\/LICENSE\.txt$/,
  /^extension\/dist\/(extension\.cjs|broker\.mjs|ledger\.mjs|sandbox\.mjs|webview\.js|otherPages\.js|plot\.js|webview\.css|sidebar\.js|sidebar\.css|codicon\.css|codicon\.ttf|ThirdPartyNotices\.txt)$/,
  /^extension\/dist\/node_modules\/keytar\/(package\.json|LICENSE\.md|lib\/keytar\.js)$/,
  /^extension\/dist\/node_modules\/keytar\/prebuilds\/[a-z0-9-]+\/[^/]+\.node$/,
  /^extension\/media\/[\w/-]+(\.nls\.[a-z-]+)?\.(svg|png|md)$/,
];

/** What must be in it, or the extension could not run. */
const required = [
  'extension/package.json', 'extension/package.nls.json', 'extension/package.nls.de.json', 'extension/l10n/bundle.l10n.de.json', 'extension/readme.md', 'extension/changelog.md', 'extension/LICENSE.txt',
  'extension/dist/extension.cjs', 'extension/dist/broker.mjs', 'extension/dist/ledger.mjs', 'extension/dist/sandbox.mjs',
  'extension/dist/webview.js', 'extension/dist/otherPages.js', 'extension/dist/plot.js', 'extension/dist/webview.css', 'extension/dist/sidebar.js', 'extension/dist/sidebar.css', 'extension/dist/codicon.css', 'extension/dist/codicon.ttf',
  'extension/dist/ThirdPartyNotices.txt',
  'extension/dist/node_modules/keytar/prebuilds/linux-x64/keytar.node',
  'extension/dist/node_modules/keytar/prebuilds/darwin-arm64/keytar.node',
  'extension/dist/node_modules/keytar/prebuilds/win32-x64/keytar.node',
];

/**
 * Where the VSIX of this version is.
 * @param {string} root folder of package.json
 * @returns {string}
 */
export function vsixPath(root) {
  const { name, version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  return path.join(root, 'dist', `${name}-${version}.vsix`);
}

/**
 * Runs vsce and checks its result.
 * @param {{ root: string, say: (line: string) => void }} options
 * @returns {Promise<string>} path of the VSIX; rejects with a sentence when anything is wrong with it
 */
export async function packageExtension({ root, say }) {
  const file = vsixPath(root);
  fs.rmSync(file, { force: true });
  const staged = stage(root);
  const { code, output } = await run(node24(root), [
    path.join(root, 'node_modules/@vscode/vsce/vsce'), 'package', '--no-dependencies', '--out', file,
    // Pictures in README.md are shown from the package, not from an address that may not exist yet.
    '--allow-missing-repository', '--no-rewrite-relative-links',
  ], staged).finally(() => fs.rmSync(staged, { recursive: true, force: true }));
  if (code !== 0) throw new Error(`vsce refused to make the package:\n${output.trim()}`);
  const warnings = output.split('\n').filter((line) => /^\s*WARNING/.test(line));
  if (warnings.length > 0) throw new Error(`vsce warned, and a package with warnings is not made:\n${warnings.join('\n')}`);

  const entries = zipListing(file);
  const problems = vsixProblems(entries.map((entry) => entry.name), fs.statSync(file).size);
  if (problems.length > 0) throw new Error(`The package is not right:\n  ${problems.join('\n  ')}`);
  say(`  package    ${path.relative(root, file)}, ${(fs.statSync(file).size / 1024).toFixed(0)} KB, ${entries.length} files, every one on the list`);
  return file;
}

/**
 * Copies what .vscodeignore lets into a package to a folder of its own: vsce looks at every file below the one that it works
 * in, and beside the product lie tens of thousands in caches, which took minutes on a disk that had not read them yet.
 * @param {string} root
 * @returns {string} the folder
 */
function stage(root) {
  const staged = fs.mkdtempSync(path.join(os.tmpdir(), 'codex-broker-package-'));
  const ignoreFile = '.vscodeignore';
  const named = fs.readFileSync(path.join(root, ignoreFile), 'utf8').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1).trim().split('/')[0]);
  for (const name of new Set([ignoreFile, ...named])) {
    // What is missing is named once the package is looked at.
    if (fs.existsSync(path.join(root, name))) fs.cpSync(path.join(root, name), path.join(staged, name), { recursive: true, filter: (from) => !from.endsWith('.vsix') });
  }
  return staged;
}

/**
 * What is wrong with a package of these files and this size; empty when nothing is.
 * @param {string[]} names file names inside the archive
 * @param {number} bytes size of the archive
 * @returns {string[]}
 */
export function vsixProblems(names, bytes) {
  return [
    ...names.filter((name) => !allowed.some((pattern) => pattern.test(name))).map((name) => `${name} does not belong in the package.`),
    ...required.filter((name) => !names.includes(name)).map((name) => `${name} is missing.`),
    ...(bytes > vsixBytesMax ? [`It has ${bytes} bytes; at most ${vsixBytesMax} are allowed.`] : []),
  ];
}

function run(command, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => { output += chunk; });
    child.stderr.on('data', (chunk) => { output += chunk; });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

// "npm start": makes a fresh clone ready, builds the product if its sources changed, and hands over to
// the tour. Runs on any Node from 20 on; everything after the installation runs on the project's own.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './ensureInstalled.mjs';
import { rerunUnderNode24 } from './nodeVersion.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const say = (line) => console.log(line);

/** The newest change of any file under `folder`, in milliseconds since the epoch. */
function newestMs(folder) {
  return Math.max(0, ...fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => fs.statSync(path.join(entry.parentPath, entry.name)).mtimeMs));
}

/** Builds the VSIX and the bundles in it when they are missing or older than what they are made from. */
async function ensureBuilt() {
  const { vsixPath, packageExtension } = await import('./packageExtension.mjs');
  const { buildAll, buildFailureText } = await import('./bundles.mjs');
  const made = fs.existsSync(vsixPath(root)) ? fs.statSync(vsixPath(root)).mtimeMs : 0;
  const from = Math.max(
    ...['src', 'media', 'l10n'].map((folder) => newestMs(path.join(root, folder))),
    ...['package.json', 'package.nls.json', 'package.nls.de.json', 'package-lock.json'].map((file) => fs.statSync(path.join(root, file)).mtimeMs),
  );
  if (made > from) return;
  say('Building the extension, the broker and the dashboard:');
  try {
    await buildAll({ root, minify: true, say });
    await packageExtension({ root, say });
  } catch (error) {
    throw new Error(`The build failed. ${buildFailureText(error)}`, { cause: error });
  }
}

try {
  await ensureInstalled({ root, say });
  if (!await rerunUnderNode24(root)) {
    await ensureBuilt();
    const { tourMain } = await import('../tour/main.ts');
    process.exitCode = await tourMain(process.argv.slice(2), root);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

// Builds everything that ships: extension, broker, sandbox and dashboard page, each as one bundled
// file under dist/, with keytar and the icon font beside them. With --package it also makes the VSIX.
// It never leaves a failed build looking like a good one: any failure ends with a sentence and exit code 1.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildAll, buildFailureText } from './src/setup/bundles.mjs';
import { packageExtension } from './src/setup/packageExtension.mjs';

const root = path.dirname(fileURLToPath(import.meta.url));

const usage = `Usage: node esbuild.mjs [--minify] [--package] [--allow-missing]

  --minify         smaller bundles, as they ship
  --package        minified bundles, then dist/codex-usage-broker-VERSION.vsix
  --allow-missing  while developing: build what exists and name what does not
`;

async function main() {
  let options;
  try {
    options = parseArgs({
      options: {
        minify: { type: 'boolean', default: false },
        package: { type: 'boolean', default: false },
        'allow-missing': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  try {
    await buildAll({
      root,
      minify: options.minify || options.package,
      allowMissing: options['allow-missing'] && !options.package,
      say: (line) => console.log(line),
    });
    if (options.package) await packageExtension({ root, say: (line) => console.log(line) });
    return 0;
  } catch (error) {
    console.error(`\nThe build failed. ${buildFailureText(error)}`);
    return 1;
  }
}

process.exitCode = await main();

// Bundles the suites of test/vscode/inHost into one CommonJS module that an extension host can load,
// whichever Node it has. The result lies in test-output, where mocha is found in node_modules.
import path from 'node:path';
import { build } from 'esbuild';

/**
 * @param {string} root folder of package.json
 * @returns {Promise<string>} path of the module, which exports `run()`
 */
export async function bundleInHostSuites(root) {
  const outfile = path.join(root, 'test-output/inHost/suites.cjs');
  await build({
    absWorkingDir: root, entryPoints: ['test/vscode/inHost/run.ts'], outfile,
    bundle: true, platform: 'node', format: 'cjs', target: 'node22', logLevel: 'warning',
    // The host gives `vscode`; mocha is an ES module and is imported while running.
    external: ['vscode', 'mocha'],
  });
  return outfile;
}

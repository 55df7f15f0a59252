// Runs the suites of test/vscode/inHost in a desktop VS Code that @vscode/test-electron downloads:
// for computers where the VS Code server cannot run, and for what only the desktop has. It needs the
// network and a display (on a Linux machine without one: xvfb-run), and is not part of "npm test".
//   node test/vscode/desktop.mjs [VERSION]      VERSION is "stable", the default, or such as 1.105.0
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { bundleInHostSuites } from '../support/vscode/inHostBundle.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

if (!fs.existsSync(path.join(root, 'dist/extension.cjs'))) {
  console.error('The extension is not built; run "npm run build" first.');
  process.exit(2);
}
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'codex-broker-desktop-'));
const report = path.join(folder, 'inHost.json');
fs.mkdirSync(path.join(folder, 'workspace'));
try {
  const vscodeExecutablePath = await downloadAndUnzipVSCode({ version: process.argv[2] ?? 'stable', cachePath: path.join(root, '.cache/vscode-desktop') });
  process.exitCode = await runTests({
    vscodeExecutablePath,
    extensionDevelopmentPath: root,
    extensionTestsPath: await bundleInHostSuites(root),
    launchArgs: [path.join(folder, 'workspace'), '--user-data-dir', path.join(folder, 'user'), '--extensions-dir', path.join(folder, 'extensions'), '--disable-workspace-trust'],
    extensionTestsEnv: { CODEX_BROKER_DATA: path.join(folder, 'data'), CODEX_BROKER_TEST_REPORT: report },
  });
} catch (error) {
  console.error(`The desktop run failed: ${error.message}`);
  process.exitCode = 1;
}
const results = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, 'utf8')) : [];
for (const { title, state, error } of results) console.log(`  ${state === 'passed' ? 'ok' : 'FAILED'} ${title}${error ? `\n${error}` : ''}`);
const passed = results.filter((result) => result.state === 'passed').length;
console.log(`${passed} passed, ${results.length - passed + (results.length === 0 ? 1 : 0)} failed`);
if (passed === 0 || passed < results.length) process.exitCode = 1;

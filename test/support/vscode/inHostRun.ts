// Runs the suites of test/vscode/inHost inside a real extension host, in a window of their own, and
// gives their results. The workbench itself calls the module's `run` and tells when it is over.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startVsCodeServer } from '../../../src/setup/vscodeServer.ts';
import type { InHostResult } from '../../vscode/inHost/run.ts';
import { launchBrowser, openWindow } from './browser.ts';
import { bundleInHostSuites } from './inHostBundle.mjs';

const runMsMax = 120_000;

/** How a run inside the host ended. */
export interface InHostRun {
  /** 0 when the workbench saw every test pass. */
  readonly exitCode: number;
  readonly results: readonly InHostResult[];
  readonly hostErrors: readonly string[];
}

/** Runs them with the extension of `root` as under development. `folder` is an empty folder for everything. */
export async function runInHost(root: string, folder: string, env: Readonly<Record<string, string>>): Promise<InHostRun> {
  const report = path.join(folder, 'inHost.json');
  const workspace = path.join(folder, 'workspace');
  fs.mkdirSync(workspace, { recursive: true });
  const suites = await bundleInHostSuites(root);
  const server = await startVsCodeServer({ root, folder, env: { ...env, CODEX_BROKER_TEST_REPORT: report, CODEX_BROKER_TEST_SUITES: suites } });
  const browser = await launchBrowser();
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Error(`The suites did not end within ${runMsMax / 1000} s.`)); }, runMsMax);
      const finish = (code: number) => { clearTimeout(timer); resolve(code); };
      openWindow({
        browser, origin: server.origin, authority: server.authority, folder: workspace,
        development: { extensionPath: root, testsPath: fileURLToPath(new URL('./inHostEntry.cjs', import.meta.url)) },
        async prepare(page) {
          await page.exposeFunction('codeAutomationExit', finish);
          await page.exposeFunction('codeAutomationLog', () => { /* the report says it better */ });
        },
      }).catch((error: unknown) => { clearTimeout(timer); reject(error instanceof Error ? error : new Error(String(error))); });
    });
    const results = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, 'utf8')) as InHostResult[] : [];
    return { exitCode, results, hostErrors: server.hostErrors() };
  } finally {
    await browser.close();
    await server.stop();
  }
}

// A real VS Code for one test file: the served editor with the packaged extension, a browser, and a
// data folder of its own. It starts no broker, and on `stop` it ends everything that was started in it,
// brokers of its own data folder included.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { vsixPath } from '../../../src/setup/packageExtension.mjs';
import { startVsCodeServer, type VsCodeServer } from '../../../src/setup/vscodeServer.ts';
import { launchBrowser, openWindow, type TestBrowser } from './browser.ts';
import { startHostDriver, type ExtensionHost, type HostDriver } from './hostDriver.ts';
import { Workbench } from './workbench.ts';

/** Folder of package.json. */
export const repositoryRoot = path.resolve(import.meta.dirname, '../../..');
/** Where pictures of windows are kept. */
export const picturesFolder = path.join(repositoryRoot, 'test-output/screenshots');
/** DOM id of the extension's status bar item. */
export const meterItem = 'codex-usage-broker.codex-usage-broker.codexBroker.meter';

/** Colour themes that pictures are taken in, and the class that the workbench then has. */
export const themes = [
  { name: 'dark', id: 'Default Dark Modern', mark: 'vs-dark' },
  { name: 'light', id: 'Default Light Modern', mark: 'vs' },
  { name: 'high-contrast', id: 'Default High Contrast', mark: 'hc-black' },
] as const;

/** A window of the session. */
export interface SessionWindow {
  readonly bench: Workbench;
  readonly host: ExtensionHost;
  readonly folder: string;
}

/** A started editor. */
export interface EditorSession {
  readonly folder: string;
  /** What the extension takes as its data folder. */
  readonly dataDir: string;
  readonly server: VsCodeServer;
  readonly browser: TestBrowser;
  /** Opens a window on a new workspace of this name. @param language in which; English without it */
  open(name: string, language?: string): Promise<SessionWindow>;
  /** Takes a picture of a window in each theme, and goes back to the first. */
  pictures(window: SessionWindow, name: string): Promise<void>;
  /** Runs the built broker's command line on a data folder and gives what it printed. */
  broker(args: readonly string[], dataDir?: string): Promise<string>;
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** Starts one. `settings` are added to the user's settings. */
export async function startEditorSession(settings: Readonly<Record<string, unknown>> = {}): Promise<EditorSession> {
  const vsix = vsixPath(repositoryRoot);
  if (!fs.existsSync(vsix)) throw new Error('There is no packaged extension; run "npm run package" first.');
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'codex-broker-editor-')));
  const dataDir = path.join(folder, 'data');
  const codexHome = path.join(folder, 'codex-home');
  fs.mkdirSync(codexHome);
  // Codex asks nothing of the network beyond the broker.
  fs.writeFileSync(path.join(codexHome, 'config.toml'), '[analytics]\nenabled = false\n\n[features]\napps = false\nplugins = false\nremote_plugin = false\n\n[otel]\nmetrics_exporter = "none"\n');
  const bin = path.join(repositoryRoot, 'node_modules/.bin');
  const allSettings = { 'codexBroker.codexPath': path.join(bin, 'codex'), 'workbench.colorTheme': themes[0].id, ...settings };
  let driver: HostDriver | undefined;
  let server: VsCodeServer | undefined;
  let browser: TestBrowser | undefined;
  const stop = async () => {
    await browser?.close();
    await server?.stop();
    driver?.close();
    for (const data of [dataDir, path.join(dataDir, 'practice')]) await stopBrokerOf(data);
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    driver = await startHostDriver(folder);
    [server, browser] = await Promise.all([
      startVsCodeServer({
        root: repositoryRoot, folder: path.join(folder, 'editor'), vsix: [vsix],
        unpacked: [path.join(import.meta.dirname, 'driverExtension')], settings: allSettings,
        env: {
          CODEX_BROKER_DATA: dataDir, CODEX_HOME: codexHome, CODEX_BROKER_TEST_DRIVER: driver.address,
          PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}`, OPENAI_API_KEY: undefined, CODEX_API_KEY: undefined,
        },
      }),
      launchBrowser(),
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  const started = { driver, server, browser };
  return {
    folder, dataDir, server, browser, stop,
    async open(name, language) {
      const workspace = path.join(folder, name);
      fs.mkdirSync(workspace, { recursive: true });
      const { page } = await openWindow({ browser: started.browser, origin: started.server.origin, authority: started.server.authority, folder: workspace, language });
      const bench = await new Workbench(page).ready();
      return { bench, host: await started.driver.host(workspace), folder: workspace };
    },
    async pictures(window, name) {
      for (const theme of [...themes.slice(1), themes[0]]) {
        await window.host.run(({ vscode }, id) => vscode.workspace.getConfiguration('workbench').update('colorTheme', id, vscode.ConfigurationTarget.Global), theme.id);
        await window.bench.page.locator(`.monaco-workbench.${theme.mark}`).waitFor({ timeout: 30_000 });
        await window.bench.page.waitForTimeout(400); // colours fade over, in the page too
        await window.bench.picture(path.join(picturesFolder, `${name}-${theme.name}.png`));
      }
    },
    async broker(args, data = dataDir) {
      const { stdout } = await run(process.execPath, [path.join(repositoryRoot, 'dist/broker.mjs'), ...args, '--data', data], { timeout: 30_000 });
      return stdout;
    },
  };
}

/** The address file's process id; undefined when no broker wrote one. */
export function brokerPid(dataDir: string): number | undefined {
  try {
    return (JSON.parse(fs.readFileSync(path.join(dataDir, 'broker.json'), 'utf8')) as { pid: number }).pid;
  } catch {
    return undefined; // no broker has run on this folder, or it removed its file when it ended
  }
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // no such process
  }
}

/** Ends the broker of a data folder: windows leave it running for others, and here there are none. */
async function stopBrokerOf(dataDir: string): Promise<void> {
  const pid = brokerPid(dataDir);
  if (pid === undefined || !isAlive(pid)) return;
  process.kill(pid, 'SIGTERM');
  for (let round = 0; round < 100 && isAlive(pid); round += 1) await new Promise((resolve) => { setTimeout(resolve, 50); });
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
}

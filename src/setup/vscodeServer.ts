// Starts the VS Code server (extension hosts and the workbench that it serves to a browser) on a free
// loopback port with folders of its own. Nothing of a person's own VS Code is read or written, and
// `stop` ends everything that was started here.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { vsCodePlaces } from './ensureVsCode.mjs';
import { node24 } from './nodeVersion.mjs';

/** How long the server may take to answer for the first time. */
const startMsMax = 60_000;
/** How long it may take to end after it was asked to. */
const stopMsMax = 5_000;
const pollMs = 50;

/** Settings that keep a window quiet: nothing is asked of the network, nothing pops up by itself. */
export const quietSettings: Readonly<Record<string, unknown>> = {
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'security.workspace.trust.enabled': false,
  'git.openRepositoryInParentFolders': 'never',
  'window.confirmBeforeClose': 'never',
  'window.menuBarVisibility': 'classic',
  // What listens on loopback here, the broker above all, is no web page to open.
  'remote.autoForwardPorts': false,
};

/** What to start. */
export interface VsCodeServerOptions {
  /** Folder of package.json, for the project's own Node. */
  readonly root: string;
  /** Empty folder for everything that the server writes; removed by nobody here. */
  readonly folder: string;
  /** Packaged extensions to install first. */
  readonly vsix?: readonly string[];
  /** Extension folders to put in as they are. */
  readonly unpacked?: readonly string[];
  /** User settings over `quietSettings`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Added to the environment of the server and of its extension hosts; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A running server. */
export interface VsCodeServer {
  /** Where a browser opens it, `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** Host and port, as resources of this server name them. */
  readonly authority: string;
  readonly pid: number;
  /** Writes other user settings; open windows take them up by themselves. */
  changeSettings(settings: Readonly<Record<string, unknown>>): void;
  /** Lines that extension hosts logged as errors, such as exceptions of extensions. */
  hostErrors(): readonly string[];
  /** Ends the server and every extension host that it started. */
  stop(): Promise<void>;
}

/** Starts it and waits until it answers; rejects with a sentence when it does not. */
export async function startVsCodeServer(options: VsCodeServerOptions): Promise<VsCodeServer> {
  const { vsCode } = vsCodePlaces();
  const main = path.join(vsCode, 'out/server-main.js');
  if (!fs.existsSync(main)) throw new Error('The VS Code server is not installed. "npm test" and "npm start" install it.');
  const data = path.join(options.folder, 'server');
  const extensions = path.join(options.folder, 'extensions');
  const home = path.join(options.folder, 'home');
  for (const dir of [data, extensions, home]) fs.mkdirSync(dir, { recursive: true });
  const changeSettings = (settings: Readonly<Record<string, unknown>>) => {
    // User settings of a served window live in the browser; the machine's settings are files here.
    for (const place of ['data/Machine', 'data/User']) {
      fs.mkdirSync(path.join(data, place), { recursive: true });
      fs.writeFileSync(path.join(data, place, 'settings.json'), JSON.stringify({ ...quietSettings, ...settings }, null, 2));
    }
  };
  changeSettings(options.settings ?? {});

  const env = environment(home, options.env ?? {});
  // A server that finds no list of extensions takes up what lies in the folder, so these come first.
  for (const from of options.unpacked ?? []) {
    const { publisher, name, version } = JSON.parse(fs.readFileSync(path.join(from, 'package.json'), 'utf8')) as { publisher: string; name: string; version: string };
    fs.cpSync(from, path.join(extensions, `${publisher}.${name}-${version}`), { recursive: true });
  }
  const node = node24(options.root);
  const shared = [main, '--accept-server-license-terms', '--server-data-dir', data, '--extensions-dir', extensions];
  for (const vsix of options.vsix ?? []) await installVsix(node, [...shared, '--install-extension', path.resolve(vsix), '--force'], env);

  const port = await freePort();
  const logFile = path.join(options.folder, 'server.log');
  const log = fs.openSync(logFile, 'a');
  const child = spawn(node, [...shared, '--host', '127.0.0.1', '--port', String(port), '--without-connection-token', '--telemetry-level', 'off', '--disable-workspace-trust'],
    { env, stdio: ['ignore', log, log], detached: true });
  fs.closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? `code ${code}`}`));
  });
  const origin = `http://127.0.0.1:${port}`;
  const signalAll = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // The whole group has gone, which is what was wanted.
    }
  };
  // It has a group of its own, so a process that ends without having stopped it takes it along here.
  const takeAlong = () => { signalAll('SIGKILL'); };
  process.once('exit', takeAlong);
  const stop = async () => {
    process.off('exit', takeAlong);
    signalAll('SIGTERM');
    await Promise.race([ended, pause(stopMsMax, undefined, { ref: false })]);
    signalAll('SIGKILL');
    await ended;
  };
  const failure = await Promise.race([ended, answers(origin)]);
  if (failure !== undefined) {
    await stop();
    throw new Error(`The VS Code server did not start: ${failure}. Its last words:\n${fs.readFileSync(logFile, 'utf8').slice(-2_000)}`);
  }
  return { origin, authority: `127.0.0.1:${port}`, pid: child.pid ?? 0, changeSettings, hostErrors: () => hostErrors(path.join(data, 'data/logs')), stop };
}

/** The caller's environment without what would leak its own editor and npm into the server. */
function environment(home: string, extra: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const merged: Record<string, string | undefined> = {
    ...process.env,
    HOME: home, XDG_CONFIG_HOME: undefined, XDG_DATA_HOME: undefined, XDG_CACHE_HOME: undefined,
    NODE_OPTIONS: undefined, VSCODE_DEV: undefined, VSCODE_IPC_HOOK_CLI: undefined,
    EXTENSIONS_GALLERY: '{}', // no marketplace: every window would ask one
    VSCODE_PROXY_URI: '', // loopback addresses stay as they are, as on the desktop
    ...extra,
  };
  return Object.fromEntries(Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('npm_')));
}

async function installVsix(node: string, args: readonly string[], env: Record<string, string>): Promise<void> {
  const child = spawn(node, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  const code = await new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('close', resolve); });
  if (code !== 0) throw new Error(`The extension could not be installed (code ${code}):\n${output.trim()}`);
}

/** Resolves with undefined once the server answers, or with a sentence when it is too late. */
async function answers(origin: string): Promise<string | undefined> {
  const deadline = performance.now() + startMsMax;
  while (performance.now() < deadline) {
    // A refused connection only means that the server is not ready yet.
    const response = await fetch(origin, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.status === 200) return undefined;
    await pause(pollMs);
  }
  return `it did not answer within ${startMsMax / 1000} seconds`;
}

function hostErrors(logs: string): readonly string[] {
  if (!fs.existsSync(logs)) return [];
  return fs.readdirSync(logs, { recursive: true, encoding: 'utf8' })
    .filter((file) => path.basename(file) === 'remoteexthost.log')
    .flatMap((file) => fs.readFileSync(path.join(logs, file), 'utf8').split('\n'))
    .filter((line) => line.includes(' [error] '));
}

/** A loopback port that is free now. */
export async function freePort(): Promise<number> {
  const probe = net.createServer();
  await new Promise<void>((resolve, reject) => { probe.once('error', reject).listen(0, '127.0.0.1', resolve); });
  const address = probe.address();
  await new Promise((resolve) => { probe.close(resolve); });
  if (address === null || typeof address === 'string') throw new Error('The system gave no loopback port.');
  return address.port;
}

// Gets a complete VS Code server and its web workbench (the npm package code-server), once, into a
// cache folder, for the tour and for the tests inside a real VS Code. It compiles only the two native
// modules without which VS Code would not log, and never touches a VS Code that a person uses.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runNpm } from './ensureInstalled.mjs';

/** code-server 4.139.1 holds VS Code 1.139.1; Node 24.21.0 brings the headers for its native modules. */
const wanted = { codeServer: '4.139.1', node: '24.21.0', layout: 2 };

/** How long to wait for another process that installs the same thing. */
const lockMsMax = 600_000;
const lockPollMs = 500;

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The cache folder: CODEX_BROKER_CACHE, else .cache/vscode in the project. */
export function vsCodeCache() {
  return path.resolve(process.env['CODEX_BROKER_CACHE'] || path.join(root, '.cache/vscode'));
}

/** Paths inside the cache folder. */
export function vsCodePlaces(cache = vsCodeCache()) {
  const codeServer = path.join(cache, 'node_modules/code-server');
  return { codeServer, vsCode: path.join(codeServer, 'lib/vscode'), nodeHeaders: path.join(cache, 'node_modules', `node-${process.platform}-${process.arch}`) };
}

/** Whether this kind of machine can run it; others use the desktop editor, see test/vscode/desktop.mjs. */
export function vsCodeServerCanRun() {
  return process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
}

/**
 * Installs it when it is not there. Several processes may call this at once: one installs, the others wait.
 * @param {{ say: (line: string) => void }} options
 * @returns {Promise<{ vsCode: string, codeServer: string }>} rejects with a sentence when it cannot be had
 */
export async function ensureVsCode({ say }) {
  if (!vsCodeServerCanRun()) throw new Error(`There is no VS Code server for ${process.platform} on ${process.arch}. Run "node test/vscode/desktop.mjs" for the tests in a desktop VS Code.`);
  const cache = vsCodeCache();
  const stamp = path.join(cache, 'installed.json');
  const ready = () => readText(stamp) === JSON.stringify(wanted);
  if (ready()) return vsCodePlaces(cache);
  fs.mkdirSync(cache, { recursive: true });
  const unlock = await lock(path.join(cache, 'installing.lock'), ready);
  try {
    if (!ready()) await install({ cache, stamp, say });
  } finally {
    unlock();
  }
  return vsCodePlaces(cache);
}

/** Each step can be repeated, so an interrupted installation goes on where npm's own cache left it. */
async function install({ cache, stamp, say }) {
  const { vsCode, nodeHeaders } = vsCodePlaces(cache);
  const steps = [
    {
      title: `VS Code server: downloading code-server ${wanted.codeServer} (about 15 s)`, cwd: cache,
      // Its own install script would compile seven native modules for four minutes; two are enough.
      args: ['install', '--ignore-scripts', '--save-exact', `node-${process.platform}-${process.arch}@${wanted.node}`, `code-server@${wanted.codeServer}`],
    },
    // Without --no-package-lock: VS Code's own lock file pins the versions, though "npm ci" refuses it.
    { title: 'VS Code server: its own packages (about 10 s)', cwd: vsCode, args: ['install', '--omit=dev', '--ignore-scripts'] },
    // TypeScript itself is among them; without it VS Code complains in every window that shows code.
    { title: 'VS Code server: language features (about 5 s)', cwd: path.join(vsCode, 'extensions'), args: ['install', '--omit=dev', '--ignore-scripts'] },
    { title: 'VS Code server: compiling two native modules (about 30 s)', cwd: vsCode, args: ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog'] },
  ];
  if (!fs.existsSync(path.join(cache, 'package.json'))) {
    fs.writeFileSync(path.join(cache, 'package.json'), JSON.stringify({ name: 'vscode-for-tests', private: true }));
  }
  for (const { title, cwd, args } of steps) {
    say(title);
    const { code, output } = await runNpm([...args, '--loglevel=error', '--no-audit', '--no-fund'], { cwd, env: { JOBS: 'max', npm_config_nodedir: nodeHeaders } });
    if (code !== 0) throw new Error(`"npm ${args[0]}" failed with code ${code} while getting the VS Code server. Try again; it goes on where it stopped.\n${output.trim().slice(-2_000)}`);
  }
  // code-server ships these links as a script of its own.
  for (const [folder, target, link] of [['bin/remote-cli', 'code-linux.sh', 'code-server'], ['bin/helpers', 'browser-linux.sh', 'browser.sh']]) {
    fs.rmSync(path.join(vsCode, folder, link), { force: true });
    fs.symlinkSync(target, path.join(vsCode, folder, link));
  }
  fs.writeFileSync(`${stamp}.new`, JSON.stringify(wanted));
  fs.renameSync(`${stamp}.new`, stamp);
  say('VS Code server: ready');
}

/**
 * Takes a lock file that holds the owner's process id; one whose owner has died is taken over.
 * Gives the function that releases it. Returns early, with nothing to release, when `done` becomes true.
 */
async function lock(file, done) {
  const deadline = Date.now() + lockMsMax;
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => fs.rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw new Error(`The cache folder cannot be written: ${error.message}. Set CODEX_BROKER_CACHE to another folder.`, { cause: error });
    }
    const owner = Number(readText(file) ?? 0);
    if (owner > 0 && !isAlive(owner)) fs.rmSync(file, { force: true });
    if (done()) return () => { /* never taken */ };
    if (Date.now() > deadline) throw new Error(`Another process (${owner}) has been installing the VS Code server for ten minutes. If it is gone, remove ${file}.`);
    await pause(lockPollMs);
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined; // not there
  }
}

// Looks for the programs of the operating system that some tests need (a browser, a keyring, curl) and, as
// root on Debian, installs what is missing. It never installs anything without being root, and never
// replaces what is there.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** Where Chromium is kept by the usual packages of each platform. */
const chromiumPlaces = {
  linux: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable', '/snap/bin/chromium'],
  darwin: ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium'],
  win32: ['C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe', 'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe'],
};

/**
 * The browser that tests drive: the environment variable CHROMIUM, else the first one found.
 * @returns {string | undefined}
 */
export function chromiumPath() {
  const { CHROMIUM } = process.env;
  if (CHROMIUM) {
    if (!fs.existsSync(CHROMIUM)) throw new Error(`CHROMIUM names ${CHROMIUM}, which does not exist.`);
    return CHROMIUM;
  }
  return (chromiumPlaces[process.platform] ?? []).find((file) => fs.existsSync(file));
}

/** What is needed: how to see that it is there, which Debian packages bring it, and the sentence when it is missing. */
const needs = [
  {
    there: () => chromiumPath() !== undefined,
    packages: ['chromium', 'fonts-dejavu-core', 'fonts-liberation'],
    sentence: 'Chromium is missing, which the dashboard and editor tests drive: install Chromium or Chrome, or set CHROMIUM to its path.',
  },
  {
    linuxOnly: true,
    there: () => onPath('dbus-run-session') && onPath('gnome-keyring-daemon') && hasLibrary('libsecret-1.so.0'),
    packages: ['dbus', 'gnome-keyring', 'libsecret-1-0'],
    sentence: 'A Secret Service is missing, which the keychain tests use: install dbus, gnome-keyring and libsecret.',
  },
  {
    linuxOnly: true,
    there: () => onPath('curl'),
    packages: ['curl'],
    sentence: 'curl is missing, which the tests of the clients call: install curl.',
  },
  {
    // The kill tests use it to end the broker at an exact system call; without it they kill more often instead.
    linuxOnly: true, optional: true,
    there: () => onPath('strace'),
    packages: ['strace'],
    sentence: 'strace is missing; the kill tests do without it.',
  },
];

/**
 * Installs or names what is missing.
 * @param {{ say: (line: string) => void }} options
 * @returns {Promise<string[]>} one sentence for each thing that is still missing
 */
export async function ensureSystem({ say }) {
  const missing = needs.filter((need) => (process.platform === 'linux' || !need.linuxOnly) && !need.there());
  if (missing.length === 0) return [];
  const packages = missing.flatMap((need) => need.packages);
  if (process.platform === 'linux' && process.getuid?.() === 0 && onPath('apt-get')) {
    say(`Installing ${packages.join(', ')} with apt-get (about a minute).`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update', '-q'], env);
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], env);
  }
  return missing.filter((need) => !need.optional && !need.there()).map((need) => need.sentence);
}

function onPath(program) {
  return (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => folder && fs.existsSync(path.join(folder, program)));
}

function hasLibrary(name) {
  try {
    return execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' }).includes(name);
  } catch {
    return false; // a system without ldconfig: the sentence then tells what is needed
  }
}

/** A failed apt-get is not an error here: the check that follows says what is still missing. */
function run(command, args, env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', () => resolve(1));
    child.once('close', (code) => resolve(code));
  });
}

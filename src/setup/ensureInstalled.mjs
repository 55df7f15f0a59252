// Makes a fresh clone ready: installs the packages that the lock file names, when they are not there.
// Runs on any Node from 20 on with nothing installed, and never touches what is installed already and right.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** How often the progress line grows while npm works. */
const progressMs = 5_000;

/**
 * Why packages have to be installed, as a sentence; undefined when all is there.
 * @param {string} root folder of package.json
 * @returns {string | undefined}
 */
export function installReason(root) {
  const read = (file) => {
    try {
      return JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')).packages;
    } catch {
      return undefined; // absent or cut short: both mean that there is no complete installation
    }
  };
  const wanted = read('package-lock.json');
  if (!wanted) throw new Error('package-lock.json cannot be read; get a complete copy of the project.');
  const installed = read('node_modules/.package-lock.json');
  if (!installed) return 'The packages are not installed yet.';
  for (const [folder, { version, optional }] of Object.entries(wanted)) {
    // Optional ones are for other platforms, mostly; npm leaves those out.
    if (folder === '' || (optional && !installed[folder])) continue;
    if (installed[folder]?.version !== version) return `${folder.replace(/^.*node_modules\//, '')} ${version} is not installed.`;
  }
  const node = path.join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return fs.existsSync(node) ? undefined : 'The project\'s own Node is not installed.';
}

/**
 * Installs what is missing.
 * @param {{ root: string, say: (line: string) => void }} options
 * @returns {Promise<void>} rejects with a sentence when npm fails
 */
export async function ensureInstalled({ root, say }) {
  const reason = installReason(root);
  if (!reason) return;
  say(`${reason} Installing them with "npm ci" (about half a minute).`);
  const { code, output } = await runNpm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, showProgress: true });
  if (code !== 0) throw new Error(`"npm ci" failed with code ${code}. Check the network and the messages below, then try again.\n${output.trim()}`);
  const still = installReason(root);
  if (still) throw new Error(`"npm ci" ended well, yet ${still} Remove the folder node_modules and try again.`);
}

/**
 * Runs npm as a fresh program: settings of an npm that runs already are not handed down.
 * @param {string[]} args
 * @param {{ cwd: string, env?: Record<string, string>, showProgress?: boolean }} options
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runNpm(args, { cwd, env = {}, showProgress = false }) {
  const inherited = Object.entries(process.env).filter(([key]) => !/^npm_(package|lifecycle|command|execpath|config_(local_prefix|prefix))/i.test(key));
  return new Promise((resolve, reject) => {
    const windows = process.platform === 'win32';
    const child = spawn(windows ? 'npm.cmd' : 'npm', args, {
      cwd, env: { ...Object.fromEntries(inherited), ...env }, stdio: ['ignore', 'pipe', 'pipe'], shell: windows,
    });
    let output = '';
    const keep = (chunk) => { output = (output + chunk).slice(-20_000); };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const dots = showProgress ? setInterval(() => process.stdout.write('.'), progressMs) : undefined;
    const end = () => { if (dots) { clearInterval(dots); process.stdout.write('\n'); } };
    child.once('error', (error) => { end(); reject(new Error(`npm could not be started: ${error.message}. Install Node with npm.`)); });
    child.once('close', (code) => { end(); resolve({ code: code ?? 1, output }); });
  });
}

// Knows which Node the project runs on: the one that is installed as a package, whatever Node the
// person has. It never changes which Node anything else on the computer uses.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** The first Node that runs the sources as they are (type stripping and `node:sqlite` without a flag). */
const nodeMajorMin = 24;

/**
 * Path of the project's Node.
 * @param {string} root folder of package.json
 * @returns {string} the installed one, or the running one when that is new enough and none is installed
 */
export function node24(root) {
  const installed = path.join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (fs.existsSync(installed)) return installed;
  if (majorVersion() >= nodeMajorMin) return process.execPath;
  throw new Error('The project\'s own Node is not installed; run "npm ci" first.');
}

function majorVersion() {
  return Number(process.versions.node.split('.')[0]);
}

/**
 * Runs this same program again under the project's Node when the running one is too old.
 * @param {string} root folder of package.json
 * @returns {Promise<boolean>} false when the running Node is right and the caller goes on; true when
 *   the program has run to its end in the other Node, with `process.exitCode` set to its result
 */
export async function rerunUnderNode24(root) {
  if (majorVersion() >= nodeMajorMin) return false;
  const child = spawn(node24(root), process.argv.slice(1), { stdio: 'inherit' });
  // Ctrl-C reaches both processes; this one waits for the other to tidy up and end.
  const ignore = () => { /* the child answers the signal */ };
  const forward = () => { child.kill('SIGTERM'); };
  process.on('SIGINT', ignore);
  process.on('SIGTERM', forward);
  process.exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
  process.off('SIGINT', ignore);
  process.off('SIGTERM', forward);
  return true;
}

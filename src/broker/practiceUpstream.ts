// Practice mode's upstream: the sandbox as a process of its own beside the broker's program. It
// ends with the broker, however the broker ends, because it watches its standard input.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { problem, ProblemError } from '../domain/problem.ts';
import { sandboxEntry } from './neighbours.ts';

/** A running simulated upstream. */
export interface PracticeUpstream { readonly url: string; stop(): void }

/** What a Node program needs to run at all; everything in which a key could lie stays behind. */
const allowedNames: ReadonlySet<string> = new Set([
  'PATH', 'HOME', 'USERPROFILE', 'TMPDIR', 'TMP', 'TEMP', 'TZ', 'LANG', 'LC_ALL', 'LD_LIBRARY_PATH',
  'SYSTEMROOT', 'SYSTEMDRIVE', 'WINDIR', 'ELECTRON_RUN_AS_NODE', 'NODE_NO_WARNINGS',
]);

/** The part of an environment that the simulated upstream gets. */
export function practiceEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => allowedNames.has(name.toUpperCase())));
}

/**
 * Starts it.
 * @param env the broker's own environment, of which little is handed on
 * @param onEnd called if it ends by itself
 * @throws ProblemError when it does not come up
 */
export async function startPracticeUpstream(brokerEntry: URL, scenario: string | undefined, env: Readonly<Record<string, string | undefined>>, onEnd: () => void): Promise<PracticeUpstream> {
  const child = spawn(process.execPath, [fileURLToPath(sandboxEntry(brokerEntry)), '--port', '0', '--exit-with-parent', ...(scenario === undefined ? [] : ['--scenario', scenario])], {
    stdio: ['pipe', 'pipe', 'pipe'], env: practiceEnvironment(env), windowsHide: true,
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => { complaint = (complaint + chunk.toString('utf8')).slice(-1000); });
  const url = await new Promise<string>((resolve, reject) => {
    const fail = () => reject(new ProblemError(complaint ? problem('upstream_unreachable', 'The practice upstream did not start ({0}).', { values: [complaint.trim()] }) : problem('upstream_unreachable', 'The practice upstream did not start.')));
    child.once('error', fail);
    child.once('exit', fail);
    createInterface({ input: child.stdout }).once('line', (line) => {
      try {
        resolve((JSON.parse(line) as { url: string }).url);
      } catch {
        // Anything but its ready line means that it is not the program it should be.
        fail();
      }
    });
  });
  let stopping = false;
  child.once('exit', () => { if (!stopping) onEnd(); });
  return {
    url,
    stop: () => {
      stopping = true;
      child.stdin.end();
      child.kill('SIGTERM');
    },
  };
}

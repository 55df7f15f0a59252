// Runs one program to its end, with a limit on its time and on what is kept of its output. When the
// time is over it ends the program with everything that it started, and nothing else.
import { spawn } from 'node:child_process';

/** How much output is kept when it is captured; the newest part wins. */
const capturedCharsMax = 200_000;
/** How long a program may take to end after it was asked to. */
const goodbyeMsMax = 5_000;

/** Signals that end the program together with the one that runs it. */
const interruptions = ['SIGINT', 'SIGTERM'];

/**
 * @param {{
 *   command: string, args: string[], cwd: string, env?: Record<string, string | undefined>,
 *   timeMsMax: number, capture?: boolean, hear?: (text: string) => void,
 * }} options `capture` keeps the output instead of showing it, and `hear` gets it as it comes
 * @returns {Promise<{ code: number, output: string, timedOut: boolean }>} `code` is 1 or more when the
 *   program was ended by a signal; rejects with a sentence when the program could not be
 *   started, or when this process was told to end meanwhile
 */
export function runCommand({ command, args, cwd, env = process.env, timeMsMax, capture = false, hear }) {
  return new Promise((resolve, reject) => {
    const isHeard = capture || hear !== undefined;
    // A group of its own, so that browsers and brokers which a test left behind end with it.
    const ownGroup = process.platform !== 'win32';
    const child = spawn(command, args, { cwd, env, detached: ownGroup, stdio: isHeard ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'] });
    let output = '';
    let timedOut = false;
    const keep = (chunk) => {
      if (capture) output = (output + chunk).slice(-capturedCharsMax);
      hear?.(chunk);
    };
    child.stdout?.setEncoding('utf8').on('data', keep);
    child.stderr?.setEncoding('utf8').on('data', keep);

    const signal = (name) => {
      if (child.pid === undefined) return;
      try {
        if (ownGroup) process.kill(-child.pid, name); else child.kill(name);
      } catch {
        // The group has gone already, which is what was wanted.
      }
    };
    let last;
    const stop = () => {
      signal('SIGTERM');
      last = setTimeout(() => signal('SIGKILL'), goodbyeMsMax);
    };
    const timer = setTimeout(() => { timedOut = true; stop(); }, timeMsMax);
    // A group of its own does not hear Ctrl-C, so the word is passed on.
    let interrupted = false;
    const interrupt = () => { interrupted = true; stop(); };
    for (const name of interruptions) process.on(name, interrupt);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`${command} could not be started: ${error.message}.`));
    });
    child.once('exit', (code, name) => {
      clearTimeout(timer);
      clearTimeout(last);
      for (const each of interruptions) process.off(each, interrupt);
      signal('SIGKILL'); // whatever it started and did not end
      const finish = () => (interrupted ? reject(new Error('The run was interrupted.')) : resolve({ code: code ?? (name ? 1 : 0), output, timedOut }));
      if (isHeard) child.once('close', finish); else finish();
    });
  });
}

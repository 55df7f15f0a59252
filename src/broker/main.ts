// The broker's program: composition of the process. Checks the runtime before anything else is loaded by use.
import { homedir } from 'node:os';
import { createInterface } from 'node:readline';
import { problem, ProblemError } from '../domain/problem.ts';

declare const __BROKER_VERSION__: string;
const version = typeof __BROKER_VERSION__ === 'string' ? __BROKER_VERSION__ : '0.0.0-source';

/** How long a command that has ended waits for what it left behind. */
const hangMsMax = 5000;

function isTooOld(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major < 22 || major === 22 && minor < 19;
}

/** A folder can vanish under a shell that stands in it; only commands that look into it need to know. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new ProblemError(problem('argument_invalid', 'The working folder does not exist any more.', { remedy: 'Change to a folder that exists, or give whole paths.' }), { cause: error });
  }
}

/** Writes to standard output at the pace of whoever reads. A reader that left, as `head` does, is no fault. */
function writeOut(text: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      const code = (error as { code?: string } | null | undefined)?.code;
      if (!error || code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') resolve(!error);
      else reject(new ProblemError(problem('command_failed', 'Standard output could not be written ({0}).', { values: [error.message], remedy: 'Free some space, or write somewhere else.' }), { cause: error }));
    });
  });
}

/** Asks for a yes, or another word, at the terminal; whoever leaves has not said it. */
function askPerson(question: string, word?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    terminal.once('close', () => resolve(false));
    terminal.question(word === undefined ? `${question} [y/N] ` : `${question} Type ${word} to agree: `, (answer) => { resolve(word === undefined ? /^y(es)?$/i.test(answer.trim()) : answer.trim() === word); terminal.close(); });
  });
}

if (isTooOld()) {
  console.error(`Node ${process.versions.node} is too old for the broker. Use Node 22.19 or newer. (runtime_too_old)`);
  process.exitCode = 1;
} else {
  // A fault that nobody caught leaves the state unknown: say so, stop, and let recovery sort it out.
  process.on('uncaughtException', (error) => {
    console.error(`The broker stopped because of a fault of its own: ${error.message}. Nothing is lost; start it again. (internal)`);
    process.exit(1);
  });
  // What cannot be written is told to whoever wrote it.
  process.stdout.on('error', () => undefined);
  // Loaded here, so that an old runtime is told before it meets what it does not know.
  const { commandLine } = await import('./commandLine.ts');
  const { forTerminal } = await import('./commands/terminalText.ts');
  const code = await commandLine(process.argv.slice(2), {
    out: (line) => console.log(forTerminal(line)), err: (line) => console.error(forTerminal(line)), write: writeOut, ...(process.stdin.isTTY && process.stdout.isTTY ? { ask: askPerson } : {}), env: process.env, home: homedir(),
    get cwd() { return workingFolder(); },
    platform: process.platform, version, entry: new URL(import.meta.url),
  });
  // The process ends by itself once its handles are closed; what was printed is flushed by then.
  process.exitCode = code;
  // Something that hangs, such as a locked keychain, is not waited for any longer.
  setTimeout(() => process.exit(), hangMsMax).unref();
}

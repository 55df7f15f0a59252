// What tests with real clients begin with: a broker before a sandbox, a Codex home, and folders to work in. It cleans
// up everything that it made.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { startSandbox } from '../../../src/sandbox/main.ts';
import type { Sandbox, SandboxSettings } from '../../../src/sandbox/sandboxServer.ts';
import { startBroker } from './brokerProgram.ts';
import type { BrokerProcess, ServeOptions } from './brokerProgram.ts';
import { makeCodexHome } from './codexBench.ts';
import { addCredits, makeFolder, removeFolder } from './workbench.ts';

/** A key that the sandbox takes; the broker has it. */
export const sandboxKey = 'sk-practice-upstream';

/** The bench. */
export interface SandboxBench {
  readonly folder: string;
  readonly home: string;
  readonly sandbox: Sandbox;
  /** Another one once it was started anew. */
  broker: BrokerProcess;
  /** A folder to work in, made if it is not there. */
  workspace(name: string): string;
  /** Starts the broker of the same data folder again, after it was killed or stopped. */
  restart(more?: Partial<ServeOptions>): Promise<void>;
  close(): Promise<void>;
}

/** Opens one. @param credits purchased ones to begin with; 0 leaves the balance untracked */
export async function openSandboxBench(name: string, scenario: NonNullable<SandboxSettings['scenario']>, credits = 0, serve: Partial<ServeOptions> = {}): Promise<SandboxBench> {
  const folder = makeFolder(name);
  const sandbox = await startSandbox({ scenario });
  const options: ServeOptions = { dataDir: path.join(folder, 'data'), upstream: sandbox.url, apiKey: sandboxKey, runawayGuard: true, ...serve };
  const broker = await startBroker(options).catch(async (error: unknown) => {
    // What did not start is nobody's to close.
    await sandbox.close();
    removeFolder(folder);
    throw error;
  });
  const bench: SandboxBench = {
    folder, home: makeCodexHome(folder), sandbox, broker,
    workspace: (place) => {
      const made = path.join(folder, place);
      mkdirSync(made, { recursive: true });
      return made;
    },
    restart: async (more) => { bench.broker = await startBroker({ ...options, ...more }); },
    close: async () => {
      await bench.broker.kill();
      await sandbox.close();
      removeFolder(folder);
    },
  };
  if (credits > 0) await addCredits(bench.broker, credits, 'the test');
  return bench;
}

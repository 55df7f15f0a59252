// The `codex` shim in every terminal of the window, where the person's setting asks for it: the folder of
// the shims comes first on the path of new terminals. Without the setting nothing of it is left.
import { delimiter } from 'node:path';
import type * as vscode from 'vscode';
import { t } from '../protocol/language.ts';

/** What the shim needs from outside. */
export interface TerminalShimParts {
  readonly collection: Pick<vscode.EnvironmentVariableCollection, 'prepend' | 'replace' | 'clear' | 'description'>;
  /** Whether the person asked for it, in a workspace that is trusted. */
  wanted(): boolean;
  dataDir(): string;
  workspacePath(): string;
  /** Writes the shims and gives their folder. @throws ProblemError */
  prepareShims(): Promise<string>;
}

// Shells that set their path anew at their start get it once more behind that.
const alsoBehindProfiles = { applyAtProcessCreation: true, applyAtShellIntegration: true } as const;

/** The shim of one window's terminals. */
export class TerminalShim {
  readonly #parts: TerminalShimParts;
  #applied: string | undefined;
  #newest = 0;

  constructor(parts: TerminalShimParts) {
    this.#parts = parts;
  }

  /** Brings the terminals to what the settings say now. @throws ProblemError when the shims cannot be written: then nothing changes */
  async apply(): Promise<void> {
    const { collection, wanted, dataDir, workspacePath, prepareShims } = this.#parts;
    const turn = this.#newest += 1;
    if (!wanted()) {
      this.#become('off', () => {
        collection.clear();
        collection.description = undefined;
      });
      return;
    }
    const binDir = await prepareShims();
    // Settings may have changed meanwhile; then a later turn has the say.
    if (turn !== this.#newest) return;
    this.#become(JSON.stringify([binDir, dataDir(), workspacePath()]), () => {
      collection.description = t('In new terminals, `codex` goes through the Codex Usage Broker.');
      collection.prepend('PATH', `${binDir}${delimiter}`, alsoBehindProfiles);
      collection.replace('CODEX_BROKER_DATA', dataDir());
      collection.replace('CODEX_BROKER_WORKSPACE', workspacePath());
    });
  }

  /** Each change makes the editor mark open terminals as out of date, so only real ones are made. */
  #become(state: string, change: () => void): void {
    if (this.#applied === state) return;
    change();
    this.#applied = state;
  }
}

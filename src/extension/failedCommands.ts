// The last command of each terminal that failed, with the end of what it wrote. VS Code's shell integration tells of them; kept in
// memory alone, never on the disk or in a log. Nothing is read in a workspace that is not trusted.
import type * as vscode from 'vscode';
import type { Editor } from './editorApi.ts';
import { plainOutput } from './plainOutput.ts';

/** A command that ended with another code than 0. */
export interface FailedCommand {
  readonly commandLine: string;
  readonly exitCode: number;
  /** Path of the folder that it ran in, where that is known. */
  readonly folder?: string;
  /** The end of what it wrote, as text; empty where it wrote nothing, or where VS Code lost it, as it does of commands that end within milliseconds. */
  readonly output: string;
  /** There was more before it. */
  readonly isCut: boolean;
}

/** Most characters of its output, colours included: errors stand at the end. */
export const outputCharactersMax = 100_000;

/** What it needs from outside. */
export interface FailedCommandsParts {
  readonly window: Pick<Editor['window'], 'onDidStartTerminalShellExecution' | 'onDidEndTerminalShellExecution' | 'onDidCloseTerminal'>;
  isTrusted(): boolean;
  /** There is one now, or none any more. */
  changed(): void;
}

interface Reading {
  readonly terminal: vscode.Terminal;
  readonly written: () => Pick<FailedCommand, 'output' | 'isCut'>;
  readonly ended: Promise<void>;
}

/** Listens to one window's terminals. Dispose it with the extension. */
export class FailedCommands {
  readonly #parts: FailedCommandsParts;
  readonly #reading = new Map<vscode.TerminalShellExecution, Reading>();
  /** The newest last. */
  readonly #failed = new Map<vscode.Terminal, FailedCommand>();
  readonly #closed = new WeakSet<vscode.Terminal>();
  readonly #listening: readonly vscode.Disposable[];

  constructor(parts: FailedCommandsParts) {
    this.#parts = parts;
    this.#listening = [
      parts.window.onDidStartTerminalShellExecution(({ terminal, execution }) => {
        if (parts.isTrusted()) this.#reading.set(execution, readEnd(terminal, execution));
      }),
      parts.window.onDidEndTerminalShellExecution((event) => { void this.#end(event); }),
      parts.window.onDidCloseTerminal((terminal) => {
        this.#closed.add(terminal);
        // What runs in it may never be told to end.
        for (const [execution, reading] of this.#reading) if (reading.terminal === terminal) this.#reading.delete(execution);
        if (this.#failed.delete(terminal)) parts.changed();
      }),
    ];
  }

  /** The last one of a terminal; of all terminals where that one has none. */
  last(terminal: vscode.Terminal | undefined): FailedCommand | undefined {
    return (terminal && this.#failed.get(terminal)) ?? [...this.#failed.values()].at(-1);
  }

  /** Listens no more, and forgets all. */
  dispose(): void {
    for (const each of this.#listening) each.dispose();
    this.#reading.clear();
    this.#failed.clear();
  }

  async #end({ terminal, execution, exitCode }: vscode.TerminalShellExecutionEndEvent): Promise<void> {
    const reading = this.#reading.get(execution);
    this.#reading.delete(execution);
    const commandLine = execution.commandLine.value.trim();
    // A shell that tells no code does not say that it failed.
    if (!reading || exitCode === undefined || exitCode === 0 || commandLine === '') return;
    await reading.ended;
    // Nobody would tell any more that a terminal closes which did so meanwhile.
    if (this.#closed.has(terminal)) return;
    const folder = execution.cwd?.fsPath;
    this.#failed.delete(terminal);
    this.#failed.set(terminal, { commandLine, exitCode, ...(folder === undefined ? {} : { folder }), ...reading.written() });
    this.#parts.changed();
  }
}

function readEnd(terminal: vscode.Terminal, execution: vscode.TerminalShellExecution): Reading {
  let kept = '';
  let isCut = false;
  const ended = (async () => {
    for await (const data of execution.read()) {
      kept += data;
      // Cut now and then, not with each piece.
      if (kept.length > outputCharactersMax * 2) {
        kept = kept.slice(-outputCharactersMax);
        isCut = true;
      }
    }
  })().catch(() => undefined);
  return {
    terminal, ended,
    written: () => {
      const end = kept.slice(-outputCharactersMax);
      const cut = isCut || end.length < kept.length;
      // The first line may be half of one, and half of what colours it.
      return { output: plainOutput(cut ? end.slice(end.indexOf('\n') + 1) : end), isCut: cut };
    },
  };
}

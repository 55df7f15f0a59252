// Opens the walkthrough and ticks what was done before. VS Code hears of a step only once something has opened its
// welcome page in the window; what was true by then is taken as known and never ticks a step. So each step that
// is done is marked when the page opens, once, so that a person's own tick or untick stays.
import type * as vscode from 'vscode';
import type { Editor, EditorContext } from './editorApi.ts';
import type { WindowContext } from './windowContext.ts';

/** Name under which it is kept which steps were ticked. */
export const tickedMemory = 'walkthroughTicked';
const walkthrough = 'codexBroker.start';

/** What it needs from outside. */
export interface WalkthroughParts {
  readonly editor: { readonly commands: Pick<Editor['commands'], 'executeCommand'>; readonly window: { readonly tabGroups: Pick<vscode.TabGroups, 'onDidChangeTabs'> } };
  /** Id of the extension, which VS Code puts before the names of its walkthroughs. */
  readonly extensionId: string;
  readonly memory: Pick<EditorContext['globalState'], 'get' | 'update'>;
  /** What was done, as far as this window knows. */
  context(): WindowContext;
}

/** The steps that are done, by what the manifest's `onContext:` events say. */
export function stepsDone({ practice, canSend, hasRequests, sawNumbers, hasBudget, hasCredits }: WindowContext): string[] {
  return Object.entries({ practice: practice || canSend, key: canSend, ask: hasRequests, meter: sawNumbers, budget: hasBudget, topUp: hasCredits }).flatMap(([step, isDone]) => (isDone ? [step] : []));
}

/** The walkthrough of one window. */
export class Walkthrough implements vscode.Disposable {
  readonly #parts: WalkthroughParts;
  readonly #listening: vscode.Disposable;

  constructor(parts: WalkthroughParts) {
    this.#parts = parts;
    // Whoever opens VS Code's welcome page finds the walkthrough there; the API does not name that kind of tab.
    this.#listening = parts.editor.window.tabGroups.onDidChangeTabs(({ opened }) => {
      if (opened.some(({ input }) => input === undefined)) void this.#tick();
    });
  }

  /** Opens it. */
  async open(): Promise<void> {
    const { editor, extensionId } = this.#parts;
    await editor.commands.executeCommand('workbench.action.openWalkthrough', `${extensionId}#${walkthrough}`, false);
    await this.#tick();
  }

  /** Listens no more. */
  dispose(): void {
    this.#listening.dispose();
  }

  async #tick(): Promise<void> {
    const { editor, extensionId, memory, context } = this.#parts;
    const kept = memory.get<unknown>(tickedMemory);
    const ticked = Array.isArray(kept) ? kept : [];
    const due = stepsDone(context()).filter((step) => !ticked.includes(step));
    for (const step of due) {
      try {
        await editor.commands.executeCommand('welcome.markStepComplete', `${extensionId}#${walkthrough}#${walkthrough}.${step}`);
      } catch {
        // VS Code reads walkthroughs a little after its page opens: it keeps the tick and shows it then.
      }
    }
    if (due.length > 0) await memory.update(tickedMemory, [...ticked, ...due]);
  }
}

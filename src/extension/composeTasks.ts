// Puts together what runs the real Codex on tasks: the commands, the list of tasks that wait for a limit, and the
// channel with the transcripts.
import type { OutputChannel } from 'vscode';
import { t } from '../protocol/language.ts';
import { payerOf } from '../protocol/payer.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import type { EditorContext, Editor } from './editorApi.ts';
import { continueTask, offerInterrupted, runTask, showWaitingTasks } from './runTask.ts';
import type { TaskParts } from './taskRun.ts';
import { passFit, type Passed } from './taskFitCheck.ts';
import { WaitingTasks, type WaitingTask } from './waitingTasks.ts';

/** What tasks need from the rest of the extension. */
export interface TasksParts extends Omit<TaskParts, 'editor' | 'transcript' | 'waiting' | 'pay'> {
  readonly editor: Editor;
  readonly memory: EditorContext['workspaceState'];
  passGate(planMayPay: boolean): Promise<boolean>;
  /** The newest state, while the broker is there. */
  snapshot(): Snapshot | undefined;
  /** The broker is there. */
  isConnected(): boolean;
  /** Other tasks wait now. */
  changed(): void;
}

/** The commands about tasks, and what waits. Dispose it with the extension. */
export interface Tasks {
  readonly waiting: WaitingTasks;
  run(): Promise<void>;
  showWaiting(): Promise<void>;
  /** There is a newer snapshot. */
  see(): Promise<void>;
  dispose(): void;
}

/** Puts it together. Tasks that waited before a reload wait on. */
export function composeTasks(parts: TasksParts): Tasks {
  let channel: OutputChannel | undefined;
  const { editor, memory, schedule } = parts;
  const waiting: WaitingTasks = new WaitingTasks({
    memory, schedule, changed: () => parts.changed(),
    isReady: () => editor.workspace.isTrusted && parts.isConnected(),
    goOn: (task) => continueTask(runParts, task),
    interrupted: (task) => offer(task),
  });
  const offer = (task: WaitingTask) => { void offerInterrupted(parts, waiting, task); };
  const pay = () => {
    const snapshot = parts.snapshot();
    // Where a key can be used too, the key pays: which sign-in Codex would take is not asked.
    return snapshot && payerOf(snapshot) === 'plan' ? 'plan' : 'key';
  };
  const runParts: TaskParts & { passGate(): Promise<Passed | undefined> } = {
    ...parts, waiting, pay, passGate: async () => (await parts.passGate(pay() === 'plan') ? passFit(parts) : undefined),
    transcript: () => (channel ??= editor.window.createOutputChannel(t('Codex Task'))),
  };
  // Runs end with the window, and what they then tell is no end of the task.
  parts.stopping.addEventListener('abort', () => waiting.stop(), { once: true });
  for (const task of waiting.interrupted()) offer(task);
  return {
    waiting,
    run: () => runTask(runParts),
    showWaiting: () => showWaitingTasks(runParts, waiting),
    see: async () => {
      const snapshot = parts.snapshot();
      if (snapshot) await waiting.budgetsAre(new Map(snapshot.budgets.map(({ budget }) => [budget.id, budget.limit])));
    },
    dispose: () => {
      waiting.stop();
      channel?.dispose();
    },
  };
}

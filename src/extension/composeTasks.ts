// Puts together what runs the real Codex on tasks: the commands, the list of tasks that wait for a limit, and the
// channel with the transcripts.
import type { OutputChannel } from 'vscode';
import type { Snapshot } from '../protocol/snapshot.ts';
import type { EditorContext, Editor } from './editorApi.ts';
import { continueTask, runTask, showWaitingTasks } from './runTask.ts';
import type { TaskParts } from './taskRun.ts';
import { passFit } from './taskFitCheck.ts';
import { WaitingTasks } from './waitingTasks.ts';

/** What tasks need from the rest of the extension. */
export interface TasksParts extends Omit<TaskParts, 'editor' | 'transcript' | 'waiting'> {
  readonly editor: Editor;
  readonly memory: EditorContext['workspaceState'];
  passGate(): Promise<boolean>;
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
  });
  const runParts: TaskParts & Pick<TasksParts, 'passGate'> = {
    ...parts, waiting, passGate: async () => await parts.passGate() && passFit(parts),
    transcript: () => (channel ??= editor.window.createOutputChannel('Codex Task')),
  };
  return {
    waiting,
    run: () => runTask(runParts),
    showWaiting: () => showWaitingTasks(runParts, waiting),
    dispose: () => {
      waiting.stop();
      channel?.dispose();
    },
  };
}

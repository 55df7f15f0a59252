// What VS Code keeps for the extension, and how it is forgotten when all data is wiped: by the window that wipes at once, by every
// other window, and those that are not open now, when they next look. What stays is the time of the newest wipe.
import type { EditorContext } from './editorApi.ts';

/** Name under which every window finds the time of the newest wipe. */
export const wipedMemory = 'wipedAtMs';

/** What is forgotten. */
export type Memories = Pick<EditorContext, 'globalState' | 'workspaceState'>;

/** Notes a wipe and forgets what windows share and what this one keeps for itself. */
export async function forgetAll({ globalState, workspaceState }: Memories, nowMs: number): Promise<void> {
  for (const key of globalState.keys()) if (key !== wipedMemory) await globalState.update(key, undefined);
  await globalState.update(wipedMemory, nowMs);
  await forgetOwn(workspaceState, nowMs);
}

/** Forgets what this window keeps for itself, where another wiped since it last looked. @returns whether it did */
export async function forgetIfWiped({ globalState, workspaceState }: Memories): Promise<boolean> {
  const wipedAtMs = globalState.get<unknown>(wipedMemory);
  if (typeof wipedAtMs !== 'number' || workspaceState.get<unknown>(wipedMemory) === wipedAtMs) return false;
  const hadAny = workspaceState.keys().some((key) => key !== wipedMemory);
  await forgetOwn(workspaceState, wipedAtMs);
  return hadAny;
}

async function forgetOwn(workspaceState: Memories['workspaceState'], wipedAtMs: number): Promise<void> {
  for (const key of workspaceState.keys()) if (key !== wipedMemory) await workspaceState.update(key, undefined);
  await workspaceState.update(wipedMemory, wipedAtMs);
}

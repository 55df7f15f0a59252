// What workspaces are called, put together from everything that names one. Pure.
import type { Snapshot } from '../protocol/snapshot.ts';
import type { OwnWorkspace } from './consentText.ts';

/** Names of workspaces by id. */
export function workspaceNames(snapshot: Snapshot, own: OwnWorkspace): ReadonlyMap<string, string> {
  const names = new Map(Object.entries(snapshot.workspaceLabels ?? {}));
  for (const { workspaceId, workspaceLabel } of [...snapshot.recent, ...snapshot.running, ...snapshot.waiting, ...snapshot.questions]) names.set(workspaceId, workspaceLabel);
  for (const { key, label } of snapshot.today.byWorkspace) names.set(key, label);
  if (own.workspaceId !== undefined && own.workspaceLabel !== undefined) names.set(own.workspaceId, own.workspaceLabel);
  return names;
}

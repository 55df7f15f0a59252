// `codex-broker release`: lets tasks go on that the runaway guard slowed down or that a person stopped.
import { connectBroker } from '../controlClient.ts';
import { workspaceIdOf } from '../dataFolder.ts';
import type { CommandIo } from './commandIo.ts';
import { dataFolderOf, modeOf, pathOf, readOptions } from './commandIo.ts';

/** `codex-broker release [--workspace PATH]` */
export async function release(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { workspace: { type: 'string' } });
  // What the guard found is known to a running broker alone.
  const { api } = await connectBroker(dataFolderOf(values, io), modeOf(values));
  const workspace = values.workspace === undefined ? undefined : workspaceIdOf(pathOf('workspace', values.workspace, io));
  const result = await api.release(workspace === undefined ? {} : { workspaceId: workspace.workspaceId });
  io.out(values.json ? JSON.stringify(result) : `Every task ${workspace === undefined ? '' : `of "${workspace.label}" `}that was slowed down or stopped may go on.`);
  return 0;
}

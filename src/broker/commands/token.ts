// `codex-broker token`: a workspace's token and addresses, made or shown again.
import type { CommandIo } from './commandIo.ts';
import { pathOf, readOptions } from './commandIo.ts';
import { withControl } from './withControl.ts';

/** `codex-broker token --workspace PATH [--renew]` */
export async function token(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { workspace: { type: 'string' }, label: { type: 'string' }, renew: { type: 'boolean' } });
  const workspacePath = values.workspace === undefined ? io.cwd : pathOf('workspace', values.workspace, io);
  return withControl(values, io, 'change', async ({ api, url }) => {
    const made = await api.token({ workspacePath, ...(values.label === undefined ? {} : { label: values.label }), ...(values.renew ? { renew: true } : {}) });
    if (values.json) io.out(JSON.stringify(made));
    else {
      io.out(`Workspace  ${made.workspaceId}`);
      io.out(`Token      ${made.token}`);
      if (values.renew) io.out('The token before it is refused from now on. Run `codex-broker route` again where a config.toml is routed, and give programs the new one.');
      io.out(url === undefined ? 'No broker is running; its address is told once `codex-broker serve` runs.' : `SDKs       OPENAI_BASE_URL=${made.baseUrl}  OPENAI_API_KEY=<token>\nCodex      codex -c openai_base_url="${made.codexBaseUrl}"\nCodex signed in with ChatGPT, on its plan\n           codex -c openai_base_url="${made.chatgptBaseUrl ?? ''}"`);
    }
    return 0;
  });
}

// The doctor's look at the configurations of Codex that were routed: whether they still lead to the broker.
import { fine, warning } from './doctorFinding.ts';
import type { Finding } from './doctorFinding.ts';
import { recordedRoutes } from './routeStatus.ts';

/** Looks at each file that was routed from a data folder; nothing where none was. */
export async function checkRoutes(dataDir: string, home: string): Promise<Finding[]> {
  return (await recordedRoutes(dataDir, home)).map(({ state, reaches, said }) => (
    state === 'routed' && reaches !== 'elsewhere' ? fine('route', said)
      : warning('route', said, 'Run `codex-broker route` to lead Codex to the broker, or `codex-broker route --undo` to forget it.')));
}

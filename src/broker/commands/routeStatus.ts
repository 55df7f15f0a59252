// `codex-broker route --status`: whether Codex's configuration points at the broker, and whether the broker
// is where it points. It changes nothing and needs no ledger.
import { baseUrlFacts, isBrokerAddress } from '../codexConfig/baseUrlEdit.ts';
import { readAgain } from '../codexConfig/configFile.ts';
import type { ConfigFile } from '../codexConfig/configFile.ts';
import { readRouteRecords } from '../codexConfig/routeRecords.ts';
import type { RouteRecord } from '../codexConfig/routeRecords.ts';
import { TomlBroken } from '../codexConfig/tomlStatements.ts';
import { rememberedPort } from '../ownPort.ts';
import { findBroker } from '../runningBroker.ts';
import { ProblemError } from '../../domain/problem.ts';
import type { CommandIo } from './commandIo.ts';

/** How one file stands. */
export interface RouteState {
  readonly path: string;
  readonly state: 'routed' | 'elsewhere' | 'notRouted' | 'unreadable';
  readonly port?: number;
  readonly workspacePath?: string;
  /** Whether a broker answers where the file points: `waits` for one that will, `elsewhere` when none does or will. */
  readonly reaches?: 'broker' | 'waits' | 'elsewhere';
  readonly said: string;
}

interface BrokerPorts { readonly runningPort: number | undefined; readonly ownPort: number | undefined }

/** Tells about a file, and about every other one that was routed from this data folder. @returns 0 when the file is routed, else 1 */
export async function routeStatus(dataDir: string, file: ConfigFile, isJson: boolean, io: CommandIo): Promise<number> {
  const broker = await portsOf(dataDir);
  const records = readRouteRecords(dataDir);
  const asked = stateOf(file, records.find((one) => one.path === file.realPath), broker);
  const states = [asked, ...records.filter((one) => one.path !== file.realPath).map((record) => recordedState(record, broker, io.home))];
  io.out(isJson ? JSON.stringify({ files: states, ...(broker.runningPort === undefined ? {} : { runningPort: broker.runningPort }), ...(broker.ownPort === undefined ? {} : { ownPort: broker.ownPort }) })
    : states.map((one) => one.said).join('\n'));
  return asked.state === 'routed' ? 0 : 1;
}

/** How every file stands that was routed from this data folder. */
export async function recordedRoutes(dataDir: string, home: string): Promise<RouteState[]> {
  const records = readRouteRecords(dataDir);
  if (records.length === 0) return [];
  const broker = await portsOf(dataDir);
  return records.map((record) => recordedState(record, broker, home));
}

async function portsOf(dataDir: string): Promise<BrokerPorts> {
  const running = await findBroker(dataDir);
  return { runningPort: running && Number(new URL(running.url).port), ownPort: rememberedPort(dataDir) };
}

function recordedState(record: RouteRecord, broker: BrokerPorts, home: string): RouteState {
  try {
    return stateOf(readAgain(record.path, home), record, broker);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { path: record.path, state: 'unreadable', said: error.problem.message };
  }
}

function stateOf(file: ConfigFile, record: RouteRecord | undefined, broker: BrokerPorts): RouteState {
  let baseUrl: string | undefined;
  try {
    ({ baseUrl } = baseUrlFacts(file.text));
  } catch (error) {
    if (!(error instanceof TomlBroken)) throw error;
    return { path: file.path, state: 'unreadable', said: `${file.path}: not sound TOML (${error.message}).` };
  }
  if (baseUrl === undefined) return { path: file.path, state: 'notRouted', said: `${file.path}: not routed.` };
  if (!isBrokerAddress(baseUrl)) return { path: file.path, state: 'elsewhere', said: `${file.path}: not routed; it sends requests to ${baseUrl}.` };
  const port = Number(new URL(baseUrl).port);
  const workspacePath = record?.url === baseUrl ? record.workspacePath : undefined;
  return {
    path: file.path, state: 'routed', port, reaches: broker.runningPort === port ? 'broker' : broker.runningPort === undefined && broker.ownPort === port ? 'waits' : 'elsewhere', ...(workspacePath === undefined ? {} : { workspacePath }),
    said: `${file.path}: routed to port ${port}${workspacePath === undefined ? '' : ` for the workspace ${workspacePath}`}. ${whoAnswers(port, broker)}`,
  };
}

function whoAnswers(port: number, { runningPort, ownPort }: BrokerPorts): string {
  if (runningPort === port) return 'The broker runs there.';
  if (runningPort !== undefined) return `The broker listens on port ${runningPort}${ownPort === port ? ', because another program has its own port; end that one and start the broker again' : ''}; \`codex-broker route\` leads Codex there.`;
  return ownPort === port ? 'No broker is running now; Codex waits until one does.' : `No broker is running now, and the next one of this data folder will listen ${ownPort === undefined ? 'elsewhere' : `on port ${ownPort}`}; \`codex-broker route\` leads Codex there.`;
}

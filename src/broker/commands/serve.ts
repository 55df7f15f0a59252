// `codex-broker serve`: runs the broker until it is told to stop. One JSON line on standard output
// says when requests are accepted; everything else goes to the log.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { problem, ProblemError } from '../../domain/problem.ts';
import type { ReadyEvent } from '../../protocol/control.ts';
import { withNewestBackup } from '../backups.ts';
import { startBroker } from '../composeBroker.ts';
import type { Broker, BrokerOptions } from '../composeBroker.ts';
import { loadKeychain } from '../keyStore.ts';
import { ledgerEntry } from '../neighbours.ts';
import { startPracticeUpstream } from '../practiceUpstream.ts';
import { random, systemClock, systemIds, utcOffsetMs } from '../systemClock.ts';
import { chatGptUpstream } from '../upstream/chatGptTarget.ts';
import { openAiUpstream } from '../upstream/upstreamAddress.ts';
import type { CommandIo } from './commandIo.ts';
import { dataFolderOf, readOptions } from './commandIo.ts';
import { checkPlace } from './doctorFolder.ts';
import { readServeConfig } from './serveConfig.ts';
import type { ServeConfig } from './serveConfig.ts';

/** The key that practice mode shows to its own simulated upstream. */
const practiceKey = 'sk-practice-mode';

/** Runs the broker. Resolves with the exit code when it has stopped. */
export async function serve(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, {
    port: { type: 'string' }, upstream: { type: 'string' }, 'chatgpt-upstream': { type: 'string' }, 'api-key-env': { type: 'string' }, 'api-key-stdin': { type: 'boolean' },
    config: { type: 'string' }, ca: { type: 'string' },
    'fallback-url': { type: 'string' }, 'fallback-model': { type: 'string' }, 'fallback-when': { type: 'string' }, 'fallback-key-env': { type: 'string' }, scenario: { type: 'string' }, 'idle-exit-ms': { type: 'string' }, 'no-keychain': { type: 'boolean' }, 'no-runaway-guard': { type: 'boolean' }, 'spread-plan': { type: 'boolean' }, 'pass-through': { type: 'string', multiple: true },
  });
  const config = readServeConfig(values.config, values);
  const dataDir = dataFolderOf({ data: values.data ?? config.dataDir, practice: values.practice }, io);
  const practice = values.practice === true;
  const apiKey = practice ? { key: practiceKey, source: 'practice mode' } : readApiKey(values['api-key-env'], values['api-key-stdin'] === true, io);

  let stop: (why: string) => void = () => undefined;
  const stopped = new Promise<string>((resolve) => { stop = resolve; });
  const sandbox = practice ? await startPracticeUpstream(io.entry, values.scenario, io.env, () => stop('practice upstream ended')) : undefined;
  let broker: Broker;
  try {
    broker = await startBroker({
      dataDir, port: config.port, upstream: sandbox?.url ?? config.upstream ?? openAiUpstream, chatGptUpstream: config.chatGptUpstream ?? chatGptUpstream, network: { env: io.env, caFile: config.ca }, ...fallbackOf(config.fallback, io),
      mode: practice ? 'practice' : 'live', version: io.version, passThrough: config.passThrough, runawayGuard: config.runawayGuard, spreadPlan: config.spreadPlan,
      ...(apiKey ? { apiKey } : {}), ...(config.idleExitMs === undefined ? {} : { idleExitMs: config.idleExitMs }),
      ledgerEntry: ledgerEntry(io.entry), keychain: practice || values['no-keychain'] ? undefined : loadKeychain(fileURLToPath(io.entry)),
      home: io.home, clock: systemClock, ids: systemIds, random, utcOffsetMs, onStop: (why) => stop(why),
    });
  } catch (error) {
    sandbox?.stop();
    throw error instanceof ProblemError ? new ProblemError(withNewestBackup(error.problem, dataDir), { cause: error }) : error;
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop(signal));
  const ready: ReadyEvent = { event: 'ready', url: broker.url, pid: process.pid, dataDir, mode: practice ? 'practice' : 'live' };
  io.out(JSON.stringify(ready));
  for (const { says, remedy } of checkPlace(dataDir)) io.err([says, remedy].filter((one) => one !== undefined).join(' '));
  await stopped;
  await broker.close();
  sandbox?.stop();
  return 0;
}

/** The fallback of the settings, with its own key if it has one. */
function fallbackOf(settings: ServeConfig['fallback'], io: CommandIo): Pick<BrokerOptions, 'fallback'> {
  if (!settings) return {};
  const { url, model, when, keyEnv } = settings;
  const key = readApiKey(keyEnv, false, io)?.key;
  return { fallback: { url, model, causes: when, ...(key === undefined ? {} : { apiKey: key }) } };
}

/** The key from where the options say; absent when none is named. @throws ProblemError */
function readApiKey(envName: string | undefined, fromStdin: boolean, io: CommandIo): { key: string; source: string } | undefined {
  if (envName !== undefined) {
    const key = io.env[envName];
    if (!key) throw new ProblemError(problem('argument_invalid', `The environment variable ${envName} holds no key.`));
    return { key, source: 'environment' };
  }
  if (!fromStdin) return undefined;
  const [key = ''] = readFileSync(0, 'utf8').split('\n');
  if (key.trim() === '') throw new ProblemError(problem('argument_invalid', 'No key came on standard input.'));
  return { key, source: 'standard input' };
}

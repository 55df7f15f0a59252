// `codex-broker route`: lets a person's own Codex configuration point at the broker, so that the Codex
// extension, the CLI and its SDK go through it without options. Nothing is written before its difference
// was shown and agreed to, and it can be undone to the letter.
import { say } from '../../domain/say.ts';
import { join } from 'node:path';
import { baseUrlFacts, baseUrlKey, setBaseUrl } from '../codexConfig/baseUrlEdit.ts';
import { backUp, contentHash, isReadableByOthers, readable, readConfigFile, unusable, writeConfigFile } from '../codexConfig/configFile.ts';
import type { ConfigFile } from '../codexConfig/configFile.ts';
import { codexLogin } from '../codexConfig/codexLogin.ts';
import type { CodexLogin } from '../codexConfig/codexLogin.ts';
import { lineDiff } from '../codexConfig/lineDiff.ts';
import { keepRouteRecord, readRouteRecords } from '../codexConfig/routeRecords.ts';
import { ownPort, rememberPort } from '../ownPort.ts';
import { random, systemClock } from '../systemClock.ts';
import { payerOf, wrongUse } from './argumentValues.ts';
import type { CommandIo, FolderOptions } from './commandIo.ts';
import { dataFolderOf, pathOf, readOptions } from './commandIo.ts';
import { routeStatus } from './routeStatus.ts';
import { undoAllRoutes, undoRoute } from './routeUndo.ts';
import { withControl } from './withControl.ts';

/** `codex-broker route [--workspace DIR] [--codex-home DIR] [--profile NAME] [--pay plan|credits] [--yes] [--undo [--all] | --status]` */
export async function route(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, {
    'workspace': { type: 'string' }, 'codex-home': { type: 'string' }, 'profile': { type: 'string' },
    'yes': { type: 'boolean' }, 'undo': { type: 'boolean' }, 'status': { type: 'boolean' }, 'all': { type: 'boolean' }, 'expect': { type: 'string' }, 'pay': { type: 'string' },
  });
  if (values.undo && values.status) throw wrongUse('Say one thing: --undo or --status.');
  if ((values.undo || values.status) && (values.yes || values.workspace !== undefined || values.expect !== undefined || values.pay !== undefined)) throw wrongUse('--undo and --status take no --yes, --workspace, --pay or --expect.');
  const namedHome = io.env['CODEX_HOME'] ? pathOf('codex-home', io.env['CODEX_HOME'], io) : undefined;
  const codexHome = values['codex-home'] === undefined ? namedHome ?? join(io.home, '.codex') : pathOf('codex-home', values['codex-home'], io);
  const place = { codexHome, profile: values.profile, home: io.home, namedHome };
  const dataDir = dataFolderOf(values, io);
  if (values.all) {
    if (!values.undo || values.profile !== undefined || values.json) throw wrongUse('--all goes with --undo, and takes neither --profile nor --json.');
    return undoAllRoutes(dataDir, place, io);
  }
  const file = readConfigFile(place);
  if (values.status) return routeStatus(dataDir, file, values.json === true, io);
  if (values.undo) return undoRoute(dataDir, file, values.json === true ? 'json' : 'talk', io);
  if (values.expect !== undefined && values.expect !== contentHash(file.text)) throw unusable(say('{0} was changed since its difference was shown, so it was left alone.', file.path), say('Look at the difference again.'));
  const plan = await planRoute(dataDir, file, { ...values, workspacePath: values.workspace === undefined ? io.cwd : pathOf('workspace', values.workspace, io), profile: values.profile, pay: values.pay, login: () => codexLogin(codexHome, {}) }, io);
  return values.json ? routeAsJson(dataDir, plan, values.yes === true, io) : routeAsTalk(dataDir, plan, values.yes === true, io);
}

/** What routing would do to a file. */
interface RoutePlan {
  readonly file: ConfigFile;
  readonly url: string;
  readonly port: number;
  readonly workspaceId: string;
  readonly workspacePath: string;
  readonly after: string;
  /** The value that stands there, as it is written. */
  readonly previous?: string;
  /** What a person should know before saying yes. */
  readonly notes: readonly string[];
}

interface PlanOptions extends FolderOptions { readonly workspacePath: string; readonly profile: string | undefined; readonly pay: string | undefined; readonly login: () => CodexLogin }

async function planRoute(dataDir: string, file: ConfigFile, options: PlanOptions, io: CommandIo): Promise<RoutePlan> {
  const facts = readable(file, baseUrlFacts);
  return withControl(options, io, 'change', async ({ api, url: running }) => {
    const made = await api.token({ workspacePath: options.workspacePath });
    const payer = payerOf(options.pay, made.chatgptBaseUrl !== undefined, options.login);
    const port = running === undefined ? await ownPort(dataDir, random) : Number(new URL(running).port);
    const url = `http://127.0.0.1:${port}/w/${made.token}/${payer === 'plan' ? 'backend-api/codex' : 'v1'}`;
    const { text, previous } = readable(file, (before) => setBaseUrl(before, url));
    const who = options.profile === undefined ? 'Every Codex that reads this file (CLI, editor extension, SDK)' : `Codex started with \`-p ${options.profile}\``;
    const notes = [
      `${who} then sends its requests through the broker. They are counted for the workspace ${options.workspacePath} and ${payer === 'plan' ? 'paid by the plan of its own ChatGPT sign-in; `--pay credits` uses the broker\'s API key instead' : 'paid with the broker\'s API key, also where Codex is signed in with ChatGPT'}.`,
      ...(options.practice ? ['This is practice mode: Codex is answered by the simulated upstream until you undo it.'] : []),
      ...(running === undefined ? ['No broker is running now. Codex waits for one; a VS Code window with the extension or `codex-broker serve` starts it.'] : []),
      ...(facts.baseUrl === undefined || facts.baseUrl === url ? [] : [`The file sets ${baseUrlKey} to ${facts.baseUrl} now; that is kept and comes back with --undo.`]),
      ...(facts.modelProvider === undefined || facts.modelProvider === 'openai' ? [] : [`The file chooses the provider "${facts.modelProvider}", and requests to that do not follow ${baseUrlKey}: they go past the broker.`]),
      ...(file.realPath === file.path ? [] : [`${file.path} is reached by a link; the file that is changed is ${file.realPath}.`]),
      ...(isReadableByOthers(file) ? ['Other users of this computer may read the file, and the line holds the workspace\'s token.'] : []),
    ];
    return { file, url, port, workspaceId: made.workspaceId, workspacePath: options.workspacePath, after: text, notes, ...(previous === undefined ? {} : { previous }) };
  });
}

async function routeAsTalk(dataDir: string, plan: RoutePlan, isAgreed: boolean, io: CommandIo): Promise<number> {
  const { file } = plan;
  const diff = lineDiff(file.text, plan.after);
  if (diff.length === 0) {
    io.out(`${file.path} is routed through the broker already; nothing was changed.`);
    return 0;
  }
  io.out([`${file.path}${file.exists ? '' : ' (a new file)'}`, ...diff, '', ...plan.notes].join('\n'));
  if (!isAgreed) {
    if (!io.ask) throw wrongUse('Nobody can be asked here, so nothing was written. Say --yes to agree.');
    if (!await io.ask('Write it?')) {
      io.out('Nothing was changed.');
      return 1;
    }
  }
  const backup = writeRoute(dataDir, plan);
  io.out(`Written.${backup === undefined ? '' : ` What the file was is kept in ${backup}.`} \`codex-broker route --undo\` takes it back.`);
  return 0;
}

function routeAsJson(dataDir: string, plan: RoutePlan, isAgreed: boolean, io: CommandIo): number {
  const { file } = plan;
  const isNew = plan.after !== file.text;
  const backup = isAgreed && isNew ? writeRoute(dataDir, plan) : undefined;
  io.out(JSON.stringify({
    path: file.path, exists: file.exists, url: plan.url, workspaceId: plan.workspaceId, written: isAgreed && isNew, changes: isNew,
    diff: lineDiff(file.text, plan.after), before: file.text, after: plan.after, hash: contentHash(file.text), notes: plan.notes,
    ...(plan.previous === undefined ? {} : { previous: plan.previous }), ...(backup === undefined ? {} : { backup }),
  }));
  return 0;
}

/** Writes the file: first the copy, then the way back, then the line. @returns where the copy lies */
function writeRoute(dataDir: string, plan: RoutePlan): string | undefined {
  const { file, previous } = plan;
  const backup = backUp(file, systemClock.nowMs());
  const known = readRouteRecords(dataDir).find((one) => one.path === file.realPath);
  // Routing again, as for another workspace, goes back to what was there before the first time.
  const first = known !== undefined && readable(file, baseUrlFacts).baseUrl === known.url ? known : undefined;
  const before = first ? { created: first.created, beforeHash: first.beforeHash, ...(first.previous === undefined ? {} : { previous: first.previous }), ...(first.backup === undefined ? {} : { backup: first.backup }) }
    : { created: !file.exists, beforeHash: contentHash(file.text), ...(previous === undefined ? {} : { previous }), ...(backup === undefined ? {} : { backup }) };
  keepRouteRecord(dataDir, { path: file.realPath, url: plan.url, workspacePath: plan.workspacePath, atMs: systemClock.nowMs(), ...before });
  rememberPort(dataDir, plan.port);
  writeConfigFile(file, plan.after);
  return backup;
}

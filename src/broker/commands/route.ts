// `codex-broker route`: lets a person's own Codex configuration point at the broker, so that the Codex
// extension, the CLI and its SDK go through it without options. Nothing is written before its difference
// was shown and agreed to, and it can be undone to the letter.
import { join } from 'node:path';
import { baseUrlFacts, baseUrlKey, isBrokerAddress, setBaseUrl, unsetBaseUrl } from '../codexConfig/baseUrlEdit.ts';
import { backedUpTexts, backUp, contentHash, isReadableByOthers, readConfigFile, removeConfigFile, unusable, writeConfigFile } from '../codexConfig/configFile.ts';
import type { ConfigFile } from '../codexConfig/configFile.ts';
import { codexLogin } from '../codexConfig/codexLogin.ts';
import type { CodexLogin } from '../codexConfig/codexLogin.ts';
import { lineDiff } from '../codexConfig/lineDiff.ts';
import { dropRouteRecord, keepRouteRecord, readRouteRecords } from '../codexConfig/routeRecords.ts';
import { TomlBroken } from '../codexConfig/tomlStatements.ts';
import { ownPort, rememberPort } from '../ownPort.ts';
import { random, systemClock } from '../systemClock.ts';
import { payerOf, wrongUse } from './argumentValues.ts';
import type { CommandIo, FolderOptions } from './commandIo.ts';
import { dataFolderOf, pathOf, readOptions } from './commandIo.ts';
import { routeStatus } from './routeStatus.ts';
import { withControl } from './withControl.ts';

/** `codex-broker route [--workspace DIR] [--codex-home DIR] [--profile NAME] [--pay plan|credits] [--yes] [--undo | --status]` */
export async function route(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, {
    'workspace': { type: 'string' }, 'codex-home': { type: 'string' }, 'profile': { type: 'string' },
    'yes': { type: 'boolean' }, 'undo': { type: 'boolean' }, 'status': { type: 'boolean' }, 'expect': { type: 'string' }, 'pay': { type: 'string' },
  });
  if (values.undo && values.status) throw wrongUse('Say one thing: --undo or --status.');
  if ((values.undo || values.status) && (values.yes || values.workspace !== undefined || values.expect !== undefined || values.pay !== undefined)) throw wrongUse('--undo and --status take no --yes, --workspace, --pay or --expect.');
  const namedHome = io.env['CODEX_HOME'] ? pathOf('codex-home', io.env['CODEX_HOME'], io) : undefined;
  const codexHome = values['codex-home'] === undefined ? namedHome ?? join(io.home, '.codex') : pathOf('codex-home', values['codex-home'], io);
  const file = readConfigFile({ codexHome, profile: values.profile, home: io.home, namedHome });
  const dataDir = dataFolderOf(values, io);
  if (values.status) return routeStatus(dataDir, file, values.json === true, io);
  if (values.undo) return undo(dataDir, file, values.json === true, io);
  if (values.expect !== undefined && values.expect !== contentHash(file.text)) throw unusable(`${file.path} was changed since its difference was shown, so it was left alone.`, 'Look at the difference again.');
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

/** Works on the text of a file. @throws ProblemError `codex_config_unusable` for one that is no TOML */
function readable<T>(file: ConfigFile, work: (text: string) => T): T {
  try {
    return work(file.text);
  } catch (error) {
    if (!(error instanceof TomlBroken)) throw error;
    throw unusable(`${file.path} is not sound TOML (${error.message}), so it was left alone.`, 'Correct that line first; Codex does not take it either.', error);
  }
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

/** Takes the address out again, and nothing else. */
function undo(dataDir: string, file: ConfigFile, isJson: boolean, io: CommandIo): number {
  const record = readRouteRecords(dataDir).find((one) => one.path === file.realPath);
  const told = (undone: boolean, sentence: string, more: object = {}) => {
    io.out(isJson ? JSON.stringify({ path: file.path, undone, said: sentence, ...more }) : sentence);
    return 0;
  };
  const present = file.exists ? readable(file, baseUrlFacts).baseUrl : undefined;
  const url = record?.url ?? (present !== undefined && isBrokerAddress(present) ? present : undefined);
  const copy = url === undefined || record ? undefined : provenCopy(file, url);
  const after = url === undefined ? undefined : copy ?? readable(file, (text) => unsetBaseUrl(text, url, record?.previous));
  if (after === undefined) {
    if (record) dropRouteRecord(dataDir, record.path);
    return told(false, `${file.path} ${file.exists ? present === undefined ? `sets no ${baseUrlKey}` : `sets ${baseUrlKey} to ${present}, which is not the broker's` : 'does not exist'}; there is nothing to undo.`);
  }
  const isExact = copy !== undefined || record !== undefined && contentHash(after) === record.beforeHash;
  const isOurFile = record?.created === true && after === '';
  const diff = lineDiff(file.text, after);
  const backup = isExact ? undefined : backUp(file, systemClock.nowMs());
  if (isOurFile) removeConfigFile(file);
  else writeConfigFile(file, after);
  if (record) dropRouteRecord(dataDir, record.path);
  const sentence = isOurFile ? `${file.path} was made by the route and is removed.`
    : isExact ? `${file.path} is again what it was before, to the letter.`
      : record ? `${file.path} was edited since it was routed: only the broker's own line was ${record.previous === undefined ? 'taken out' : 'put back to what it was'}, everything else stays. The file as it was a moment ago is kept in ${backup ?? ''}.`
        : `The broker's line was taken out of ${file.path}. What stood there before it is not known here; the file as it was a moment ago is kept in ${backup ?? ''}.`;
  return told(true, isJson ? sentence : [file.path, ...diff, '', sentence].join('\n'), { exact: isExact, diff, ...(backup === undefined ? {} : { backup }) });
}

/** Without notes, as of another data folder: a copy from which the file was made by nothing but setting the address. */
function provenCopy(file: ConfigFile, url: string): string | undefined {
  return backedUpTexts(file).find((text) => {
    try {
      return setBaseUrl(text, url).text === file.text && text !== file.text;
    } catch (error) {
      if (error instanceof TomlBroken) return false;
      throw error;
    }
  });
}

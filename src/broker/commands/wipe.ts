// `codex-broker wipe`: removes everything that the product keeps on this computer, after telling what that is and asking. Without
// a yes it only tells.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { problem, ProblemError } from '../../domain/problem.ts';
import { formatCredits } from '../../domain/units.ts';
import { dataKindWords } from '../../protocol/keptWords.ts';
import { loadKeychain } from '../keyStore.ts';
import { refuseOtherMode } from '../folderMode.ts';
import { ledgerEntry } from '../neighbours.ts';
import { rememberedPort } from '../ownPort.ts';
import { dataFolders } from '../dataInventory.ts';
import { busyProblem } from '../endBroker.ts';
import { systemClock } from '../systemClock.ts';
import { planWipe, wipe } from '../wipePlan.ts';
import type { Wiped, WipePlan } from '../wipePlan.ts';
import { wrongUse } from './argumentValues.ts';
import type { CommandIo } from './commandIo.ts';
import { dataFolderOf, modeOf, pathOf, readOptions } from './commandIo.ts';
import { bytesText, countText } from './factTexts.ts';
import { undoAllRoutes } from './routeUndo.ts';

/** The word that a person types to agree. */
const agreedWord = 'wipe';

/** `codex-broker wipe [--dry-run] [--yes] [--stop-requests]` */
export async function wipeData(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { 'dry-run': { type: 'boolean' }, 'yes': { type: 'boolean' }, 'stop-requests': { type: 'boolean' }, 'no-keychain': { type: 'boolean' }, 'codex-home': { type: 'string' } });
  if (values['dry-run'] && values.yes) throw wrongUse('Say one thing: --dry-run or --yes.');
  const dataDir = dataFolderOf(values, io);
  refuseOtherMode(dataDir, modeOf(values));
  const isJson = values.json === true;
  const plan = await planWipe({ dataDir, ledgerEntry: ledgerEntry(io.entry), tempDir: tmpdir() });
  if (values['dry-run'] || isJson && !values.yes) {
    io.out(isJson ? JSON.stringify(plan) : planText(plan));
    return 0;
  }
  if (!values.yes) {
    io.out(planText(plan));
    if (!io.ask) throw wrongUse('Nobody can be asked here, so nothing was removed. Say --yes to agree.');
    if (!await io.ask(plan.requests > 0 ? 'Requests run now and would be ended. Remove all of this for good?' : 'Remove all of this for good?', agreedWord)) {
      io.out('Nothing was removed.');
      return 1;
    }
  } else if (!values['stop-requests']) {
    const busy = busyProblem(plan);
    if (busy) throw new ProblemError({ ...busy, remedy: 'Wait until they have ended, or say --stop-requests.' });
  }
  const told: string[] = [];
  const keychain = values['no-keychain'] ? undefined : loadKeychain(fileURLToPath(io.entry));
  const wiped = await wipe({ dataDir, ledgerEntry: ledgerEntry(io.entry), keychain, clock: systemClock, tempDir: tmpdir(), stopsRequests: values['stop-requests'] === true || !values.yes && plan.requests > 0 }, () => undoRoutes(dataDir, values['codex-home'], io, told));
  io.out(isJson ? JSON.stringify({ wiped: true, routes: told, ...wiped }) : wipedText(wiped, told, values['no-keychain'] === true));
  return wiped.isKeychainSilent ? 1 : 0;
}

/** Takes back the routes that this data folder knows of, and the line in the person's own configuration that leads to its port. */
function undoRoutes(dataDir: string, home: string | undefined, io: CommandIo, told: string[]): void {
  const namedHome = io.env['CODEX_HOME'] ? pathOf('codex-home', io.env['CODEX_HOME'], io) : undefined;
  const codexHome = home === undefined ? namedHome ?? join(io.home, '.codex') : pathOf('codex-home', home, io);
  const ports = dataFolders(dataDir).map((path) => rememberedPort(path));
  const note = (line: string) => { told.push(line); };
  const code = undoAllRoutes(dataDir, { codexHome, profile: undefined, home: io.home, namedHome }, { out: note, err: note, home: io.home }, (url) => ports.includes(Number(new URL(url).port)));
  if (code !== 0) throw new ProblemError(problem('codex_config_unusable', `Nothing was removed, because a configuration of Codex that leads to the broker could not be changed back. ${told.join(' ')}`, { remedy: 'Correct or remove that file, then try again.' }));
}

function planText({ dataDir, folders, routes, brokers, requests, isKeyIncluded }: WipePlan): string {
  const key = isKeyIncluded ? ['Your OpenAI API key in the system keychain, which all data folders of yours share, and marks of the ledger there'] : ['Marks of the ledger in the system keychain'];
  return [
    ...(folders.length === 0 ? [`There is no data of the broker in ${dataDir}.`, ''] : []),
    'This is removed for good:',
    ...folders.flatMap(({ path, kinds, ledger }) => [`  ${path}`, ...kinds.map(({ kind, files, bytes }) => `    ${dataKindWords(kind)} (${countText(files, 'file')}, ${bytesText(bytes)})`),
      ...(ledger ? [`    In the ledger: ${countText(ledger.attempts, 'attempt')}${ledger.isTracked ? `, ${formatCredits(ledger.balanceMicroCredits, 2)} credits left` : ''}`] : [])]),
    ...key.map((line) => `  ${line}`),
    ...routes.map((path) => `  The broker's line in ${path}, which becomes what it was`),
    ...(brokers === 0 ? [] : [`${countText(brokers, 'broker')} running there ${brokers === 1 ? 'is' : 'are'} ended${requests === 0 ? '' : `, and ${countText(requests, 'request')} with ${brokers === 1 ? 'it' : 'them'}`}.`]),
    ...folders.filter((one) => one.others.length > 0).map(({ path, others }) => `Left alone in ${path}: ${others.join(', ')}`),
    'Also left alone: exports and backups that you wrote elsewhere (`codex-broker restore FILE` would bring back what such a backup holds), copies of Codex\'s configuration, Codex\'s own sessions, and what VS Code keeps, such as the API key, which it gives to the next broker (its command Wipe All Data removes that too).',
    'To keep a copy first: `codex-broker export --set requests --out FILE`; other sets are charges, entries, directives, grants and imports.',
  ].join('\n');
}

/** What a new ledger meets where the keychain still knows the old one. */
const anchorLeft = 'With a mark of the old ledger there, a new one is taken for an older copy and refused, until you run `codex-broker restore --accept`.';

function wipedText({ folders, isKeychainSilent }: Wiped, routes: readonly string[], isKeychainLeft: boolean): string {
  return [
    ...routes,
    ...(folders.length === 0 ? ['There was no data of the broker.'] : []),
    ...folders.map(({ path, files, bytes, isGone, others }) => `Removed ${countText(files, 'file')} (${bytesText(bytes)}) ${isGone ? `with the folder ${path}` : `from ${path}`}.${others.length > 0 ? ` Left alone: ${others.join(', ')}.` : ''}`),
    ...(isKeychainSilent ? [`The system keychain gave no answer: if your API key or a mark of the ledger is in it, it still is. Unlock it and run the command again, or look for "codex-usage-broker" there. ${anchorLeft}`] : []),
    ...(isKeychainLeft ? [`The system keychain was not asked, as you said: what "codex-usage-broker" keeps in it is still there. ${anchorLeft}`] : []),
    'What VS Code keeps for its extension is not removed by this: if your API key is there, it goes to the next broker. The command "Codex Broker: Wipe All Data" removes it.',
  ].join('\n');
}

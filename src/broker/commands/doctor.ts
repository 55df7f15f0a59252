// `codex-broker doctor`: looks at everything that the broker depends on and says what to do. The report can
// be shown to others. Its exit code is 0 when nothing failed, else 1.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { folderMode } from '../folderMode.ts';
import type { FolderMode } from '../folderMode.ts';
import { loadKeychain } from '../keyStore.ts';
import { ledgerEntry } from '../neighbours.ts';
import { systemClock } from '../systemClock.ts';
import { openAiUpstream } from '../upstream/upstreamAddress.ts';
import type { CommandIo } from './commandIo.ts';
import { dataFolderOf, modeOf, readOptions } from './commandIo.ts';
import { redacted } from './doctorFinding.ts';
import type { Finding } from './doctorFinding.ts';
import { checkFolder } from './doctorFolder.ts';
import { checkLedger } from './doctorLedger.ts';
import { checkNetwork } from './doctorNetwork.ts';
import { checkRoutes } from './doctorRoutes.ts';
import { checkCodex, checkKeychain, checkPrices, checkRuntime } from './doctorSurroundings.ts';
import { countText } from './factTexts.ts';

/** `codex-broker doctor` */
export async function doctor(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { 'no-keychain': { type: 'boolean' }, upstream: { type: 'string' }, ca: { type: 'string' }, codex: { type: 'string' } });
  const dataDir = dataFolderOf(values, io);
  const isPractice = values.practice === true || knownMode(dataDir) === 'practice';
  const isWithoutKeychain = values['no-keychain'] === true || isPractice;
  const keychain = isWithoutKeychain ? undefined : loadKeychain(fileURLToPath(io.entry));
  const found = [
    checkRuntime(process.versions.node, process.versions['sqlite']),
    ...checkFolder(dataDir, io.platform),
    ...await checkLedger({ dataDir, entry: ledgerEntry(io.entry), version: io.version, mode: modeOf(values), keychain }),
    ...(isWithoutKeychain ? [] : [await checkKeychain(keychain, systemClock)]),
    ...(isPractice ? [] : await checkNetwork(io.env, values.upstream ?? openAiUpstream, values.ca)), checkPrices(dataDir), await checkCodex(io.env, io.platform, systemClock, values.codex), ...await checkRoutes(dataDir, io.home),
  ];
  const homes = [io.home, realOf(io.home)];
  const checks = found.map((one) => redacted(one, homes));
  const isOk = checks.every((one) => one.state !== 'failed');
  io.out(values.json ? JSON.stringify({ ok: isOk, version: io.version, platform: `${io.platform} ${process.arch}`, checks }) : reportText(checks, io));
  return isOk ? 0 : 1;
}

function reportText(checks: readonly Finding[], io: CommandIo): string {
  const width = Math.max(...checks.map((one) => one.check.length));
  const count = (state: Finding['state']) => checks.filter((one) => one.state === state).length;
  const [failures, warnings] = [count('failed'), count('warning')];
  return [
    `codex-broker ${io.version} on ${io.platform} ${process.arch}`, '',
    ...checks.flatMap(({ check, state, says, remedy }) => [`${state.padEnd(7)}  ${check.padEnd(width)}  ${says}`, ...(remedy === undefined ? [] : [`${' '.repeat(11 + width)}${remedy}`])]),
    '', failures + warnings === 0 ? 'Everything is as it should be.' : `${countText(failures, 'failure')}, ${countText(warnings, 'warning')}.`,
  ].join('\n');
}

/** The mode of a folder; a file that cannot be read is told by the look at the ledger. */
function knownMode(dataDir: string): FolderMode | undefined {
  try {
    return folderMode(dataDir);
  } catch {
    return undefined;
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // A home that is not there has only the name that it was given.
    return path;
  }
}

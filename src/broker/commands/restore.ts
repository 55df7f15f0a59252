// `codex-broker restore`: which backups there are and whether they add up; one of them put in the ledger's
// place; or the ledger accepted as it is. It needs that no broker runs.
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { problem, ProblemError } from '../../domain/problem.ts';
import { listBackups } from '../backups.ts';
import { prepareDataFolder } from '../dataFolder.ts';
import { claimFolder, folderMode, refuseOtherMode } from '../folderMode.ts';
import { loadKeychain } from '../keyStore.ts';
import { faultOf } from '../ledgerProof.ts';
import { acceptLedger, restoreBackup } from '../restoreLedger.ts';
import type { RestoredLedger, RestoreParts, TakenLedger } from '../restoreLedger.ts';
import { findOrHold } from '../runningBroker.ts';
import { systemClock, systemIds } from '../systemClock.ts';
import { wrongUse } from './argumentValues.ts';
import { proofText } from './backup.ts';
import type { CommandIo } from './commandIo.ts';
import { dataFolderOf, modeOf, pathOf, readOptions, textTable } from './commandIo.ts';
import { bytesText, countText, momentText, spanText } from './factTexts.ts';

/** `codex-broker restore [FILE|newest] [--accept] [--list]` */
export async function restore(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals: [file] } = readOptions(args, { accept: { type: 'boolean' }, list: { type: 'boolean' }, 'no-keychain': { type: 'boolean' } }, 1);
  if (values.accept && (values.list || file !== undefined) || values.list && file !== undefined) throw wrongUse('Say one thing: a backup (or newest) to restore, --list, or --accept.');
  const dataDir = dataFolderOf(values, io);
  refuseOtherMode(dataDir, modeOf(values));
  if (file === undefined && !values.accept) {
    listText(dataDir, values.json === true, io);
    return 0;
  }
  return withFolder(dataDir, io, { mode: modeOf(values), isWithoutKeychain: values['no-keychain'] === true }, async (parts) => {
    if (file === undefined) {
      const taken = await acceptLedger(parts);
      io.out(values.json ? JSON.stringify({ accepted: taken !== undefined, ...taken }) : taken ? acceptedText(taken) : 'The ledger holds everything that was noted outside of it: there is nothing to accept.');
      return 0;
    }
    const { path, restored, skipped } = await restoreFirst(parts, file === 'newest' ? listBackups(dataDir).map((one) => one.path) : [backupPath(file, dataDir, io)]);
    io.out(values.json ? JSON.stringify({ restored: path, skipped, ...restored }) : restoredText(path, restored, skipped));
    return 0;
  });
}

interface FolderUse { readonly mode: 'practice' | undefined; readonly isWithoutKeychain: boolean }

/** Runs something under the folder's lease. @throws ProblemError `broker_running` */
async function withFolder(dataDir: string, io: CommandIo, use: FolderUse, run: (parts: RestoreParts) => Promise<number>): Promise<number> {
  prepareDataFolder(dataDir);
  const held = await findOrHold(dataDir, systemClock);
  if (!held || 'running' in held) {
    throw new ProblemError({ ...problem('broker_running', `A broker uses the data folder ${dataDir}, and its ledger cannot be exchanged under it. Nothing was changed.`), remedy: 'Stop it first: end `codex-broker serve`, or close the VS Code windows that use it.' });
  }
  try {
    prepareDataFolder(dataDir);
    claimFolder(dataDir, use.mode);
    const keychain = use.isWithoutKeychain || folderMode(dataDir) === 'practice' ? undefined : loadKeychain(fileURLToPath(io.entry));
    return await run({ dataDir, keychain, clock: systemClock, ids: systemIds });
  } finally {
    held.lease.release();
  }
}

/** A backup by its path, or by its name in the data folder's own backups. @throws ProblemError `argument_invalid` */
function backupPath(file: string, dataDir: string, io: CommandIo): string {
  const path = pathOf('restore', file, io);
  if (existsSync(path)) return path;
  const own = join(dataDir, 'backups', file);
  if (file === basename(file) && existsSync(own)) return own;
  throw wrongUse(`There is no file ${path}, so nothing was restored; \`codex-broker restore --list\` shows the backups there are.`);
}

interface Skipped { readonly path: string; readonly why: string }

/** Restores the first of several backups that adds up. @throws ProblemError of the last one, or when there is none */
async function restoreFirst(parts: RestoreParts, paths: readonly string[]): Promise<{ path: string; restored: RestoredLedger; skipped: Skipped[] }> {
  const skipped: Skipped[] = [];
  let last = new ProblemError({ ...problem('ledger_missing', `There is no backup in the data folder ${parts.dataDir}. Nothing was changed.`), remedy: 'Name a backup from elsewhere: `codex-broker restore FILE`.' });
  for (const path of paths) {
    try {
      return { path, restored: await restoreBackup(parts, path), skipped };
    } catch (error) {
      if (!(error instanceof ProblemError) || !['ledger_corrupt', 'ledger_discrepancy', 'ledger_newer'].includes(error.problem.code)) throw error;
      skipped.push({ path, why: error.problem.message });
      last = new ProblemError({ ...error.problem, message: `${error.problem.message} Nothing was changed.`, remedy: 'Choose another backup: `codex-broker restore --list` shows them.' }, { cause: error });
    }
  }
  throw last;
}

function restoredText(path: string, restored: RestoredLedger, skipped: readonly Skipped[]): string {
  return [
    ...skipped.map((one) => `Passed over ${basename(one.path)}: ${one.why}`),
    `The ledger is restored from ${path}. ${proofText(restored.proof)}`,
    lostText(restored),
    ...(restored.kept.length === 0 ? ['There was no ledger in its place.'] : [`The ledger that was in its place is kept: ${restored.kept.join(', ')}.`]),
    ...anchorText(restored),
  ].join('\n');
}

function acceptedText(taken: TakenLedger): string {
  return ['The ledger is accepted as it is.', proofText(taken.proof), lostText(taken), ...anchorText(taken)].join('\n');
}

function lostText({ proof, lost }: TakenLedger): string {
  const newest = proof.newestAtMs === undefined ? 'It holds no use and no credits yet' : `Its newest row is of ${momentText(proof.newestAtMs)}`;
  const rows = [[lost.usageEvents, 'usage event'], [lost.entries, 'balance entry'], [lost.directives, 'directive']] as const;
  const atLeast = rows.filter(([count]) => count > 0).map(([count, one]) => countText(count, one));
  return `${newest}; what was booked after that is lost${atLeast.length === 0 ? ', if anything was: nothing of the kind was noted outside of the ledger' : `: at least ${atLeast.join(', ')}`}.`;
}

function anchorText({ isAnchored }: TakenLedger): string[] {
  return isAnchored ? [] : ['The mark outside of the ledger could not be renewed everywhere, so the next start may doubt the ledger again. Unlock the keychain and run `codex-broker restore --accept`.'];
}

/** The backups there are, each proven. */
function listText(dataDir: string, isJson: boolean, io: CommandIo): void {
  const nowMs = systemClock.nowMs();
  const backups = listBackups(dataDir).map((one) => ({ ...one, fault: faultOf(one.path) }));
  if (isJson) {
    io.out(JSON.stringify({ backups: backups.map(({ fault, ...one }) => ({ ...one, ok: fault === undefined, ...(fault ? { code: fault.code, why: fault.message } : {}) })) }));
    return;
  }
  const [first] = backups;
  if (!first) {
    io.out(`There is no backup in the data folder ${dataDir}. \`codex-broker backup\` makes one; \`codex-broker restore FILE\` takes one from elsewhere.`);
    return;
  }
  io.out([`Backups in ${dirname(first.path)}:`, '',
    textTable(['backup', 'made', 'age', 'size', 'audit'], backups.map(({ path, atMs, bytes, fault }) => [basename(path), momentText(atMs), spanText(nowMs - atMs), bytesText(bytes), fault === undefined ? 'clean' : fault.code]), 9),
    ...backups.flatMap(({ fault }) => (fault ? ['', fault.message] : [])), '',
    '`codex-broker restore newest`, or a name from this list, puts a backup in the place of the ledger, which is kept.'].join('\n'));
}

// The backups of a data folder: where they lie, what they are called, which are there, and which are too many.
// Writing one is the ledger's own work.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { problem, ProblemError } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';

/** Backups made by the broker itself that are kept. */
export const backupsKept = 7;
/** The broker backs up by itself at the start of a day, a ledger up to this size: a larger one would delay the start. */
export const ownBackupBytesMax = 64 * 1024 * 1024;
/** Age of the newest backup from which on the broker makes another. */
export const ownBackupAgeMs = 24 * 3_600_000;

const folderName = 'backups';
/** A name says when it was made (UTC) and, where a person asked for it, that it is kept. */
const pattern = /^ledger-(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})(\d{3})(-kept)?\.db$/;

/** A backup that is there. */
export interface Backup {
  readonly path: string;
  readonly atMs: number;
  readonly bytes: number;
  /** A person asked for it, so the broker never removes it. */
  readonly isKept: boolean;
}

/** The backups of a data folder, newest first. */
export function listBackups(dataDir: string): Backup[] {
  const folder = join(dataDir, folderName);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const match = pattern.exec(name);
    if (!match) return [];
    const [year, month, day, hour, minute, second, ms] = match.slice(1, 8).map(Number);
    const path = join(folder, name);
    return [{ path, atMs: Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second, ms), bytes: statSync(path).size, isKept: match[8] !== undefined }];
  }).sort((a, b) => b.atMs - a.atMs);
}

/**
 * The path of a backup that is made now; its folder is there afterwards.
 * @param isKept whether a person asked for it
 * @throws ProblemError `data_folder_unusable`
 */
export function newBackupPath(dataDir: string, nowMs: number, isKept = false): string {
  const folder = join(dataDir, folderName);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ProblemError(problem('data_folder_unusable', 'The folder for backups {0} cannot be made ({1}).', { values: [folder, error instanceof Error ? error.message : String(error)] }), { cause: error });
  }
  return join(folder, `ledger-${timeName(nowMs)}${isKept ? '-kept' : ''}.db`);
}

/** A moment as a part of a file's name. */
export function timeName(atMs: number): string {
  return new Date(atMs).toISOString().replaceAll(/[-:.Z]/g, '').replace('T', '-');
}

/** Removes the oldest backups beyond the number that is kept, of those that the broker made by itself. */
export function pruneBackups(dataDir: string): void {
  for (const { path } of listBackups(dataDir).filter((one) => !one.isKept).slice(backupsKept)) rmSync(path, { force: true });
}

/** A damaged ledger's problem with the backup that there is named in its remedy; any other problem as it is. */
export function withNewestBackup(what: Problem, dataDir: string): Problem {
  if (what.code !== 'ledger_corrupt') return what;
  const [newest] = listBackups(dataDir);
  const backup = newest === undefined ? 'There is no backup in the data folder; `codex-broker restore FILE` takes one from elsewhere and keeps the damaged file.'
    : `The newest backup is ${basename(newest.path)}, of ${new Date(newest.atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC: \`codex-broker restore newest\` proves it, keeps the damaged file and puts the backup in its place.`;
  return { ...what, remedy: backup };
}

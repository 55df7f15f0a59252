// Which mode a data folder belongs to, live or practice, kept in a file of its own. A ledger is never
// opened in the other mode: simulated requests must not draw real credits, and requests that cost
// money must not be booked on credits that are none. It reads and writes that one file only.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { problem, ProblemError } from '../domain/problem.ts';
import type { BrokerAddress } from '../protocol/control.ts';

/** Live requests cost money; those of practice mode go to the simulated upstream. */
export type FolderMode = BrokerAddress['mode'];

/** Name of the file; its text is the mode. */
const modeFile = 'mode';

/**
 * The mode of a folder; absent while nothing decided it. A ledger without the file counts as live,
 * so that no doubt is ever settled at the cost of real credits.
 * @throws ProblemError `data_folder_unusable` when the file cannot be read or says something else
 */
export function folderMode(dataDir: string): FolderMode | undefined {
  const path = join(dataDir, modeFile);
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return existsSync(join(dataDir, 'ledger.db')) ? 'live' : undefined;
    throw unusable(path, error);
  }
  if (text !== 'live' && text !== 'practice') throw unusable(path, new Error('it names neither live nor practice mode'));
  return text;
}

/** Refuses a folder of the other mode. @param asked absent takes the folder as it is @throws ProblemError `data_folder_unusable` */
export function refuseOtherMode(dataDir: string, asked: FolderMode | undefined): void {
  if (asked === undefined) return;
  const known = folderMode(dataDir);
  if (known !== undefined && known !== asked) throw new ProblemError(otherMode(dataDir, known));
}

/**
 * Claims a folder for a mode, once for ever; call it with the folder's lease held.
 * @param asked the mode that is wanted; absent takes the folder as it is, and a new one as live
 * @throws ProblemError `data_folder_unusable` when the folder belongs to the other mode
 */
export function claimFolder(dataDir: string, asked: FolderMode | undefined): void {
  refuseOtherMode(dataDir, asked);
  const path = join(dataDir, modeFile);
  if (existsSync(path)) return;
  try {
    writeFileSync(`${path}.new`, `${folderMode(dataDir) ?? asked ?? 'live'}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw unusable(path, error);
  }
}

function otherMode(dataDir: string, known: FolderMode): ReturnType<typeof problem> {
  return known === 'live'
    ? problem('data_folder_unusable', 'The data folder {0} holds a live ledger, and practice mode would draw its credits for simulated requests.', { values: [dataDir], remedy: 'Leave out --practice, or choose another folder with --data.' })
    : problem('data_folder_unusable', 'The data folder {0} belongs to practice mode, whose credits pay for no real request.', { values: [dataDir], remedy: 'Say --practice, or choose another folder with --data.' });
}

function unusable(path: string, error: unknown): ProblemError {
  return new ProblemError(problem('data_folder_unusable', 'The file {0} cannot be used ({1}).', { values: [path, error instanceof Error ? error.message : String(error)] }), { cause: error });
}

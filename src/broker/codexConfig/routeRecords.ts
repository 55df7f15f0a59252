// What `codex-broker route` remembers of the files that it changed, in the data folder, so that it can be
// undone to the letter: what stood there before, and by which hash the file is known again. The files
// themselves are the truth; a record only says how to go back.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { problem, ProblemError } from '../../domain/problem.ts';

const routeRecord = z.object({
  /** The file behind links. */
  path: z.string(),
  url: z.string(),
  workspacePath: z.string(),
  /** The value before, as it was written; absent when there was none. */
  previous: z.string().optional(),
  /** The file did not exist before. */
  created: z.boolean(),
  /** Hash of the file before the first change. */
  beforeHash: z.string(),
  /** The copy of what the file was before the first change. */
  backup: z.string().optional(),
  atMs: z.number(),
});
/** One file that was changed. */
export type RouteRecord = z.infer<typeof routeRecord>;

const recordsFile = 'routes.json';

/** All records; none where there is no file, or one that makes no sense. */
export function readRouteRecords(dataDir: string): RouteRecord[] {
  try {
    return z.array(routeRecord).parse(JSON.parse(readFileSync(join(dataDir, recordsFile), 'utf8')));
  } catch {
    // Without a record the own line is still known by its address.
    return [];
  }
}

/** Keeps a record in the place of an older one of the same file. @throws ProblemError `data_folder_unusable` */
export function keepRouteRecord(dataDir: string, record: RouteRecord): void {
  writeRecords(dataDir, [...readRouteRecords(dataDir).filter((one) => one.path !== record.path), record]);
}

/** Forgets what was kept of a file. @throws ProblemError `data_folder_unusable` */
export function dropRouteRecord(dataDir: string, path: string): void {
  const records = readRouteRecords(dataDir);
  const left = records.filter((one) => one.path !== path);
  if (left.length < records.length) writeRecords(dataDir, left);
}

function writeRecords(dataDir: string, records: readonly RouteRecord[]): void {
  const path = join(dataDir, recordsFile);
  try {
    // The addresses hold tokens.
    writeFileSync(`${path}.new`, `${JSON.stringify(records, undefined, 1)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new ProblemError(problem('data_folder_unusable', 'The way back cannot be noted in {0} ({1}).', { values: [path, error instanceof Error ? error.message : String(error)] }), { cause: error });
  }
}

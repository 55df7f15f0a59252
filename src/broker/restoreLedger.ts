// Puts a proven backup in the place of a ledger, or takes a ledger as it is although it stood further before.
// Nothing is destroyed: what was there is put aside. Wherever it is ended in between, a later start finds a
// ledger or refuses, and never makes an empty one. The folder's lease is held by whoever calls.
import { chmodSync, closeSync, copyFileSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { problem, ProblemError } from '../domain/problem.ts';
import { synchroniseFolder } from './folderSync.ts';
import { timeName } from './backups.ts';
import type { Clock, Ids } from './clock.ts';
import type { Keychain } from './keyStore.ts';
import { LedgerAnchor } from './ledgerAnchor.ts';
import { copyWithLog, proveLedger } from './ledgerProof.ts';
import type { LedgerProof } from './ledgerProof.ts';
import type { LedgerHead } from './store/ledgerPort.ts';
import { sha256 } from './store/ledgerThread.ts';
import { schemaVersion } from './store/schema/migrations.ts';
import { SqliteLedger } from './store/sqliteLedger.ts';

/** What a restore works with. */
export interface RestoreParts {
  readonly dataDir: string;
  /** The keychain that keeps the second anchor; absent where there is none. */
  readonly keychain: Keychain | undefined;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'directiveId'>;
}

/** How a ledger was taken. */
export interface TakenLedger {
  readonly proof: LedgerProof;
  /** Rows at the least that were noted outside of the ledger and are not in it. */
  readonly lost: { readonly usageEvents: number; readonly entries: number; readonly directives: number };
  /** Whether everything outside of the ledger says now what it holds; if not, the next start doubts it again. */
  readonly isAnchored: boolean;
}

/** A ledger that a backup was put in the place of, and where it is kept. */
export interface RestoredLedger extends TakenLedger { readonly kept: readonly string[] }

/**
 * Proves a copy of a backup and puts it in the ledger's place.
 * @throws ProblemError `ledger_corrupt`, `ledger_newer` or `ledger_discrepancy` for a backup that is none, `data_folder_unusable`; nothing was changed then
 */
export async function restoreBackup(parts: RestoreParts, backup: string): Promise<RestoredLedger> {
  const { dataDir } = parts;
  const fresh = join(dataDir, 'ledger.db.restoring');
  const anchor = new LedgerAnchor(dataDir, parts.keychain, parts.clock);
  const { heads: anchors } = await anchor.read();
  removeLedger(fresh);
  try {
    const { proof, head } = onFolder(dataDir, () => {
      chmodSync(copyWithLog(backup, fresh), 0o600);
      const taken = note(parts, fresh, 'copy', (found) => `restored from ${basename(backup)}, whose newest row is of ${found.newestAtMs === undefined ? 'no time' : new Date(found.newestAtMs).toISOString()}`, basename(backup));
      synchronise(fresh);
      return taken;
    });
    const kept = onFolder(dataDir, () => exchange(dataDir, fresh, parts.clock.nowMs()));
    return { proof, kept, lost: missing(anchors, proof.head), isAnchored: await anchorAt(anchor, head) };
  } finally {
    removeLedger(fresh);
  }
}

/**
 * Takes the ledger as it is.
 * @returns undefined when nothing outside of it says that it stood further
 * @throws ProblemError `ledger_missing`, or `ledger_discrepancy` and others when it does not add up
 */
export async function acceptLedger(parts: RestoreParts): Promise<TakenLedger | undefined> {
  const path = join(parts.dataDir, 'ledger.db');
  if (!existsSync(path)) throw new ProblemError(problem('ledger_missing', 'There is no ledger in the data folder {0}, so there is none to accept.', { values: [parts.dataDir], remedy: 'Put a backup in its place with `codex-broker restore newest`.' }));
  const anchor = new LedgerAnchor(parts.dataDir, parts.keychain, parts.clock);
  const { heads: anchors } = await anchor.read();
  const ledger = SqliteLedger.open(path, sha256, 'again');
  try {
    if (anchors.every((head) => ledger.query('stoodAt', { head }))) return undefined;
  } finally {
    ledger.close();
  }
  const { proof, head } = note(parts, path, 'again', () => 'accepted as it was found, although it stood further before', 'The ledger');
  return { proof, lost: missing(anchors, proof.head), isAnchored: await anchorAt(anchor, head) };
}

/** Proves a ledger, writes into it what is done with it, and tells where it stands then. */
function note(parts: RestoreParts, path: string, as: 'copy' | 'again', text: (proof: LedgerProof) => string, name: string): { proof: LedgerProof; head: LedgerHead } {
  const ledger = SqliteLedger.open(path, sha256, as);
  try {
    const proof = proveLedger(ledger, name);
    if (proof.schemaVersion > schemaVersion) throw new ProblemError(problem('ledger_newer', '{0} has version {1}; this program knows up to {2}. Nothing was changed.', { values: [name, proof.schemaVersion, schemaVersion] }));
    const [outcome] = ledger.runGroup([{ type: 'direct', key: parts.ids.directiveId(), atMs: parts.clock.nowMs(), directive: { kind: 'restored', note: text(proof) } }]);
    if (!outcome?.ok) throw new ProblemError(outcome?.problem ?? problem('internal', 'The ledger gave no answer.'));
    return { proof, head: ledger.query('head', {}) };
  } finally {
    ledger.close();
  }
}

/**
 * Puts what is there aside and the fresh ledger in its place. As long as a write-ahead log lies there, no
 * program makes an empty ledger for one that is gone; an empty log takes nothing into the fresh one.
 * @returns where the old files are
 */
function exchange(dataDir: string, fresh: string, nowMs: number): string[] {
  const path = join(dataDir, 'ledger.db');
  const log = `${path}-wal`;
  const kept: string[] = [];
  const hasLog = existsSync(log);
  if (existsSync(path) || hasLog) {
    const aside = asidePath(dataDir, nowMs);
    if (!hasLog) writeFileSync(log, '', { mode: 0o600 });
    for (const [from, to] of [[path, aside], [`${path}-journal`, `${aside}-journal`]] as const) {
      if (!existsSync(from)) continue;
      renameSync(from, to);
      kept.push(to);
    }
    if (hasLog && statSync(log).size > 0) {
      copyFileSync(log, `${aside}-wal`);
      synchronise(`${aside}-wal`);
      kept.push(`${aside}-wal`);
    }
    writeFileSync(`${log}.new`, '', { mode: 0o600 });
    renameSync(`${log}.new`, log);
    rmSync(`${path}-shm`, { force: true });
    synchroniseFolder(join(dataDir, 'quarantine'));
  }
  renameSync(fresh, path);
  synchroniseFolder(dataDir);
  return kept;
}

/** A name in the folder for what is put aside that nothing has yet. */
function asidePath(dataDir: string, nowMs: number): string {
  const folder = join(dataDir, 'quarantine');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (let again = 0; ; again += 1) {
    const path = join(folder, `ledger-${timeName(nowMs + again)}.db`);
    if (!existsSync(path) && !existsSync(`${path}-wal`)) return path;
  }
}

/** Keeps where the ledger stands now outside of it. @returns whether everything there says so */
async function anchorAt(anchor: LedgerAnchor, head: LedgerHead): Promise<boolean> {
  await anchor.write(head, true);
  const { heads: anchors } = await anchor.read();
  return anchors.length > 0 && anchors.every((one) => JSON.stringify(one) === JSON.stringify(head));
}

function missing(anchors: readonly LedgerHead[], head: LedgerHead): TakenLedger['lost'] {
  const most = (chain: 'usage_events' | 'entries' | 'directives') => Math.max(0, ...anchors.map((one) => one[chain].rows - head[chain].rows));
  return { usageEvents: most('usage_events'), entries: most('entries'), directives: most('directives') };
}

function removeLedger(path: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${end}`, { force: true });
}

/** Names what the system refuses. @throws ProblemError */
function onFolder<T>(dataDir: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new ProblemError((error as { code?: string }).code === 'ENOSPC' ? problem('ledger_full', 'There is no room for a restored ledger in {0} ({1}).', { values: [dataDir, text] })
      : problem('data_folder_unusable', 'The backup cannot be put into the data folder {0} ({1}).', { values: [dataDir, text] }), { cause: error });
  }
}

function synchronise(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

// The doctor's look at the broker and its ledger: whether one runs and proved itself, whether the ledger adds
// up and stands where it stood, how old its backups are, and whether the clock is behind it. It only reads.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ProblemError } from '../../domain/problem.ts';
import type { HealthResult } from '../../protocol/control.ts';
import type { Snapshot } from '../../protocol/snapshot.ts';
import { listBackups, withNewestBackup } from '../backups.ts';
import { openControl } from '../controlClient.ts';
import type { Control } from '../controlClient.ts';
import { readBrokerAddress } from '../dataFolder.ts';
import type { FolderMode } from '../folderMode.ts';
import type { Keychain } from '../keyStore.ts';
import { LedgerAnchor } from '../ledgerAnchor.ts';
import { isWritable } from '../ledgerCopy.ts';
import { findOrHold } from '../runningBroker.ts';
import { sha256 } from '../store/ledgerThread.ts';
import { SqliteLedger } from '../store/sqliteLedger.ts';
import { systemClock } from '../systemClock.ts';
import { failed, fine, warning } from './doctorFinding.ts';
import type { Finding } from './doctorFinding.ts';
import { bytesText, countText, momentText, spanText } from './factTexts.ts';

/** The broker backs up once a day; a ledger that is used and has none for so long misses something. */
const backupAgeMsMax = 8 * 86_400_000;
/** Clocks of one computer are not that far apart from one row to the next. */
const clockSlackMs = 2000;

/** What the look depends on. */
export interface LedgerLook {
  readonly dataDir: string;
  readonly entry: URL;
  readonly version: string;
  readonly mode: FolderMode | undefined;
  readonly keychain: Keychain | undefined;
}

/** Looks at broker, ledger, backups and clock. */
export async function checkLedger(look: LedgerLook): Promise<Finding[]> {
  const { dataDir } = look;
  const hint = readBrokerAddress(dataDir)?.address.url;
  let control: Control;
  try {
    control = await openControl(dataDir, look.entry, { to: 'read', mode: look.mode });
  } catch (error) {
    return [...notRunning(hint), ledgerFailure(error, dataDir), ...checkBackups(dataDir, undefined)];
  }
  let isRunning: boolean;
  let findings: Finding[];
  try {
    isRunning = control.url !== undefined;
    findings = await askAll(control, look, hint);
  } catch (error) {
    return [...notRunning(hint), ledgerFailure(error, dataDir), ...checkBackups(dataDir, undefined)];
  } finally {
    await control.close();
  }
  return [...findings, ...(isRunning ? [] : await checkAnchor(look))];
}

async function askAll({ api, url }: Control, { dataDir, version }: LedgerLook, hint: string | undefined): Promise<Finding[]> {
  const health = await api.health({});
  const status = await api.status({});
  const audit = await api.audit({ full: false });
  const [first] = audit.violations;
  return [
    ...(url === undefined ? notRunning(hint) : running(url, status, version)),
    fine('ledger', `The ledger has version ${health.schemaVersion}, ${bytesText(health.bytes)}, ${countText(health.usageEvents, 'usage event')} and ${countText(health.entries, 'balance entry')}${health.checkpointAtMs === undefined ? '' : `, last proven ${momentText(health.checkpointAtMs)}`}.`),
    first ? failed('audit', `The ledger does not add up (${first.invariant}: ${first.what}).`, 'Run `codex-broker audit --full` to see what is wrong, and `codex-broker restore` to go back to a backup.') : fine('audit', 'The ledger adds up.'),
    ...(url === undefined && health.openHolds > 0 ? [warning('holds', `${countText(health.openHolds, 'hold')} of a broker that ended too early ${health.openHolds === 1 ? 'is' : 'are'} open.`, 'The next start of a broker resolves them.')] : []),
    ...checkBackups(dataDir, health), ...checkClock(health),
  ];
}

function running(url: string, { broker, key, problems }: Snapshot, version: string): Finding[] {
  return [
    broker.version === version ? fine('broker', `A broker runs at ${url} (${broker.mode} mode) and has proven itself.`)
      : warning('broker', `A broker of version ${broker.version} runs at ${url}; this program is ${version}.`, 'Stop it, so that the newer one is started.'),
    ...problems.map((one) => failed('broker', one.message, one.remedy)),
    ...(broker.mode === 'practice' || key.state === 'present' ? [] : key.state === 'rejected' ? [] : [warning('key', 'The broker has no OpenAI key, so nothing can be sent.', 'Store one with "Codex Broker: Set API Key" in VS Code, or start the broker with --api-key-stdin.')]),
  ];
}

function notRunning(hint: string | undefined): Finding[] {
  return [hint === undefined ? fine('broker', 'No broker runs.') : warning('broker', `The data folder says that a broker listens at ${hint}, but none answers there.`, 'It ended without a goodbye; the next one puts it right.')];
}

/** Why the ledger could not be read. A ledger that is not there yet is none. */
function ledgerFailure(error: unknown, dataDir: string): Finding {
  if (!(error instanceof ProblemError)) throw error;
  const { code, message, remedy } = withNewestBackup(error.problem, dataDir);
  return code === 'ledger_missing' ? fine('ledger', 'There is no ledger yet.') : failed('ledger', message, remedy);
}

function checkBackups(dataDir: string, health: HealthResult | undefined): Finding[] {
  const [newest] = listBackups(dataDir);
  if (!newest) return health === undefined || health.entries === 0 ? [] : [warning('backups', 'There is no backup of the ledger.', 'Make one with `codex-broker backup`; a running broker makes one each day by itself.')];
  const ageMs = systemClock.nowMs() - newest.atMs;
  const says = `The newest backup is ${spanText(ageMs)} old (${momentText(newest.atMs)}, ${bytesText(newest.bytes)}).`;
  return [ageMs > backupAgeMsMax ? warning('backups', says, 'Make one with `codex-broker backup`.') : fine('backups', says)];
}

function checkClock({ newestAtMs }: HealthResult): Finding[] {
  const aheadMs = newestAtMs === undefined ? 0 : newestAtMs - systemClock.nowMs();
  return [aheadMs > clockSlackMs ? warning('clock', `The clock is ${spanText(aheadMs)} behind the newest row of the ledger.`, 'Set the clock; credits that expire and budgets go by it.') : fine('clock', 'The clock is not behind the ledger.')];
}

/** Whether the ledger stands where it stood, by the marks outside of it. A running broker tells that itself. */
async function checkAnchor({ dataDir, keychain }: LedgerLook): Promise<Finding[]> {
  const { heads: anchors } = await new LedgerAnchor(dataDir, keychain, systemClock).read();
  const path = join(dataDir, 'ledger.db');
  if (anchors.length === 0 || !existsSync(path) || !isWritable(dataDir)) return [];
  const held = await findOrHold(dataDir, systemClock);
  if (!held || 'running' in held) return [];
  let ledger: SqliteLedger | undefined;
  try {
    const open = ledger = SqliteLedger.open(path, sha256, 'reader');
    return [anchors.every((head) => open.query('stoodAt', { head })) ? fine('anchor', 'The ledger holds everything that was noted outside of it.')
      : failed('anchor', 'The ledger does not hold what it held before: it is an older copy, or was changed from outside.', 'Put the newer ledger back, or accept this one with `codex-broker restore --accept`. After a wipe whose keychain gave no answer, accept the new one.')];
  } catch (error) {
    if (error instanceof ProblemError) return [warning('anchor', error.problem.message, error.problem.remedy)];
    throw error;
  } finally {
    ledger?.close();
    held.lease.release();
  }
}

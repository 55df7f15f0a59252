// What a wipe of a data folder would remove and what it would leave, looked at without changing anything; and the wipe itself:
// once nobody uses the folder, routes of Codex are taken back, by the notes that the wipe removes.
import { ProblemError } from '../domain/problem.ts';
import type { StoredFolder } from '../protocol/sentReport.ts';
import type { Clock } from './clock.ts';
import { openControl } from './controlClient.ts';
import { dataFolders, inventory, storedFolder, storedIn } from './dataInventory.ts';
import { requestsOfBroker } from './endBroker.ts';
import { KeyStore } from './keyStore.ts';
import type { Keychain } from './keyStore.ts';
import { LedgerAnchor } from './ledgerAnchor.ts';
import { leftCopies } from './leftCopies.ts';
import { isDataFolder, provenInventory } from './ownFiles.ts';
import { modeOfWiped, obstacle, removeCopy, wipeFolders } from './wipeFolders.ts';
import type { WipedFolder } from './wipeFolders.ts';

/** What a ledger holds, for whoever is about to lose it; absent where it cannot be read. */
export interface LedgerFacts { readonly attempts: number; readonly balanceMicroCredits: number; readonly isTracked: boolean }

/** What a wipe would do. */
export interface WipePlan {
  readonly dataDir: string;
  readonly folders: readonly (StoredFolder & { readonly ledger?: LedgerFacts })[];
  /** Configurations of Codex that are routed, and would be what they were. */
  readonly routes: readonly string[];
  /** Brokers that run, and requests that run or wait there. */
  readonly brokers: number;
  readonly requests: number;
  /** Whether the API key in the keychain goes too: practice mode has none. */
  readonly isKeyIncluded: boolean;
}

/** What a wipe works with. */
export interface WipeParts {
  readonly dataDir: string;
  readonly ledgerEntry: URL;
  readonly keychain: Keychain | undefined;
  readonly clock: Clock;
  /** Where copies of ledgers may be left; absent looks nowhere. */
  readonly tempDir?: string;
  /** Whether it was agreed to that requests are ended. */
  readonly stopsRequests?: boolean;
}

/** What came of it. */
export interface Wiped {
  readonly folders: readonly WipedFolder[];
  /** Whether keychain gave no answer, so that something may be left there. */
  readonly isKeychainSilent: boolean;
}

/** Looks at what there is. @throws ProblemError `data_folder_unusable` where something stands in the way */
export async function planWipe({ dataDir, ledgerEntry, tempDir }: Pick<WipeParts, 'dataDir' | 'ledgerEntry' | 'tempDir'>): Promise<WipePlan> {
  const found = wipedFolders(dataDir);
  const running = (await Promise.all(found.map((one) => requestsOfBroker(one.path)))).filter((one) => one !== undefined);
  const folders: WipePlan['folders'][number][] = [];
  for (const one of found) {
    const ledger = await ledgerFacts(one.path, ledgerEntry);
    folders.push({ ...storedFolder(one), ...(ledger ? { ledger } : {}) });
  }
  folders.push(...copiesIn(tempDir).map(storedFolder));
  return { dataDir, folders, routes: storedIn(dataDir).routes, brokers: running.length, requests: running.reduce((sum, one) => sum + one, 0), isKeyIncluded: modeOfWiped(dataDir) !== 'practice' };
}

/** Folders with something of the product. @throws ProblemError `data_folder_unusable` */
function wipedFolders(dataDir: string): ReturnType<typeof inventory>[] {
  const found = dataFolders(dataDir).map((path) => inventory(path)).filter(isDataFolder).map(provenInventory);
  const inTheWay = found.map(obstacle).find((one) => one !== undefined);
  if (inTheWay) throw inTheWay;
  return found;
}

/**
 * Removes everything.
 * @param undoRoutes takes the routes of Codex back; throws where one could not be, and then nothing is removed
 * @throws ProblemError `broker_running`, `requests_running`, `codex_config_unusable`, `data_folder_unusable`
 */
export async function wipe({ dataDir, keychain, clock, tempDir, stopsRequests = false }: WipeParts, undoRoutes: () => void): Promise<Wiped> {
  const found = wipedFolders(dataDir);
  const isKeyIncluded = modeOfWiped(dataDir) !== 'practice';
  let isKeychainSilent = false;
  const forget = async (): Promise<void> => {
    const paths = [...new Set([dataDir, ...found.map((one) => one.path)])];
    // Each is tried, whatever becomes of the others.
    const answers = await Promise.all([...paths.map((path) => new LedgerAnchor(path, keychain, clock).forget()), ...(isKeyIncluded ? [isKeyForgotten(keychain, clock)] : [])]);
    isKeychainSilent = answers.includes(false);
  };
  const folders = await wipeFolders(found.map((one) => one.path), { clock, stopsRequests, prepare: undoRoutes, more: forget });
  return { folders: [...folders, ...copiesIn(tempDir).map(removeCopy)], isKeychainSilent };
}

function copiesIn(tempDir: string | undefined): ReturnType<typeof leftCopies> {
  return tempDir === undefined ? [] : leftCopies(tempDir);
}

async function isKeyForgotten(keychain: Keychain | undefined, clock: Clock): Promise<boolean> {
  try {
    await new KeyStore(keychain, clock).forget();
    return true;
  } catch (error) {
    // A keychain that is locked or not there does not keep the rest from being removed; it is told.
    if (error instanceof ProblemError && error.problem.code === 'keychain_unavailable') return false;
    throw error;
  }
}

async function ledgerFacts(path: string, ledgerEntry: URL): Promise<LedgerFacts | undefined> {
  try {
    const control = await openControl(path, ledgerEntry, { to: 'read', mode: undefined });
    try {
      const [{ usageEvents }, { tracked, balanceMicroCredits }] = [await control.api.health({}), await control.api.creditsList({})];
      return { attempts: usageEvents, balanceMicroCredits, isTracked: tracked };
    } finally {
      await control.close();
    }
  } catch (error) {
    // No ledger yet, a damaged one, or one of an unfinished wipe: it can be removed without being read.
    if (error instanceof ProblemError) return undefined;
    throw error;
  }
}

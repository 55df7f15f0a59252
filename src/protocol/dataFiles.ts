// Which files of a data folder are the product's own, by their names, and what each of them is for. Whoever tells of them or
// removes them goes by this alone, so that a file of somebody else's is never taken for one. Pure.

/** What a file is for. */
export const dataKinds = ['ledger', 'backups', 'aside', 'anchor', 'plans', 'routes', 'logs', 'secrets', 'run'] as const;
/** See `dataKinds`. */
export type DataKind = (typeof dataKinds)[number];

/** Folders inside of a data folder that hold the product's own files; the first is the data folder itself. */
export const dataSubfolders = ['', 'backups', 'quarantine'] as const;
/** See `dataSubfolders`. */
export type DataSubfolder = (typeof dataSubfolders)[number];

/** Name of the file that lies in a data folder from the moment a wipe begins until everything else of it is gone. */
export const wipeMarkFile = 'wiping';
/** Name of the lock, which is given up last. */
export const leaseFile = 'lease.db';

const made = String.raw`ledger-\d{8}-\d{9}`;
const names: Readonly<Record<DataSubfolder, readonly (readonly [DataKind, RegExp])[]>> = {
  '': [
    ['ledger', /^ledger\.db(?:\.new|\.restoring)?(?:-(?:wal(?:\.new)?|shm|journal))?$/],
    ['backups', /^ledger\.db\.version\d{1,4}(?:-journal)?$/],
    ['anchor', /^ledger\.anchor(?:\.new)?$/],
    ['plans', /^plans\.json(?:\.new)?$/],
    ['routes', /^routes\.json(?:\.new)?$/],
    ['logs', /^broker\.log(?:\.1)?$|^broker-start\.log$/],
    ['secrets', /^(?:control\.token|workspace\.key)(?:\.\d{1,10})?$/],
    ['run', /^(?:broker\.json|port|mode|wiping)(?:\.new)?$|^lease\.db(?:-journal)?$/],
  ],
  'backups': [['backups', new RegExp(`^${made}(?:-kept)?\\.db(?:-journal)?$`)]],
  'quarantine': [['aside', new RegExp(`^${made}\\.db(?:-(?:wal|shm|journal))?$`)]],
};

/** What a file of a data folder is for; undefined for one that the product did not make. */
export function dataKindOf(folder: DataSubfolder, name: string): DataKind | undefined {
  return names[folder].find(([, pattern]) => pattern.test(name))?.[0];
}

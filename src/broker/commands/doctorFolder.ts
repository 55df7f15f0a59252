// The doctor's look at the data folder: whether it is there, private, writable, on a disk with room, and in a
// place where a ledger is safe. Nothing is made or changed.
import { realpathSync, statfsSync, statSync } from 'node:fs';
import { isWritable } from '../ledgerCopy.ts';
import { failed, fine, warning } from './doctorFinding.ts';
import type { Finding } from './doctorFinding.ts';
import { bytesText } from './factTexts.ts';

/** Below this room nothing can be relied on, and below that one it will soon be so. */
const roomBytesMin = 50 * 1024 * 1024;
const roomBytesLow = 500 * 1024 * 1024;

/** File systems of Linux (`statfs`, linux/magic.h) that lie on another computer or in another program. */
const remoteKinds: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'], [0x517b, 'SMB'], [0xff534d42, 'CIFS'], [0xfe534d42, 'SMB2'], [0x01021997, '9p'], [0x65735546, 'FUSE'], [0x5346414f, 'AFS'], [0x00c36400, 'Ceph'], [0x0bd00bd0, 'Lustre'], [0x786f4256, 'a shared folder of VirtualBox'],
]);

/** Folders whose content a program copies to other computers while it is in use. */
const cloudFolders: readonly (readonly [RegExp, string])[] = [
  [/[\\/]onedrive(?: - [^\\/]+)?(?:[\\/]|$)/i, 'OneDrive'], [/[\\/]dropbox(?:[\\/]|$)/i, 'Dropbox'], [/[\\/](?:mobile documents|com~apple~clouddocs|iclouddrive)(?:[\\/]|$)/i, 'iCloud'],
  [/[\\/](?:google ?drive|cloudstorage)(?:[\\/]|$)/i, 'a cloud drive'], [/[\\/]nextcloud(?:[\\/]|$)/i, 'Nextcloud'],
];

const elsewhere = 'Choose a folder on a local disk that is not synchronised, with --data or CODEX_BROKER_DATA.';

/** Looks at the data folder. */
export function checkFolder(dataDir: string, platform: string): Finding[] {
  const found = statSync(dataDir, { throwIfNoEntry: false });
  if (!found) return [warning('data folder', `The data folder ${dataDir} does not exist yet.`, 'The first `codex-broker serve` or `credits add` makes it; if you expected one, name it with --data.'), ...checkPlace(dataDir)];
  if (!found.isDirectory()) return [failed('data folder', `${dataDir} is not a folder.`, elsewhere)];
  return [checkRights(dataDir, found.mode, platform), ...checkPlace(dataDir), ...checkDisk(dataDir)];
}

function checkRights(dataDir: string, mode: number, platform: string): Finding {
  const bits = (mode & 0o777).toString(8);
  // Windows keeps rights in lists that a mode does not show.
  if (platform !== 'win32' && (mode & 0o022) !== 0) return failed('data folder', `Other users may write to the data folder ${dataDir} (mode ${bits}).`, 'Take that right away with `chmod go-rwx`, or choose another folder.');
  if (!isWritable(dataDir)) return failed('data folder', `The data folder ${dataDir} or a file in it cannot be written: it can be read, and nothing can be sent or paid.`, 'Give yourself the right to write, or choose another folder with --data.');
  if (platform !== 'win32' && (mode & 0o077) !== 0) return warning('data folder', `Other users may look into the data folder ${dataDir} (mode ${bits}).`, 'Take that right away with `chmod go-rwx`; a broker that starts does so in a folder of its own.');
  return fine('data folder', `The data folder ${dataDir} is there, private and writable.`);
}

/** Whether it lies where a ledger is not safe: in a folder that is synchronised, by its path, or on another computer's disk. */
export function checkPlace(dataDir: string): Finding[] {
  let path = dataDir;
  try {
    path = realpathSync(dataDir);
  } catch {
    // A folder that is not there yet is judged by the name that it will have.
  }
  const [, cloud] = cloudFolders.find(([pattern]) => pattern.test(path)) ?? [];
  const kind = remoteKind(path);
  return [
    ...(cloud === undefined ? [] : [warning('place', `The data folder ${dataDir} lies in ${cloud}, which may copy or exchange the ledger while it is in use.`, elsewhere)]),
    ...(kind === undefined ? [] : [warning('place', `The data folder ${dataDir} is on ${kind}, where the locks and the synchronisation that keep a ledger whole may not hold.`, elsewhere)]),
  ];
}

function remoteKind(path: string): string | undefined {
  try {
    return process.platform === 'linux' ? remoteKinds.get(statfsSync(path).type >>> 0) : undefined;
  } catch {
    // It is not there yet, or its disk cannot be asked; the look at the disk says that.
    return undefined;
  }
}

function checkDisk(dataDir: string): Finding[] {
  try {
    const { bavail, bsize } = statfsSync(dataDir);
    const room = bavail * bsize;
    return [
      room < roomBytesMin ? failed('disk', `Only ${bytesText(room)} are free on the disk of the data folder.`, 'Free some space; without it nothing is sent.')
        : room < roomBytesLow ? warning('disk', `${bytesText(room)} are free on the disk of the data folder.`, 'Free some space before it runs out.') : fine('disk', `${bytesText(room)} are free on the disk of the data folder.`),
    ];
  } catch (error) {
    return [warning('disk', `The disk of the data folder cannot be asked for its room (${error instanceof Error ? error.message : String(error)}).`, elsewhere)];
  }
}

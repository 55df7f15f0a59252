// How a ledger file gets to the newest version of its tables. The order and the versions only; what each
// step does is in a file of its own.
import type { DatabaseSync } from 'node:sqlite';
import type { Hash } from '../../../domain/rowTexts.ts';
import { version1 } from './version1.ts';
import { toVersion2 } from './version2.ts';
import { toVersion3 } from './version3.ts';
import { toVersion4 } from './version4.ts';
import { toVersion5 } from './version5.ts';

/** The version that this program writes, kept in `PRAGMA user_version`. */
export const schemaVersion = 5;

/** Steps up to this version rebuild tables that others refer to; later ones only add. */
export const rebuiltUntil = 2;

/** Marks the file as a ledger of the broker (`PRAGMA application_id`), "CDXB" in ASCII. */
export const applicationId = 0x43445842;

/**
 * All migrations, oldest first; the index plus one is the version that a migration leads to.
 * All that a ledger needs run in one transaction, together with the new version number.
 */
export const migrations: readonly ((db: DatabaseSync, hash: Hash) => void)[] = [(db) => db.exec(version1), toVersion2, toVersion3, toVersion4, toVersion5];

// A program of its own that restores a backup, so that it can be ended in the middle of it. It says when it
// is done.
import { restoreBackup } from '../../../src/broker/restoreLedger.ts';
import { startMs } from './ledgerCommands.ts';
import { manualClock } from '../manualClock.ts';

const [dataDir = '', backup = ''] = process.argv.slice(2);
await restoreBackup({ dataDir, keychain: undefined, clock: manualClock(startMs), ids: { directiveId: () => 'dir_restored' } }, backup);
console.log('restored');

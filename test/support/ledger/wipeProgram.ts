// A program of its own that wipes a data folder and that of its practice mode, so that it can be ended in the middle of it. It
// says when it is done.
import { dataFolders } from '../../../src/broker/dataInventory.ts';
import { wipeFolders } from '../../../src/broker/wipeFolders.ts';
import { manualClock } from '../manualClock.ts';

const [dataDir = ''] = process.argv.slice(2);
await wipeFolders(dataFolders(dataDir), { clock: manualClock(), stopsRequests: false, more: () => Promise.resolve() });
console.log('wiped');

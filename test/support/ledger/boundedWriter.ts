// A program of its own that writes to a ledger until the system lets it write no more: it is started
// under a limit on the size of files, and tells each answer as a line. Used by the test of full disks.
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { grantCommand, reserveCommand } from './ledgerCommands.ts';

const path = process.argv[2] ?? '';
const ledger = SqliteLedger.open(path, sha256);
ledger.runGroup([grantCommand('g1', 900_000_000_000)]);
let refusals = 0;
for (let index = 0; index < 4000 && refusals < 3; index += 1) {
  const [outcome] = ledger.runGroup([reserveCommand(`r${index}-1`, 1000)]);
  console.log(JSON.stringify(outcome?.ok ? { stored: `r${index}-1` } : { refused: outcome?.problem.code, attempt: `r${index}-1` }));
  if (!outcome?.ok) refusals += 1;
}
// No orderly close: what was acknowledged must be there without one.
process.exit(0);

// Which faults a world meets, and with which codes of SQLite. Data and choices only.
import type { SeededRandom } from '../../../support/seededRandom.ts';
import type { Fault, FaultKind } from './faultyConnection.ts';

/** SQLITE_FULL, and SQLITE_IOERR while writing, synchronising and reading. */
const codes = { full: 13, writing: 778, synchronising: 1034, reading: 266, plain: 10 };

const kinds: readonly FaultKind[] = [
  'write fails', 'write fails', 'commit fails and is not on disk', 'commit fails and is not on disk', 'commit fails and is on disk', 'commit fails and is on disk',
  'read fails', 'begin fails', 'crash in the group', 'crash before the commit', 'crash after the commit', 'crash with a torn log', 'crash after the commit',
];

/** Chooses a fault for one group. */
export function someFault(random: SeededRandom): Fault {
  const kind = random.pick(kinds);
  const isCrash = kind.startsWith('crash');
  const code = kind === 'read fails' ? codes.reading : kind === 'write fails' ? random.pick([codes.full, codes.full, codes.writing]) : kind === 'commit fails and is not on disk' ? random.pick([codes.full, codes.synchronising, codes.writing]) : codes.plain;
  return {
    kind, code, after: kind === 'read fails' ? random.whole(0, 12) : random.whole(0, 20), opensFail: !isCrash && random.chance(0.15) ? random.whole(1, 2) : 0,
    lookUpFails: !isCrash && random.chance(0.15) ? random.whole(1, 2) : 0, endsTransaction: random.chance(0.5),
  };
}

/** What a failure is called by its code. */
export function codeOfFailure(code: number): string {
  return (code & 0xff) === 13 ? 'ledger_full' : 'ledger_unavailable';
}

// `codex-broker backup`: writes a copy of the whole ledger and proves it. A copy that does not prove itself
// is no backup, and is taken away again.
import { rmSync, statSync } from 'node:fs';
import { ProblemError } from '../../domain/problem.ts';
import { formatCredits } from '../../domain/units.ts';
import { proveBackup } from '../ledgerProof.ts';
import type { LedgerProof } from '../ledgerProof.ts';
import type { CommandIo } from './commandIo.ts';
import { pathOf, readOptions } from './commandIo.ts';
import { bytesText, countText } from './factTexts.ts';
import { withControl } from './withControl.ts';

/** `codex-broker backup [FILE]` */
export async function backup(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals: [file] } = readOptions(args, {}, 1);
  const { path } = await withControl(values, io, 'read', ({ api }) => api.backup(file === undefined ? {} : { path: pathOf('backup', file, io) }));
  const proof = proven(path);
  const bytes = statSync(path).size;
  io.out(values.json ? JSON.stringify({ path, bytes, ok: true, ...proof }) : `Backup ${path}, ${bytesText(bytes)}.\n${proofText(proof)}`);
  return 0;
}

/** What a proven ledger holds, as a sentence. */
export function proofText({ requests, entries, balanceMicroCredits }: LedgerProof): string {
  return `It adds up: ${countText(requests, 'request')}, ${countText(entries, 'balance entry')}, balance ${formatCredits(balanceMicroCredits, 6)} credits.`;
}

function proven(path: string): LedgerProof {
  try {
    return proveBackup(path);
  } catch (error) {
    rmSync(path, { force: true });
    if (!(error instanceof ProblemError)) throw error;
    throw new ProblemError({ ...error.problem, message: `${error.problem.message} It was removed again, so there is no new backup.` }, { cause: error });
  }
}

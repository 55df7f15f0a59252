// `codex-broker audit`: proves the ledger. Its exit code is for programs: 0 clean, 2 discrepancy, 3 unreadable.
import { fileURLToPath } from 'node:url';
import { ProblemError } from '../../domain/problem.ts';
import { formatCredits } from '../../domain/units.ts';
import type { AnchorsRead, AuditResult } from '../../protocol/control.ts';
import { folderMode } from '../folderMode.ts';
import { loadKeychain } from '../keyStore.ts';
import type { CommandIo } from './commandIo.ts';
import { dataFolderOf, readOptions } from './commandIo.ts';
import { countText } from './factTexts.ts';
import { withControl } from './withControl.ts';

/** `codex-broker audit` */
export async function audit(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { full: { type: 'boolean' }, 'no-keychain': { type: 'boolean' } });
  const isWithoutKeychain = values['no-keychain'] === true || folderMode(dataFolderOf(values, io)) === 'practice';
  try {
    return await withControl(values, io, 'read', async ({ api }) => {
      const found = await api.audit({ full: values.full ?? false });
      io.out(values.json ? JSON.stringify(found) : auditText(found));
      return found.ok ? 0 : 2;
    }, isWithoutKeychain ? undefined : loadKeychain(fileURLToPath(io.entry)));
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.code === 'argument_invalid') throw error;
    const { code, message, remedy } = error.problem;
    if (values.json) io.out(JSON.stringify({ ok: false, violations: [{ invariant: 'unreadable', what: message }], error: { code, message, remedy } }));
    else io.err(`${message} ${remedy} (${code})`);
    return 3;
  }
}

function auditText(found: AuditResult): string {
  const beside = [
    ...(found.owedMicroCredits > 0 ? [`${formatCredits(found.owedMicroCredits, 6)} credits are owed`] : []),
    ...(found.exposureMicroCredits > 0 ? [`lost attempts may have cost up to ${formatCredits(found.exposureMicroCredits, 6)} credits upstream that were not taken`] : []),
    ...(found.overshootMicroCredits > 0 ? [`${formatCredits(found.overshootMicroCredits, 6)} credits of cost were covered by no credits`] : []),
  ];
  return [
    found.ok ? 'The ledger adds up.' : `The ledger does not add up: ${countText(found.violations.length, 'violation')}.`,
    ...found.violations.map(({ invariant, what }) => `  ${invariant}: ${what}`),
    `${found.imports > 0 ? `${countText(found.imports, 'imported response')}, ` : ''}${countText(found.requests, 'request')}, ${countText(found.usageEvents, 'usage event')}, ${countText(found.charges, 'charge')}, ${countText(found.entries, 'balance entry')}, ${countText(found.openHolds, 'open hold')}, balance ${formatCredits(found.balanceMicroCredits, 6)} credits.`,
    ...(beside.length === 0 ? [] : [`Beside the balance: ${beside.join('; ')}.`]),
    anchorsText(found.anchors),
    ...(found.full ? [] : ['Only what came after the last proof was looked at; --full looks at every row.']),
  ].join('\n');
}

/** What it was compared with outside of the ledger, and what was not looked at. */
function anchorsText({ file, keychain }: AnchorsRead): string {
  const beside = file === 'noted' ? 'the note beside it' : 'no note beside it, for there is none';
  switch (keychain) {
    case 'noted': return `Compared with ${beside}, and with the one in the keychain.`;
    case 'nothing': return `Compared with ${beside}; the keychain has no note of it.`;
    case 'silent': return `Compared with ${beside}. The keychain refused or gave no answer, so its note was not looked at.`;
    case 'not-asked': return `Compared with ${beside}. The keychain was not asked.`;
  }
}

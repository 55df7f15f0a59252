// Gives a command the control calls of its data folder for as long as it runs.
import { openControl } from '../controlClient.ts';
import type { Control, ControlUse } from '../controlClient.ts';
import { ledgerEntry } from '../neighbours.ts';
import type { Keychain } from '../keyStore.ts';
import type { CommandIo, FolderOptions } from './commandIo.ts';
import { dataFolderOf, modeOf } from './commandIo.ts';

/** Opens the calls, runs something with them, and closes. @param keychain looked into for what was noted of the ledger there */
export async function withControl<T>(options: FolderOptions, io: CommandIo, to: ControlUse['to'], run: (control: Control) => Promise<T>, keychain?: Keychain): Promise<T> {
  const control = await openControl(dataFolderOf(options, io), ledgerEntry(io.entry), { to, mode: modeOf(options), keychain });
  try {
    return await run(control);
  } finally {
    await control.close();
  }
}

// Gives a command the control calls of its data folder for as long as it runs.
import { openControl } from '../controlClient.ts';
import type { Control, ControlUse } from '../controlClient.ts';
import { ledgerEntry } from '../neighbours.ts';
import type { CommandIo, FolderOptions } from './commandIo.ts';
import { dataFolderOf, modeOf } from './commandIo.ts';

/** Opens the calls, runs something with them, and closes. */
export async function withControl<T>(options: FolderOptions, io: CommandIo, to: ControlUse['to'], run: (control: Control) => Promise<T>): Promise<T> {
  const control = await openControl(dataFolderOf(options, io), ledgerEntry(io.entry), { to, mode: modeOf(options) });
  try {
    return await run(control);
  } finally {
    await control.close();
  }
}

// The programs that lie beside the broker's own: bundles next to its bundle, or their sources in a clone.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The program of the ledger's thread. */
export function ledgerEntry(brokerEntry: URL): URL {
  return neighbour(brokerEntry, './ledger.mjs', './ledgerMain.ts');
}

/** The simulated upstream. */
export function sandboxEntry(brokerEntry: URL): URL {
  return neighbour(brokerEntry, './sandbox.mjs', '../sandbox/main.ts');
}

function neighbour(brokerEntry: URL, bundled: string, source: string): URL {
  const bundle = new URL(bundled, brokerEntry);
  return existsSync(fileURLToPath(bundle)) ? bundle : new URL(source, brokerEntry);
}

// Proves the responses that went around the broker and were imported: their chain, and of each its key, its
// tokens and what it would have cost.
import { importedCost, importId, importText } from '../importedUse.ts';
import type { ImportRow } from '../importedUse.ts';
import type { Hash } from '../rowTexts.ts';
import { isPlausible } from '../tokenUsage.ts';
import type { Fail } from './auditFail.ts';
import { follow, start } from './chainAudit.ts';
import type { ChainHead } from './chainAudit.ts';

/** Follows the imported responses from a place on. */
export function auditImports(rows: Iterable<ImportRow>, hash: Hash, fail: Fail, from: ChainHead = start): ChainHead {
  return follow(rows, 'imported response', importText, hash, fail, from, (row) => {
    const cost = isPlausible(row) ? importedCost(row, row.price) : undefined;
    if (!row.id.startsWith(importId('')) || row.responseId !== null && row.id !== importId(row.responseId)) fail('I3', `${row.id} does not carry the key of its response`);
    if (cost === undefined) fail('I12', `the usage of ${row.id} cannot be true`);
    else if (row.costMicroCredits !== cost) fail('I12', `${row.id} would have cost ${String(row.costMicroCredits)}, its usage and price give ${String(cost)}`);
  });
}

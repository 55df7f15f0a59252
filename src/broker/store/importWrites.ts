// Books responses that went around the broker: each once, by its key, and none that the broker saw itself. Runs
// inside a transaction that the caller opened. No grant, hold or budget is touched.
import type { DatabaseSync } from 'node:sqlite';
import { importedCost, importId } from '../../domain/importedUse.ts';
import { isPlausible } from '../../domain/tokenUsage.ts';
import { addImportSums } from './importRows.ts';
import type { LedgerChains } from './ledgerChains.ts';
import type { ImportCommand, ImportedUse, LedgerCommandResults } from './ledgerCommands.ts';
import { statement } from './statements.ts';

/** How far the broker's time of an answer and that of Codex's file may be apart, where no response id tells. */
const sameResponseMs = 120_000;

/** What is to be booked of some responses, and how many were booked before or went through the broker. */
interface SiftedUses { readonly fresh: readonly ImportedUse[]; readonly known: number; readonly seen: number }

/** Looks which responses are new. Reading only. */
function siftUses(db: DatabaseSync, uses: readonly ImportedUse[]): SiftedUses {
  const keys = new Set<string>();
  const [fresh, state]: [ImportedUse[], { known: number; seen: number }] = [[], { known: 0, seen: 0 }];
  for (const use of uses) {
    if (keys.has(use.key) || statement(db, 'SELECT 1 FROM imports WHERE id = ?').get(importId(use.key))) state.known += 1;
    else if (wasSeen(db, use)) state.seen += 1;
    else fresh.push(use);
    keys.add(use.key);
  }
  return { fresh, ...state };
}

/**
 * Whether the broker carried a response itself: by its id, finished or still being settled; in files that tell
 * no id, by the thread, all counts and about the time.
 */
function wasSeen(db: DatabaseSync, { responseId, threadId, atMs, usage }: ImportedUse): boolean {
  if (responseId !== undefined) {
    return statement(db, 'SELECT 1 FROM usage_events WHERE response_id = ?').get(responseId) !== undefined
      || statement(db, `SELECT 1 FROM holds h JOIN begun b USING (attempt_id) WHERE h.state = 'open' AND b.response_id = ?`).get(responseId) !== undefined;
  }
  if (threadId === undefined) return false;
  return statement(db, `SELECT 1 FROM usage_events WHERE at_ms BETWEEN ? AND ? AND thread_id = ? AND input_tokens = ? AND cached_input_tokens = ? AND output_tokens = ? AND reasoning_tokens = ? AND corrects IS NULL LIMIT 1`)
    .get(atMs - sameResponseMs, atMs + sameResponseMs, threadId, usage.inputTokens, usage.cachedInputTokens, usage.outputTokens, usage.reasoningTokens) !== undefined;
}

/** What booking some responses would come to. Reading only. */
export function wouldImport(db: DatabaseSync, uses: readonly ImportedUse[]): LedgerCommandResults['import'] {
  const { fresh, known, seen } = siftUses(db, uses);
  return { added: fresh.length, known, seen, costMicroCredits: fresh.reduce((sum, { usage, price }) => sum + (importedCost(usage, price ?? null) ?? 0), 0) };
}

/** Books those that are new. @throws Error for usage that cannot be true */
export function importUses(db: DatabaseSync, chains: LedgerChains, command: ImportCommand): LedgerCommandResults['import'] {
  const { fresh, known, seen } = siftUses(db, command.uses);
  const before = Number(statement(db, 'SELECT COALESCE(MAX(sequence), 0) AS n FROM imports').get()?.['n']);
  let costMicroCredits = 0;
  for (const use of fresh) {
    if (!isPlausible(use.usage)) throw new Error(`the usage of ${use.key} cannot be true`);
    const price = use.price ?? null;
    const cost = importedCost(use.usage, price);
    const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = use.usage;
    chains.imported({
      id: importId(use.key), atMs: use.atMs, importedAtMs: command.atMs, workspaceId: use.workspaceId, client: use.client, clientVersion: use.clientVersion ?? null, threadId: use.threadId ?? null,
      model: use.model ?? null, responseId: use.responseId ?? null, source: use.source, inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens, costMicroCredits: cost, price,
    });
    costMicroCredits += cost ?? 0;
  }
  if (fresh.length > 0) addImportSums(db, before);
  return { added: fresh.length, known, seen, costMicroCredits };
}

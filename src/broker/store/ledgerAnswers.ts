// Which function answers which question about the SQLite ledger. Reading only, but for the checkpoint that a
// clean audit leaves and the copy that a backup is.
import type { DatabaseSync } from 'node:sqlite';
import type { Hash } from '../../domain/rowTexts.ts';
import { readBudgetViews } from './budgetReads.ts';
import { readBurns } from './burnReads.ts';
import { readCourse } from './courseReads.ts';
import { readDirectives } from './directiveTable.ts';
import { readEntryPage } from './entryPages.ts';
import { readExport } from './exportReads.ts';
import { readHappenings } from './happeningReads.ts';
import { readCacheSaving, readHistory, readWorkspaceUsage } from './historyReads.ts';
import { auditFile } from './ledgerAudit.ts';
import { backupTo, readHead, readHealth, stoodAt } from './ledgerCare.ts';
import type { LedgerChains } from './ledgerChains.ts';
import { explainRequest } from './ledgerExplain.ts';
import { explainImported, readImportedSums } from './importReads.ts';
import { wouldImport } from './importWrites.ts';
import { readInsightFacts } from './insightReads.ts';
import type { LedgerQueries } from './ledgerPort.ts';
import { readBalance, readEntries, readPriceChanges, readRecent, readSamples, readWorkspaces } from './ledgerReads.ts';
import { readOpenBackground } from './openBackground.ts';
import { readResponseOwners } from './responseOwnerReads.ts';
import { decideOn } from './reserveWrites.ts';
import { readSent, readUpstreams } from './sentReads.ts';
import { readPastSpend, readUsage } from './usageReads.ts';

type Answers = { readonly [Q in keyof LedgerQueries]: (db: DatabaseSync, args: LedgerQueries[Q]['args'], chains: LedgerChains, hash: Hash) => LedgerQueries[Q]['result'] };

const answers: Answers = {
  workspaces: (db) => readWorkspaces(db),
  balance: (db, { nowMs }, chains) => readBalance(db, chains, nowMs),
  budgets: (db, { nowMs }, chains) => readBudgetViews(db, readDirectives(db, chains).budgets, nowMs),
  usage: (db, args) => readUsage(db, args),
  pastSpend: (db, { workspaceId, isOthers, limit }) => readPastSpend(db, workspaceId, limit, isOthers),
  burns: (db, { nowMs }) => readBurns(db, nowMs),
  insightFacts: (db, args) => readInsightFacts(db, args),
  history: (db, args) => readHistory(db, args),
  workspaceUsage: (db, args) => readWorkspaceUsage(db, args),
  cacheSaving: (db, args) => readCacheSaving(db, args),
  sent: (db, args) => readSent(db, args),
  upstreams: (db) => readUpstreams(db),
  entryPage: (db, args) => readEntryPage(db, args),
  happenings: (db, args) => readHappenings(db, args),
  course: (db, args, chains) => readCourse(db, readDirectives(db, chains), args),
  recent: (db, { limit }) => readRecent(db, limit),
  entries: (db, { limit }) => readEntries(db, limit),
  explain: (db, { id }) => explainRequest(db, id),
  importedUsage: (db, { sinceMs }) => readImportedSums(db, sinceMs),
  explainImported: (db, { id }) => explainImported(db, id),
  importable: (db, { uses }) => wouldImport(db, uses),
  decide: (db, facts, chains) => decideOn(db, chains, facts).decision,
  audit: (db, args, _chains, hash) => auditFile(db, hash, args),
  priceChanges: (db, { sinceMs }) => readPriceChanges(db, sinceMs),
  openBackground: (db) => readOpenBackground(db),
  responseOwners: (db, { responseId }) => ({ workspaceIds: readResponseOwners(db, responseId) }),
  samples: (db, { limit }) => readSamples(db, limit),
  export: (db, args) => readExport(db, args),
  backup: (db, { path }) => backupTo(db, path),
  health: (db) => readHealth(db),
  head: (db) => readHead(db),
  stoodAt: (db, { head }) => stoodAt(db, head),
};

/** Answers a question. */
export function answerQuery<Q extends keyof LedgerQueries>(db: DatabaseSync, chains: LedgerChains, hash: Hash, type: Q, args: LedgerQueries[Q]['args']): LedgerQueries[Q]['result'] {
  return answers[type](db, args, chains, hash);
}

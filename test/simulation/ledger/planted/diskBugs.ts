// Planted bugs in how changes reach the disk: commits, failures, groups, chains; and in the race for the last
// credit. Data only.
import { inWorlds } from './plantedBug.ts';
import type { PlantedBug } from './plantedBug.ts';

const ledger = 'broker/store/sqliteLedger.ts';
const chains = 'broker/store/ledgerChains.ts';
const writes = 'broker/store/ledgerWrites.ts';
const reserve = 'broker/store/reserveWrites.ts';
const staleRead = {
  file: reserve, from: 'tracked: hasGrants(db), grants: readSpendableGrants(db),',
  to: 'tracked: hasGrants(db), grants: (decideOn.seen?.atMs === facts.atMs && decideOn.seen.db === db ? decideOn.seen : (decideOn.seen = { db, atMs: facts.atMs, grants: readSpendableGrants(db) })).grants,',
};

/** The bugs. */
export const diskBugs: readonly PlantedBug[] = [
  inWorlds(ledger, 'a hold is answered before it is durable', `this.#db.exec('COMMIT');\n      return outcomes;`, `if (commands.some((one) => one.type !== 'reserve')) this.#db.exec('COMMIT');\n      return outcomes;`),
  inWorlds(ledger, 'a failed commit is taken for done', `const again = this.#reopen();\n      return commands.map(`, `const again = this.#reopen();\n      if (outcomes.length === commands.length) return outcomes;\n      return commands.map(`, 'storm'),
  inWorlds(ledger, 'a failed commit is taken for undone', 'this.#lookUp(command) ?? { ok: false, problem: why }', '{ ok: false, problem: why }', 'storm'),
  inWorlds(ledger, 'a full disk in the middle leaves a part of a group', 'if (isFileFault(error)) throw error;', '', 'storm'),
  inWorlds(ledger, 'a command that failed leaves a part of itself', `this.#db.exec('ROLLBACK TO command; RELEASE command');`, `this.#db.exec('RELEASE command');`),
  inWorlds(ledger, 'a command that failed leaves its mark in the chain', 'this.#chains.restore(mark);', ''),
  inWorlds(chains, 'a running balance forgets what is reserved', 'this.#heads = { ...this.#heads, entry: hash, balance, held };', 'this.#heads = { ...this.#heads, entry: hash, balance };'),
  inWorlds(chains, 'an account beside the grants moves the balance', `const moves = account === 'grant';`, `const moves = account !== 'exposure';`),
  inWorlds(writes, 'an attempt that was looked up counts as ended when it was only begun', `'SELECT 1 FROM usage_events WHERE attempt_id = ? AND corrects IS NULL'`, `'SELECT 1 FROM holds WHERE attempt_id = ?'`, 'storm'),
  inWorlds(writes, 'a top-up is not found again after a failed commit', `'SELECT 1 FROM grants WHERE key = ?'`, `'SELECT 1 FROM grants WHERE grant_id = ? AND held > 0'`, 'storm'),
  {
    name: 'a commit does not wait for the disk', caughtBy: 'random worlds on files', file: 'broker/store/ledgerFile.ts',
    from: 'PRAGMA synchronous = FULL; PRAGMA fullfsync', to: 'PRAGMA synchronous = NORMAL; PRAGMA fullfsync',
    also: [{ file: 'broker/store/ledgerFile.ts', from: `if (pragma(db, 'synchronous') !== 2)`, to: `if (pragma(db, 'synchronous') > 2)` }],
  },
  {
    name: 'changes are written without a log that a crash leaves whole', caughtBy: 'random worlds on files', file: 'broker/store/ledgerFile.ts',
    from: `db.exec('PRAGMA journal_mode = WAL');`, to: `db.exec('PRAGMA journal_mode = OFF');`,
  },
  { name: 'holds are decided on a balance that was read before the transaction', caughtBy: 'the race for the last credit', ...staleRead },
  {
    name: 'holds are decided on a balance read before, and no rule of the tables stops them', caughtBy: 'the race for the last credit', ...staleRead,
    also: [{ file: 'broker/store/schema/version1.ts', from: 'CHECK (held >= 0 AND held <= remaining)', to: 'CHECK (held >= 0)' }],
  },
  { name: 'what is reserved counts as free in the race', caughtBy: 'the race for the last credit', file: 'domain/grants.ts', from: 'grant.remainingMicroCredits - grant.heldMicroCredits,', to: 'grant.remainingMicroCredits,', also: [{ file: 'broker/store/schema/version1.ts', from: 'CHECK (held >= 0 AND held <= remaining)', to: 'CHECK (held >= 0)' }] },
  { name: 'one more is admitted than there is credit for', caughtBy: 'the race for the last credit', file: 'domain/waterfall.ts', from: 'if (missing > 0) return tooLittle', to: 'if (missing >= hold) return tooLittle' },
];

// Planted bugs in how changes reach the disk: commits, failures, groups, chains; and in the race for the last
// credit. Data only.
import { inWorlds } from './plantedBug.ts';
import type { PlantedBug } from './plantedBug.ts';

const ledger = 'broker/store/sqliteLedger.ts';
const chains = 'broker/store/ledgerChains.ts';
const writes = 'broker/store/ledgerWrites.ts';
const reserve = 'broker/store/reserveWrites.ts';
const staleRead = {
  file: reserve, from: 'tracked: credits.tracked, grants: credits.grants,',
  to: 'tracked: credits.tracked, grants: (decideOn.seen?.atMs === facts.atMs && decideOn.seen.db === db ? decideOn.seen : (decideOn.seen = { db, atMs: facts.atMs, grants: credits.grants })).grants,',
};

/** The bugs. */
export const diskBugs: readonly PlantedBug[] = [
  inWorlds(ledger, 'a hold is answered before it is durable', `this.#db.exec('COMMIT');\n      return outcomes;`, `if (commands.some((one) => one.type !== 'reserve')) this.#db.exec('COMMIT');\n      return outcomes;`),
  inWorlds(ledger, 'a failed commit is taken for done', `const again = this.#reopen() ?? this.#synchronise();\n      return commands.map(`, `const again = this.#reopen() ?? this.#synchronise();\n      if (outcomes.length === commands.length) return outcomes;\n      return commands.map(`, 'storm'),
  inWorlds(ledger, 'a failed commit is taken for undone', 'this.#lookUp(command) ?? { ok: false, problem: why }', '{ ok: false, problem: why }', 'storm'),
  {
    ...inWorlds(ledger, 'a full disk in the middle leaves a part of a group', 'ends only this one.\n      if (isFileFault(error)) throw error;', '', 'storm'),
    also: [{ file: ledger, from: 'if (isFileFault(error)) throw error;\n      outcomes.length = 0;', to: 'outcomes.length = 0;' }],
  },
  inWorlds(ledger, 'a command that failed leaves a part of itself', `this.#db.exec('ROLLBACK TO command; RELEASE command');`, `this.#db.exec('RELEASE command');`),
  inWorlds(ledger, 'a command that failed leaves its mark in the chain', 'this.#chains.restore(mark);\n      // A fault', '// A fault'),
  inWorlds(ledger, 'a group that failed leaves its mark in the chain', 'this.#chains.restore(mark);\n      if (isFileFault', 'if (isFileFault'),
  inWorlds(ledger, 'answers of a group that failed are given too', 'outcomes.length = 0;', ''),
  inWorlds(chains, 'credits that were rolled back are kept in mind', 'this.#heads = heads;\n    this.held', 'this.#heads = { ...heads, ...(this.#heads.credits ? { credits: this.#heads.credits } : {}) };\n    this.held'),
  inWorlds(chains, 'sums that were rolled back are written later', 'this.rollups.clear();', ''),
  inWorlds(reserve, 'budgets miss what the same group has used', 'if (state.budgets.length > 0) chains.flush();', '', 'budgets'),
  inWorlds('broker/store/creditState.ts', 'a grant that got something back is not found', 'if (!grant) return afterChange(db, state, grantId);', 'if (!grant) return state;'),
  inWorlds(chains, 'a running balance forgets what is reserved', 'entry: hash, balance, held, ...(credits', 'entry: hash, balance, ...(credits'),
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

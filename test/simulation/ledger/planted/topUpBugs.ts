// Planted bugs in the automatic top-up and in redeeming vouchers. Data only.
import { inWorlds } from './plantedBug.ts';
import type { PlantedBug } from './plantedBug.ts';

const rule = 'domain/autoTopUp.ts';
const decision = 'domain/toppedUpDecision.ts';
const rows = 'broker/store/autoTopUps.ts';
const writes = 'broker/store/grantWrites.ts';
const mood = 'automatic top-up';

/** The bugs. */
export const topUpBugs: readonly PlantedBug[] = [
  inWorlds(rule, 'the cap of the automatic top-up counts each addition by itself', '(capMicroCredits - addedMicroCredits) / amountMicroCredits', 'capMicroCredits / amountMicroCredits', mood),
  inWorlds(rule, 'the automatic top-up may go over its cap once', 'Math.floor((capMicroCredits', 'Math.ceil((capMicroCredits', mood),
  inWorlds(rule, 'the automatic top-up adds at the threshold, not below it', '< belowMicroCredits;', '<= belowMicroCredits;', mood),
  inWorlds(rule, 'months of the automatic top-up are those of UTC', `periodIn(timeZone, 'month', nowMs)`, `periodIn(timeZone.slice(0, 0) + 'UTC', 'month', nowMs)`, mood),
  inWorlds(rule, 'the automatic top-up pays a debt that a person should see', 'tracked && owedMicroCredits === 0 &&', 'tracked && owedMicroCredits >= 0 &&', 'corrections'),
  inWorlds(rule, 'what is reserved counts as gone for the automatic top-up', 'grant.remainingMicroCredits));', 'grant.remainingMicroCredits - grant.heldMicroCredits));', mood),
  inWorlds(decision, 'credits are added for a request that has no permission to use them', `if (decision.outcome !== 'admit' || decision.fallback) return { decision, additions: 0 };`, `if (decision.fallback) return { decision, additions: 0 };`, mood),
  inWorlds(decision, 'one addition too few is made for a request', 'Math.ceil(missing / ', 'Math.floor(missing / ', mood),
  inWorlds(rows, 'each crossing of the threshold adds twice', 'addGrants(db, chains, rule, 1, nowMs);', 'addGrants(db, chains, rule, 2, nowMs);', mood),
  inWorlds(rows, 'another time zone begins the month of the automatic top-up anew', `\${isAddition} AND created_at_ms >= ? AND created_at_ms < ?`, `\${isAddition} AND key LIKE '%' || ? || '%' AND created_at_ms < ?`, mood),
  inWorlds(writes, 'a voucher is taken whose time is over', 'if (isExpired(command, command.atMs)) return { problem: problem(\'voucher_expired\'', 'if (isExpired(command, command.atMs - 1)) return { problem: problem(\'voucher_expired\''),
  inWorlds(writes, 'vouchers are taken of an issuer who is trusted no more', '.issuers.some((one) => one.keyId === keyId)', '.issuers.some((one) => one.keyId.length === keyId.length)'),
];

// Planted bugs in budgets, allowances, the calendar and permissions. Data only.
import { inWorlds } from './plantedBug.ts';
import type { PlantedBug } from './plantedBug.ts';

const budgets = 'domain/budgets.ts';
const layer = 'domain/budgetLayer.ts';
const even = 'domain/evenBurn.ts';
const reads = 'broker/store/budgetReads.ts';
const allowances = 'domain/allowances.ts';
const upkeep = 'broker/store/upkeep.ts';
const consent = 'domain/consent.ts';
const table = 'broker/store/directiveTable.ts';
const reserve = 'broker/store/reserveWrites.ts';

const calendar = 'domain/calendar.ts';
const withoutSummerTime = ['periodOf(kind, atMs, offsetIn(timeZone), weekStartsOn)', 'periodOf(kind, atMs, () => offsetIn(timeZone)(atMs), weekStartsOn)'] as const;

/** The bugs. */
export const limitBugs: readonly PlantedBug[] = [
  inWorlds(budgets, 'budgets ignore what is reserved', `used + reserved + wanted <= allowed ? 'fits'`, `used + wanted <= allowed ? 'fits'`, 'budgets'),
  inWorlds(budgets, 'what fits a budget exactly is refused', `used + reserved + wanted <= allowed ? 'fits'`, `used + reserved + wanted < allowed ? 'fits'`, 'budgets'),
  inWorlds(layer, 'a soft budget stops requests', `budget.mode === 'hard' && verdict`, `verdict`, 'budgets'),
  inWorlds(layer, 'a hard budget only warns', `budget.mode === 'hard' && verdict`, `budget.mode === 'soft' && verdict`, 'budgets'),
  inWorlds(layer, 'what fills a budget for now is refused for good', `if (verdict.verdict === 'reserved' && walk.input.canWait)`, `if (verdict.verdict === 'over' && walk.input.canWait)`, 'budgets'),
  inWorlds(budgets, 'a rolling budget forgets a quarter hour too early', 'nowMs - budget.period.rollingHours * hourMs', 'nowMs + bucketMs - budget.period.rollingHours * hourMs', 'budgets'),
  inWorlds(budgets, 'a rolling budget forgets an hour too late', 'nowMs - budget.period.rollingHours * hourMs', 'nowMs - (budget.period.rollingHours + 1) * hourMs', 'budgets'),
  inWorlds(budgets, 'a request runs on to the whole limit, whatever was used', 'Math.max(0, (today?.allowed ?? budget.limit) - used - reserved)', 'Math.max(0, (today?.allowed ?? budget.limit) - reserved)', 'budgets'),
  inWorlds(budgets, 'a budget for one task is for every task', 'return budget.of === key ? key : undefined;', 'return key;', 'budgets'),
  inWorlds(reads, 'a budget in tokens forgets the output', `tokens: 'input + output'`, `tokens: 'input'`, 'budgets'),
  inWorlds(reads, 'a budget counts the model that served', `model: 'asked'`, `model: 'model'`, 'budgets'),
  inWorlds(reads, 'a budget per task does not see what runs', `request: 'h.request_id', task: \`COALESCE(r.thread_id, '')\``, `request: 'h.request_id', task: \`''\``, 'budgets'),
  inWorlds(reads, 'holds of the past count as reserved', `WHERE h.state = 'open' AND`, `WHERE h.state <> 'voided' AND`, 'budgets'),
  inWorlds('domain/calendar.ts', 'the week begins on Sunday', 'atMs: number, weekStartsOn = 1): Period {\n  const name', 'atMs: number, weekStartsOn = 7): Period {\n  const name', 'budgets'),
  inWorlds('domain/calendar.ts', 'months have 30 days', 'Date.UTC(year, month + 1, 1) / dayMs', 'Date.UTC(year, month, 31) / dayMs', 'allowances'),
  inWorlds(calendar, 'a budget ignores summer time', ...withoutSummerTime, 'budgets'),
  inWorlds(calendar, 'a period that is kept in mind outlives its end', 'if (known?.minute === minute) return', 'if (known && minute < known.minute + 3000) return', 'budgets'),
  inWorlds(calendar, 'an allowance ignores summer time', ...withoutSummerTime, 'allowances'),
  inWorlds(budgets, 'a budget that is spread evenly may be used at once', 'const allowed = today?.allowed ?? budget.limit;', 'const allowed = budget.limit;', 'budgets'),
  inWorlds(budgets, 'a request runs on into the shares of later days', '(today?.allowed ?? budget.limit) - used', 'budget.limit - used', 'budgets'),
  inWorlds(even, 'a budget lends a day from the next one', 'begun: daysBetween(fromMs, day.untilMs)', 'begun: daysBetween(fromMs, day.untilMs) + 1', 'budgets'),
  inWorlds(even, 'the day that began is not counted', 'begun: daysBetween(fromMs, day.untilMs)', 'begun: Math.max(1, daysBetween(fromMs, day.fromMs))', 'budgets'),
  inWorlds(even, 'the days of a budget are those of UTC', `const day = periodIn(timeZone, 'day', nowMs);`, `const day = periodIn('UTC', 'day', nowMs);`, 'budgets'),
  inWorlds(even, 'days of 23 hours get lost', 'return Math.round((untilMs - fromMs) / dayMs);', 'return Math.floor((untilMs - fromMs) / dayMs);', 'budgets'),
  inWorlds(even, 'a share is rounded up', 'BigInt(limit) * BigInt(begun) / BigInt(all)', '(BigInt(limit) * BigInt(begun) + BigInt(all) - 1n) / BigInt(all)', 'budgets'),
  inWorlds(even, 'a rolling budget begins its second day an hour early', 'Math.floor((nowMs - firstMs) / dayMs) + 1', 'Math.floor((nowMs + hourMs - firstMs) / dayMs) + 1', 'budgets'),
  inWorlds(even, 'the last part of a rolling budget gives a whole day', 'const hours = Math.min(period.rollingHours, days * 24);', 'const hours = days * 24;', 'budgets'),
  inWorlds(even, 'a budget with room on a later day is refused for good', 'if (!now || amount > budget.limit) return undefined;', 'if (!now || amount > 0) return undefined;', 'budgets'),
  inWorlds(even, 'a budget tells the day before it has room', '(begun - 0.5) * dayMs', '(begun - 1.5) * dayMs', 'budgets'),
  inWorlds(layer, 'a request too large for the first day comes back with the period', 'allowsFromMs(budget, wanted, endsAtMs) ?? endsAtMs', 'endsAtMs', 'budgets'),
  inWorlds(reads, 'what was used today counts from the beginning of the period', 'readUsed(db, budget, key, nowMs, today.day.fromMs)', 'readUsed(db, budget, key, nowMs)', 'budgets'),
  inWorlds(allowances, 'an allowance ignores its time zone', 'periodIn(allowance.timeZone, ', `periodIn('UTC', `, 'allowances'),
  inWorlds(allowances, 'an allowance is given twice in its period', 'key: `allowance ${allowance.id} ${fromMs}`', 'key: `allowance ${allowance.id} ${nowMs}`', 'allowances'),
  inWorlds(allowances, 'what is left of an allowance stays for another day', 'expiresAtMs: untilMs }', 'expiresAtMs: untilMs + 86_400_000 }', 'allowances'),
  inWorlds('broker/store/newGrant.ts', 'allowances whose names differ in a sign get in each other\'s way', 'return `grant_${chains.termsHash(key).slice(0, 24)}`', `return \`grant_\${key.replaceAll(/[^\\w]+/g, '_')}\``, 'allowances'),
  inWorlds(upkeep, 'an allowance for one workspace is for all', '...(allowance.workspaces ? { workspaces: allowance.workspaces } : {}),', '', 'allowances'),
  inWorlds('broker/store/ledgerReads.ts', 'nobody is told that an allowance is due', '.get(key) ? expiresAtMs : nowMs;', '.get(key) ? expiresAtMs : expiresAtMs;', 'allowances'),
  inWorlds('domain/directives.ts', 'an allowance may give purchased credits', `['included', 'promotional'];`, `['included', 'promotional', 'purchased'];`, 'allowances'),
  inWorlds(consent, 'the permission of one task is permission for all', 'one.of === keys[scope] &&', `(one.of === keys[scope] || scope === 'task') &&`, 'consents'),
  inWorlds(consent, 'the permission of one workspace is permission for all', 'one.of === keys[scope] &&', `(one.of === keys[scope] || scope === 'workspace') &&`, 'consents'),
  inWorlds(consent, 'a no is ignored', 'if (found) return { answer: found.answer, scope };', `if (found) return { answer: 'allow', scope };`, 'consents'),
  inWorlds(consent, 'the wider word counts more than the closer one', `['request', 'task', 'workspace', 'everywhere'];`, `['everywhere', 'workspace', 'task', 'request'];`, 'consents'),
  inWorlds(table, 'the first word on a subject holds for ever', 'MAX(sequence) AS last', 'MIN(sequence) AS last', 'consents'),
  inWorlds(table, 'an answer for one request cannot be taken back', `SELECT content FROM directives WHERE sequence IN (SELECT MAX(sequence) FROM directives WHERE kind = 'consent' AND subject LIKE 'request %' GROUP BY subject)`,
    `SELECT content FROM directives WHERE kind = 'consent' AND subject LIKE 'request %'`, 'consents'),
  inWorlds(reserve, 'nobody to ask is as good as permission', `state.policies.unattended === 'allow' ?`, `state.policies.unattended !== 'allow' ?`, 'consents'),
  inWorlds(reserve, 'a no is ignored where nobody can be asked', `found.answer === 'ask' && facts.canAsk`, `facts.canAsk`, 'consents'),
  inWorlds(reserve, 'a no to a model without a price is ignored', `answered === 'deny' ? 'refuse'`, `answered === 'deny' ? 'allow'`, 'unpriced'),
  inWorlds(table, 'a key is used for another directive unnoticed', `known['content'] === content ? { exists: true } :`, `known['content'] !== '' ? { exists: true } :`),
  inWorlds(table, 'a directive holds only after the next start', 'known?.head === head', 'known'),
];

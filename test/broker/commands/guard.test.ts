// `guard`: when there is enough to go on, for each of the things that can be used up, and its exit codes.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LedgerAnchor } from '../../../src/broker/ledgerAnchor.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { systemClock } from '../../../src/broker/systemClock.ts';
import { judge } from '../../../src/broker/commands/guard.ts';
import type { GuardBounds } from '../../../src/broker/commands/guard.ts';
import type { Budget } from '../../../src/domain/budgets.ts';
import type { Violation } from '../../../src/domain/audit/auditLedger.ts';
import { problem } from '../../../src/domain/problem.ts';
import type { GrantView, Snapshot } from '../../../src/protocol/snapshot.ts';
import { noonMs } from '../../support/manualClock.ts';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { jsonOf, ran } from './ranCommand.ts';

const workspaceId = 'ws_0123456789abcdef';
const grant = (more: Partial<GrantView> = {}): GrantView => ({ id: 'g', kind: 'included', amountMicroCredits: 100_000_000, remainingMicroCredits: 40_000_000, heldMicroCredits: 10_000_000, priority: 50, createdAtMs: 0, ...more });
const budget = (more: Partial<Budget> = {}): Budget => ({ id: 'b', per: 'everything', unit: 'credits', limit: 10_000_000, period: 'day', timeZone: 'UTC', mode: 'hard', ...more });

interface State { readonly grants?: readonly GrantView[]; readonly tracked?: boolean; readonly owed?: number; readonly consent?: Snapshot['consent']; readonly budgets?: Snapshot['budgets']; readonly problems?: Snapshot['problems'] }

/** The parts of a snapshot that a guard looks at. */
function reasons(state: State, bounds: GuardBounds = {}): readonly string[] {
  const { grants = [grant()], tracked = true, owed = 0, consent = { everywhere: true, workspaceIds: [], deniedWorkspaceIds: [] }, budgets = [], problems = [] } = state;
  const snapshot = { atMs: noonMs, balance: { tracked, grants, owedMicroCredits: owed, balanceMicroCredits: 0, heldMicroCredits: 0 }, consent, budgets, problems } as unknown as Snapshot;
  const found = judge(snapshot, workspaceId, bounds);
  assert.equal(found.ok, found.reasons.length === 0);
  return found.reasons;
}

const use = (key: string, used: number, reserved = 0) => ({ key, used, reserved });

describe('guard', function () {
  this.timeout(30_000);

  it('counts what is free for this workspace now', () => {
    assert.deepEqual(reasons({}, { freeMicroCreditsMin: 30_000_000 }), []);
    assert.deepEqual(reasons({}, { freeMicroCreditsMin: 30_000_001 }), ['30.000000 credits are free, fewer than 30.000001.']);
    for (const more of [{ startsAtMs: noonMs + 1 }, { expiresAtMs: noonMs }, { voided: 'undone' }, { workspaces: ['ws_other'] }] as const) {
      assert.deepEqual(reasons({ grants: [grant(more)] }, { freeMicroCreditsMin: 1 }), ['0.000000 credits are free, fewer than 0.000001.'], JSON.stringify(more));
      assert.deepEqual(reasons({ grants: [grant(more)] }), ['No credits are free.']);
    }
    assert.deepEqual(reasons({ grants: [grant({ workspaces: [workspaceId] })] }), []);
  });

  it('measures what is used, of credits and of the budgets that are about this workspace', () => {
    assert.deepEqual(reasons({}, { usedShareMax: 0.7 }), []);
    assert.deepEqual(reasons({}, { usedShareMax: 0.69 }), ['70 % of the credits are used, more than 69 %.']);
    const budgets = (one: Budget, ...uses: ReturnType<typeof use>[]) => [{ id: one.id, text: '', budget: one, uses }];
    assert.deepEqual(reasons({ budgets: budgets(budget(), use('', 8_000_000, 500_000)) }, { usedShareMax: 0.8 }), ['85 % of the budget b is used, more than 80 %.']);
    assert.deepEqual(reasons({ budgets: budgets(budget(), use('', 9_000_000, 1_000_000)) }), ['100 % of the budget b is used.']);
    assert.deepEqual(reasons({ budgets: budgets(budget({ mode: 'soft' }), use('', 99_000_000)) }), [], 'a soft one stops nothing');
    const spread = (used: number, more: Partial<Budget> = {}) => budgets(budget({ period: 'week', pace: 'even', ...more }), use('', used)).map((view) => ({ ...view, today: { allowed: 4_000_000, day: { fromMs: 0, untilMs: 1 } } }));
    assert.deepEqual([reasons({ budgets: spread(4_000_000) }), reasons({ budgets: spread(3_999_999) }), reasons({ budgets: spread(4_000_000, { mode: 'soft' }) }), reasons({ budgets: spread(4_000_000) }, { usedShareMax: 0.3 }).slice(1)],
      [['The budget b is used up for today.'], [], [], ['40 % of the budget b is used, more than 30 %.']]);
    const perWorkspace = budget({ per: 'workspace' });
    assert.deepEqual(reasons({ budgets: budgets(perWorkspace, use('ws_other', 10_000_000)) }), []);
    assert.deepEqual(reasons({ budgets: budgets(perWorkspace, use(workspaceId, 10_000_000)) }), ['100 % of the budget b is used.']);
  });

  it('says what else stands in the way', () => {
    assert.deepEqual(reasons({ owed: 1_500_000 }), ['1.500000 credits are owed, so nothing is sent.']);
    assert.deepEqual(reasons({ problems: [problem('ledger_rewound', 'The ledger is an older copy.')] }), ['The ledger is an older copy.']);
    const purchased = [grant({ kind: 'purchased' })];
    const consent = (everywhere: boolean, more: Partial<Snapshot['consent']> = {}) => ({ everywhere, workspaceIds: [], deniedWorkspaceIds: [], ...more });
    const barred = ['Only purchased credits are free, and this workspace may not use them.'];
    assert.deepEqual([reasons({ grants: purchased, consent: consent(true) }), reasons({ grants: purchased, consent: consent(false) })], [[], barred]);
    assert.deepEqual(reasons({ grants: purchased, consent: consent(true, { deniedWorkspaceIds: [workspaceId] }) }), barred);
    assert.deepEqual(reasons({ grants: [...purchased, grant()], consent: consent(false) }), []);
  });

  it('promises nothing where the balance is not tracked', () => {
    assert.deepEqual(reasons({ grants: [], tracked: false }), []);
    assert.deepEqual(reasons({ grants: [], tracked: false }, { usedShareMax: 0.5 }), []);
    assert.deepEqual(reasons({ grants: [], tracked: false }, { freeMicroCreditsMin: 1 }), ['The balance is not tracked, so no credits can be promised.']);
  });

  it('tells it by its exit code', () => withFolder(async (folder) => {
    assert.equal((await ran(folder, 'guard')).code, 1, 'there is no ledger');
    await ran(folder, 'credits', 'add', '5');
    assert.deepEqual(await ran(folder, 'guard', '--min-credits', '5', '--max-used', '50%'), { code: 0, out: 'Nothing stands in the way: 5.00 credits are free.', err: '' });
    const short = await ran(folder, 'guard', '--min-credits', '5.000001', '--json');
    assert.deepEqual([short.code, JSON.parse(short.out)], [1, { ok: false, reasons: ['5.000000 credits are free, fewer than 5.000001.'], freeMicroCredits: 5_000_000 }]);
    assert.deepEqual(await jsonOf(folder, 'guard'), { ok: true, reasons: [], freeMicroCredits: 5_000_000 });
  }));

  it('tells a ledger that was put back without a broker too, and writes nothing to it', () => withFolder(async (folder) => {
    const path = join(folder, 'ledger.db');
    await ran(folder, 'credits', 'add', '5');
    copyFileSync(path, join(folder, 'older.db'));
    await ran(folder, 'credits', 'add', '3');
    const ledger = SqliteLedger.open(path, sha256);
    await new LedgerAnchor(folder, undefined, systemClock).write(ledger.query('head', {}), false);
    ledger.close();
    assert.equal((await ran(folder, 'guard')).code, 0);
    const sound = await ran(folder, 'audit', '--no-keychain');
    assert.deepEqual([sound.code, sound.out.includes('Compared with the note beside it. The keychain was not asked.')], [0, true]);
    copyFileSync(join(folder, 'older.db'), path);
    const told = await ran(folder, 'guard');
    assert.deepEqual([told.code, told.out.startsWith('The ledger does not hold what it held before')], [1, true]);
    // What an older copy holds adds up by itself.
    const audit = await ran(folder, 'audit', '--full', '--json', '--no-keychain');
    assert.deepEqual([audit.code, JSON.parse(audit.out).violations.map((one: Violation) => [one.invariant, one.what.slice(0, 50)]), JSON.parse(audit.out).anchors], [2, [['I9', 'the ledger does not hold what was noted outside of']], { file: 'noted', keychain: 'not-asked' }]);
    const before = readFileSync(path);
    assert.match((await ran(folder, 'credits', 'add', '1')).err, /\(ledger_rewound\)$/);
    assert.deepEqual(readFileSync(path), before);
    writeFileSync(join(folder, 'body.json'), JSON.stringify({ model: 'gpt-5.5', input: 'x' }));
    assert.match((await ran(folder, 'explain', '--dry-run', 'body.json')).out, /It would be refused\./);
  }));
});

// The sums that insights are made from, read back from a ledger whose history is known to the last token.
import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { readInsightFacts } from '../../../src/broker/store/insightReads.ts';
import { openDatabase } from '../../../src/broker/store/openDatabase.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { comparedDays } from '../../../src/domain/insights.ts';
import { reserveCommand, settleCommand, startMs, workspaceCommand } from '../../support/ledger/ledgerCommands.ts';
import { runOne } from '../../support/ledger/tempLedger.ts';

const dayMs = 86_400_000;
const nowMs = startMs;

interface Past { readonly id: string; readonly daysAgo: number; readonly workspaceId?: string; readonly threadId?: string; readonly model?: string; readonly input?: number; readonly cached?: number; readonly waitedMs?: number; readonly inLineMs?: number; readonly attempts?: readonly { readonly waitedMs: number; readonly inLineMs: number }[]; readonly plan?: true; readonly isFree?: boolean; readonly durationMs?: number; readonly outcome?: 'completed' | 'broken' }

function ledgerOf(past: readonly Past[], opened: (db: DatabaseSync) => void = () => {}): SqliteLedger {
  const ledger = SqliteLedger.open(':memory:', sha256, 'owner', (file, options) => {
    const db = openDatabase(file, options);
    opened(db);
    return db;
  });
  for (const workspaceId of ['ws_a', 'ws_b']) runOne(ledger, workspaceCommand(workspaceId));
  for (const { id, daysAgo, workspaceId = 'ws_a', threadId = 't1', model = 'gpt-test', input = 1000, cached = 0, waitedMs = 0, inLineMs = 0, attempts = [{ waitedMs, inLineMs }], plan, isFree = false, durationMs = 900, outcome = 'completed' } of past) {
    const atMs = nowMs - daysAgo * dayMs;
    for (const [index, waits] of attempts.entries()) {
      const attemptId = `${id}-${index + 1}`;
      const isLast = index === attempts.length - 1;
      runOne(ledger, reserveCommand(attemptId, 1_000_000, {
        atMs, request: { requestId: id, receivedAtMs: atMs, workspaceId, client: 'codex_exec', model, stream: true, threadId }, limits: { ...waits, because: 'It waited.' }, ...(plan ? { plan: { because: 'The plan pays.' } } : {}),
      }));
      runOne(ledger, settleCommand(attemptId, isLast ? { inputTokens: input, cachedInputTokens: cached } : {}, { atMs: isLast ? atMs + durationMs : atMs, durationMs, waitedMs: waits.waitedMs, outcome: isLast ? outcome : 'rejected', chargeable: isLast && !isFree, ...(isLast && isFree ? { freeReason: 'plan' as const } : {}) }));
    }
  }
  return ledger;
}

const facts = (past: readonly Past[], more: { readonly days?: number; readonly workspaceId?: string } = {}) => {
  const { days = 7, workspaceId } = more;
  const fromMs = nowMs - days * dayMs;
  return ledgerOf(past).query('insightFacts', { fromMs, beforeMs: fromMs - comparedDays(days) * dayMs, ...(workspaceId === undefined ? {} : { workspaceId }) });
};

describe('what insights are made from', () => {
  it('sets the last seven days beside the 28 before them, by workspace', () => {
    const { workspaces } = facts([
      { id: 'r1', daysAgo: 50, input: 9 }, { id: 'r2', daysAgo: 20, input: 1000, cached: 800 }, { id: 'r3', daysAgo: 3, input: 2000, cached: 500 }, { id: 'r4', daysAgo: 1, workspaceId: 'ws_b', input: 30 },
    ].toSorted((a, b) => b.daysAgo - a.daysAgo));
    const shop = workspaces.find((one) => one.workspaceId === 'ws_a');
    assert.deepEqual([shop?.label, shop?.recent.inputTokens, shop?.recent.cachedInputTokens, shop?.before.inputTokens, shop?.before.cachedInputTokens], ['ws_a', 2000, 500, 1000, 800]);
    assert.deepEqual(workspaces.find((one) => one.workspaceId === 'ws_b')?.before.inputTokens, 0);
  });

  it('sums up tasks by the model that served, with what they cost, and models', () => {
    const { tasks, models } = facts([{ id: 'r1', daysAgo: 2 }, { id: 'r2', daysAgo: 2, cached: 400 }, { id: 'r3', daysAgo: 1, threadId: 't2', model: 'gpt-other' }]);
    assert.deepEqual(tasks.map(({ threadId, model, sums }) => [threadId, model, sums.requests, sums.inputTokens, sums.cachedInputTokens, sums.costMicroCredits]), [
      ['t1', 'gpt-test', 2, 2000, 400, 125_000 + 75_000 + 5000], ['t2', 'gpt-other', 1, 1000, 0, 125_000],
    ]);
    assert.deepEqual(models.map(({ model, sums }) => [model, sums.inputTokens]), [['gpt-test', 2000], ['gpt-other', 1000]]);
  });

  it('knows how long requests stood in the line, each once, and nothing of what else they waited for', () => {
    const { workspaces } = facts([
      // Turned away twice: what it waited is summed up in each attempt, and stood in the line for 20, 15 and 5 s.
      { id: 'r1', daysAgo: 2, attempts: [{ waitedMs: 20_000, inLineMs: 20_000 }, { waitedMs: 36_000, inLineMs: 15_000 }, { waitedMs: 42_000, inLineMs: 5_000 }] },
      { id: 'r2', daysAgo: 2, waitedMs: 600_000, inLineMs: 0 }, { id: 'r3', daysAgo: 2, waitedMs: 600_000, inLineMs: 3_000 }, { id: 'r4', daysAgo: 2, waitedMs: 900, inLineMs: 900 },
    ]);
    const [shop] = workspaces;
    assert.deepEqual([shop?.waitedMs, shop?.waitingRequests, shop?.cause], [43_000, 2, undefined]);
  });

  it('knows who used most of the same model while others waited long, and blames nobody for another', () => {
    const waited = { waitedMs: 700_000, inLineMs: 700_000 };
    const cause = (...past: readonly Past[]) => facts([...past, { id: 'w', daysAgo: 2, threadId: 'patient', input: 1000, ...waited }]).workspaces.find((one) => one.workspaceId === 'ws_a')?.cause;
    const greedy: Past = { id: 'g', daysAgo: 2, threadId: 'greedy', workspaceId: 'ws_b', input: 9000 };
    // It ran for the last half of the wait.
    const during = { ...greedy, daysAgo: 2 + 350_000 / dayMs, durationMs: 350_000 };
    assert.deepEqual(cause(during), { threadId: 'greedy', workspaceId: 'ws_b', workspaceLabel: 'ws_b', tokens: 9000, share: 1 });
    assert.equal(cause({ ...during, model: 'gpt-other' }), undefined);
    assert.equal(cause({ ...during, plan: true }), undefined, 'a plan has limits of its own');
    assert.equal(cause({ ...during, daysAgo: 2 + 2_000_000 / dayMs }), undefined, 'long before');
    assert.equal(cause({ ...during, daysAgo: 1.9 }), undefined, 'long after');
    // Half of this one lies before what a limit by the minute remembers.
    assert.equal(cause({ ...during, daysAgo: 2 + (700_000 + 120_000) / dayMs, durationMs: 120_000 })?.tokens, 4500);
    // Another model's much is no reason to name who used little of this one.
    assert.deepEqual(cause({ ...greedy, id: 'o', daysAgo: during.daysAgo, threadId: 'elsewhere', model: 'gpt-other', input: 900_000 }, { ...during, id: 'p', input: 1000 }, { ...during, id: 'q', threadId: 'own', workspaceId: 'ws_a', input: 3000 }), { threadId: 'own', workspaceId: 'ws_a', workspaceLabel: 'ws_a', tokens: 3000, share: 0.75 });
    assert.equal(facts([during, { id: 'w', daysAgo: 2, waitedMs: 50_000, inLineMs: 50_000 }]).workspaces.find((one) => one.workspaceId === 'ws_a')?.cause, undefined, 'nobody asks why for less than ten minutes in seven days');
  });

  it('does not count what a plan paid among what has no price, as the rollups do not', () => {
    const { tasks, models, workspaces } = facts([{ id: 'r1', daysAgo: 2, plan: true, isFree: true }, { id: 'r2', daysAgo: 2 }, { id: 'r3', daysAgo: 1, threadId: 't2', plan: true, isFree: true }], { workspaceId: 'ws_a' });
    assert.deepEqual([tasks.map(({ threadId, sums }) => [threadId, sums.requests, sums.unpriced]), models[0]?.sums.unpriced, workspaces[0]?.recent.unpriced], [[['t1', 2, 0], ['t2', 1, 0]], 0, 0]);
  });

  it('knows which models a workspace uses', () => {
    const { workspaces } = facts([{ id: 'r1', daysAgo: 2, input: 300 }, { id: 'r2', daysAgo: 2, input: 500, model: 'gpt-other' }, { id: 'r3', daysAgo: 1, input: 100 }, { id: 'r4', daysAgo: 1, workspaceId: 'ws_b', input: 9 }]);
    assert.deepEqual(workspaces.map(({ workspaceId, models }) => [workspaceId, models]), [['ws_a', [{ model: 'gpt-other', inputTokens: 500 }, { model: 'gpt-test', inputTokens: 400 }]], ['ws_b', [{ model: 'gpt-test', inputTokens: 9 }]]]);
  });

  it('counts answers that were cut and cost something', () => {
    assert.deepEqual(facts([{ id: 'r1', daysAgo: 1, outcome: 'broken' }, { id: 'r2', daysAgo: 1 }]).cut, { requests: 1, costMicroCredits: 125_000, ofMicroCredits: 250_000 });
  });

  it('reaches over a range of any length, and sets at least four weeks before it', () => {
    const past: readonly Past[] = [{ id: 'r1', daysAgo: 150, input: 7 }, { id: 'r2', daysAgo: 65, input: 1000 }, { id: 'r3', daysAgo: 20, input: 200 }, { id: 'r4', daysAgo: 0.5, input: 30, threadId: 't2' }];
    const read = (days: number) => {
      const { workspaces: [shop], tasks, models, beganAtMs, closeSinceMs } = facts(past, { days });
      return [shop?.recent.inputTokens, shop?.before.inputTokens, tasks.map(({ threadId }) => threadId).toSorted((a, b) => a.localeCompare(b)), models[0]?.sums.inputTokens, beganAtMs, closeSinceMs];
    };
    const beganAtMs = nowMs - 150 * dayMs + 900;
    assert.deepEqual([1, 30, 90].map(read), [
      [30, 200, ['t2'], 30, beganAtMs, undefined], [230, 0, ['t1', 't2'], 230, beganAtMs, undefined], [1230, 7, ['t1', 't2'], 1230, beganAtMs, undefined],
    ]);
  });

  it('is that of one workspace where it is asked for', () => {
    const past: readonly Past[] = [{ id: 'r1', daysAgo: 3, input: 100, outcome: 'broken' }, { id: 'r2', daysAgo: 2, workspaceId: 'ws_b', threadId: 't2', model: 'gpt-other', input: 50, outcome: 'broken' }, { id: 'r3', daysAgo: 1, workspaceId: 'ws_b', threadId: 't2', input: 20, cached: 5 }];
    const { workspaces, tasks, models, cut } = facts(past, { workspaceId: 'ws_b' });
    assert.deepEqual(workspaces.map((one) => one.workspaceId), ['ws_b']);
    assert.deepEqual([tasks.map(({ threadId, model }) => [threadId, model]), models.map(({ model, sums }) => [model, sums.requests, sums.inputTokens, sums.cachedInputTokens])], [[['t2', 'gpt-other'], ['t2', 'gpt-test']], [['gpt-other', 1, 50, 0], ['gpt-test', 1, 20, 5]]]);
    assert.deepEqual([cut.requests, cut.costMicroCredits < cut.ofMicroCredits], [1, true]);
  });

  it('tells since when each request was looked at by itself, where that is not the whole range', () => {
    let db: DatabaseSync | undefined;
    const ledger = ledgerOf([6, 5, 4, 3, 2, 1].map((daysAgo) => ({ id: `r${daysAgo}`, daysAgo, threadId: `t${daysAgo}`, input: 10 })), (opened) => { db = opened; });
    const read = (days: number, eventsAtMost: number, workspaceId?: string) => readInsightFacts(db!, { fromMs: nowMs - days * dayMs, beforeMs: nowMs - 35 * dayMs, ...(workspaceId === undefined ? {} : { workspaceId }) }, eventsAtMost);
    const part = read(7, 2);
    assert.deepEqual([part.closeSinceMs, part.areModelsClose, part.tasks.length, part.models[0]?.sums.inputTokens, part.workspaces[0]?.recent.inputTokens], [nowMs - 2 * dayMs + 900, undefined, 2, 60, 60]);
    const own = read(7, 2, 'ws_a');
    assert.deepEqual([own.areModelsClose, own.models[0]?.sums.inputTokens, own.workspaces[0]?.recent.inputTokens], [true, 20, 60]);
    assert.deepEqual([read(7, 6).closeSinceMs, read(3, 3).closeSinceMs], [undefined, undefined], 'the whole range');
    assert.deepEqual([read(0.5, 2).tasks, read(0.5, 2).models], [[], []], 'nothing of a range without requests');
    ledger.close();
  });

  it('looks at the requests of the range, all of them and no others, after a clock was set back', () => {
    let db: DatabaseSync | undefined;
    const ledger = ledgerOf([3, 2, 20, 5, 4].map((daysAgo) => ({ id: `r${daysAgo}`, daysAgo, threadId: `t${daysAgo}`, input: 10, waitedMs: 2000, inLineMs: 2000 })), (opened) => { db = opened; });
    const read = (days: number, eventsAtMost: number) => {
      const { tasks, workspaces, closeSinceMs } = readInsightFacts(db!, { fromMs: nowMs - days * dayMs, beforeMs: nowMs - 35 * dayMs }, eventsAtMost);
      return [tasks.map(({ threadId }) => threadId).toSorted((a, b) => a.localeCompare(b)), workspaces[0]?.waitingRequests, closeSinceMs];
    };
    assert.deepEqual([read(7, 50), read(7, 5), read(2.5, 50)], [[['t2', 't3', 't4', 't5'], 4, undefined], [['t2', 't3', 't4', 't5'], 4, undefined], [['t2'], 1, undefined]]);
    assert.deepEqual([read(7, 3), read(2.5, 3)], [[['t4', 't5'], 2, nowMs - 5 * dayMs + 900], [[], 0, nowMs - 2 * dayMs + 900]]);
    ledger.close();
  });

  it('is nothing for an empty ledger', () => {
    assert.deepEqual(facts([]), { workspaces: [], tasks: [], models: [], cut: { requests: 0, costMicroCredits: 0, ofMicroCredits: 0 } });
  });
});

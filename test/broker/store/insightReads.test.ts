// The sums that insights are made from, read back from a ledger whose history is known to the last token.
import assert from 'node:assert/strict';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { reserveCommand, settleCommand, startMs, workspaceCommand } from '../../support/ledger/ledgerCommands.ts';
import { runOne } from '../../support/ledger/tempLedger.ts';

const dayMs = 86_400_000;
const nowMs = startMs;

interface Past { readonly id: string; readonly daysAgo: number; readonly workspaceId?: string; readonly threadId?: string; readonly model?: string; readonly input?: number; readonly cached?: number; readonly waitedMs?: number; readonly outcome?: 'completed' | 'broken' }

function ledgerOf(past: readonly Past[]): SqliteLedger {
  const ledger = SqliteLedger.open(':memory:', sha256);
  for (const workspaceId of ['ws_a', 'ws_b']) runOne(ledger, workspaceCommand(workspaceId));
  for (const { id, daysAgo, workspaceId = 'ws_a', threadId = 't1', model = 'gpt-test', input = 1000, cached = 0, waitedMs = 0, outcome = 'completed' } of past) {
    const atMs = nowMs - daysAgo * dayMs;
    runOne(ledger, reserveCommand(`${id}-1`, 1_000_000, { atMs, request: { requestId: id, receivedAtMs: atMs, workspaceId, client: 'codex_exec', model, stream: true, threadId } }));
    runOne(ledger, settleCommand(`${id}-1`, { inputTokens: input, cachedInputTokens: cached }, { atMs, waitedMs, outcome }));
  }
  return ledger;
}

const facts = (past: readonly Past[]) => ledgerOf(past).query('insightFacts', { nowMs });

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

  it('knows who waited, and who used most in that time', () => {
    const { workspaces, busiest } = facts([
      { id: 'r1', daysAgo: 2, threadId: 'greedy', workspaceId: 'ws_b', input: 9000 }, { id: 'r2', daysAgo: 2, waitedMs: 40_000 }, { id: 'r3', daysAgo: 2, waitedMs: 10 }, { id: 'r4', daysAgo: 1, threadId: 'elsewhere', input: 500_000 },
    ]);
    assert.deepEqual(workspaces.find((one) => one.workspaceId === 'ws_a'), { ...workspaces.find((one) => one.workspaceId === 'ws_a'), waitedMs: 40_000, waitingRequests: 1 });
    assert.deepEqual(busiest, { threadId: 'greedy', workspaceLabel: 'ws_b', tokens: 9000, share: 9000 / 11_000 });
  });

  it('counts answers that were cut and cost something', () => {
    assert.deepEqual(facts([{ id: 'r1', daysAgo: 1, outcome: 'broken' }, { id: 'r2', daysAgo: 1 }]).cut, { requests: 1, costMicroCredits: 125_000 });
  });

  it('is nothing for an empty ledger', () => {
    assert.deepEqual(facts([]), { workspaces: [], tasks: [], models: [], cut: { requests: 0, costMicroCredits: 0 } });
  });
});

// Explanations beside the plain one of the sample: a request that a budget refused after a question was answered, and
// one whose charge was corrected later and whose first attempt was lost.
import type { ExplainResult } from '../../src/protocol/control.ts';
import { sampleExplanation, sampleNowMs } from './sampleSnapshot.ts';

const credits = (amount: number) => Math.round(amount * 1_000_000);

/** Refused by a hard budget, with what would change it. */
export function refusedExplanation(): ExplainResult {
  const { charge: _charge, ...rest } = sampleExplanation();
  const message = 'The budget of 20.00 credits per workspace and week has 2.60 credits left, of which running requests reserve 1.80 credits, and this request may take 4.00 credits. Nothing was sent and nothing was charged.';
  const toChange = ['Raise the budget to 23.20 credits or more.', 'Or wait for its next period.'];
  return {
    ...rest, charge: null, entries: [], attempts: [{ attemptId: 'att_9', number: 1, startedAtMs: sampleNowMs, outcome: 'refused' }],
    decision: {
      outcome: 'refuse', holdMicroCredits: 0, slices: [], code: 'budget_exceeded', message, remedy: 'Wait.', toChange, retryAtMs: Date.UTC(2026, 10, 23), answered: { kind: 'consent', afterMs: 12_400, answer: 'task' },
      layers: [{ layer: 'safety', verdict: 'passed', because: 'The ledger is healthy and a key is present.' }, { layer: 'budgets', verdict: 'ended', because: message }],
      budgets: [
        { budgetId: 'everything-month', key: '', unit: 'credits', mode: 'hard', limit: credits(500), used: credits(183.2), reserved: credits(24), wanted: credits(4), verdict: 'fits', endsAtMs: Date.UTC(2026, 11, 1) },
        { budgetId: 'workspaces', key: 'ws_billing-service', unit: 'credits', mode: 'hard', limit: credits(20), used: credits(17.4), reserved: credits(1.8), wanted: credits(4), verdict: 'over', endsAtMs: Date.UTC(2026, 10, 23) },
        { budgetId: 'family', key: 'gpt-6*', unit: 'tokens', mode: 'soft', limit: 2_000_000, used: 2_310_000, reserved: 0, wanted: 96_000, verdict: 'over' },
      ],
    },
    story: ['Codex CLI in workspace billing-service asked for gpt-6.1-sol.', 'A person was asked whether it may use purchased credits, and answered "task" after 12.4 s.', `Budgets: ${message}`, 'It was refused (budget_exceeded); nothing was sent and nothing was charged.', ...toChange, 'It changes by itself at 2026-11-23 00:00 UTC.'],
  };
}

/** Charged, refunded in part, and its usage corrected; the upstream may have billed a lost attempt. */
export function correctedExplanation(): ExplainResult {
  const plain = sampleExplanation();
  const correction = { attemptId: 'att_1', drawnMicroCredits: 0 };
  const [last] = plain.entries.slice(-1);
  return {
    ...plain,
    corrections: [
      { ...correction, atMs: sampleNowMs - 120_000, basis: 'refund', costMicroCredits: -credits(1), reason: 'OpenAI credited an outage' },
      { ...correction, atMs: sampleNowMs - 60_000, basis: 'usage', costMicroCredits: credits(0.25), reason: 'The invoice counts more output' },
    ],
    entries: [
      ...plain.entries,
      { ...last!, sequence: 90, kind: 'refund', atMs: sampleNowMs - 120_000, amountMicroCredits: credits(1), heldDeltaMicroCredits: 0 },
      { ...last!, sequence: 91, account: 'exposure', kind: 'post', atMs: sampleNowMs - 50_000, amountMicroCredits: -credits(0.4), heldDeltaMicroCredits: 0 },
    ],
    story: [...plain.story, 'The upstream may have billed up to 0.400000 credits for it; that is noted and was not taken.'],
  };
}

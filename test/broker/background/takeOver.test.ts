// A response in the background is handed on with its place in pacing free, and taken up again by what its rows say.
import assert from 'node:assert/strict';
import { Admission } from '../../../src/broker/admission.ts';
import type { BackgroundRun, BackgroundRuns } from '../../../src/broker/background/backgroundRuns.ts';
import { resume, resumedRun } from '../../../src/broker/background/takeOver.ts';
import { ResponseOwners } from '../../../src/broker/responseOwners.ts';
import { Pacer } from '../../../src/domain/pacing.ts';
import { problem } from '../../../src/domain/problem.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { calmWatch } from '../../support/calmWatch.ts';
import { testPrice } from '../../support/ledger/ledgerCommands.ts';
import { manualClock, noonMs } from '../../support/manualClock.ts';
import { recordingLedger } from '../recordingLedger.ts';

const open = {
  attemptId: 'r1-2', number: 2, waitedMs: 40, openedAtMs: noonMs - 5000, responseId: 'resp_1', tier: 'flex', price: testPrice, estimatedInputTokens: 1000, estimatedOutputTokens: 500, basis: '{"model":"gpt-test","bodyBytes":5}',
  workspaceLabel: 'w', holdMicroCredits: 500, facts: { requestId: 'r1', receivedAtMs: noonMs - 5000, workspaceId: 'w', client: 'sdk', model: 'gpt-test', stream: false, requestKind: 'background' },
} as const;

describe('handing a background response on', () => {
  it('takes up what rows tell, so that it can be settled and learned from', () => {
    const { request, lease, responseId, startedAtMs } = resumedRun(open);
    assert.deepEqual([responseId, startedAtMs, lease.attemptId, lease.number, lease.waitedMs], ['resp_1', noonMs - 5000, 'r1-2', 2, 40]);
    assert.deepEqual([request.facts, request.tier, request.price, request.estimate.inputTokens, request.estimate.outputTokens, request.basis], [open.facts, 'flex', testPrice, 1000, 500, { model: 'gpt-test', bodyBytes: 5 }]);
    const { basis: _basis, price: _price, ...bare } = open;
    assert.deepEqual([resumedRun(bare).request.basis, resumedRun(bare).request.price], [undefined, undefined]);
  });

  it('frees its place for others, stays in sight, and can still be stopped', async () => {
    const clock = manualClock();
    const pacer = new Pacer(() => 0.5);
    const admission = new Admission({ pacer, ledger: recordingLedger(), clock, watch: calmWatch, unsafe: () => undefined, canAsk: () => false, changed: () => undefined });
    const { request } = resumedRun({ ...open, facts: { ...open.facts, receivedAtMs: noonMs } });
    assert.ok('lease' in await admission.acquire({ ...request, estimateMicroCredits: 500, patienceMs: 60_000 }));
    const stopped: [string, Problem][] = [];
    admission.sent('r1', (why) => stopped.push(['attempt', why]));
    assert.equal(pacer.runningCount, 1);
    admission.detached('r1', (why) => stopped.push(['run', why]));
    assert.deepEqual([pacer.runningCount, admission.live().map((one) => one.state)], [0, ['running']]);
    const why = problem('cancelled', 'A person stopped it.');
    assert.ok(admission.cancel('r1', why));
    assert.deepEqual(stopped, [['run', why]]);
    admission.finished('r1', 10);
    assert.deepEqual([admission.live(), admission.cancel('r1', why)], [[], false]);
  });

  it('shows what runs since an earlier life before its upstream is asked, and stops it there', () => {
    const clock = manualClock();
    const pacer = new Pacer(() => 0.5);
    const ledger = recordingLedger();
    const admission = new Admission({ pacer, ledger, clock, watch: calmWatch, unsafe: () => undefined, canAsk: () => false, changed: () => undefined });
    const watched: string[] = [];
    const stopped: string[] = [];
    const background = { add: (run: BackgroundRun) => { watched.push(run.responseId); }, stop: (id: string, why: string) => { stopped.push(`${id}: ${why}`); return Promise.resolve(); } } as unknown as BackgroundRuns;
    const resumed = resume({ admission, background, owners: new ResponseOwners({ ledger, log: () => undefined }) }, [open]);
    assert.deepEqual(admission.live().map(({ request, state, sinceMs, holdMicroCredits }) => [request.workspaceLabel, state, sinceMs, holdMicroCredits]), [['w', 'running', noonMs - 5000, 500]]);
    assert.deepEqual([watched, pacer.runningCount], [[], 0], 'it takes no place of a request that is being answered');
    resumed.watch();
    assert.deepEqual(watched, ['resp_1']);
    // Whatever comes back to others is none of its business.
    admission.recheck();
    assert.ok(admission.cancel('r1', problem('cancelled', 'A person stopped it.')));
    assert.deepEqual(stopped, ['resp_1: A person stopped it.']);
    admission.finished('r1', 10);
    assert.deepEqual(admission.live(), []);
  });
});

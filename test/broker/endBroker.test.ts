// What is asked of a broker before it is ended: it may end by itself, or by somebody else, in the middle of the answer.
import assert from 'node:assert/strict';
import { requestsOfBroker } from '../../src/broker/endBroker.ts';
import { problem } from '../../src/domain/problem.ts';
import type { ProblemError } from '../../src/domain/problem.ts';
import { healthy, withListener } from '../support/brokerListener.ts';
import type { Answer } from '../support/brokerListener.ts';
import { withFolder } from '../support/ledger/tempLedger.ts';

const asked = (answer: Answer) => async (check: (requests: Promise<number | undefined>) => Promise<void>) => withListener((token) => healthy(token, answer), (folder) => check(requestsOfBroker(folder)));

describe('the requests of a broker that is to end', () => {
  it('are those that run and those that wait', () => asked((_message, response) => response.end(JSON.stringify({ running: [{}, {}], waiting: [{}] })))(async (requests) => {
    assert.equal(await requests, 3);
  }));

  it('are none of one that was never there, and of one that another wipe ended since it was found', async () => {
    await withFolder(async (folder) => { assert.equal(await requestsOfBroker(folder), undefined); });
    await asked((message) => message.socket.destroy())(async (requests) => { assert.equal(await requests, undefined); });
  });

  it('stay unknown where it says that it cannot tell', () => asked((_message, response) => {
    const { code, message } = problem('key_conflict', 'It is different.');
    response.writeHead(409).end(JSON.stringify({ error: { code, message } }));
  })(async (requests) => {
    await assert.rejects(requests, (error: ProblemError) => error.problem.code === 'key_conflict');
  }));
});

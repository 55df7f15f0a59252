// Proves that a response is there for the workspace that began it and for no other one, from memory and from the
// ledger, and that responses which nobody here began go on.
import assert from 'node:assert/strict';
import { rememberedMax, ResponseOwners } from '../../src/broker/responseOwners.ts';
import { ProblemError } from '../../src/domain/problem.ts';
import { beginCommand, reserveCommand, settleCommand } from '../support/ledger/ledgerCommands.ts';
import { recordingLedger } from './recordingLedger.ts';

describe('whose a response is', () => {
  const as = (workspaceId: string) => ({ workspaceId, requestId: 'req_1' });
  function started(ledger = recordingLedger()) {
    const logged: unknown[] = [];
    let asked = 0;
    const owners = new ResponseOwners({ ledger: { query: (type, args) => { asked += 1; return ledger.query(type, args); } }, log: (event, fields) => { logged.push([event, fields]); } });
    return { ledger, owners, logged, asked: () => asked };
  }

  it('is told from memory to its own workspace, and as if there were none to others', async () => {
    const { owners, logged, asked } = started();
    owners.began('resp_1', 'ws_a');
    assert.equal(await owners.refusal('resp_1', as('ws_a'), 'continue'), undefined);
    assert.equal(asked(), 0, 'a chain of a workspace asks the ledger nothing');
    const read = await owners.refusal('resp_1', as('ws_b'), 'ask');
    const continued = await owners.refusal('resp_1', as('ws_b'), 'continue');
    assert.deepEqual([read?.code, read?.message, continued?.code, continued?.message], ['response_not_found', 'Response with id \'resp_1\' not found.', 'previous_response_not_found', 'Previous response with id \'resp_1\' not found.']);
    assert.deepEqual(logged, ['ask', 'continue'].map((use) => ['response-of-another-workspace', { requestId: 'req_1', workspaceId: 'ws_b', use }]));
  });

  it('is told from the ledger by attempts that ended and by those that still run', async () => {
    const { ledger, owners } = started();
    await ledger.command(reserveCommand('ended-1', 500));
    await ledger.command(settleCommand('ended-1', { inputTokens: 10 }, { responseId: 'resp_ended' }));
    await ledger.command(reserveCommand('open-1', 500));
    await ledger.command(beginCommand('open-1'));
    for (const id of ['resp_ended', 'resp_open-1']) {
      assert.equal(await owners.refusal(id, as('ws_a'), 'ask'), undefined, id);
      assert.equal((await owners.refusal(id, as('ws_b'), 'ask'))?.code, 'response_not_found', id);
    }
  });

  it('is nobody\'s where nobody here began it, and each one\'s to whom an upstream gave the same id', async () => {
    const { ledger, owners } = started();
    assert.equal(await owners.refusal('resp_of_before', as('ws_b'), 'ask'), undefined);
    await ledger.command(reserveCommand('ended-1', 500));
    await ledger.command(settleCommand('ended-1', { inputTokens: 10 }, { responseId: 'resp_1' }));
    owners.began('resp_1', 'ws_b');
    assert.deepEqual(await Promise.all([as('ws_a'), as('ws_b')].map((one) => owners.refusal('resp_1', one, 'ask'))), [undefined, undefined]);
    assert.equal((await owners.refusal('resp_1', as('ws_c'), 'ask'))?.code, 'response_not_found');
  });

  it('is compared by as much of an id as is noted of answers', async () => {
    const { owners } = started();
    const long = `resp_${'a'.repeat(230)}`;
    owners.began(long.slice(0, 200), 'ws_a');
    assert.equal((await owners.refusal(long, as('ws_b'), 'ask'))?.code, 'response_not_found');
    assert.equal(await owners.refusal(long, as('ws_a'), 'ask'), undefined);
  });

  it('is refused where the ledger cannot tell', async () => {
    const owners = new ResponseOwners({ ledger: { query: () => Promise.reject(new ProblemError({ code: 'ledger_unavailable', message: 'It failed.', remedy: 'Look.' })) }, log: () => undefined });
    assert.equal((await owners.refusal('resp_1', as('ws_a'), 'ask'))?.code, 'ledger_unavailable');
  });

  it('is remembered for so many, the newest ones', async () => {
    const { owners, asked } = started();
    for (let index = 0; index <= rememberedMax; index += 1) owners.began(`resp_${index}`, 'ws_a');
    await owners.refusal('resp_1', as('ws_a'), 'ask');
    assert.equal(asked(), 0);
    await owners.refusal('resp_0', as('ws_a'), 'ask');
    assert.equal(asked(), 1);
  });
});

// Proves that images are counted from a request's body up to the line that a limit on them holds back.
import assert from 'node:assert/strict';
import { AdmissionLine } from '../../src/broker/admissionLine.ts';
import { newTicket, type Ticket } from '../../src/broker/admissionTicket.ts';
import { admissionRequest } from '../../src/broker/requestEstimate.ts';
import { Estimator } from '../../src/domain/estimator.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import { readEnvelope } from '../../src/protocol/dialectEnvelope.ts';
import { readClient } from '../../src/protocol/requestEnvelope.ts';
import { testPrice } from '../support/ledger/ledgerCommands.ts';
import { manualClock, noonMs } from '../support/manualClock.ts';

const parts = { estimator: new Estimator(), prices: () => testPrice, ceilingPrice: () => testPrice };
const picture = { type: 'input_image', file_id: 'file-1' };

/** A request with a body, before it stands in line. */
function ticketOf(requestId: string, body: Record<string, unknown>): Ticket {
  const text = JSON.stringify({ model: 'm', ...body });
  const envelope = readEnvelope(text);
  assert.ok('model' in envelope);
  const workspace = { workspaceId: 'w', label: 'w' } as Parameters<typeof admissionRequest>[1]['workspace'];
  return newTicket(admissionRequest(parts, { envelope, client: readClient(() => undefined), workspace, requestId, receivedAtMs: noonMs, bodyBytes: text.length }), noonMs, 0);
}

describe('image limits', () => {
  it('counts what a request brings along and what it demands, and nothing else', () => {
    assert.equal(ticketOf('none', { input: 'hi' }).request.images, undefined);
    assert.equal(ticketOf('two', { input: [{ role: 'user', content: [picture, picture] }] }).request.images, 2);
    const { images, madeImages } = ticketOf('three', { input: [{ role: 'user', content: [picture, picture] }], tools: [{ type: 'image_generation' }], tool_choice: 'required' }).request;
    assert.deepEqual([images, madeImages], [2, 1]);
  });

  it('holds back what brings more images than are left', () => {
    const pacer = new Pacer(() => 0.5);
    const clock = manualClock();
    const line = new AdmissionLine(pacer, clock, () => undefined);
    assert.equal(line.enter(ticketOf('first', { input: 'hi' })), undefined);
    line.pump();
    pacer.headers('first', { images: { limit: 60, remaining: 1, resetMs: 59_000 } }, clock.monotonicMs());
    assert.equal(line.enter(ticketOf('pictures', { input: [{ role: 'user', content: [picture, picture] }] })), undefined);
    line.pump();
    assert.match(pacer.waitingOne('pictures', clock.monotonicMs())?.because ?? '', /60 images per minute/);
    pacer.headers('first', {}, clock.monotonicMs());
    pacer.finished('first', 1, clock.monotonicMs());
    assert.equal(line.enter(ticketOf('maker', { input: 'hi' })), undefined);
    line.pump();
    pacer.headers('maker', { madeImages: { limit: 5, remaining: 0, resetMs: 60_000 } }, clock.monotonicMs());
    assert.equal(line.enter(ticketOf('making', { input: 'hi', tools: [{ type: 'image_generation' }], tool_choice: 'required' })), undefined);
    line.pump();
    assert.match(pacer.waitingOne('making', clock.monotonicMs())?.because ?? '', /5 made images per minute/);
  });
});

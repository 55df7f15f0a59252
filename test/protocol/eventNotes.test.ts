// Events of one response, told apart from those of the response before it on the same connection.
import assert from 'node:assert/strict';
import { EventNotes } from '../../src/protocol/eventNotes.ts';

const bytes = (event: object) => new TextEncoder().encode(JSON.stringify(event));
const response = (id: string, more: object = {}) => ({ response: { id, usage: { input_tokens: 5, output_tokens: 7 }, ...more } });

describe('the notes of a response', () => {
  const take = (notes: EventNotes, event: object) => {
    const data = bytes(event);
    return notes.take(data, 0, data.length);
  };

  it('give each event\'s type, wherever it stands', () => {
    const notes = new EventNotes();
    assert.equal(take(notes, { type: 'response.created', ...response('r1') }), 'response.created');
    assert.equal(take(notes, { sequence_number: 3, type: 'response.in_progress' }), 'response.in_progress');
    assert.equal(take(notes, { type: 'codex.rate_limits' }), 'codex.rate_limits');
    const broken = new TextEncoder().encode('{no json');
    assert.equal(notes.take(broken, 0, broken.length), undefined);
    assert.deepEqual([notes.findings.responseId, notes.findings.events, notes.findings.brokenEvents], ['r1', 4, 1]);
  });

  it('pass over an end that belongs to an earlier response, before and after their own beginning', () => {
    const notes = new EventNotes((id) => id === 'r1');
    const end = { type: 'response.completed', ...response('r1') };
    assert.equal(take(notes, end), undefined);
    assert.equal(take(notes, { type: 'response.created', ...response('r2') }), 'response.created');
    assert.equal(take(notes, end), undefined);
    assert.equal(notes.findings.terminal, undefined);
    assert.equal(take(notes, { type: 'response.failed', ...response('r2') }), 'response.failed');
    assert.deepEqual([notes.terminal?.type, notes.terminal?.facts.id], ['response.failed', 'r2']);
  });

  it('believe a server that gives every response the same id', () => {
    const notes = new EventNotes((id) => id === 'same');
    take(notes, { type: 'response.created', ...response('same') });
    take(notes, { type: 'response.completed', ...response('same') });
    assert.deepEqual(notes.terminal?.facts.usage?.outputTokens, 7);
  });

  it('keep the first end, and ends without an id', () => {
    const notes = new EventNotes(() => true);
    take(notes, { type: 'response.incomplete', response: { usage: { input_tokens: 1, output_tokens: 1 } } });
    take(notes, { type: 'response.completed', ...response('r') });
    assert.equal(notes.terminal?.type, 'response.incomplete');
  });
});

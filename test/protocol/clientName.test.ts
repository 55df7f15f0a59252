// Known clients have a name for people; every other keeps its own.
import assert from 'node:assert/strict';
import { clientName } from '../../src/protocol/clientName.ts';

describe('clientName', () => {
  it('names Codex, and leaves others as they call themselves', () => {
    assert.deepEqual(['codex_exec', 'codex_sdk_ts', 'OpenAI/JS', '', 'constructor', '__proto__'].map(clientName), ['Codex CLI', 'Codex SDK', 'OpenAI/JS', '', 'constructor', '__proto__']);
  });
});

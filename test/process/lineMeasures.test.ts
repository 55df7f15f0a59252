// The measures of a line: what a slow machine does to requests is nobody's injustice, and what a line does to them is.
import assert from 'node:assert/strict';
import { overtaking, sharesOfTokens } from '../support/process/lineMeasures.ts';
import type { LineStart } from '../support/process/lineMeasures.ts';

const tokensPerMinute = 60_000;
const workspaces = ['many', 'few'];
/** Ten of these use a whole minute's tokens up, and each later one waits for six seconds. */
const doorTokens = 6_000;
const one = (workspace: string, receivedAtMs: number, startedAtMs: number): LineStart => ({ workspace, receivedAtMs, startedAtMs, doorTokens });

describe('shares of tokens while a limit makes workspaces wait', () => {
  it('counts nothing that starts while the limit has room, however long a slow machine takes', () => {
    const burst = [...Array.from({ length: 6 }, (_, index) => one('many', 0, 300 + index)), one('few', 0, 310), one('few', 0, 311)];
    assert.deepEqual(sharesOfTokens(burst, workspaces, tokensPerMinute), { contested: [0, 0], all: [0, 0] });
  });

  it('counts who is let go first once the limit has none, and from the first one on', () => {
    const full = Array.from({ length: 10 }, (_, index) => one(index % 2 ? 'few' : 'many', 0, index));
    const waited = [one('many', 20, 6_000), one('many', 20, 12_000), one('many', 20, 18_000), one('few', 20, 24_000)];
    assert.deepEqual(sharesOfTokens([...full, ...waited], workspaces, tokensPerMinute), { contested: [18_000, 0], all: [48_000, 30_000] });
  });

  it('counts again nothing once the limit is refilled', () => {
    const late = [one('many', 90_000, 90_400), one('many', 90_000, 90_401), one('few', 90_000, 90_500)];
    const full = Array.from({ length: 10 }, (_, index) => one('many', 0, index));
    assert.deepEqual(sharesOfTokens([...full, ...late], workspaces, tokensPerMinute), { contested: [0, 0], all: [0, 0] });
  });
});

describe('who stands before another', () => {
  const full = Array.from({ length: 9 }, (_, index) => one('many', 0, index));
  it('is who came later, was let go first and took the room that the other needed', () => {
    const [question, run] = [one('desk', 20, 6_030), one('many', 25, 27)];
    assert.deepEqual(overtaking(question, [...full, run, question], tokensPerMinute), [run]);
  });

  it('is nobody who left room for it, came before it, or went after it', () => {
    const question = one('desk', 20, 30);
    const others = [one('many', 10, 25), one('many', 25, 27), one('many', 25, 31)];
    assert.deepEqual(overtaking(question, [...full.slice(3), ...others, question].sort((a, b) => a.startedAtMs - b.startedAtMs), tokensPerMinute), []);
  });
});

// What the broker's program or the broker itself told, read back with the parts of its sentences.
import assert from 'node:assert/strict';
import { errorBody, problem, ProblemError } from '../../src/domain/problem.ts';
import { say } from '../../src/domain/say.ts';
import { programAnswer, toldProblem } from '../../src/extension/programAnswer.ts';

const unexpected = () => new ProblemError(problem('command_failed', 'That makes no sense.'));
const travelled = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe('what the program answered', () => {
  it('is its last line', () => {
    assert.deepEqual(programAnswer('{"a":1}\n{"b":2}\n', unexpected), { b: 2 });
    assert.throws(() => programAnswer('hello', unexpected), /That makes no sense/);
  });

  it('may be a problem, which keeps the parts of its sentences', () => {
    const told = problem('codex_config_unusable', '{0} is no file.', { values: ['/a'], remedy: say('Look at {0}.', '/a') });
    const { code, message, remedy, said, remedySaid } = told;
    assert.throws(() => programAnswer(JSON.stringify({ error: { code, message, remedy, said, remedySaid } }), unexpected), (error: ProblemError) => {
      assert.deepEqual(error.problem, told);
      return true;
    });
  });

  it('may be a problem of an older program, or with parts that are none', () => {
    const plain = problem('command_failed', 'It failed.');
    assert.deepEqual(toldProblem('command_failed', 'It failed.', {}), plain);
    for (const said of ['It failed.', null, { sentence: 5 }, { sentence: 'x', values: 'y' }, { sentence: 'x', values: [null] }]) assert.deepEqual(toldProblem('command_failed', 'It failed.', { said, remedy: 7 }), plain);
  });

  it('is the same over HTTP', () => {
    const told = problem('key_conflict', 'The key "{0}" was used.', { values: ['k'], remedy: 'Use another.' });
    const { code, message, ...parts } = travelled(errorBody(told)).error;
    assert.deepEqual([code, message, toldProblem('key_conflict', told.message, parts)], ['key_conflict', 'The key "k" was used. Use another.', told]);
  });
});

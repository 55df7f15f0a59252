// Problems: each has a code, says what to do, and speaks OpenAI's dialect.
import assert from 'node:assert/strict';
import { errorBody, problem, problemKinds, ProblemError } from '../../src/domain/problem.ts';
import type { ProblemCode } from '../../src/domain/problem.ts';

const codes = Object.keys(problemKinds) as ProblemCode[];

describe('problems', () => {
  it('have a status that fits an error, a type and a remedy that is a sentence', () => {
    for (const code of codes) {
      const { status, type, remedy } = problemKinds[code];
      assert.ok(status >= 400 && status <= 507, code);
      assert.match(type, /^[a-z_]+$/);
      assert.match(remedy, /^[A-Z].*[.]$/s, code);
      assert.match(code, /^[a-z_]+$/);
    }
  });

  it('never look like a lack of money when waiting would help, nor the other way round', () => {
    for (const code of codes) {
      const { status, type } = problemKinds[code];
      assert.equal(type === 'insufficient_quota', status === 402, code);
      // A plan that is used up resets in hours or days: Codex knows it by its own type.
      assert.equal(type === 'requests' || type === 'tokens' || type === 'usage_limit_reached', status === 429, code);
    }
  });

  it('carry the time to come back where there is one', () => {
    assert.deepEqual(problem('queue_full', 'Full.'), { code: 'queue_full', message: 'Full.', remedy: problemKinds.queue_full.remedy });
    assert.equal(problem('queue_full', 'Full.', { retryAtMs: 5 }).retryAtMs, 5);
  });

  it('speak as OpenAI does: message with remedy, code, type, param', () => {
    assert.deepEqual(errorBody(problem('credits_exhausted', 'Nothing is left.')), {
      error: { code: 'credits_exhausted', message: `Nothing is left. ${problemKinds.credits_exhausted.remedy}`, type: 'insufficient_quota', param: null },
    });
  });

  it('travel through code that throws', () => {
    const cause = new Error('EIO');
    const error = new ProblemError(problem('ledger_full', 'Full.'), { cause });
    assert.deepEqual([error.name, error.problem.code, error.cause, error.message.startsWith('Full. Free some space')], ['ProblemError', 'ledger_full', cause, true]);
  });
});

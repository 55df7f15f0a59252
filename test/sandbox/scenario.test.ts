// Scenario files: what is accepted, what is refused and how plainly, and which fault is picked.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { FaultPicker } from '../../src/sandbox/faultPicker.ts';
import { limitsOf, parseScenario } from '../../src/sandbox/scenario.ts';

const scenarioOf = (input: unknown) => {
  const parsed = parseScenario(input);
  assert.ok('scenario' in parsed, 'mistake' in parsed ? parsed.mistake : '');
  return parsed.scenario;
};

describe('a scenario', () => {
  it('may be empty, and then limits nothing unusual and breaks nothing', () => {
    const scenario = scenarioOf({});
    assert.deepEqual(limitsOf(scenario.limits, 'gpt-5.5'), { requestsPerMinute: 500, tokensPerMinute: 500_000 });
    assert.equal(scenario.delays.deltaMs, 5);
    assert.deepEqual(scenario.faults, []);
  });

  it('is shown in full by the example, with every kind of fault in it', () => {
    const example = scenarioOf(JSON.parse(readFileSync(new URL('example.scenario.json', import.meta.url), 'utf8')));
    const kinds = new Set(example.faults.map((fault) => fault.do.kind));
    assert.deepEqual([...kinds].sort(), ['answer', 'captivePortal', 'closeBeforeHeaders', 'hang', 'overloaded', 'quota', 'redirect', 'serverError', 'stream', 'throttle', 'unauthorized', 'usageLimit']);
    assert.deepEqual(limitsOf(example.limits, 'gpt-5-mini'), { requestsPerMinute: 5, tokensPerMinute: 200_000 });
    assert.deepEqual(limitsOf(example.limits, 'gpt-6-astra'), { requestsPerMinute: 60, tokensPerMinute: 30_000 });
  });

  const mistakes: [unknown, RegExp][] = [
    [[], /expected object/i],
    [{ limits: { requestsPerMinute: 0 } }, /"limits\.requestsPerMinute"/],
    [{ limit: {} }, /Unrecognized key: "limit"/],
    [{ faults: [{ do: { kind: 'explode' } }] }, /"faults\.0\.do\.kind"/],
    [{ faults: [{ match: { nth: 0 }, do: { kind: 'serverError' } }] }, /"faults\.0\.match\.nth"/],
    [{ faults: [{ do: { kind: 'hang', forMs: 1e9 } }] }, /"faults\.0\.do\.forMs"/],
    [{ faults: [{ do: { kind: 'stream', comments: 1e9 } }] }, /"faults\.0\.do\.comments"/],
    [{ faults: [{ do: { kind: 'answer', status: 200, headers: { 'bad header': 'x' } } }] }, /"faults\.0\.do\.headers/],
    [{ faults: Array.from({ length: 201 }, () => ({ do: { kind: 'serverError' } })) }, /"faults"/],
  ];
  for (const [input, sentence] of mistakes) {
    it(`is refused with its place: ${JSON.stringify(input).slice(0, 70)}`, () => {
      const parsed = parseScenario(input);
      assert.ok('mistake' in parsed);
      assert.match(parsed.mistake, sentence);
    });
  }
});

describe('the picking of faults', () => {
  const path = '/v1/responses';
  const picker = (faults: unknown[]) => new FaultPicker(scenarioOf({ faults }).faults);

  it('counts requests from one and takes the first fault that matches', () => {
    const picks = picker([{ match: { nth: 2 }, do: { kind: 'serverError' } }, { match: { every: 2 }, do: { kind: 'captivePortal' } }]);
    assert.deepEqual([1, 2, 3, 4].map(() => picks.pick({ path })?.kind), [undefined, 'serverError', undefined, 'captivePortal']);
  });

  it('asks for everything in a match, and ends after so many times', () => {
    const picks = picker([{ match: { model: 'a', promptIncludes: 'boom', times: 2 }, do: { kind: 'serverError' } }]);
    assert.equal(picks.pick({ path, model: 'b', prompt: 'boom' }), undefined);
    assert.equal(picks.pick({ path, model: 'a', prompt: 'calm' }), undefined);
    assert.deepEqual([1, 2, 3].map(() => picks.pick({ path, model: 'a', prompt: 'a boom' })?.kind), ['serverError', 'serverError', undefined]);
    picks.reset();
    assert.equal(picks.pick({ path, model: 'a', prompt: 'boom' })?.kind, 'serverError');
  });

  it('keeps paths apart', () => {
    const picks = picker([{ match: { path: '/v1/models', nth: 1 }, do: { kind: 'serverError' } }]);
    assert.equal(picks.pick({ path }), undefined);
    assert.equal(picks.pick({ path: '/v1/models' })?.kind, 'serverError');
  });
});

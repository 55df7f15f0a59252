// The same step has the same print, another has another, and what differs each time does not count.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { stepPrints } from '../../src/protocol/stepPrint.ts';

const output = (text: string, call = 'call_1') => ({ type: 'function_call_output', call_id: call, output: text });
const call = (text: string, id = 'call_1') => ({ type: 'function_call', name: 'shell', call_id: id, arguments: text });
const before = [{ type: 'message', role: 'user', content: 'fix the tests' }, { type: 'function_call', name: 'shell', call_id: 'c', arguments: '{}' }];

describe('the print of a step', () => {
  it('is that of the results at the end, whatever came before and however they are numbered', () => {
    const one = stepPrints({ input: [...before, output('1 test failed in 3.20 s')] });
    assert.equal(stepPrints({ input: [...before, ...before, output('1 test failed in 14.07 s', 'call_77')] })?.inTask, one?.inTask);
    assert.equal(stepPrints({ previous_response_id: 'resp_1', input: [output('1 test failed in 9 s', 'call_3')] })?.inTask, one?.inTask);
    assert.notEqual(stepPrints({ input: [...before, output('all tests passed in 3.20 s')] })?.inTask, one?.inTask);
  });

  it('knows the calls that the results are of, where the request names them', () => {
    const edit = (text: string, id: string) => stepPrints({ input: [...before, call(text, id), output('Success. Updated main.ts', id)] });
    assert.equal(edit('a = 1', 'x')?.inTask, edit('a = 1', 'y')?.inTask);
    assert.notEqual(edit('a = one', 'x')?.inTask, edit('a = two', 'x')?.inTask);
    assert.deepEqual([edit('a', 'x')?.knowsCalls, stepPrints({ input: [output('done')] })?.knowsCalls], [true, false]);
  });

  it('is the same for the same result of Codex, which gives each a name by chance', () => {
    const said = (name: string, text = 'foo: not found') => stepPrints({ input: [output(`Chunk ID: ${name}\nWall time: 0.0000 seconds\nProcess exited with code 127\nOriginal token count: 2\nOutput:\n${text}\n`)] })?.inTask;
    assert.equal(said('e3ae82'), said('0badf0'));
    assert.equal(said('abcdef'), said('123456'));
    assert.notEqual(said('e3ae82'), said('e3ae82', 'bar: not found'));
    // As it tells a script that ran a command.
    const script = (name: string, seconds: string) => stepPrints({ input: [{ type: 'custom_tool_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'Script completed\nWall time 0.1 seconds\nOutput:\n' }, { type: 'input_text', text: `{"chunk_id":"${name}","wall_time_seconds":${seconds},"exit_code":3,"output":"still broken\\n"}` }] }] });
    assert.equal(script('7df431', '0.000005378')?.inTask, script('b79c49', '9.3e-7')?.inTask);
    assert.equal(script('7df431', '0.1')?.isWork, true);
  });

  it('is another where the model chose another number', () => {
    const convert = (page: number) => stepPrints({ input: [...before, call(`convert page-${page}.png`), output('')] })?.inTask;
    assert.notEqual(convert(1), convert(2));
    assert.equal(convert(1), convert(1));
  });

  it('tells work from looks and from what a person says', () => {
    const isWork = (...input: readonly unknown[]) => stepPrints({ input })?.isWork;
    for (const text of ['FAIL: 3 tests failed', 'Success. Updated the following files:\nM main.ts', `ok ${'compiled '.repeat(100)} 3 pending`]) assert.equal(isWork(output(text)), true, text);
    for (const text of ['Chunk ID: a1\nProcess running with session ID 7', 'Script running with cell ID 4', '{"chunk_id":"b79c49","wall_time_seconds":10,"session_id":27299,"output":""}', 'Output:\nin_progress', '{"status":{},"timed_out":true}', 'state: queued', '0 of 1 pods are not ready', 'The build is running.']) assert.equal(isWork(output(text)), false, text);
    assert.deepEqual([isWork(call('sleep 30 && gh run view'), output('done')), isWork(call('{"command":["sleep","30"]}'), output('')), isWork(call('npm test'), output('failed'))], [false, false, true]);
    assert.equal(isWork({ type: 'message', role: 'user', content: 'go on' }), false);
    assert.equal(stepPrints({ input: 'go on' })?.isWork, false);
  });

  it('takes tools that were called together as one step', () => {
    const two = stepPrints({ input: [...before, output('a'), output('b')] });
    assert.notEqual(two?.inTask, stepPrints({ input: [...before, output('b')] })?.inTask);
    assert.equal(two?.inTask, stepPrints({ input: [...before, output('a', 'x'), output('b', 'y')] })?.inTask);
  });

  it('counts every character for a client that names no task', () => {
    const ask = (text: string) => stepPrints({ model: 'm', input: text })?.alone;
    assert.equal(ask('Classify record 17'), ask('Classify record 17'));
    assert.notEqual(ask('Classify record 17'), ask('Classify record 18'));
  });

  it('reads chat messages too, and says nothing of a request without input', () => {
    assert.notEqual(stepPrints({ messages: [{ role: 'user', content: 'hi' }] }), undefined);
    for (const empty of [{}, { input: '' }, { input: [] }, { input: 7 }]) assert.equal(stepPrints(empty), undefined);
  });

  it('has no text of what is nested deeper than can be written, and goes by the rest', () => {
    const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`) as unknown;
    assert.equal(stepPrints({ input: [deep] }), undefined);
    assert.notEqual(stepPrints({ input: [deep, { type: 'message', role: 'user', content: 'go on' }] })?.inTask, undefined);
    assert.doesNotThrow(() => stepPrints({ input: [{ type: 'function_call', call_id: '1', name: deep }, { type: 'function_call_output', call_id: '1', output: 'x' }] }));
  });

  it('never throws and is quick for any input', () => {
    fc.assert(fc.property(fc.jsonValue(), (input) => { stepPrints({ input }); }));
    assert.notEqual(stepPrints({ input: [output('x'.repeat(5_000_000))] }), undefined);
  });
});

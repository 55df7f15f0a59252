// Another model goes into a request, and nothing else of it changes.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { withModel } from '../../src/protocol/modelSwap.ts';

describe('another model in a request', () => {
  it('is the only thing that changes, whatever the request is', () => {
    const rest = fc.dictionary(fc.string().filter((key) => key !== 'model'), fc.jsonValue());
    fc.assert(fc.property(rest, fc.jsonValue(), rest, fc.string(), fc.constantFrom(0, 1, '\t'), (before, model, after, other, indent) => {
      const body = { ...before, model, ...after };
      const swapped = withModel(JSON.stringify(body, undefined, indent), other);
      assert.equal(swapped, JSON.stringify({ ...body, model: other }, undefined, indent));
    }));
  });

  it('leaves numbers, spaces and inner models alone', () => {
    assert.equal(withModel('{ "a":1.0e3 ,"model" :\n"gpt" , "input":[{"model":"x"},"\\"model\\":1"],"t":{"model":2}}', 'm'), '{ "a":1.0e3 ,"model" :\n"m" , "input":[{"model":"x"},"\\"model\\":1"],"t":{"model":2}}');
  });

  it('reaches every one that a parser might take, however its key is written', () => {
    assert.equal(withModel('{"model":"a","mod\\u0065l":[1,{"b":"]"}],"x":1,"model":null}', 'm'), '{"model":"m","mod\\u0065l":"m","x":1,"model":"m"}');
    assert.equal(withModel('{"x":1}', 'm'), '{"x":1}');
  });
});

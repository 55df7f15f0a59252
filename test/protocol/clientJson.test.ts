// JSON of clients: read whatever text it holds, and not read where it has more values than can be parsed in a moment.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseClientJson, valuesMax } from '../../src/protocol/clientJson.ts';

const broken = (text: string) => { const parsed = parseClientJson(text); return 'broken' in parsed ? parsed.broken : undefined; };

describe('JSON of a client', () => {
  it('is what the parser says, for any text', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => { assert.deepEqual(parseClientJson(JSON.stringify(value)), { value: JSON.parse(JSON.stringify(value)) as unknown }); }));
    fc.assert(fc.property(fc.string(), (text) => {
      let value: unknown;
      try { value = JSON.parse(text); } catch { assert.equal(broken(text), 'is not valid JSON'); return; }
      assert.deepEqual(parseClientJson(text), { value });
    }));
  });

  it('is not read with more values than are ever asked with, however they are nested', () => {
    const many = valuesMax + 10;
    for (const text of [`[${'1,'.repeat(many)}1]`, `[${'{},'.repeat(many)}1]`, `${'['.repeat(many)}${']'.repeat(many)}`, `{"a":[${'"",'.repeat(many)}""]}`]) assert.equal(broken(text), 'has more than 2,000,000 values');
    assert.equal(broken(`[${'1,'.repeat(valuesMax - 3)}1]`), undefined);
  });

  it('is read with as much text as fits, whatever stands in it', () => {
    // Everything that counts outside of strings, behind every number of backslashes.
    const text = '{[,]}:"\\'.repeat(1_000_000);
    assert.deepEqual(parseClientJson(JSON.stringify({ input: text, more: [text, '\\', '\\\\', '"'] })), { value: { input: text, more: [text, '\\', '\\\\', '"'] } });
    // A text that never ends is the parser's to refuse.
    assert.equal(broken(`{"input":"${'x'.repeat(valuesMax)}`), 'is not valid JSON');
    assert.equal(broken(`{"input":"${'\\'.repeat(valuesMax + 1)}"}`), 'is not valid JSON');
  });
});

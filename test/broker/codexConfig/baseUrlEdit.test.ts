// The edit of Codex's configuration: whatever stands in the file, exactly one value or one line changes, it
// becomes a top-level key, and taking it out gives the same bytes again. Broken files are refused by line.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { baseUrlFacts, isBrokerAddress, ownRemark, setBaseUrl, unsetBaseUrl } from '../../../src/broker/codexConfig/baseUrlEdit.ts';
import { lineDiff } from '../../../src/broker/codexConfig/lineDiff.ts';
import { TomlBroken, tomlStatements } from '../../../src/broker/codexConfig/tomlStatements.ts';
import { knownToml } from './tomlText.ts';

const url = `http://127.0.0.1:23456/w/${'t'.repeat(43)}/v1`;
const line = `openai_base_url = "${url}" ${ownRemark}`;

describe('the address in Codex\'s configuration', () => {
  it('is set as a top-level key by one line or one value, and every other character stays', () => {
    fc.assert(fc.property(knownToml, ({ text, own, tablesFrom }) => {
      const set = setBaseUrl(text, url);
      if (own) {
        assert.equal(set.text, `${own.before}"${url}"${own.behind}`);
        assert.equal(set.previous, own.value);
      } else {
        const at = set.text.indexOf(line);
        assert.ok(at !== -1 && at <= tablesFrom + 2, 'it stands above the first table');
        const lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
        const isBehind = text === set.text.slice(0, at) + set.text.slice(at + line.length + lineBreak.length);
        const isLast = set.text === text + lineBreak + line;
        assert.ok(isBehind || isLast, 'one line came, and nothing else');
        assert.equal(set.previous, undefined);
      }
      assert.equal(baseUrlFacts(set.text).baseUrl, url);
    }), { numRuns: 2_000 });
  });

  it('comes out again to the byte, however often it was set', () => {
    fc.assert(fc.property(knownToml, fc.boolean(), ({ text }, isTwice) => {
      const set = setBaseUrl(text, isTwice ? `${url}/other` : url);
      const after = isTwice ? setBaseUrl(set.text, url).text : set.text;
      assert.equal(unsetBaseUrl(after, url, set.previous), text);
      assert.equal(unsetBaseUrl(after, `${url}x`, set.previous), undefined, 'another address is not ours');
      assert.equal(unsetBaseUrl(text, url, undefined), undefined);
    }), { numRuns: 2_000 });
  });

  it('comes out of a file that was edited since, which keeps the edits', () => {
    fc.assert(fc.property(knownToml, knownToml, ({ text }, other) => {
      fc.pre(text === '' || text.endsWith('\n'));
      const set = setBaseUrl(text, url);
      // Somebody wrote a comment on top and a table at the end.
      const edit = (before: string) => `${before.startsWith('\uFEFF') ? '\uFEFF' : ''}# mine\n${before.replace('\uFEFF', '')}[added]\nk = ${JSON.stringify(other.text)}\n`;
      const undone = unsetBaseUrl(edit(set.text), url, set.previous);
      assert.equal(undone, edit(text));
    }), { numRuns: 500 });
  });

  it('is put where a person would put it', () => {
    const set = (text: string) => setBaseUrl(text, url).text;
    assert.equal(set(''), `${line}\n`);
    assert.equal(set('# mine\nmodel = "m" # why\n\n# tools\n[tools]\nx = 1\n'), `# mine\nmodel = "m" # why\n${line}\n\n# tools\n[tools]\nx = 1\n`);
    assert.equal(set('model = "m"'), `model = "m"\n${line}`);
    assert.equal(set('[tools]\nopenai_base_url = "no"\n'), `${line}\n[tools]\nopenai_base_url = "no"\n`);
    assert.equal(set('openai_base_url = "https://a/" # corp\n'), `openai_base_url = "${url}" # corp\n`);
  });

  it('is refused where the file is broken, with the line', () => {
    const broken: [string, number][] = [
      ['a = 1\na = 2', 2], ['a =', 1], ['a', 1], ['= 1', 1], ['a = 1 b = 2', 1], ['a = yes', 1], ['a = 01', 1], ['a = "x', 1], ['a = """x\n\n', 1], ['a = \'\'\'x', 1], ['a = "\\q"', 1], ['x = 1\n\n[t', 3], ['[t]]', 1], ['[[t]', 1], ['[]', 1],
      ['[t]\n[t]', 2], ['[t]\n[[t]]', 2], ['a = 1\n[a.b]', 2], ['[a]\nb.c = 1\n[a.b]', 3], ['a = [1', 1], ['a = [1 2]', 1], ['a = [,]', 1], ['a = {b = 1', 1], ['a = {b}', 1], ['a = {b = 1, "b" = 2}', 1], ['a = 1\rb = 2', 1], ['a = "\u0000"', 1], [`a = ${'['.repeat(200)}`, 1],
      ['openai_base_url = 1', 1], ['[openai_base_url]', 1], ['openai_base_url.a = "x"', 1], ['x = 1\nopenai_base_url = ["a"]', 2],
    ];
    for (const [text, at] of broken) assert.throws(() => setBaseUrl(text, url), (error) => error instanceof TomlBroken && error.line === at && error.message.startsWith(`line ${at}: `), text);
  });

  it('is found among everything that TOML allows', () => {
    const good = ['a.b = 1\na.c = 2', '[[t]]\na = 1\n[[t]]\na = 1\n[t.u]\n[[t.v]]', '[a.b]\n[a]', 'a = [1, [2,], {x = 1},]', 'a = { b.c = 1,\n d\n = 2, }', 'a = 07:32:00', 'a = inf # x', '"" = 1', '\'a"b\' = 1', 'a = """"q"""""', 'a = "\\e\\x41\\U0001F600"'];
    for (const text of good) assert.doesNotThrow(() => tomlStatements(text), text);
    assert.equal(baseUrlFacts('"openai\\u005fbase_url" = """\nhttp://\\\n  x"""\nmodel_provider = \'mine\'').baseUrl, 'http://x');
    assert.equal(baseUrlFacts('model_provider = \'mine\'\n[t]\nmodel_provider = "b"').modelProvider, 'mine');
  });

  it('is known as a broker\'s own by its form', () => {
    for (const own of [url, `http://localhost:1/w/${'a'.repeat(20)}/backend-api/codex/`]) assert.ok(isBrokerAddress(own), own);
    for (const foreign of ['https://api.openai.com/v1', 'http://127.0.0.1:1/v1', `http://127.0.0.1.evil.example:1/w/${'a'.repeat(43)}/v1`, `https://127.0.0.1:1/w/${'a'.repeat(43)}/v1`]) assert.ok(!isBrokerAddress(foreign), foreign);
  });
});

describe('the difference of two texts', () => {
  it('shows what goes and comes with three lines around it', () => {
    assert.deepEqual(lineDiff('1\n2\n3\n4\n5\n6\n', '1\n2\n3\n4\nx\n5\n6\n'), ['@@ -2,5 +2,6 @@', ' 2', ' 3', ' 4', '+x', ' 5', ' 6']);
    assert.deepEqual(lineDiff('a\r\nb\r\n', 'a\r\nc\r\n'), ['@@ -1,2 +1,2 @@', ' a', '-b', '+c']);
    assert.deepEqual(lineDiff('', 'a\n'), ['@@ -0,0 +1,1 @@', '+a']);
    assert.deepEqual(lineDiff('a', 'a\nb'), ['@@ -1,1 +1,2 @@', '-a  (no line break at the end)', '+a', '+b  (no line break at the end)']);
    assert.deepEqual(lineDiff('a\n', 'a\n'), []);
  });
});

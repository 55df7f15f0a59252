// Random TOML for property tests: a text put together from parts whose meaning is known, so that a test can
// say what an edit may change without another reader. Values hold what looks like tables, keys and comments.
import fc from 'fast-check';

/** A configuration with what is known of it. */
export interface KnownToml {
  readonly text: string;
  /** The statement of `openai_base_url` above the first table, in the pieces around its value. */
  readonly own?: { readonly before: string; readonly value: string; readonly behind: string };
  /** Where the region of top-level keys ends at the latest: the begin of the first table's line. */
  readonly tablesFrom: number;
}

const lookalike = 'openai_base_url = "http://in.a.text/"';
const scalars = ['1', '-0.5e3', '0xFF', 'true', '1979-05-27 07:32:00', '"x # no comment"', '\'lit\\\'', '"q\\"[t]"', `"""\n[table]\n${lookalike}\n"""`, `'''\n${lookalike}\n[[x]]'''`, '"""a\\\n   b""\\""""', '""', '\'\'\'\'\'\''];
const scalar = fc.constantFrom(...scalars);
const array = fc.tuple(fc.array(scalar, { maxLength: 3 }), fc.constantFrom(', ', ',\n  ', ', # [t]\n  ')).map(([values, between]) => `[${values.join(between)}\n]`);
const inline = fc.array(scalar.filter((text) => !text.includes('\n')), { maxLength: 2 }).map((values) => `{ ${[`openai_base_url = "in"`, ...values.map((value, index) => `k${index} = ${value}`)].join(', ')} }`);
const value = fc.oneof({ weight: 3, arbitrary: scalar }, array, inline);
const remark = fc.constantFrom('', ' # said "so', '\t# [t]');
const gap = fc.constantFrom('', '# openai_base_url = "none"\n', '\n', '   \n# [not.a.table]\n');
const equals = fc.constantFrom(' = ', '=', '\t=  ');
const keyLine = (name: string) => fc.tuple(gap, fc.constantFrom('', '  '), equals, value, remark)
  .map(([before, indent, is, what, after]) => `${before}${indent}${name}${is}${what}${after}\n`);
const keys = (prefix: string) => fc.nat({ max: 3 }).chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => keyLine(index % 2 === 0 ? `${prefix}${index}` : `"${prefix} ${index}".sub`)))).map((lines) => lines.join(''));
const ownName = fc.constantFrom('openai_base_url', '"openai_base_url"', '\'openai_base_url\'', '"openai\\u005fbase_url"');
const ownValue = fc.constantFrom('"https://corp.example/v1"', '\'https://corp.example/v1\'', '"""https://corp.example/v1"""', '"""\nhttps://corp\\\n   .example/v1"""');
const own = fc.option(fc.tuple(ownName, equals, ownValue, remark).map(([name, is, text, after]) => ({ before: name + is, value: text, behind: `${after}\n` })), { nil: undefined });
const table = (index: number) => fc.tuple(gap, fc.constantFrom(`[t${index}]`, `[t${index}."a.b"]`, `[[list]]`, ` [ t${index} . u ] # x`), keys('in'), fc.boolean())
  .map(([before, head, body, hasOwn]) => `${before}${head}\n${body}${hasOwn ? `${lookalike}\n` : ''}`);

/** Configurations with and without the key, in either kind of line break, with and without a last one. */
export const knownToml: fc.Arbitrary<KnownToml> = fc.record({
  mark: fc.constantFrom('', '\uFEFF'), first: keys('a'), own, second: keys('b'), end: gap,
  tables: fc.nat({ max: 3 }).chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => table(index)))),
  isWindows: fc.boolean(), isOpen: fc.boolean(),
}).map(({ mark, first, own: set, second, end, tables, isWindows, isOpen }) => {
  const breaks = (text: string) => (isWindows ? text.replaceAll('\n', '\r\n') : text);
  const head = breaks(mark + first + (set ? set.before : ''));
  const whole = head + breaks((set ? set.value + set.behind : '') + second + end);
  const text = whole + breaks(tables.join(''));
  return {
    text: isOpen ? text.replace(/\r?\n$/, '') : text, tablesFrom: whole.length,
    ...(set ? { own: { before: head, value: breaks(set.value), behind: text.slice(head.length + breaks(set.value).length).replace(isOpen ? /\r?\n$/ : /$^/, '') } } : {}),
  };
});

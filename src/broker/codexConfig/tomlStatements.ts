// Reads a TOML text into its statements with their places, as far as a careful edit needs it: what is a key,
// what is a table, where a value begins and ends, and whether the whole text holds together. It keeps no
// values but texts, and accepts what TOML 1.0 and 1.1 allow.

/** A statement `key = value`. Positions are indexes of the text. */
export interface TomlKey {
  readonly kind: 'key';
  /** The table that it belongs to; empty above the first table. */
  readonly table: readonly string[];
  readonly key: readonly string[];
  /** Begin of its line, and behind the line break that ends it. */
  readonly start: number;
  readonly end: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** The value, when it is a text. */
  readonly textValue?: string;
}

/** A head `[table]` or `[[table]]`. */
export interface TomlTable {
  readonly kind: 'table';
  readonly table: readonly string[];
  readonly start: number;
  readonly end: number;
}

/** A statement of a TOML text. */
export type TomlStatement = TomlKey | TomlTable;

/** The text is no TOML; `line` counts from 1. */
export class TomlBroken extends Error {
  readonly line: number;
  constructor(text: string, at: number, why: string) {
    const line = text.slice(0, at).split('\n').length;
    super(`line ${line}: ${why}`);
    this.name = 'TomlBroken';
    this.line = line;
  }
}

const escapes = String.raw`\\(?:[btnfre"\\]|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8})`;
const patterns = {
  space: /[ \t]*/y,
  comment: /#[^\n]*/y,
  bareKey: /[A-Za-z0-9_-]+/y,
  text: new RegExp(String.raw`"((?:[^"\\\n]|${escapes})*)"`, 'y'),
  literal: /'([^'\n]*)'/y,
  longText: new RegExp(String.raw`"""(?:\r?\n)?((?:[^"\\]|${escapes}|\\[ \t]*\r?\n\s*|"{1,2}(?!"))*"{0,2})"""(?!")`, 'y'),
  longLiteral: /'''(?:\r?\n)?((?:[^']|'{1,2}(?!'))*'{0,2})'''(?!')/y,
  bareValue: /\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]+|[^\s,\]}#]+/y,
} as const;
const number = String.raw`(?:0|[1-9](?:_?\d)*)`;
const bareValues = new RegExp(`^(?:${[
  'true|false', '[+-]?(?:inf|nan)', String.raw`[+-]?${number}(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?`,
  '0x[\\da-fA-F](?:_?[\\da-fA-F])*', '0o[0-7](?:_?[0-7])*', '0b[01](?:_?[01])*',
  String.raw`\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)?)?`, String.raw`\d\d:\d\d(?::\d\d(?:\.\d+)?)?`,
].join('|')})$`);
/** How deep arrays and inline tables may stand in each other. */
const depthMax = 100;

/** Reads a text. @throws TomlBroken */
export function tomlStatements(text: string): TomlStatement[] {
  refuseControlCharacters(text);
  const reader = new Reader(text);
  const seen = new SeenNames();
  const statements: TomlStatement[] = [];
  let table: readonly string[] = [];
  while (!reader.isAtEnd()) {
    const start = reader.at;
    reader.take(patterns.space);
    if (reader.peek() === '[') {
      const isArray = reader.text.startsWith('[[', reader.at);
      reader.at += isArray ? 2 : 1;
      table = reader.key();
      reader.want(isArray ? ']]' : ']');
      if (!seen.openTable(table, isArray)) throw reader.broken(`the table [${table.join('.')}] stands there twice`, start);
      reader.lineEnd();
      statements.push({ kind: 'table', table, start, end: reader.at });
    } else if (reader.isBlank()) {
      reader.lineEnd();
    } else {
      const key = reader.key();
      reader.want('=');
      reader.take(patterns.space);
      const valueStart = reader.at;
      const textValue = reader.value(0);
      const valueEnd = reader.at;
      reader.lineEnd();
      if (!seen.setKey(key)) throw reader.broken(`the key ${key.join('.')} stands there twice`, start);
      statements.push({ kind: 'key', table, key, start, end: reader.at, valueStart, valueEnd, ...(textValue === undefined ? {} : { textValue }) });
    }
  }
  return statements;
}

function refuseControlCharacters(text: string): void {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const isAllowed = code === 9 || code === 10 || code >= 32 && code !== 127 || code === 13 && text.charCodeAt(at + 1) === 10;
    if (!isAllowed) throw new TomlBroken(text, at, 'it holds a control character');
  }
}

/** Reads forward through a text. */
class Reader {
  readonly text: string;
  at: number;
  constructor(text: string) {
    this.text = text;
    this.at = text.startsWith('\uFEFF') ? 1 : 0;
  }

  isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  peek(): string | undefined {
    return this.text[this.at];
  }

  isBlank(): boolean {
    return this.isAtEnd() || ['#', '\r', '\n'].includes(this.peek() ?? '');
  }

  broken(why: string, at = this.at): TomlBroken {
    return new TomlBroken(this.text, at, why);
  }

  /** Takes what a pattern matches here and passes over it; undefined when it matches nothing. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text) ?? undefined;
    if (found) this.at += found[0].length;
    return found;
  }

  want(mark: string): void {
    this.take(patterns.space);
    if (!this.text.startsWith(mark, this.at)) throw this.broken(`"${mark}" is missing`);
    this.at += mark.length;
  }

  /** The rest of a line holds nothing but space and a comment. */
  lineEnd(): void {
    this.take(patterns.space);
    this.take(patterns.comment);
    if (this.isAtEnd()) return;
    if (this.peek() === '\r') this.at += 1;
    if (this.peek() !== '\n') throw this.broken('something stands behind the end of a statement');
    this.at += 1;
  }

  key(): string[] {
    const parts: string[] = [];
    for (;;) {
      this.take(patterns.space);
      const bare = this.take(patterns.bareKey)?.[0];
      const quoted = bare === undefined ? this.take(patterns.text) : undefined;
      const part = bare ?? (quoted ? unescaped(quoted[1] ?? '') : this.take(patterns.literal)?.[1]);
      if (part === undefined) throw this.broken('a key is missing or not readable');
      parts.push(part);
      this.take(patterns.space);
      if (this.peek() !== '.') return parts;
      this.at += 1;
    }
  }

  /** Passes over a value. @returns its text, when it is one */
  value(depth: number): string | undefined {
    const first = this.peek();
    if (first === '"' || first === '\'') return this.textValue(first);
    if (first === '[' || first === '{') {
      if (depth >= depthMax) throw this.broken('values stand too deep in each other');
      this.at += 1;
      this.members(first === '[' ? ']' : '}', depth + 1);
      return undefined;
    }
    const start = this.at;
    const found = this.take(patterns.bareValue)?.[0];
    if (found === undefined || !bareValues.test(found)) throw this.broken(found === undefined ? 'a value is missing' : 'a value is none that TOML knows', start);
    return undefined;
  }

  private textValue(quote: string): string {
    const isLong = this.text.startsWith(quote.repeat(3), this.at);
    const found = this.take(quote === '"' ? (isLong ? patterns.longText : patterns.text) : isLong ? patterns.longLiteral : patterns.literal);
    if (!found) throw this.broken('a text is not closed or holds an unknown escape');
    return quote === '"' ? unescaped(found[1] ?? '') : found[1] ?? '';
  }

  /** What stands inside of an array or an inline table, up to its end. */
  private members(close: string, depth: number): void {
    const keys = new Set<string>();
    this.gap();
    while (this.peek() !== close) {
      if (close === '}') {
        const start = this.at;
        const name = JSON.stringify(this.key());
        if (keys.has(name)) throw this.broken('a key stands there twice in one inline table', start);
        keys.add(name);
        this.gap();
        this.want('=');
        this.gap();
      }
      this.value(depth);
      this.gap();
      if (this.peek() === ',') this.at += 1;
      else if (this.peek() !== close) throw this.broken(`"${close}" is missing`);
      this.gap();
    }
    this.at += 1;
  }

  /** Space, line breaks and comments between members. */
  private gap(): void {
    for (;;) {
      this.take(patterns.space);
      this.take(patterns.comment);
      if (this.peek() !== '\r' && this.peek() !== '\n') return;
      this.at += 1;
    }
  }
}

const shortEscapes: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\u001B', '"': '"', '\\': '\\' };

function unescaped(text: string): string {
  return text.replace(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([btnfre"\\])|[ \t]*\r?\n\s*)/g, (_whole, two?: string, four?: string, eight?: string, short?: string) => {
    const code = two ?? four ?? eight;
    if (code === undefined) return short === undefined ? '' : shortEscapes[short] ?? '';
    const point = Number.parseInt(code, 16);
    return point > 0x10FFFF ? '\uFFFD' : String.fromCodePoint(point);
  });
}

/** Names that were given a value or opened as a table. Elements of an array of tables each begin anew. */
class SeenNames {
  readonly #kinds = new Map<string, 'key' | 'table' | 'array' | 'dotted' | 'implied'>();
  readonly #elements = new Map<string, number>();
  #table = '';

  openTable(path: readonly string[], isArray: boolean): boolean {
    for (const depth of path.keys()) {
      const outer = this.#nameOf(path.slice(0, depth));
      const kind = this.#kinds.get(outer);
      if (kind === 'key') return false;
      if (kind === undefined) this.#kinds.set(outer, 'implied');
    }
    const name = this.#nameOf(path.slice(0, -1)) + this.#step(path.at(-1) ?? '');
    const known = this.#kinds.get(name);
    if (known !== undefined && known !== (isArray ? 'array' : 'implied')) return false;
    this.#kinds.set(name, isArray ? 'array' : 'table');
    if (isArray) this.#elements.set(name, (this.#elements.get(name) ?? 0) + 1);
    this.#table = this.#nameOf(path);
    return true;
  }

  setKey(path: readonly string[]): boolean {
    let name = this.#table;
    for (const [index, part] of path.entries()) {
      name += this.#step(part);
      const known = this.#kinds.get(name);
      if (known !== undefined && (known !== 'dotted' || index === path.length - 1)) return false;
      this.#kinds.set(name, index === path.length - 1 ? 'key' : 'dotted');
    }
    return true;
  }

  #step(part: string): string {
    return `/${JSON.stringify(part)}`;
  }

  #nameOf(path: readonly string[]): string {
    return path.reduce((name, part) => {
      const next = name + this.#step(part);
      const element = this.#elements.get(next);
      return element === undefined ? next : `${next}#${element}`;
    }, '');
  }
}

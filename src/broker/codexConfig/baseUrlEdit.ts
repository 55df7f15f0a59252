// Sets and takes out `openai_base_url` in the text of a Codex configuration file. It touches the value of
// that one top-level key, or one line of its own, and leaves every other character as it is.
import type { TomlKey } from './tomlStatements.ts';
import { TomlBroken, tomlStatements } from './tomlStatements.ts';

/** The key that decides where Codex's built-in provider sends its requests. */
export const baseUrlKey = 'openai_base_url';
/** Stands behind a line of ours, so that whoever reads the file knows where it came from. */
export const ownRemark = '# set by Codex Usage Broker; `codex-broker route --undo` takes it out';

/** What the file says about the way of Codex's requests. */
export interface BaseUrlFacts {
  /** The address that is set; absent when none is. */
  readonly baseUrl?: string;
  /** The provider that is chosen, when the file chooses one. */
  readonly modelProvider?: string;
}

/** A text with the key set. */
export interface BaseUrlSet {
  readonly text: string;
  /** The value that stood there, as it was written; absent when there was none. */
  readonly previous?: string;
}

/** Reads what matters. @throws TomlBroken */
export function baseUrlFacts(text: string): BaseUrlFacts {
  const statements = tomlStatements(text);
  const valueOf = (name: string) => statements.find((one): one is TomlKey => isTopLevel(one, name))?.textValue;
  const baseUrl = valueOf(baseUrlKey);
  const modelProvider = valueOf('model_provider');
  return { ...(baseUrl === undefined ? {} : { baseUrl }), ...(modelProvider === undefined ? {} : { modelProvider }) };
}

/** Sets the address. @throws TomlBroken, also when the key is there and is no text */
export function setBaseUrl(text: string, url: string): BaseUrlSet {
  const statements = tomlStatements(text);
  const value = JSON.stringify(url);
  const odd = statements.find((one) => (one.kind === 'table' ? one.table[0] === baseUrlKey : one.table.length === 0 && one.key[0] === baseUrlKey && (one.key.length > 1 || one.textValue === undefined)));
  if (odd) throw new TomlBroken(text, odd.start, `${baseUrlKey} is there and is no text`);
  const present = statements.find((one): one is TomlKey => isTopLevel(one, baseUrlKey));
  if (present) {
    const edited = text.slice(0, present.valueStart) + value + text.slice(present.valueEnd);
    return { text: edited, previous: text.slice(present.valueStart, present.valueEnd) };
  }
  const line = `${baseUrlKey} = ${value} ${ownRemark}`;
  const lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
  // A key behind a table's head would belong to that table.
  const last = statements.findLast((one) => one.kind === 'key' && one.table.length === 0);
  const at = last?.end ?? (text.startsWith('\uFEFF') ? 1 : 0);
  const isBehindOpenLine = last !== undefined && at === text.length && !text.endsWith('\n');
  return { text: text.slice(0, at) + (isBehindOpenLine ? lineBreak + line : line + lineBreak) + text.slice(at) };
}

/**
 * Takes the address out again.
 * @param previous what stood there before, as it was written; absent removes the line
 * @throws TomlBroken @returns undefined when the key is not there, or with another address than `url`
 */
export function unsetBaseUrl(text: string, url: string, previous: string | undefined): string | undefined {
  const present = tomlStatements(text).find((one): one is TomlKey => isTopLevel(one, baseUrlKey));
  if (present?.textValue !== url) return undefined;
  if (previous !== undefined) return text.slice(0, present.valueStart) + previous + text.slice(present.valueEnd);
  const before = text.slice(0, present.start);
  // The last line, when it ends without a line break, was begun by one of ours.
  const isOpenLine = present.end === text.length && !text.endsWith('\n');
  return (isOpenLine ? before.replace(/\r?\n$/, '') : before) + text.slice(present.end);
}

/** Whether an address is one of a broker's own, for a workspace. */
export function isBrokerAddress(url: string): boolean {
  return /^http:\/\/(?:127\.0\.0\.1|localhost):\d{1,5}\/w\/[\w-]{20,100}\/(?:v1|backend-api\/codex)\/?$/.test(url);
}

function isTopLevel(statement: { readonly kind: string; readonly table: readonly string[]; readonly key?: readonly string[] }, name: string): boolean {
  return statement.kind === 'key' && statement.table.length === 0 && statement.key?.length === 1 && statement.key[0] === name;
}

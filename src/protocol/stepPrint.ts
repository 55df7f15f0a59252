// Recognises the same step of a task again without keeping what it says: a print of what a request adds to its
// task, the same for the same step. A print stays in memory, tells nothing back, and proves nothing: it is no
// cryptographic hash, and two different steps may share one by chance.

/** Items behind each other that count as one step: the results of tools that were called together. */
const itemsMax = 8;
/** Characters of an item that are looked at, half from its beginning and half from its end. */
const charactersMax = 32_768;

/** Codex gives each result of a command a name by chance, of hexadecimal digits. */
const pieceName = /(?:Chunk ID: |chunk_id\W+)[0-9a-f]+/g;
/** Calls that wait for a while, or for another agent. */
const pauses = /\bsleep\W{1,6}\d|"name":"(?:wait|wait_agent)"/;
/** What Codex says of a command that has not ended, or of an agent that was waited for in vain. */
const stillRuns = /(?:Process|Script) running with|session_id\\*":|\\?"timed_out\\?":\s*true/;
/** What others say of it. Only a short result is believed: somewhere in a long one such words stand for anything. */
const underWay = /\b(?:in[ _-]progress|queued|pending|not ready|not yet|waiting for|(?:still|is) (?:running|building|starting))\b/i;
const shortResultMax = 600;

/** Items before those at the end among which the calls are looked for that they answer. */
const callsAmong = 32;

/** The prints of a request's newest step. */
export interface StepPrints {
  /** Inside a task: numbers of results do not count, since times and process numbers differ with each look at the same thing; those of calls do, since the model chose them. */
  readonly inTask: string;
  /** Whether `inTask` knows the calls that the results are of. A request that continues a response does not name them. */
  readonly knowsCalls: boolean;
  /** Whether it is a step of work: neither what a person says nor a look at something that goes on by itself, which may be repeated for hours. */
  readonly isWork: boolean;
  /** For a client that names no task: every character counts, and how many items there are. */
  readonly alone: string;
}

/** The prints of the items at the end of a request's input, such as results of tools with their calls, or a message; undefined for a request without input. */
export function stepPrints(request: Readonly<Record<string, unknown>>): StepPrints | undefined {
  const items: unknown = request['input'] ?? request['messages'];
  const last = typeof items === 'string' ? [items] : Array.isArray(items) ? lastItems(items) : [];
  const said = last.map((item) => excerpt(typeof item === 'string' ? item : itemText(item))).join('\n');
  if (said === '') return undefined;
  const calls = Array.isArray(items) ? callsOf(items, last) : [];
  const isSaid = typeof items === 'string' || typeOf(last.at(-1)).endsWith(' user');
  const asked = calls.map(itemText).map(excerpt).join('\n');
  return {
    inTask: print(`${asked}\n${said.replaceAll(pieceName, 'chunk').replaceAll(/\d+(?:[.,:]\d+)*(?:e-?\d+)?/g, '0')}`), knowsCalls: calls.length > 0,
isWork: !isSaid && !isLook(asked, said),
    alone: print(`${Array.isArray(items) ? items.length : 1} ${said}`),
  };
}

/** Whether a step only waits: its call says so, or its result. */
function isLook(asked: string, said: string): boolean {
  // In the JSON of an item the letter of a line's end touches the word behind it.
  const [call, result] = [asked, said].map((text) => text.replaceAll(/\\+[nrt]/g, ' ')) as [string, string];
  return pauses.test(call) || stillRuns.test(result) || result.length <= shortResultMax && underWay.test(result);
}

/** The items at the end that are of one type, newest last. */
function lastItems(items: readonly unknown[]): unknown[] {
  const last = typeOf(items.at(-1));
  let from = items.length - 1;
  while (from > 0 && items.length - from < itemsMax && typeOf(items[from - 1]) === last) from -= 1;
  return items.slice(Math.max(0, from));
}

/** The calls that results answer: the items before them with the same `call_id`. */
function callsOf(items: readonly unknown[], results: readonly unknown[]): unknown[] {
  const answered = new Set<string | undefined>(results.map(callIdOf).filter((id) => id !== undefined));
  if (answered.size === 0) return [];
  const end = items.length - results.length;
  return items.slice(Math.max(0, end - callsAmong), end).filter((item) => answered.has(callIdOf(item)));
}

function callIdOf(item: unknown): string | undefined {
  const id = (item as { call_id?: unknown } | null | undefined)?.call_id;
  return typeof id === 'string' ? id : undefined;
}

function typeOf(item: unknown): string {
  const { type, role } = (item ?? {}) as { type?: unknown; role?: unknown };
  return `${String(type)} ${String(role)}`;
}

/** Names that differ each time. */
const names = new Set(['id', 'call_id', 'tool_call_id', 'status', 'internal_chat_message_metadata_passthrough']);

/** An item as text, without such names. One that is nested deeper than can be written has none. */
function itemText(item: unknown): string {
  try {
    const json: string | undefined = JSON.stringify(item, (key, value: unknown) => (names.has(key) ? undefined : value));
    return json ?? '';
  } catch (error) {
    if (error instanceof RangeError) return '';
    throw error;
  }
}

function excerpt(text: string): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax / 2)}${text.length}${text.slice(-charactersMax / 2)}`;
}

/** 53 bits of a text, by two multiplications for each character (cyrb53, https://github.com/bryc/code/blob/master/jshash/experimental/cyrb53.js, public domain). */
function print(text: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
}

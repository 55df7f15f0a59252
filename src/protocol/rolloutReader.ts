// Reads what Codex's own session files (rollouts) tell of used tokens: one JSON value a line, fed one by one.
// Newer Codex (0.163 and 0.169 measured) writes a `token_usage_record` with the response's id for each response;
// older ones (0.140) write running totals only, from which each step is taken. A fork or a resumed session
// replays its parent's lines, with times of its own or the old ones; it gives the same keys, so that whoever
// counts each key once counts no response twice. Texts of prompts and replies are passed over. Pure.
import { isPlausible, noTokens, subtractUsage } from '../domain/tokenUsage.ts';
import type { TokenUsage } from '../domain/tokenUsage.ts';

/** What one response used, as a session file tells it. */
export interface RolloutUse {
  /** The same for the same response, in whichever file and however often it is read: its id, or for older files its place among the totals. */
  readonly key: string;
  /** The upstream's id of the response; absent where the file does not tell it. */
  readonly responseId?: string;
  readonly atMs: number;
  readonly threadId?: string;
  /** The model of the latest turn before it; absent when none was named. */
  readonly model?: string;
  /** The folder that Codex worked in. */
  readonly cwd?: string;
  /** Codex's `originator`, such as `codex_exec`. */
  readonly client?: string;
  readonly clientVersion?: string;
  readonly usage: TokenUsage;
}

type Fields = Readonly<Record<string, unknown>>;

/** The longest name (id, model, client) that is taken; a longer one is none. */
const nameCharsMax = 160;
const cwdCharsMax = 4096;
/** Lines of other kinds are the most, and the longest: they are not even parsed. */
const kinds = /"(?:token_usage_record|token_count|session_meta|turn_context)"/;

/** Reads one session file, line by line from its beginning. */
export class RolloutReader {
  #threadId: string | undefined;
  /** The first ancestor of the thread: forks of it count their replayed totals under its name. */
  #root: string | undefined;
  #model: string | undefined;
  #cwd: string | undefined;
  #client: string | undefined;
  #clientVersion: string | undefined;
  /** The last total. */
  #total: TokenUsage | undefined;
  /** Once the file has records, its totals tell the same responses again. */
  #hasRecords = false;
  #unreadable = 0;

  /** Lines that should tell of usage and could not be read, with a usage that cannot be true or without an id or a time. */
  get unreadable(): number { return this.#unreadable; }

  /** Reads a line. @returns the response that it tells of; undefined for every other line, and for one that is torn */
  read(line: string): RolloutUse | undefined {
    if (!kinds.test(line)) return undefined;
    const entry = parsedFields(line);
    const payload = entry && fieldsOf(entry['payload']);
    if (!entry || !payload) return undefined;
    switch (entry['type']) {
      case 'session_meta': this.#readSession(payload); return undefined;
      case 'turn_context':
        this.#model = nameOf(payload['model']) ?? this.#model;
        this.#cwd = textOf(payload['cwd'], cwdCharsMax) ?? this.#cwd;
        return undefined;
      case 'token_usage_record': return this.#readRecord(entry, payload);
      case 'event_msg': return payload['type'] === 'token_count' ? this.#readCount(entry, payload) : undefined;
      default: return undefined;
    }
  }

  /** The first session is the file's own; those that follow are the ancestors that it was forked from, the nearest first. */
  #readSession(payload: Fields): void {
    const id = nameOf(payload['id']);
    const parent = nameOf(payload['forked_from_id']);
    if (this.#threadId === undefined) {
      this.#threadId = id;
      this.#root = parent ?? id;
      this.#client = nameOf(payload['originator']);
      this.#clientVersion = nameOf(payload['cli_version']);
      // A fork by such a version may begin with totals that it inherited.
      if (writesRecords(this.#clientVersion)) this.#hasRecords = true;
      this.#cwd = textOf(payload['cwd'], cwdCharsMax) ?? this.#cwd;
    } else if (id !== undefined && id === this.#root) {
      this.#root = parent ?? id;
    }
  }

  #readRecord(entry: Fields, payload: Fields): RolloutUse | undefined {
    this.#hasRecords = true;
    const responseId = nameOf(payload['response_id']);
    const usage = usageOf(payload['usage']);
    if (responseId === undefined) { this.#unreadable += 1; return undefined; }
    return this.#use(entry, { key: responseId, responseId }, usage, nameOf(payload['thread_id']) ?? this.#threadId);
  }

  /** Running totals: repeated ones tell nothing new, and `last_token_usage` is believed only where a total has no earlier one of its own. */
  #readCount(entry: Fields, payload: Fields): RolloutUse | undefined {
    const info = fieldsOf(payload['info']);
    const total = info && usageOf(info['total_token_usage']);
    // Without totals it tells of limits only; all zeros is what stands there after a compaction.
    if (this.#hasRecords || !total || total.inputTokens + total.outputTokens === 0) return undefined;
    const before = this.#total;
    const added = before && subtractUsage(total, before);
    const isAnew = added !== undefined && Object.values(added).some((count) => count < 0);
    this.#total = total;
    const inherits = before === undefined && this.#root !== this.#threadId;
    const used = isAnew || inherits ? lastStep(info['last_token_usage'], total) : added ?? total;
    if (used.inputTokens + used.outputTokens === 0) return undefined;
    // By the total that it led to and its own size: a replay may leave out what came before it. Two steps of one family that are
    // alike in both count as one; that is rarer than a replay, and errs to too little.
    return this.#use(entry, { key: `${this.#root ?? 'no thread'}:${countsText(total)}:${countsText(used)}` }, used, this.#threadId);
  }

  #use(entry: Fields, name: Pick<RolloutUse, 'key' | 'responseId'>, usage: TokenUsage | undefined, threadId: string | undefined): RolloutUse | undefined {
    const atMs = typeof entry['timestamp'] === 'string' ? Date.parse(entry['timestamp']) : Number.NaN;
    if (!usage || !isPlausible(usage) || !(atMs >= 0)) { this.#unreadable += 1; return undefined; }
    return {
      ...name, atMs, usage, ...(threadId === undefined ? {} : { threadId }), ...(this.#model === undefined ? {} : { model: this.#model }),
      ...(this.#cwd === undefined ? {} : { cwd: this.#cwd }), ...(this.#client === undefined ? {} : { client: this.#client }),
      ...(this.#clientVersion === undefined ? {} : { clientVersion: this.#clientVersion }),
    };
  }
}

/** Whether a version of Codex is known to write records; of others the file itself tells. */
function writesRecords(version: string | undefined): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  return Number(major) > 0 || Number(minor) >= 163;
}

/** What a total that follows on none grew by: the last step where it is a part of it, else all of it. */
function lastStep(last: unknown, total: TokenUsage): TokenUsage {
  const step = usageOf(last);
  return step && Object.values(subtractUsage(total, step)).every((count) => count >= 0) ? step : total;
}

function countsText(usage: TokenUsage): string {
  return [usage.inputTokens, usage.cachedInputTokens, usage.cacheWriteTokens, usage.outputTokens, usage.reasoningTokens].join('.');
}

/** Codex's own names; counts that an older version does not write are zero there, since it knows of none. */
function usageOf(value: unknown): TokenUsage | undefined {
  const fields = fieldsOf(value);
  if (!fields || typeof fields['input_tokens'] !== 'number' || typeof fields['output_tokens'] !== 'number') return undefined;
  const count = (name: string) => (typeof fields[name] === 'number' ? fields[name] : 0);
  return {
    ...noTokens, inputTokens: fields['input_tokens'], cachedInputTokens: count('cached_input_tokens'), cacheWriteTokens: count('cache_write_input_tokens'),
    outputTokens: fields['output_tokens'], reasoningTokens: count('reasoning_output_tokens'),
  };
}

function parsedFields(line: string): Fields | undefined {
  try {
    return fieldsOf(JSON.parse(line));
  } catch {
    // Torn by a crash, or not finished yet: it is read whole at the next import.
    return undefined;
  }
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Fields : undefined;
}

function nameOf(value: unknown): string | undefined {
  return textOf(value, nameCharsMax);
}

function textOf(value: unknown, charsMax: number): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= charsMax ? value : undefined;
}

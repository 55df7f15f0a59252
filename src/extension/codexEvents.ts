// Reads the events that `codex exec --json` prints, one JSON object a line, into what a person
// follows: the step at hand, lines for the transcript, and how the run ended. Pure.
import { plural, t } from '../protocol/language.ts';

/** What one event says. */
export interface CodexStep {
  /** The id of the thread, at its start. */
  readonly threadId?: string;
  /** The step at hand, short, for a progress notice. */
  readonly step?: string;
  /** Text for the transcript. */
  readonly transcript?: string;
  /** The turn failed for this reason. */
  readonly failure?: string;
  /** Tokens of a completed turn. */
  readonly tokens?: { readonly input: number; readonly output: number };
}

const stepCharactersMax = 80;
const outputCharactersMax = 4_000;

/** A failure without what only programs read: the broker's code and request id at its end, and marks around commands. */
export interface FailureWords {
  readonly text: string;
  /** The broker's problem code and the request, where the failure is one of its refusals. */
  readonly code?: string;
  readonly requestId?: string;
}

/** Takes a failure apart for people. The broker ends its refusals with "(code, request id)". */
export function failureWords(failure: string): FailureWords {
  const [mark, code, requestId] = /\s*\(([a-z_]+), (req_[\w-]+)\)/.exec(failure) ?? [];
  return { text: (mark === undefined ? failure : failure.replace(mark, '')).replaceAll('`', ''), ...(code === undefined ? {} : { code }), ...(requestId === undefined ? {} : { requestId }) };
}

/** Reads one line; an unknown or broken one says nothing. */
export function codexStep(line: string): CodexStep {
  const event = record(parse(line));
  switch (event['type']) {
    case 'thread.started': return typeof event['thread_id'] === 'string' ? { threadId: event['thread_id'] } : {};
    case 'turn.started': return { step: t('thinking') };
    case 'item.started': case 'item.updated': return itemStep(record(event['item']), false);
    case 'item.completed': return itemStep(record(event['item']), true);
    case 'turn.completed': {
      const usage = record(event['usage']);
      return { step: t('finishing'), tokens: { input: count(usage['input_tokens']), output: count(usage['output_tokens']) } };
    }
    case 'turn.failed': return failure(text(record(event['error'])['message']));
    case 'error': {
      const message = text(event['message']);
      // While Codex reconnects it goes on by itself; only the turn's end is a failure.
      return message.startsWith('Reconnecting') ? { step: short(message), transcript: message } : failure(message);
    }
    default: return {};
  }
}

function failure(message: string): CodexStep {
  const why = readable(message) || t('Codex gave no reason');
  return { failure: why, transcript: t('Failed: {0}', why) };
}

/** A status 400 arrives as the raw body; its sentence is taken out. */
function readable(message: string): string {
  const inside = record(record(parse(message))['error'])['message'];
  return typeof inside === 'string' ? inside : message;
}

function itemStep(item: Record<string, unknown>, completed: boolean): CodexStep {
  switch (item['type']) {
    case 'agent_message': return { step: t('writing'), ...(completed ? { transcript: text(item['text']) } : {}) };
    case 'reasoning': return { step: t('thinking') };
    case 'command_execution': {
      const command = text(item['command']);
      if (!completed) return { step: short(t('runs {0}', command)) };
      const output = text(item['aggregated_output']);
      const code = typeof item['exit_code'] === 'number' ? ` (${t('exit code {0}', item['exit_code'])})` : '';
      return { step: short(t('ran {0}', command)), transcript: `$ ${command}${code}${output === '' ? '' : `\n${cut(output.trimEnd())}`}` };
    }
    case 'file_change': {
      const changes = (Array.isArray(item['changes']) ? item['changes'] : []).map(record).map((change) => changeWords(text(change['kind']), text(change['path'])));
      return completed ? { step: plural(changes.length, 'changed {0} file', 'changed {0} files'), transcript: changes.map((change) => `± ${change}`).join('\n') } : { step: t('changing files') };
    }
    case 'mcp_tool_call': return { step: short(t('uses {0} {1}', text(item['server']), text(item['tool']))) };
    case 'web_search': return { step: t('searching the web') };
    case 'todo_list': return { step: t('planning') };
    case 'error': return { transcript: t('Note: {0}', text(item['message'])) };
    default: return {};
  }
}

function changeWords(kind: string, path: string): string {
  switch (kind) {
    case 'add': return t('add {0}', path);
    case 'delete': return t('delete {0}', path);
    case 'update': return t('update {0}', path);
    default: return t('change {0}', path);
  }
}

function short(words: string): string {
  const line = words.replace(/\s+/g, ' ');
  return line.length > stepCharactersMax ? `${line.slice(0, stepCharactersMax - 1)}…` : line;
}

function cut(output: string): string {
  return output.length > outputCharactersMax ? `${output.slice(0, outputCharactersMax)}\n… (${plural(output.length - outputCharactersMax, '{0} more character', '{0} more characters')})` : output;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Not JSON: Codex prints other things in special cases, which say nothing to this reader.
    return undefined;
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

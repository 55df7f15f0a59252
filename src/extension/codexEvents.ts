// Reads the events that `codex exec --json` prints, one JSON object a line, into what a person
// follows: the step at hand, lines for the transcript, and how the run ended. Pure.

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
    case 'turn.started': return { step: 'thinking' };
    case 'item.started': case 'item.updated': return itemStep(record(event['item']), false);
    case 'item.completed': return itemStep(record(event['item']), true);
    case 'turn.completed': {
      const usage = record(event['usage']);
      return { step: 'finishing', tokens: { input: count(usage['input_tokens']), output: count(usage['output_tokens']) } };
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
  const why = readable(message) || 'Codex gave no reason';
  return { failure: why, transcript: `Failed: ${why}` };
}

/** A status 400 arrives as the raw body; its sentence is taken out. */
function readable(message: string): string {
  const inside = record(record(parse(message))['error'])['message'];
  return typeof inside === 'string' ? inside : message;
}

function itemStep(item: Record<string, unknown>, completed: boolean): CodexStep {
  switch (item['type']) {
    case 'agent_message': return completed ? { step: 'writing', transcript: text(item['text']) } : { step: 'writing' };
    case 'reasoning': return { step: 'thinking' };
    case 'command_execution': {
      const command = text(item['command']);
      if (!completed) return { step: short(`runs ${command}`) };
      const output = text(item['aggregated_output']);
      const code = typeof item['exit_code'] === 'number' ? ` (exit code ${item['exit_code']})` : '';
      return { step: short(`ran ${command}`), transcript: `$ ${command}${code}${output === '' ? '' : `\n${cut(output.trimEnd())}`}` };
    }
    case 'file_change': {
      const changes = (Array.isArray(item['changes']) ? item['changes'] : []).map(record).map((change) => `${text(change['kind']) || 'change'} ${text(change['path'])}`);
      return completed ? { step: short(`changed ${changes.length} ${changes.length === 1 ? 'file' : 'files'}`), transcript: changes.map((change) => `± ${change}`).join('\n') } : { step: 'changing files' };
    }
    case 'mcp_tool_call': return { step: short(`uses ${text(item['server'])} ${text(item['tool'])}`) };
    case 'web_search': return { step: 'searching the web' };
    case 'todo_list': return { step: 'planning' };
    case 'error': return { transcript: `Note: ${text(item['message'])}` };
    default: return {};
  }
}

function short(words: string): string {
  const line = words.replace(/\s+/g, ' ');
  return line.length > stepCharactersMax ? `${line.slice(0, stepCharactersMax - 1)}…` : line;
}

function cut(output: string): string {
  return output.length > outputCharactersMax ? `${output.slice(0, outputCharactersMax)}\n… (${output.length - outputCharactersMax} more characters)` : output;
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

// Reads what matters out of a request's input: what was asked last, whether a tool has answered
// since, which tools are on offer, and the whole text that is counted as input. It reads both the
// plain shape of SDKs and Codex's (measured with Codex 0.169). It decides nothing.
import type { InputItem, OfferedTool, ResponsesRequest } from './responsesRequest.ts';

/** A tool with the namespace that it was offered in, if any. */
export interface AvailableTool extends OfferedTool {
  readonly namespace?: string;
}

/** What a tool gave back. */
export interface ToolOutput {
  readonly callId: string;
  readonly text: string;
}

/** The state of a conversation. */
export interface Conversation {
  /** What the person asked last; empty when nobody asked anything. */
  readonly prompt: string;
  /** The newest output of a tool that came after that. */
  readonly toolOutput?: ToolOutput;
  /** The shell that Codex names in its environment, e.g. `bash` or `powershell`. */
  readonly shell?: string;
  readonly tools: readonly AvailableTool[];
  /** Codex asks with an item of its own for its history to be compacted. */
  readonly wantsCompaction: boolean;
}

/** Reads the conversation. */
export function readConversation(request: ResponsesRequest): Conversation {
  const items = itemsOf(request);
  let prompt = '';
  let toolOutput: ToolOutput | undefined;
  let shell: string | undefined;
  for (const item of items) {
    if (item.type === undefined || item.type === 'message') {
      if (item.role !== undefined && item.role !== 'user') continue;
      const text = contentText(item['content']);
      shell = /<shell>\s*([\w.-]{1,40})\s*<\/shell>/.exec(text)?.[1] ?? shell;
      if (isContext(text) || isGoOn(text) && prompt !== '') continue;
      prompt = text;
      toolOutput = undefined;
    } else if (item.type.endsWith('_call_output')) {
      toolOutput = { callId: String(item['call_id'] ?? ''), text: contentText(item['output']) };
    }
  }
  return {
    prompt, tools: toolsOf(request, items), wantsCompaction: items.at(-1)?.type === 'compaction_trigger',
    ...(toolOutput ? { toolOutput } : {}), ...(shell ? { shell } : {}),
  };
}

/**
 * The text that counts as input, in the order in which OpenAI caches it: tools, instructions, items.
 * Of an item every string counts except those that only label it.
 */
export function promptText(request: ResponsesRequest): string {
  const pieces: string[] = [];
  if (request.tools?.length) pieces.push(JSON.stringify(request.tools));
  if (request.instructions) pieces.push(request.instructions);
  if (typeof request.input === 'string') pieces.push(request.input);
  else for (const item of request.input) collectStrings(item, pieces, 0);
  return pieces.join('\n');
}

const labelKeys = new Set(['type', 'id', 'role', 'status', 'call_id', 'internal_chat_message_metadata_passthrough']);
const depthMax = 64;

function collectStrings(value: unknown, pieces: string[], depth: number): void {
  if (depth > depthMax) return;
  if (typeof value === 'string') pieces.push(value);
  else if (Array.isArray(value)) for (const part of value) collectStrings(part, pieces, depth + 1);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, part] of Object.entries(value)) if (!labelKeys.has(key)) collectStrings(part, pieces, depth + 1);
  }
}

/** Items of the input; a text is one message. */
export function itemsOf(request: Pick<ResponsesRequest, 'input'>): readonly InputItem[] {
  return typeof request.input === 'string' ? [{ type: 'message', role: 'user', content: request.input }] : request.input;
}

/** Text of a message's content or a tool's output: a string, or a list of parts with text. */
function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: unknown) => (typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string' ? part.text : '')).join('');
}

/** Codex sends its surroundings as user messages too; nobody asked those. */
function isContext(text: string): boolean {
  return text === '' || /^\s*<(environment_context|user_instructions|skills_instructions|permissions instructions|tools|turn_aborted)[ >]/.test(text) || text.startsWith('# AGENTS.md instructions');
}

/** Who only says to go on asks for what was asked before. */
function isGoOn(text: string): boolean {
  return /^\s*(go on|continue)\b/i.test(text);
}

/** Tools of the request itself, and those that newer models get as an item of the input, flattened. */
function toolsOf(request: ResponsesRequest, items: readonly InputItem[]): readonly AvailableTool[] {
  if (request.tool_choice === 'none') return [];
  const offered: unknown[] = [...(request.tools ?? [])];
  for (const item of items) if (item.type === 'additional_tools' && Array.isArray(item['tools'])) offered.push(...(item['tools'] as unknown[]));
  return offered.filter(isTool).flatMap((tool): readonly AvailableTool[] => {
    if (tool.type !== 'namespace' || !Array.isArray(tool['tools'])) return [tool];
    return tool['tools'].filter(isTool).map((inner) => ({ ...inner, ...(tool.name ? { namespace: tool.name } : {}) }));
  });
}

function isTool(value: unknown): value is OfferedTool {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

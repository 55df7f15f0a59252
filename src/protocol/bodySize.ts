// Tells how large a request is for the model: the text that it reads, guessed in tokens from a
// bounded sample, and what is no text (images, files, sealed reasoning). One walk over the parsed
// body, bounded in steps; nothing of the body is kept, and it never throws.
import type { BodySize } from '../domain/estimateBasis.ts';
import { countText } from '../domain/tokenGuess.ts';
import { field, record, text } from './responseUsage.ts';

/** Values of a body that are looked at; what is beyond them is counted as text by its length. */
export const stepsMax = 200_000;
/** Deepest nesting that is looked into, far deeper than any tool's schema. */
const depthMax = 100;
/** Characters that are read to guess tokens; a longer text is sampled in even steps. */
export const sampleCharactersMax = 32_768;
const sampleWindows = 64;
/** Bytes to a token for what was not looked at; low to be cautious. */
const bytesPerTokenUnseen = 3;
/** Tokens around each item (start, role, message, end) in OpenAI's published chat format, Harmony; counted as bytes too. */
const tokensPerItem = 4;

/** Fields of a request that the model does not read; over a WebSocket it has a type and may name a stream. */
const requestLabels = new Set(['type', 'stream_id', 'model', 'client_metadata', 'metadata', 'prompt_cache_key', 'include', 'service_tier', 'safety_identifier', 'user', 'previous_response_id', 'conversation', 'reasoning']);
/** Fields of an item that only label it (as Codex 0.169 sends them). */
const itemLabels = new Set(['type', 'id', 'role', 'status', 'call_id', 'detail', 'internal_chat_message_metadata_passthrough']);
/** Inside these the model reads the names of fields too: they are schemas. */
const schemaKeys = new Set(['tools', 'text', 'parameters', 'schema']);

/** Measures a parsed request. `bodyCharacters` is the length of its JSON. */
export function bodySize(request: Readonly<Record<string, unknown>>, bodyCharacters: number): BodySize {
  const walk = new BodyWalk();
  for (const key in request) if (!requestLabels.has(key)) walk.visit(request[key], key, schemaKeys.has(key), 1);
  const frame = tokensPerItem * itemsOf(request);
  const counted = walk.count();
  const unseen = walk.isCut ? Math.max(0, bodyCharacters - walk.characters) : 0;
  const continuesId = text(request['previous_response_id']);
  const continues = continuesId !== undefined || namesConversation(request['conversation']) || text(record(request['prompt'])?.['id']) !== undefined;
  return {
    textBytes: Math.ceil(counted.bytes) + unseen + frame,
    textTokens: Math.ceil(Math.min(counted.tokens, counted.bytes) + unseen / bytesPerTokenUnseen) + frame,
    ...field('images', some(walk.images)), ...field('originalImages', some(walk.originalImages)),
    ...field('files', some(walk.files)), ...field('fileBytes', some(walk.fileBytes)), ...field('encodedBytes', some(walk.encodedBytes)),
    ...(continues ? { continues } : {}), ...field('continuesId', continuesId),
  };
}

/** Items of a request's input, or messages of a chat. */
function itemsOf(request: Readonly<Record<string, unknown>>): number {
  const items = request['input'] ?? request['messages'];
  return Array.isArray(items) ? Math.min(items.length, stepsMax) : 1;
}

function namesConversation(value: unknown): boolean {
  return text(value) !== undefined || text(record(value)?.['id']) !== undefined;
}

function some(count: number): number | undefined {
  return count > 0 ? count : undefined;
}

/** One walk over a body: collects the strings that are text, and counts what is not. */
class BodyWalk {
  images = 0;
  originalImages = 0;
  files = 0;
  fileBytes = 0;
  encodedBytes = 0;
  /** Characters of everything that was looked at. */
  characters = 0;
  /** Whether something was not looked at. */
  isCut = false;
  #steps = 0;
  #texts: string[] = [];
  #textCharacters = 0;

  visit(value: unknown, key: string, isSchema: boolean, depth: number): void {
    this.#steps += 1;
    if (this.#steps > stepsMax || depth > depthMax) {
      this.isCut = true;
    } else if (typeof value === 'string') {
      this.#string(value, key);
    } else if (Array.isArray(value)) {
      for (let at = 0; at < value.length && !this.#isOver(); at += 1) this.visit(value[at], key, isSchema, depth + 1);
    } else if (typeof value === 'object' && value !== null) {
      this.#object(value as Record<string, unknown>, isSchema, depth);
    }
  }

  /** Tokens and bytes of all text: of every character up to the sample's size, and else of even windows. */
  count(): { readonly tokens: number; readonly bytes: number } {
    const total = this.#textCharacters;
    const isWhole = total <= sampleCharactersMax;
    const windows = isWhole ? 1 : sampleWindows;
    const window = isWhole ? total : sampleCharactersMax / sampleWindows;
    let tokens = 0;
    let bytes = 0;
    let next = 0;
    let position = 0;
    for (const piece of this.#texts) {
      const end = position + piece.length;
      for (; next < windows; next += 1) {
        const start = Math.floor(next * total / windows);
        if (start >= end) break;
        const counted = countText(piece, Math.max(start, position) - position, Math.min(start + window, end) - position);
        tokens += counted.tokens;
        bytes += counted.bytes;
        // The rest of this window is in the next piece.
        if (start + window > end) break;
      }
      position = end;
    }
    const scale = isWhole || total === 0 ? 1 : total / sampleCharactersMax;
    return { tokens: tokens * scale, bytes: bytes * scale };
  }

  #isOver(): boolean {
    if (this.#steps <= stepsMax) return false;
    this.isCut = true;
    return true;
  }

  #string(value: string, key: string): void {
    this.characters += value.length;
    if (key === 'encrypted_content') this.encodedBytes += value.length;
    // Only fields that hold data hold it: the same characters in a message are read as text.
    else if (value.startsWith('data:') && /(?:url|data)$/.test(key)) this.#file(value);
    else this.#text(value);
  }

  #object(value: Readonly<Record<string, unknown>>, isSchema: boolean, depth: number): void {
    const data = isSchema ? undefined : this.#dataOf(value);
    for (const key in value) {
      if (this.#isOver()) return;
      const part = value[key];
      const isLabel = !isSchema && (itemLabels.has(key) || key === data);
      if (isLabel && typeof part === 'string') this.characters += part.length;
      else if (!isLabel) this.visit(part, key, isSchema || schemaKeys.has(key) && typeof part === 'object', depth + 1);
      if (isSchema) this.#text(key);
      this.characters += key.length;
    }
  }

  /** Counts an item that is an image or a file. @returns the field that holds it, which is no text */
  #dataOf(item: Readonly<Record<string, unknown>>): string | undefined {
    switch (item['type']) {
      case 'input_image': case 'image_url': case 'computer_screenshot':
        this.images += 1;
        if (item['detail'] === 'original') this.originalImages += 1;
        return item['image_url'] === undefined ? 'file_id' : 'image_url';
      case 'image_generation_call':
        this.images += 1;
        return 'result';
      case 'input_file': {
        const inline = text(item['file_data'], Infinity);
        if (inline === undefined) this.files += 1;
        else this.#file(inline);
        return inline !== undefined ? 'file_data' : item['file_url'] === undefined ? 'file_id' : 'file_url';
      }
      case 'input_audio':
        this.#file(text(record(item['input_audio'])?.['data'], Infinity) ?? '');
        return 'input_audio';
      case 'file': {
        const inline = text(record(item['file'])?.['file_data'], Infinity);
        if (inline === undefined) this.files += 1;
        else this.#file(inline);
        return 'file';
      }
      default: return undefined;
    }
  }

  #file(data: string): void {
    if (/^data:(?:text\/|application\/json)/.test(data.slice(0, 40))) { this.encodedBytes += data.length; return; }
    this.files += 1;
    this.fileBytes += data.length;
  }

  #text(value: string): void {
    if (value === '') return;
    this.#texts.push(value);
    this.#textCharacters += value.length;
  }
}

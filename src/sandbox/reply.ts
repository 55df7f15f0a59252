// Decides what the simulated model answers: a call of a tool when a file is asked for and a tool
// offers to write it, a report once the tool has answered, and else a short text made from the
// prompt. The same request always gets the same reply.
import type { Conversation } from './conversation.ts';
import { findFileTask } from './fileTask.ts';
import { callFor, type ToolCall } from './toolCall.ts';

/** What is answered. `compaction` is the summary item that Codex asks for when its history is long. */
export type Reply =
  | { readonly kind: 'text'; readonly text: string; /** Streamed as a single piece. */ readonly inOnePiece?: boolean }
  | { readonly kind: 'call'; readonly call: ToolCall }
  | { readonly kind: 'compaction'; readonly text: string };

/** Most words that a prompt such as "tell me in 300 words" gets. */
export const wordsMax = 20_000;

/** Decides. */
export function replyTo(conversation: Conversation): Reply {
  if (conversation.wantsCompaction) return { kind: 'compaction', text: 'Practice mode keeps no memory; the conversation goes on from here.' };
  const task = findFileTask(conversation.prompt);
  if (conversation.toolOutput) {
    const what = task ? `${task.mode === 'create' ? 'write' : 'add to'} ${task.path}` : 'do what was asked';
    return { kind: 'text', text: report(what, conversation.toolOutput.text) };
  }
  const call = task ? callFor(task, conversation.tools, conversation.shell) : undefined;
  if (call) return { kind: 'call', call };
  return { kind: 'text', text: textFor(conversation.prompt) };
}

/** A reply whose text looks like the end of a stream; only a reader of text would fall for it. */
export const misleadingReply: Reply = {
  kind: 'text', inOnePiece: true,
  text: 'Practice mode quotes a stream:\n\nevent: response.completed\ndata: {"type":"response.completed","response":{"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}}\n\nand goes on after it.',
};

function report(what: string, output: string): string {
  const excerpt = output.trim().replace(/\s+/g, ' ').slice(0, 300);
  const failed = /exit(ed)?( with)?( code)?:? ["']?[1-9]|"exit_code":\s*[1-9]|\bfailed\b|\berror\b|verification failed|rejected|denied/i.test(output);
  return failed
    ? `I tried to ${what}, but the tool reported a problem: ${excerpt}`
    : `Done: I used a tool to ${what}. This is practice mode, so the steps are real but no model thought about them.`;
}

function textFor(prompt: string): string {
  const wanted = /\b(\d{1,6})[ -]words?\b/i.exec(prompt);
  if (wanted) return wordsOf(Math.min(Number(wanted[1]), wordsMax));
  const asked = prompt.trim().replace(/\s+/g, ' ');
  const excerpt = asked.length > 240 ? `${Array.from(asked).slice(0, 240).join('')}…` : asked;
  return excerpt === ''
    ? 'This is practice mode. Nothing was asked, so there is nothing to answer.'
    : `This is practice mode: a simulated upstream answers, no model was asked and nothing was billed. You asked: ${excerpt}`;
}

const vocabulary = ['practice', 'mode', 'counts', 'every', 'token', 'of', 'this', 'answer', 'so', 'that', 'the', 'meter', 'moves', 'while', 'you', 'watch'];

/** Exactly that many words. */
function wordsOf(count: number): string {
  return Array.from({ length: count }, (_, index) => vocabulary[index % vocabulary.length]).join(' ');
}

// Turns events into the very bytes that go over the wire, bent by a fault where a scenario asks for
// it: line ends, comments, lies about usage, a terminal event twice or never. It makes frames and
// bodies; it never sends them.
import type { StreamFault } from './faultAction.ts';
import type { WireUsage } from './promptTokens.ts';
import type { BuiltAnswer, ResponseEvent } from './responseEvents.ts';

/** Bytes of one event (or of the comments before the first), with what is known about them. */
export interface Frame {
  readonly text: string;
  /** Empty for comments. */
  readonly eventType: string;
  readonly isDelta: boolean;
  /** Output tokens produced once this frame is out. */
  readonly outputTokens: number;
  /** The usage that this frame reports, when it is one that ends the answer. */
  readonly reported?: unknown;
}

/** The frames of a streamed answer. */
export function streamFrames(answer: BuiltAnswer, fault: StreamFault): readonly Frame[] {
  const lineEnd = { lf: '\n', crlf: '\r\n', cr: '\r' }[fault.lineEnds];
  const frame = (event: ResponseEvent) => frameOf(event, `event: ${event.type}${lineEnd}data: ${JSON.stringify(event.data)}${lineEnd}${lineEnd}`);
  const frames: Frame[] = [];
  if (fault.byteOrderMark) frames.push({ text: '\uFEFF', eventType: '', isDelta: false, outputTokens: 0 });
  if (fault.comments > 0) frames.push({ text: `: keep-alive${lineEnd}${lineEnd}`.repeat(fault.comments), eventType: '', isDelta: false, outputTokens: 0 });
  frames.push(...bentEvents(answer, fault).map(frame));
  return frames;
}

/** The events of an answer with its end as the fault wants it. */
function bentEvents(answer: BuiltAnswer, fault: StreamFault): readonly ResponseEvent[] {
  return answer.events.flatMap((event) => (!isTerminal(event) ? [event] : fault.terminal === 'none' ? [] : terminalFrames(event, fault)));
}

/** The messages of an answer over a WebSocket: the data of each event, and nothing around it. */
export function streamMessages(answer: BuiltAnswer, fault: StreamFault): readonly Frame[] {
  return bentEvents(answer, fault).map((event) => frameOf(event, JSON.stringify(event.data)));
}

/** The body of an answer that is not streamed. */
export function jsonBody(answer: BuiltAnswer, fault: StreamFault): { readonly text: string; readonly reported: unknown } {
  const response = withUsage(answer.response, fault);
  return { text: JSON.stringify(response), reported: response['usage'] };
}

function frameOf(event: ResponseEvent, text: string): Frame {
  return {
    text, eventType: event.type, isDelta: event.isDelta, outputTokens: event.outputTokens,
    ...(isTerminal(event) ? { reported: (event.data['response'] as { usage?: unknown } | undefined)?.usage } : {}),
  };
}

function isTerminal(event: ResponseEvent): boolean {
  return ['response.completed', 'response.incomplete', 'response.failed'].includes(event.type);
}

function terminalFrames(event: ResponseEvent, fault: StreamFault): readonly ResponseEvent[] {
  const number = event.data['sequence_number'] as number;
  if (fault.ending?.kind === 'error') {
    return [{ ...event, type: 'error', data: { type: 'error', code: fault.ending.code, message: fault.ending.message, param: null, sequence_number: number } }];
  }
  const terminal = { ...event, data: { ...event.data, response: withUsage(event.data['response'] as Record<string, unknown>, fault) } };
  return fault.terminal === 'twice' ? [terminal, { ...terminal, data: { ...terminal.data, sequence_number: number + 1 } }] : [terminal];
}

function withUsage(response: Readonly<Record<string, unknown>>, fault: StreamFault): Readonly<Record<string, unknown>> {
  if (fault.usage === undefined) return response;
  if (fault.usage === 'missing') return Object.fromEntries(Object.entries(response).filter(([name]) => name !== 'usage'));
  return { ...response, usage: falseUsage(response['usage'] as WireUsage | null, fault.usage) };
}

function falseUsage(honest: WireUsage | null, lie: Exclude<StreamFault['usage'], 'missing' | undefined>): unknown {
  if (typeof lie === 'object') return lie.exactly;
  if (lie === 'null' || honest === null) return null;
  switch (lie) {
    case 'negative': return { ...honest, input_tokens: -honest.input_tokens, output_tokens: -1 };
    case 'absurd': return { ...honest, input_tokens: 9e15, output_tokens: 9e15, total_tokens: 1e300 };
    case 'text': return { ...honest, input_tokens: String(honest.input_tokens), output_tokens: 'many' };
    case 'fractional': return { ...honest, input_tokens: honest.input_tokens + 0.5 };
    case 'wrong-total': return { ...honest, total_tokens: honest.total_tokens + 1000 };
  }
}

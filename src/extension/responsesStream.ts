// Asks the broker's Responses endpoint one question and passes the answer's text on as it
// arrives. It knows the stream's events, not what becomes of the text.
import { createParser } from 'eventsource-parser';
import { problem, problemKinds, ProblemError, type Problem, type ProblemCode, problemThat } from '../domain/problem.ts';
import { originHeaders } from '../protocol/originHeaders.ts';
import type { ToldOrigin } from '../protocol/originHeaders.ts';
import { toldProblem } from './programAnswer.ts';
import { say } from '../domain/say.ts';
import type { TokenResult } from '../protocol/control.ts';
import { readText, type LoopbackAnswer, type LoopbackRequest } from './loopbackHttp.ts';

/** One question. */
export interface ResponsesQuestion {
  readonly model: string;
  readonly instructions: string;
  readonly text: string;
  /** What is said to the broker, and to nobody else, of where it comes from. */
  readonly origin: ToldOrigin;
}

/** How an answer ended. `requestId` is what `explain` takes. */
export interface ResponsesEnd {
  readonly requestId: string | undefined;
  /** True when the model stopped before it was done. */
  readonly incomplete: boolean;
}

const errorBytesMax = 65_536;
/** The longest single event that is read; a whole answer is far smaller. */
const eventCharactersMax = 8_388_608;

/**
 * Streams an answer.
 * @param began called once the broker let the request through, with its id
 * @throws ProblemError for a refusal, a failed answer or a broken stream; the signal's own error when aborted
 */
export async function streamAnswer(
  request: LoopbackRequest, token: TokenResult, question: ResponsesQuestion, signal: AbortSignal,
  began: (requestId: string | undefined) => void, text: (delta: string) => void,
): Promise<ResponsesEnd> {
  let answer: LoopbackAnswer;
  try {
    answer = await request({
      method: 'POST', url: `${token.baseUrl}/responses`, signal,
      // The name under which the ledger counts the editor's own questions.
      headers: { authorization: `Bearer ${token.token}`, accept: 'text/event-stream', 'user-agent': 'editor', ...(token.takesOrigin ? originHeaders(question.origin) : {}) },
      body: JSON.stringify({
        model: question.model, instructions: question.instructions, stream: true, store: false,
        input: [{ role: 'user', content: [{ type: 'input_text', text: question.text }] }],
      }),
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ProblemError(problem('broker_unreachable', 'The broker did not take the request; nothing was charged.'), { cause: error });
  }
  const requestId = answer.header('x-request-id');
  if (answer.status !== 200) throw new ProblemError(refusal(answer.status, await readText(answer, errorBytesMax).catch(() => '')));
  began(requestId);

  let end: 'completed' | 'incomplete' | undefined;
  let failure: Problem | undefined;
  const parser = createParser({
    maxBufferSize: eventCharactersMax,
    onEvent: ({ data }) => {
      const event = readEvent(data);
      if (event?.type === 'response.output_text.delta' && typeof event.delta === 'string') text(event.delta);
      else if (event?.type === 'response.completed') end = 'completed';
      else if (event?.type === 'response.incomplete') end = 'incomplete';
      else if (event?.type === 'response.failed') failure = failed(event.response?.error);
      else if (event?.type === 'error') failure = failed(event.error ?? event);
    },
  });
  const decoder = new TextDecoder();
  try {
    for await (const bytes of answer.body) parser.feed(decoder.decode(bytes, { stream: true }));
  } catch (error) {
    if (signal.aborted || end === undefined && failure === undefined) {
      if (signal.aborted) throw error;
      throw new ProblemError(brokenStream(), { cause: error });
    }
    // The answer was complete; how the socket closed afterwards does not matter.
  }
  if (failure) throw new ProblemError(failure);
  if (end === undefined) throw new ProblemError(brokenStream());
  return { requestId, incomplete: end === 'incomplete' };
}

interface StreamEvent {
  readonly type?: unknown;
  readonly delta?: unknown;
  readonly error?: unknown;
  readonly response?: { readonly error?: unknown };
}

function readEvent(data: string): StreamEvent | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // An event that is not JSON carries no text; the terminal event decides whether all is well.
    return undefined;
  }
}

function brokenStream(): Problem {
  return problem('upstream_unreachable', 'The answer broke off before its end.', { remedy: 'Ask again; the ledger says what the part that arrived cost.' });
}

function failed(error: unknown): Problem {
  const message = field(error, 'message');
  const what = message === undefined ? say('The model\'s answer failed: no reason was given.') : say('The model\'s answer failed: {0}.', message);
  return problemThat('upstream_invalid', what, { remedy: 'Ask again, or choose another model in the settings.' });
}

/** The problem in a refusal's body; the broker's own codes keep their remedy. */
function refusal(status: number, body: string): Problem {
  const error = readEvent(body)?.error;
  const message = field(error, 'message');
  const code = field(error, 'code');
  if (message !== undefined && code !== undefined && Object.hasOwn(problemKinds, code)) {
    const known = code as ProblemCode;
    const told = error as { readonly remedy?: unknown; readonly said?: unknown; readonly remedySaid?: unknown };
    const remedy = typeof told.remedy === 'string' ? told.remedy : problemKinds[known].remedy;
    // The broker's sentence already ends with the remedy; it is not said twice.
    return toldProblem(known, message.endsWith(remedy) ? message.slice(0, -remedy.length).trim() : message, told);
  }
  return problemThat('upstream_invalid', message === undefined ? say('The request was refused with status {0}.', status) : { because: message }, { remedy: 'The request\'s row in the dashboard says why.' });
}

function field(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found = (value as Record<string, unknown>)[name];
  return typeof found === 'string' && found !== '' ? found.slice(0, 1000) : undefined;
}

// Asks a sandbox over HTTP in tests: one call that posts a request, and a reader of event streams
// that is written independently of the code under test.

/** Parsed JSON whose shape the test that reads it knows. */
export type Json = ReturnType<typeof JSON.parse>;

/** An answer, read to its end; `broken` tells that the connection ended before the body did. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly broken: boolean;
}

/** One event of a stream. */
export interface StreamEvent {
  readonly event: string;
  readonly data: Record<string, Json>;
}

/** Posts to `/v1/responses` and reads what comes, however far it comes. */
export async function ask(url: string, body: unknown, init: { headers?: Record<string, string>; signal?: AbortSignal } = {}): Promise<Answer> {
  const response = await fetch(`${url}/v1/responses`, {
    method: 'POST', redirect: 'manual',
    headers: { 'authorization': 'Bearer sk-test', 'content-type': 'application/json', ...init.headers },
    body: typeof body === 'string' || body instanceof Uint8Array ? body as BodyInit : JSON.stringify(body),
    ...(init.signal ? { signal: init.signal } : {}),
  });
  const chunks: Uint8Array[] = [];
  let broken = false;
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk);
  } catch {
    broken = true;
  }
  return { status: response.status, headers: response.headers, text: Buffer.concat(chunks).toString(), broken };
}

/** Reads complete events; a rest without its empty line is no event. */
export function eventsOf(text: string): StreamEvent[] {
  const blocks = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n').replaceAll('\r', '\n').split('\n\n').slice(0, -1);
  return blocks.flatMap((block) => {
    const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith(':'));
    if (lines.length === 0) return [];
    const field = (name: string) => lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2)).join('\n');
    return [{ event: field('event'), data: JSON.parse(field('data')) as Record<string, Json> }];
  });
}

/** A small streaming request. */
export function streaming(input: unknown = 'say hi', more: Record<string, unknown> = {}): Record<string, unknown> {
  return { model: 'gpt-5.5', input, stream: true, ...more };
}

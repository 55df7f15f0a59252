// Loaded before @portkey-ai/gateway in the benchmark: it changes headers of answers that `fetch` gave, which
// current Node forbids, so `fetch` gives it answers with headers of their own. It costs a copy of a few headers.
const { fetch: original, Response: Answer } = globalThis;

globalThis.fetch = async (...args: Parameters<typeof fetch>) => {
  const answer = await original(...args);
  return new Answer(answer.body, { status: answer.status, statusText: answer.statusText, headers: new Headers(answer.headers) });
};

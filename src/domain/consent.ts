// Who may use purchased credits: answers that people gave, for one request, one task, one workspace
// or everywhere. The most specific answer holds; of two for the same subject, the later one.

/** What an answer is for. A task is a Codex thread. */
export type ConsentScope = 'request' | 'task' | 'workspace' | 'everywhere';

/** An answer: `allow` it, `deny` it without asking again, or `ask` each time (which takes an answer back). */
export type ConsentAnswer = 'allow' | 'deny' | 'ask';

/** One answer as it holds now. */
export interface Consent {
  readonly scope: ConsentScope;
  /** The request, thread or workspace; empty for everywhere. */
  readonly of: string;
  readonly answer: ConsentAnswer;
}

/** Whose request it is. */
export interface ConsentSubject {
  readonly requestId: string;
  readonly workspaceId: string;
  readonly threadId?: string;
}

/** From the most specific to the widest. */
const scopes: readonly ConsentScope[] = ['request', 'task', 'workspace', 'everywhere'];

/** The answer that holds for a request, and the scope that gave it; `ask` when nobody said anything. */
export function consentFor(consents: readonly Consent[], subject: ConsentSubject): { readonly answer: ConsentAnswer; readonly scope?: ConsentScope } {
  const keys: Readonly<Record<ConsentScope, string | undefined>> = { request: subject.requestId, task: subject.threadId, workspace: subject.workspaceId, everywhere: '' };
  for (const scope of scopes) {
    const found = consents.find((one) => one.scope === scope && one.of === keys[scope] && one.answer !== 'ask');
    if (found) return { answer: found.answer, scope };
  }
  return { answer: 'ask' };
}

/** Whether any request of a workspace may use purchased credits without a question. */
export function workspaceMayBuy(consents: readonly Consent[], workspaceId: string): boolean {
  return consentFor(consents, { requestId: '', workspaceId }).answer === 'allow';
}

// What a person is asked while a request waits, and what the answer lays down. Pure; asking and keeping are
// done elsewhere.
import { say } from '../domain/say.ts';
import type { Because } from '../domain/say.ts';
import type { QuestionKind } from '../domain/decisionRecord.ts';
import type { Directive } from '../domain/directives.ts';
import { clientName } from '../protocol/clientName.ts';
import type { ControlArguments } from '../protocol/controlArguments.ts';
import type { AdmissionRequest } from './admissionTicket.ts';
import type { RequestFacts } from './store/ledgerCommands.ts';

/** An answer, by how long it is to hold. */
export type PersonAnswer = ControlArguments<'answer'>['answer'];

/** What an answer lays down; nothing when it is for this one request and needs no record of its own. */
export function directiveFor(kind: QuestionKind, answer: PersonAnswer, facts: Pick<RequestFacts, 'requestId' | 'threadId' | 'workspaceId' | 'model'>): Directive | undefined {
  // The guard remembers by itself what was released or stopped, for as long as the broker runs.
  if (kind === 'runaway') return undefined;
  if (kind === 'unpriced') return answer === 'once' ? undefined : { kind: 'unpriced-model', model: facts.model, answer: answer === 'never' ? 'deny' : 'allow' };
  switch (answer) {
    case 'once': return { kind: 'consent', consent: { scope: 'request', of: facts.requestId, answer: 'allow' } };
    // A client that names no task asks again with its next request.
    case 'task': return { kind: 'consent', consent: facts.threadId === undefined ? { scope: 'request', of: facts.requestId, answer: 'allow' } : { scope: 'task', of: facts.threadId, answer: 'allow' } };
    case 'workspace': return { kind: 'consent', consent: { scope: 'workspace', of: facts.workspaceId, answer: 'allow' } };
    case 'always': return { kind: 'consent', consent: { scope: 'everywhere', of: '', answer: 'allow' } };
    case 'never': return { kind: 'consent', consent: { scope: 'workspace', of: facts.workspaceId, answer: 'deny' } };
  }
}

/** The question as a sentence. */
export function questionText(kind: QuestionKind, request: AdmissionRequest, because: Because): Because {
  const who = [clientName(request.facts.client), request.workspaceLabel] as const;
  const { model } = request.facts;
  if (kind === 'runaway') return say('{0} in "{1}" may have got out of hand. {2} May it go on?', ...who, because);
  if (kind === 'unpriced') return say('{0} in "{1}" asks for {2}, whose price is not known. May it be sent? It is counted as unpriced and draws no credits; OpenAI may bill it.', ...who, model);
  const credits = request.estimateMicroCredits ?? request.ceiling?.estimateMicroCredits ?? 0;
  return say('{0} in "{1}" needs up to {2} credits for {3}, and only purchased ones are left. May it use them?', ...who, { credits, decimals: 2 }, model);
}

// From a request that was read to one that asks for admission: who sent it, what it will probably use,
// and what that costs at the prices of this moment. It reads no bytes and decides nothing.
import type { EstimateBasis } from '../domain/estimateBasis.ts';
import type { TokenEstimate } from '../domain/estimator.ts';
import type { Priority } from '../domain/fairQueue.ts';
import { countedOnArrival } from '../domain/paceRequest.ts';
import { holdCost, priceTier } from '../domain/pricing.ts';
import type { ModelPrice, PriceTier } from '../domain/pricing.ts';
import type { ApiDialect } from '../protocol/apiDialect.ts';
import type { ClientFacts, RequestEnvelope } from '../protocol/requestEnvelope.ts';
import type { AdmissionRequest, PlanCover } from './admissionTicket.ts';
import type { ResponsesParts } from './carriedRequest.ts';
import type { Workspace } from './store/ledgerPort.ts';

/** A request that was read, and who sent it. */
export interface Understood {
  readonly envelope: RequestEnvelope;
  /** The API that it speaks; the Responses API's where it is left out. */
  readonly dialect?: ApiDialect;
  readonly client: ClientFacts;
  readonly workspace: Workspace;
  /** The git branch that the workspace's folder is on. */
  readonly branch?: Promise<string | undefined>;
  readonly requestId: string;
  readonly receivedAtMs: number;
  readonly bodyBytes: number;
  /** It came over a WebSocket, where no fallback answers: its client is sent to HTTP. */
  readonly isSocket?: boolean;
  /** Absent where credits pay. */
  readonly plan?: PlanCover | undefined;
  /** It only prepares the conversation, and the upstream is known to take nothing for that. */
  readonly isPrewarm?: boolean;
}

const nothing: TokenEstimate = { inputTokens: 0, certainInputTokens: 0, holdInputTokens: 0, outputTokens: 0, likelyOutputTokens: 0 };

/** Estimates a request and looks up its price; both are kept from here on. */
export function admissionRequest(parts: Pick<ResponsesParts, 'estimator' | 'prices' | 'ceilingPrice' | 'fallback'>, seen: Understood): AdmissionRequest {
  const { envelope, client, workspace } = seen;
  const { model, answers } = envelope;
  const requestKind = envelope.background ? 'background' : client.requestKind;
  const basis: EstimateBasis = {
    ...envelope.size, model, bodyBytes: seen.bodyBytes,
    ...(requestKind === undefined ? {} : { kind: requestKind }),
    ...(envelope.effort === undefined ? {} : { effort: envelope.effort }),
    ...(envelope.maxOutputTokens === undefined ? {} : { maxOutputTokens: envelope.maxOutputTokens }),
  };
  const estimate = seen.isPrewarm ? nothing : forAll(answers, parts.estimator.estimate(basis));
  // The upstream's end of a connection has the conversation that a message goes on with, and is taken to count it at once.
  // Elsewhere it sees only what comes, and learns of the rest when the request has ended.
  const carried = seen.isSocket ? parts.estimator.carriedTokens(basis) : 0;
  const price = parts.prices(model, seen.receivedAtMs);
  const tier = priceTier(envelope.serviceTier);
  return {
    facts: {
      requestId: seen.requestId, receivedAtMs: seen.receivedAtMs, workspaceId: workspace.workspaceId, client: client.name, model, stream: envelope.stream,
      ...(client.version === undefined ? {} : { clientVersion: client.version }),
      ...(client.threadId === undefined ? {} : { threadId: client.threadId }),
      ...(client.turnId === undefined ? {} : { turnId: client.turnId }),
      ...(requestKind === undefined ? {} : { requestKind }),
      ...(client.command === undefined ? {} : { command: client.command }),
      ...(client.file === undefined ? {} : { file: client.file }),
    },
    ...(seen.branch ? { branch: seen.branch } : {}), workspaceLabel: workspace.label, priority: priorityOf(seen, tier), estimate, tier, patienceMs: client.patienceMs,
    ...(envelope.size.images ? { images: envelope.size.images } : {}), ...(envelope.makesImage ? { madeImages: 1 } : {}),
    // How long one answer is cannot be learned from several together.
    ...(seen.isPrewarm ? { isPrewarm: true } : answers === undefined ? { basis, countedTokens: countedOnArrival(basis, carried) } : {}), ...(envelope.prints ? { prints: envelope.prints } : {}),
    // A client's own sign-in is answered by its own upstream alone.
    ...(parts.fallback && !seen.plan && canFallBack(seen) ? { fallback: { ...parts.fallback.offer(estimate, seen.receivedAtMs), ...(seen.isSocket ? { isElsewhere: true } : {}) } } : {}),
    // Of what a plan pays for, the price only tells what it would have cost.
    ...(seen.plan ? { plan: seen.plan, ...(price ? { price } : {}) }
      : price ? { price, estimateMicroCredits: holdCost(estimate, price, tier) } : ceilingOf(parts.ceilingPrice(seen.receivedAtMs), estimate, tier)),
  };
}

/** Nobody sits before what is ordered at the price of patience, or goes on in the background; else Codex works for a person, and others ask for one. */
function priorityOf({ envelope, client }: Understood, tier: PriceTier): Priority {
  if (tier === 'flex' || envelope.background === true) return 'batch';
  return client.isCodex ? 'agent' : 'interactive';
}

/** Another model's text may stand for an answer; its vectors and its sealed items stand for nothing, and nobody else runs in the background. */
function canFallBack({ dialect = 'responses', envelope }: Understood): boolean {
  return (dialect === 'responses' || dialect === 'chat') && envelope.background !== true;
}

/** Several answers are asked for at once; what they answer is read once. */
function forAll(answers: number | undefined, one: TokenEstimate): TokenEstimate {
  if (answers === undefined) return one;
  return {
    ...one, outputTokens: answers * one.outputTokens, likelyOutputTokens: answers * one.likelyOutputTokens,
    ...(one.likelyReasoningTokens === undefined ? {} : { likelyReasoningTokens: answers * one.likelyReasoningTokens }),
  };
}

function ceilingOf(price: ModelPrice, estimate: TokenEstimate, tier: PriceTier): Pick<AdmissionRequest, 'ceiling'> {
  return { ceiling: { price, estimateMicroCredits: holdCost(estimate, price, tier) } };
}

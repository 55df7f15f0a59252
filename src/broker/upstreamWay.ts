// The upstream's side of a route, and what an answer's limits were asked with. Shapes only.
import type { IncomingHttpHeaders } from 'node:http';
import type { PlanObservation } from '../domain/planLimits.ts';
import type { Problem } from '../domain/problem.ts';
import type { Credential } from './upstream/credential.ts';
import type { UpstreamTarget } from './upstream/upstreamTarget.ts';

/** What was asked where an answer tells of limits: the model, where there was one, and when it was sent. */
export interface Asked { readonly sentAtMs: number; readonly model?: string }

/** The upstream's side of a route: where its requests go, what they are let in with, and who hears what comes of it. */
export interface UpstreamWay {
  readonly target: UpstreamTarget;
  /** Read for each attempt, so that a new key counts at once; undefined while there is none. */
  readonly credential: () => Credential | undefined;
  /** The upstream refused the broker's own key, or took it. */
  readonly keyAnswered: (accepted: boolean) => void;
  /** The upstream could not be reached, or could again. */
  readonly upstreamAnswered: (problem: Problem | undefined) => void;
  /** The head of an answer, and of a refusal the rest too. */
  readonly headSeen: (headers: IncomingHttpHeaders, asked: Asked, refusal?: { readonly status: number; readonly body: Buffer }) => void;
  /** The upstream told limits outside of a head. */
  readonly limitsTold: (told: PlanObservation, asked: Asked) => void;
}

// What may pass both proofs, by name and with the reason: tamperings after which the rows still tell a story
// that holds together. Each passes in some ledgers and with some rows; in the ledgers that the tests make nothing
// else passes. The list was drawn up from what passed, so other ledgers may have rare rows that it lacks.
import type { Effort } from './tampering.ts';

type Names = Readonly<Partial<Record<Effort, readonly string[]>>>;

/** Tamperings that no rule can see, for one reason. */
export interface Unseen {
  readonly why: string;
  /** Whether the anchor outside of the ledger tells of them; it does unless this says no. */
  readonly isAnchored?: false;
  /** Names by how far the attacker went: a column and what was done to it, or another tampering's name. */
  readonly often?: Names;
  /** The same, for those that few rows allow. */
  readonly seldom?: Names;
  /** The same, for those that passed in other ledgers than the tests make now. */
  readonly elsewhere?: Names;
}

/** What the list says of one tampering. */
interface ToldUnseen { readonly isAnchored: boolean; readonly where: 'often' | 'seldom' | 'elsewhere' }

/** All of them. */
export const unseenTamperings: readonly Unseen[] = [
  {
    why: 'Is in no chain: what the upstream was noted to have begun, and attempts that reserved nothing and have not ended yet.', isAnchored: false,
    often: {
      plain: ['a row of begun deleted', 'begun.at_ms: down, swapped, up', 'begun.attempt_id: swapped', 'begun.response_id: changed, taken away'],
      rehashed: ['a row of begun deleted', 'begun.at_ms: down, swapped, up', 'begun.attempt_id: swapped', 'begun.response_id: changed, swapped, taken away'],
      refitted: ['a row of begun deleted', 'begun.at_ms: down, swapped, up', 'begun.response_id: changed, swapped, taken away'],
    },
    seldom: {
      plain: ['begun.response_id: swapped'],
      rehashed: ['requests.model: changed'],
      refitted: ['begun.attempt_id: swapped', 'requests.model: changed'],
    },
    elsewhere: {
      rehashed: ['requests.thread_id: changed'],
    },
  },
  {
    why: 'Is a row more at the end of a chain, which somebody may have given as well.', isAnchored: false,
    often: {
      rehashed: ['a row of directives copied'],
      refitted: ['a row of directives copied'],
    },
  },
  {
    why: 'Is told of a request and nothing follows from it: other names, times, reasons and notes would fit as well.',
    often: {
      rehashed: [
        'decisions.number: down, up', 'decisions.record: changed', 'decisions.waited_ms: down, swapped, up', 'directives.at_ms: down, swapped, up', 'directives.id: changed',
        'grants.key: changed, swapped', 'grants.note: changed, set, taken away', 'holds.basis: changed, set, taken away', 'requests.client_version: changed, set, taken away',
        'requests.received_at_ms: down, swapped, up', 'requests.request_kind: taken away', 'requests.stream: down, swapped, turned',
        'requests.turn_id: changed, set, swapped, taken away', 'usage_events.duration_ms: down, swapped, up', 'usage_events.first_byte_ms: down, set, swapped, taken away, up',
        'usage_events.free_reason: changed', 'usage_events.notice: changed, set, taken away', 'usage_events.outcome: swapped',
        'usage_events.response_id: changed, set, swapped, taken away', 'usage_events.status: down, swapped, taken away, up',
        'usage_events.upstream_request_id: changed, swapped, taken away', 'usage_events.waited_ms: down, swapped',
      ],
      refitted: [
        'decisions.number: down, up', 'decisions.record: changed', 'decisions.waited_ms: down, swapped, up', 'directives.at_ms: down, swapped, up', 'directives.id: changed',
        'grants.key: changed, swapped', 'grants.note: changed, set, taken away', 'holds.basis: changed, set, taken away', 'requests.client_version: changed, set, taken away',
        'requests.received_at_ms: down, swapped, up', 'requests.request_kind: changed, set, swapped, taken away', 'requests.stream: down, swapped, turned, up',
        'requests.turn_id: changed, set, swapped, taken away', 'usage_events.duration_ms: down, up', 'usage_events.first_byte_ms: down, swapped, taken away, up',
        'usage_events.free_reason: changed', 'usage_events.notice: changed, set, taken away', 'usage_events.response_id: changed, swapped, taken away',
        'usage_events.status: down, swapped, taken away, up', 'usage_events.upstream_request_id: changed, set, swapped, taken away', 'usage_events.waited_ms: down, swapped, up',
      ],
    },
    seldom: {
      rehashed: [
        'decisions.record: swapped', 'directives.id: swapped', 'entries.at_ms: up', 'requests.request_kind: changed', 'requests.stream: up', 'usage_events.at_ms: down',
        'usage_events.free_reason: swapped', 'usage_events.outcome: changed', 'usage_events.upstream_request_id: set', 'usage_events.waited_ms: up',
      ],
      refitted: [
        'directives.id: swapped', 'usage_events.at_ms: down', 'usage_events.duration_ms: swapped', 'usage_events.first_byte_ms: set', 'usage_events.free_reason: taken away',
        'usage_events.outcome: changed, swapped', 'usage_events.response_id: set', 'usage_events.status: set',
      ],
    },
    elsewhere: {
      refitted: ['usage_events.at_ms: swapped', 'decisions.record: swapped'],
    },
  },
  {
    why: 'Puts rows that do not depend on each other into another order.',
    often: {
      rehashed: ['directives.sequence: swapped', 'two neighbours of directives in the other order', 'two neighbours of usage_events in the other order'],
      refitted: [
        'directives.sequence: swapped', 'two neighbours of directives in the other order', 'two neighbours of entries in the other order',
        'two neighbours of usage_events in the other order',
      ],
    },
    seldom: {
      rehashed: ['usage_events.sequence: swapped'],
      refitted: ['usage_events.sequence: swapped'],
    },
  },
  {
    why: 'Is an estimate that nothing was reserved for, or the tier or price of an attempt that was not charged by it.',
    often: {
      rehashed: [
        'holds.estimate: down, set', 'holds.estimated_input: down, up', 'holds.estimated_output: down, swapped, up', 'holds.likely_output: down, swapped, taken away, up',
        'holds.price: taken away', 'holds.tier: changed, swapped',
      ],
      refitted: [
        'holds.estimated_input: down, swapped, up', 'holds.estimated_output: down, swapped, up', 'holds.likely_output: down, swapped, taken away, up', 'holds.price: taken away',
        'holds.tier: changed, swapped',
      ],
    },
    seldom: {
      rehashed: ['holds.estimate: up', 'holds.estimated_input: swapped'],
      refitted: ['holds.estimate: down, set, taken away, up'],
    },
    elsewhere: {
      rehashed: ['holds.price: changed, swapped', 'a hold by another price, charged by it'],
      refitted: ['holds.price: changed', 'a hold by another price, charged by it'],
    },
  },
  {
    why: 'Is a directive that nothing followed from, or that other directives say as well.',
    often: {
      rehashed: [
        'a row of directives deleted', 'a row of directives deleted, a budget', 'a row of directives deleted, a consent', 'a row of directives deleted, a policy',
        'directives.content: changed',
      ],
      refitted: ['a row of directives deleted, a consent', 'a row of directives deleted, a policy', 'a row of directives deleted, a void', 'directives.content: changed'],
    },
    seldom: {
      plain: ['a row of directives deleted, a consent', 'a row of directives deleted, a policy'],
      rehashed: ['a row of directives deleted, a price'],
      refitted: ['a row of directives deleted', 'a row of directives deleted, a budget', 'a row of directives deleted, a price'],
    },
    elsewhere: {
      plain: ['a row of directives deleted, a budget'],
    },
  },
  {
    why: 'Is usage that was not charged, or that another model or client would have been charged for alike.',
    often: {
      rehashed: ['usage_events.model_served: taken away'],
      refitted: [
        'usage_events.measured: down, swapped, turned', 'usage_events.model_served: changed, set, swapped, taken away', 'usage_events.reasoning_tokens: down, up',
        'usage_events.tier: changed',
      ],
    },
    seldom: {
      rehashed: ['charges.price: changed', 'usage_events.measured: turned', 'usage_events.tier: changed'],
      refitted: ['charges.price: changed', 'requests.client: changed', 'requests.thread_id: set', 'usage_events.cached_input_tokens: up', 'usage_events.output_tokens: up'],
    },
    elsewhere: {
      refitted: ['usage_events.reasoning_tokens: swapped'],
    },
  },
  {
    why: 'Tells another story that holds together: everything that follows from it was changed too.',
    often: {
      rehashed: ['a grant that burnt before its turn', 'a row of entries deleted, of exposure'],
      refitted: [
        'a grant one larger, with what a person chose and its entry', 'a grant that burnt before its turn', 'a row of entries deleted, of exposure',
        'a row of usage_events deleted, of a free attempt', 'an attempt moved to another workspace',
      ],
    },
    seldom: {
      rehashed: ['an attempt moved to another workspace'],
      refitted: ['a row of entries deleted, a expire', 'a row of usage_events deleted'],
    },
  },
];

/** What may pass with an effort, by the tampering's name. */
export function unseenNames(effort: Effort): ReadonlyMap<string, ToldUnseen> {
  const named = (names: Names | undefined, told: ToldUnseen) => (names?.[effort] ?? []).flatMap((text) => {
    const [column = '', changes] = text.split(': ');
    return (changes?.split(', ').map((change) => `${column} ${change}`) ?? [column]).map((name) => [name, told] as const);
  });
  return new Map(unseenTamperings.flatMap((one) => (['often', 'seldom', 'elsewhere'] as const).flatMap((where) => named(one[where], { isAnchored: one.isAnchored ?? true, where }))));
}

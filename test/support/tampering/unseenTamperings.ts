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
      plain: ['a row of begun deleted', 'begun.at_ms: down, swapped, up', 'begun.attempt_id: swapped', 'begun.response_id: changed, set, swapped, taken away'],
      rehashed: [
        'a row of begun deleted', 'begun.at_ms: down, swapped, up', 'begun.attempt_id: swapped', 'begun.response_id: changed, set, swapped, taken away',
        'the tracked of a decision taken away',
      ],
      refitted: [
        'a row of begun deleted', 'begun.at_ms: down, swapped, up', 'begun.attempt_id: swapped', 'begun.response_id: changed, set, swapped, taken away',
        'the tracked of a decision taken away',
      ],
    },
    seldom: {
      rehashed: ['requests.model: changed'],
      refitted: ['requests.model: changed'],
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
        'decisions (of a fallback).record: changed', 'decisions (of a fallback).waited_ms: up', 'decisions (of a plan).waited_ms: up', 'decisions.number: down, up',
        'decisions.record: changed', 'decisions.waited_ms: down, swapped, up', 'directives.at_ms: down, swapped, up', 'directives.id: changed, swapped', 'entries.at_ms: down',
        'grants.key: changed, swapped', 'grants.note: changed, set, swapped, taken away', 'holds.basis: changed, set, taken away', 'requests.client_version: changed, set, taken away',
        'requests.received_at_ms: down, swapped, up', 'requests.stream: down, swapped, turned', 'requests.turn_id: changed, set, swapped, taken away', 'the answered of a decision changed', 'the inLineMs of a decision changed', 'the inLineMs of a decision taken away',
        'the answered of a decision taken away', 'the at of the fallback of a decision changed', 'the because of the fallback of a decision changed', 'the code of a decision changed',
        'the coveredBy of a decision of a plan taken away', 'the model of the fallback of a decision changed', 'the remedy of a decision changed', 'the retryAtMs of a decision changed',
        'the retryAtMs of a decision taken away', 'the said of a decision changed', 'the said of a decision taken away', 'the said of the fallback of a decision changed',
        'the said of the fallback of a decision taken away', 'the stops of a decision changed', 'the stops of a decision taken away', 'the toChange of a decision changed',
        'the toChange of a decision taken away', 'the toChangeSaid of a decision changed', 'the toChangeSaid of a decision taken away', 'usage_events (of a fallback).duration_ms: up',
        'usage_events (of a fallback).first_byte_ms: set, taken away, up', 'usage_events (of a fallback).free_reason: changed',
        'usage_events (of a fallback).notice: changed, set, taken away', 'usage_events (of a fallback).outcome: changed', 'usage_events (of a fallback).response_id: changed, set, taken away',
        'usage_events (of a fallback).status: taken away, up', 'usage_events (of a fallback).upstream_request_id: changed, taken away', 'usage_events (of a fallback).waited_ms: up',
        'usage_events (of a plan).at_ms: up', 'usage_events (of a plan).duration_ms: up', 'usage_events (of a plan).first_byte_ms: set, taken away, up',
        'usage_events (of a plan).free_reason: changed', 'usage_events (of a plan).notice: changed, set, taken away', 'usage_events (of a plan).outcome: changed',
        'usage_events (of a plan).response_id: changed, set, taken away', 'usage_events (of a plan).status: set, taken away, up',
        'usage_events (of a plan).upstream_request_id: changed, set, taken away', 'usage_events (of a plan).waited_ms: up', 'usage_events.duration_ms: down, swapped, up',
        'usage_events.first_byte_ms: down, set, swapped, taken away, up', 'usage_events.free_reason: changed', 'usage_events.notice: changed, set, taken away',
        'usage_events.outcome: swapped', 'usage_events.response_id: changed, set, swapped, taken away', 'usage_events.status: down, swapped, taken away, up',
        'usage_events.upstream_request_id: changed, set, swapped, taken away', 'usage_events.waited_ms: down, swapped, up',
      ],
      refitted: [
        'decisions (of a fallback).record: changed', 'decisions (of a fallback).waited_ms: up', 'decisions (of a plan).waited_ms: up', 'decisions.number: down, up',
        'decisions.record: changed', 'decisions.waited_ms: down, swapped, up', 'directives.at_ms: down, swapped, up', 'directives.id: changed, swapped', 'entries.at_ms: down',
        'grants.key: changed, swapped', 'grants.note: changed, set, swapped, taken away', 'holds.basis: changed, set, taken away', 'requests.client_version: changed, set, taken away',
        'requests.branch: changed, set, swapped, taken away', 'requests.command: changed, set, swapped, taken away', 'requests.file: changed, set, swapped, taken away',
        'requests.received_at_ms: down, swapped, up', 'requests.request_kind: changed, set, swapped, taken away', 'requests.stream: down, swapped, turned, up',
        'requests.turn_id: changed, set, swapped, taken away', 'the answered of a decision changed', 'the inLineMs of a decision changed', 'the inLineMs of a decision taken away', 'the answered of a decision taken away', 'the at of the fallback of a decision changed',
        'the because of the fallback of a decision changed', 'the code of a decision changed', 'the coveredBy of a decision of a plan taken away',
        'the model of the fallback of a decision changed', 'the remedy of a decision changed', 'the retryAtMs of a decision changed', 'the retryAtMs of a decision taken away',
        'the said of a decision changed', 'the said of a decision taken away', 'the said of the fallback of a decision changed', 'the said of the fallback of a decision taken away',
        'the stops of a decision changed', 'the stops of a decision taken away', 'the toChange of a decision changed', 'the toChange of a decision taken away',
        'the toChangeSaid of a decision changed', 'the toChangeSaid of a decision taken away', 'usage_events (of a fallback).duration_ms: up',
        'usage_events (of a fallback).first_byte_ms: set, up', 'usage_events (of a fallback).free_reason: changed', 'usage_events (of a fallback).notice: changed, set, taken away',
        'usage_events (of a fallback).response_id: set, taken away', 'usage_events (of a fallback).status: taken away, up',
        'usage_events (of a fallback).upstream_request_id: changed, taken away', 'usage_events (of a fallback).waited_ms: up', 'usage_events (of a plan).duration_ms: up',
        'usage_events (of a plan).first_byte_ms: set, taken away, up', 'usage_events (of a plan).free_reason: changed', 'usage_events (of a plan).notice: changed, set, taken away',
        'usage_events (of a plan).outcome: changed', 'usage_events (of a plan).response_id: changed, set, taken away', 'usage_events (of a plan).status: set, taken away, up',
        'usage_events (of a plan).upstream_request_id: changed, set, taken away', 'usage_events (of a plan).waited_ms: up', 'usage_events.duration_ms: down, up',
        'usage_events.first_byte_ms: down, swapped, taken away, up', 'usage_events.free_reason: changed', 'usage_events.notice: changed, set, taken away',
        'usage_events.response_id: changed, swapped, taken away', 'usage_events.status: down, swapped, taken away, up', 'usage_events.upstream_request_id: changed, set, swapped, taken away',
        'usage_events.waited_ms: down, swapped, up',
      ],
    },
    seldom: {
      rehashed: [
        'decisions.record: swapped', 'entries.at_ms: up', 'requests.request_kind: changed', 'requests.stream: up', 'usage_events.at_ms: down', 'usage_events.free_reason: swapped',
        'usage_events.outcome: changed',
      ],
      refitted: [
        'usage_events.at_ms: down', 'usage_events.duration_ms: swapped', 'usage_events.first_byte_ms: set', 'usage_events.free_reason: taken away', 'usage_events.outcome: changed, swapped',
        'usage_events.response_id: set', 'usage_events.status: set',
      ],
    },
    elsewhere: {
      rehashed: ['requests.request_kind: taken away'],
      refitted: ['decisions.record: swapped', 'usage_events.at_ms: swapped'],
    },
  },
  {
    why: 'Puts rows that do not depend on each other into another order.',
    often: {
      rehashed: [
        'directives.sequence: swapped', 'imports.sequence: swapped', 'two neighbours of directives in the other order', 'two neighbours of imports in the other order',
        'two neighbours of usage_events in the other order',
      ],
      refitted: [
        'directives.sequence: swapped', 'imports.sequence: swapped', 'two neighbours of directives in the other order', 'two neighbours of entries in the other order',
        'two neighbours of imports in the other order', 'two neighbours of usage_events in the other order',
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
        'holds (of a fallback).estimate: taken away', 'holds (of a fallback).likely_output: taken away, up', 'holds (of a plan).basis: changed, set, taken away',
        'holds (of a plan).estimated_output: up', 'holds (of a plan).likely_output: taken away, up', 'holds (of a plan).price: set, taken away', 'holds (of a plan).tier: changed',
        'holds.estimate: down, set', 'holds.estimated_input: down, swapped, up', 'holds.estimated_output: down, swapped, up', 'holds.likely_output: down, swapped, taken away, up',
        'holds.price: taken away', 'holds.tier: changed, swapped',
      ],
      refitted: [
        'holds (of a fallback).likely_output: taken away, up', 'holds (of a plan).basis: changed, set, taken away', 'holds (of a plan).likely_output: taken away, up',
        'holds (of a plan).price: set, taken away', 'holds (of a plan).tier: changed', 'holds.estimated_input: down, swapped, up', 'holds.estimated_output: down, swapped, up',
        'holds.likely_output: down, swapped, taken away, up', 'holds.price: taken away', 'holds.tier: changed, swapped',
      ],
    },
    seldom: {
      rehashed: ['holds.estimate: up'],
      refitted: ['holds.estimate: down, set, taken away, up'],
    },
    elsewhere: {
      rehashed: ['a hold by another price, charged by it', 'holds.price: changed, swapped'],
      refitted: ['a hold by another price, charged by it', 'holds.price: changed'],
    },
  },
  {
    why: 'Is a directive that nothing followed from, or that other directives say as well.',
    often: {
      rehashed: [
        'a row of directives deleted', 'a row of directives deleted, a budget', 'a row of directives deleted, a consent', 'a row of directives deleted, a limit',
        'a row of directives deleted, a policy', 'a row of directives deleted, a restored', 'a row of directives deleted, a unpriced-model', 'a row of directives deleted, a voucher-issuer',
        'directives.content: changed', 'the amountMicroCredits of a allowance changed', 'the amountMicroCredits of a auto-top-up changed', 'the answer of a consent changed',
        'the belowMicroCredits of a auto-top-up changed', 'the capMicroCredits of a auto-top-up changed', 'the limit of an even budget changed', 'the models of a allowance taken away',
        'the name of a voucher-issuer changed', 'the note of a allowance changed', 'the of of a budget taken away', 'the per of a budget changed', 'the timeZone of a auto-top-up changed',
        'the wanted of a budget in a decision changed', 'the weekStartsOn of a allowance changed', 'the weekStartsOn of a allowance taken away',
      ],
      refitted: [
        'a row of directives deleted, a consent', 'a row of directives deleted, a limit', 'a row of directives deleted, a policy', 'a row of directives deleted, a restored',
        'a row of directives deleted, a unpriced-model', 'a row of directives deleted, a void', 'a row of directives deleted, a voucher-issuer', 'directives.content: changed',
        'the amountMicroCredits of a allowance changed', 'the amountMicroCredits of a auto-top-up changed', 'the answer of a consent changed',
        'the belowMicroCredits of a auto-top-up changed', 'the capMicroCredits of a auto-top-up changed', 'the limit of an even budget changed', 'the models of a allowance taken away',
        'the name of a voucher-issuer changed', 'the note of a allowance changed', 'the of of a budget taken away', 'the timeZone of a auto-top-up changed',
        'the wanted of a budget in a decision changed', 'the weekStartsOn of a allowance changed', 'the weekStartsOn of a allowance taken away',
      ],
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
      rehashed: [
        'usage_events (of a plan).measured: turned, up', 'usage_events (of a plan).model_served: taken away', 'usage_events (of a plan).tier: changed',
        'usage_events.model_served: taken away', 'usage_events.tier: changed, swapped',
      ],
      refitted: [
        'requests.thread_id: set', 'usage_events (of a fallback).measured: turned', 'usage_events (of a fallback).model_served: changed, set, taken away',
        'usage_events (of a fallback).reasoning_tokens: up', 'usage_events (of a plan).cache_write_tokens: up', 'usage_events (of a plan).cached_input_tokens: up',
        'usage_events (of a plan).input_tokens: up', 'usage_events (of a plan).measured: turned, up', 'usage_events (of a plan).model_served: changed, set, taken away',
        'usage_events (of a plan).output_tokens: up', 'usage_events (of a plan).reasoning_tokens: up', 'usage_events (of a plan).tier: changed',
        'usage_events.measured: down, swapped, turned', 'usage_events.model_served: changed, set, swapped, taken away', 'usage_events.reasoning_tokens: down, up',
        'usage_events.tier: changed, swapped',
      ],
    },
    seldom: {
      rehashed: ['charges.price: changed', 'usage_events.measured: turned'],
      refitted: ['charges.price: changed', 'requests.client: changed', 'usage_events.cached_input_tokens: up', 'usage_events.output_tokens: up'],
    },
    elsewhere: {
      refitted: ['usage_events.reasoning_tokens: swapped'],
    },
  },
  {
    why: 'Tells another story that holds together: everything that follows from it was changed too.',
    often: {
      rehashed: [
        'a grant that burnt before its turn', 'a row of entries deleted, of exposure', 'an automatic addition that a person chose',
        'an even budget laid down for any time, with what decisions tell of it', 'requests.thread_id: set',
      ],
      refitted: [
        'a grant one larger, with what a person chose and its entry', 'a grant that burnt before its turn', 'a row of entries deleted, of exposure',
        'a row of usage_events deleted, of a free attempt', 'a row of usage_events deleted, of a plan', 'a voucher one larger, with its content and entry',
        'an attempt moved to another workspace', 'an automatic addition that a person chose', 'an even budget laid down for any time, with what decisions tell of it',
      ],
    },
    seldom: {
      rehashed: ['an attempt moved to another workspace'],
      refitted: ['a row of entries deleted, a expire', 'a row of usage_events deleted'],
    },
  },
  {
    why: 'Is of a response that only a session file tells of: other names, times, places and, without a price, counts would fit as well.',
    often: {
      rehashed: [
        'an imported response that went through the broker', 'imports.at_ms: down, up', 'imports.client_version: changed, set, taken away', 'imports.imported_at_ms: down, swapped, up',
        'imports.price: changed', 'imports.response_id: taken away', 'imports.source: changed, swapped',
      ],
      refitted: [
        'a row of imports deleted', 'an imported response that went through the broker', 'imports.at_ms: down, swapped, up', 'imports.cached_input_tokens: down, up',
        'imports.client: changed, swapped', 'imports.client_version: set, taken away', 'imports.imported_at_ms: down, up', 'imports.input_tokens: swapped',
        'imports.model: changed, set, swapped, taken away', 'imports.output_tokens: up', 'imports.price: changed', 'imports.reasoning_tokens: down, up', 'imports.response_id: taken away',
        'imports.source: changed, swapped', 'imports.thread_id: changed, set, swapped, taken away', 'imports.workspace_id: changed, swapped',
      ],
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

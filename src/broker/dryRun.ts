// What would become of a request that is not sent: its estimate by what was learned, its price of now, and
// the decision by the ledger as it stands. Nothing is written, and nothing of its text comes here.
import type { Estimator, RequestSize } from '../domain/estimator.ts';
import { chargeFor, holdCost, priceTier } from '../domain/pricing.ts';
import type { ModelPrice } from '../domain/pricing.ts';
import type { Problem } from '../domain/problem.ts';
import { say } from '../domain/say.ts';
import { noTokens } from '../domain/tokenUsage.ts';
import { formatCredits, formatTokens } from '../domain/units.ts';
import type { DryRunResult } from '../protocol/control.ts';
import type { ControlArguments } from '../protocol/controlArguments.ts';
import { layerSentence, shownLayer } from '../protocol/shownLayer.ts';
import type { Clock } from './clock.ts';
import { workspaceIdOf } from './dataFolder.ts';
import type { PriceLookup } from './prices/priceTable.ts';
import type { LedgerStore } from './store/ledgerPort.ts';
import type { FallbackUpstream } from './upstream/fallbackUpstream.ts';

/** What a dry run rests on. */
export interface DryRunParts {
  readonly ledger: LedgerStore;
  readonly clock: Clock;
  readonly estimator: Estimator;
  readonly prices: PriceLookup;
  readonly ceilingPrice: (atMs: number) => ModelPrice;
  /** Whether there is a window that could ask a person; where no broker runs that is taken for granted. */
  readonly canAsk: () => boolean;
  /** Why nothing is sent at all now. */
  readonly unsafe: () => Problem | undefined;
  readonly fallback?: Pick<FallbackUpstream, 'offer'> | undefined;
}

/** Decides a request that is not sent. */
export async function dryRun({ ledger, clock, estimator, prices, ceilingPrice, canAsk, unsafe, fallback }: DryRunParts, args: ControlArguments<'dryRun'>): Promise<DryRunResult> {
  const nowMs = clock.nowMs();
  const { model } = args;
  const estimate = estimator.estimate({ ...args.size, model } as unknown as RequestSize);
  const price = prices(model, nowMs);
  const tier = priceTier(args.serviceTier);
  const ceiling = ceilingPrice(nowMs);
  const hold = price && holdCost(estimate, price, tier);
  const why = unsafe();
  const decision = await ledger.query('decide', {
    request: {
      requestId: 'dry-run', receivedAtMs: nowMs, workspaceId: args.workspacePath === undefined ? 'no workspace' : workspaceIdOf(args.workspacePath).workspaceId,
      client: args.client ?? 'dry-run', model, stream: true, ...(args.threadId === undefined ? {} : { threadId: args.threadId }),
    },
    atMs: nowMs, tier, estimatedInputTokens: estimate.inputTokens, estimatedOutputTokens: estimate.outputTokens,
    ...(price && hold !== undefined ? { price, estimateMicroCredits: hold } : { ceiling: { price: ceiling, estimateMicroCredits: holdCost(estimate, ceiling, tier) } }),
    canAsk: canAsk(), canWait: true, ...(why ? { unsafe: why } : {}), ...(fallback ? { fallback: fallback.offer(estimate, nowMs) } : {}), limits: { waitedMs: 0, ...say('Upstream limits are not looked at in a dry run.') },
  });
  const likely = price && chargeFor({ ...noTokens, inputTokens: estimate.inputTokens, outputTokens: estimate.likelyOutputTokens }, price, tier).costMicroCredits;
  const { inputTokens, holdInputTokens, outputTokens, likelyOutputTokens } = estimate;
  return {
    decision, model, estimate: { inputTokens, holdInputTokens, outputTokens, likelyOutputTokens },
    ...(hold === undefined ? {} : { holdMicroCredits: hold }), ...(likely === undefined ? {} : { likelyMicroCredits: likely }), ...(price ? { price } : {}),
    story: [
      `About ${formatTokens(inputTokens)} tokens in; ${formatTokens(likelyOutputTokens)} out are most likely, and 95 of 100 answers stay below ${formatTokens(outputTokens)}.`,
      price && hold !== undefined && likely !== undefined
        ? `At the price "${price.version}" that is about ${formatCredits(likely, 4)} credits; ${formatCredits(hold, 4)} would be held.` : `No price is known for "${model}".`,
      ...decision.layers.map((layer) => layerSentence(shownLayer(decision, layer), layer.because)),
      decision.fallback ? `It would be answered by the fallback ${decision.fallback.model}.` : outcomes[decision.outcome], ...(decision.toChange ?? []),
    ],
  };
}

const outcomes: Readonly<Record<DryRunResult['decision']['outcome'], string>> = {
  admit: 'It would be sent.', refuse: 'It would be refused.', ask: 'It would wait while a person is asked.', wait: 'It would wait for running requests to give back what they do not use.',
};

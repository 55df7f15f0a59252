// From what was seen of an attempt to what the ledger is told: policy P, the tier and the price.
// Pure but for the price look-up that is passed in.
import { answeredInstead } from '../domain/fallback.ts';
import { chargeFor, priceTier } from '../domain/pricing.ts';
import type { ModelPrice, PriceTier } from '../domain/pricing.ts';
import { settle as applyPolicy } from '../domain/settlement.ts';
import type { TokenUsage } from '../domain/tokenUsage.ts';
import { say } from '../domain/say.ts';
import type { AdmissionRequest, Lease } from './admissionTicket.ts';
import type { PriceLookup } from './prices/priceTable.ts';
import type { SettleCommand } from './store/ledgerCommands.ts';
import type { AttemptReport } from './upstream/attempt.ts';

/** The settlement of an attempt; `stopped` says why the broker itself ended it. A measured one is priced as it was served, an estimated one as it was held. */
export function settlementOf(request: AdmissionRequest, lease: Lease, report: AttemptReport & { readonly stopped?: string }, prices: PriceLookup, nowMs: number): SettleCommand {
  const { response } = report;
  const booked = applyPolicy({
    ending: report.ending, begun: report.begun, outputChars: report.outputChars,
    estimatedInputTokens: request.estimate.inputTokens, estimatedOutputTokens: request.estimate.outputTokens,
    ...(request.estimate.likelyReasoningTokens === undefined ? {} : { likelyReasoningTokens: request.estimate.likelyReasoningTokens }),
    ...(request.isPrewarm ? { isPrewarm: true } : {}), ...(request.plan ? { isCovered: true } : {}),
    ...(report.terminal ? { terminal: report.terminal } : {}),
    ...(response?.usage ? { reported: { usage: response.usage, consistent: response.usagePlausible } } : {}),
  });
  // An estimate must stay below the hold, so the hold's own tier and price stand for it.
  const { fallback } = lease;
  const modelServed = response?.model ?? fallback?.model;
  const servedPrice = booked.measured && !fallback ? pricedAs(prices, request, response?.model) : undefined;
  const tier = fallback ? 'standard' : booked.measured && response?.serviceTier !== undefined ? priceTier(response.serviceTier) : request.tier;
  return {
    type: 'settle', attemptId: lease.attemptId, atMs: nowMs, outcome: booked.outcome, usage: booked.usage, measured: booked.measured,
    chargeable: booked.charge !== undefined, waitedMs: lease.waitedMs, durationMs: report.durationMs,
    tier,
    ...(booked.freeReason === undefined ? {} : { freeReason: booked.freeReason }),
    ...noticed([fallback && answeredInstead(fallback).because, report.stopped, booked.notice, request.plan && worth(booked.usage, servedPrice ?? request.price, tier)]),
    ...(booked.exposed ? { exposed: true } : {}),
    ...(modelServed === undefined ? {} : { modelServed }),
    ...(servedPrice ? { servedPrice } : {}),
    ...(report.status === undefined ? {} : { status: report.status }),
    ...(report.upstreamRequestId === undefined ? {} : { upstreamRequestId: report.upstreamRequestId }),
    ...(report.responseId === undefined ? {} : { responseId: report.responseId }),
    ...(report.firstByteMs === undefined ? {} : { firstByteMs: report.firstByteMs }),
  };
}

function noticed(parts: readonly (string | undefined)[]): Pick<SettleCommand, 'notice'> {
  const said = parts.filter((one) => one !== undefined);
  return said.length === 0 ? {} : { notice: said.join(' ') };
}

/** What a plan's request would have cost, as a sentence. */
function worth(usage: TokenUsage, price: ModelPrice | undefined, tier: PriceTier): string | undefined {
  if (!price || usage.inputTokens + usage.outputTokens === 0) return undefined;
  return say('By the price list it would have cost {0} credits.', { credits: chargeFor(usage, price, tier).costMicroCredits, decimals: 4 }).because;
}

/** Another model's price when another model served, as of the moment of the hold; else the hold's own stands. */
function pricedAs(prices: PriceLookup, request: AdmissionRequest, served: string | undefined): ModelPrice | undefined {
  if (served === undefined || served === request.facts.model || !request.price) return undefined;
  const price = prices(served, request.facts.receivedAtMs);
  return price && price.model !== request.price.model ? price : undefined;
}

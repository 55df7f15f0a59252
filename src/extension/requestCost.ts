// Learns what a request cost once the broker has settled it, and says it in words. It asks a
// bounded number of times; a cost that is not known by then is said to be unknown.
import { formatCredits, formatTokens, formatUsd } from '../domain/units.ts';
import type { ExplainResult } from '../protocol/control.ts';
import { t } from '../protocol/language.ts';
import type { BrokerCall } from './liveSocket.ts';
import { pause, type Schedule } from './schedule.ts';

/** How often the broker is asked before the cost counts as not known yet. */
export const costLooksMax = 15;
const lookPauseMs = 200;
/** Amounts below it would read 0.00. */
const smallMicroCredits = 10_000;

/** The settled request, or undefined when it is not settled in time or cannot be asked. */
export async function settledRequest(call: BrokerCall, schedule: Schedule, requestId: string): Promise<ExplainResult | undefined> {
  for (let look = 0; look < costLooksMax; look += 1) {
    if (look > 0) await pause(schedule, lookPauseMs);
    try {
      const told = await call('explain', { id: requestId });
      if (told.charge || told.attempts.length > 0 && told.attempts.every((attempt) => attempt.outcome !== undefined)) return told;
    } catch {
      // Not there yet, or the broker went away: the caller says that the cost is not known.
    }
  }
  return undefined;
}

/** "0.42 credits ($0.02)"; "0.42 practice credits" where no money is meant; six decimals below a hundredth. @param isEstimated some of it is an estimate: then it begins with "≈" */
export function creditsWords(microCredits: number, practice: boolean, locale: string, isEstimated = false): string {
  const exact = formatCredits(microCredits, microCredits > 0 && microCredits < smallMicroCredits ? 6 : 2, locale);
  const credits = isEstimated && microCredits !== 0 ? `≈ ${exact}` : exact;
  return practice ? t('{0} practice credits', credits) : t('{0} credits ({1})', credits, formatUsd(microCredits, 2, locale));
}

/** "gpt-5.4-mini · 1,204 tokens in, 310 out · 0.12 credits (< $0.01)". */
export function costSentence(told: ExplainResult, practice: boolean, locale: string): string {
  const usage = told.attempts.at(-1)?.usage;
  const tokens = usage ? t('{0} tokens in, {1} out', formatTokens(usage.inputTokens, locale), formatTokens(usage.outputTokens, locale)) : t('tokens unknown');
  const cost = told.charge ? creditsWords(told.charge.costMicroCredits, practice, locale) : told.attempts.at(-1)?.freeReason ? t('no charge') : t('no price known');
  return [told.model, tokens, cost].join(' · ');
}

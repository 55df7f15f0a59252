// Whether a decision's record is one that the waterfall can have written, as far as it tells by itself: a refusal says
// why and takes nothing, an admission is ended by no layer unless a fallback answers, and who else pays is somebody
// that there is. What it tells of grants, budgets and holds is proven beside their rows.
import type { DecisionRecord, FallbackTaken } from '../decisionRecord.ts';
import { fallbackCause } from '../fallback.ts';

/** What stands in a row may be any JSON. */
type Anything<T> = { readonly [Name in keyof T]?: unknown };

/** Whether a record can have been written. */
export function isPossibleRecord(record: unknown): record is DecisionRecord {
  const { outcome, layers, slices, holdMicroCredits, tracked, coveredBy, budgets, code, message, remedy, fallback } = (record ?? {}) as Anything<DecisionRecord>;
  const isNamed = (one: unknown, ...names: readonly string[]) => names.every((name) => typeof (one as Readonly<Record<string, unknown>> | null)?.[name] === 'string');
  if (!Array.isArray(layers) || layers.length === 0 || !layers.every((one) => isNamed(one, 'layer', 'verdict', 'because')) || !Array.isArray(slices) || !slices.every((one) => isNamed(one, 'grantId', 'kind')) || !Number.isSafeInteger(holdMicroCredits) || budgets !== undefined && !(Array.isArray(budgets) && budgets.every((one) => isNamed(one, 'budgetId', 'key', 'unit', 'mode', 'verdict')))) return false;
  const verdicts = new Set(layers.map((one: { readonly layer: string; readonly verdict: string }) => (one.layer === 'fallback' ? `fallback ${one.verdict}` : one.verdict)));
  const takesNothing = slices.length === 0 && holdMicroCredits === 0;
  if (outcome === 'refuse') return takesNothing && isText(code) && isText(message) && typeof remedy === 'string' && [tracked, coveredBy, fallback].every((one) => one === undefined) && verdicts.has('ended') && !verdicts.has('fallback took');
  if (outcome !== 'admit' || [code, message, remedy].some((one) => one !== undefined) || tracked !== undefined && (tracked !== true || !takesNothing) || verdicts.has('fallback took') !== (fallback !== undefined)) return false;
  if (fallback !== undefined) return takesNothing && tracked === undefined && coveredBy === undefined && verdicts.has('ended') && isPossibleFallback(fallback);
  return !verdicts.has('ended') && (coveredBy === undefined || coveredBy === 'plan' && takesNothing && tracked === undefined);
}

/** It answers for a refusal that its cause is the name of. */
function isPossibleFallback(fallback: unknown): boolean {
  const { model, at, cause, code, because } = (fallback ?? {}) as Anything<FallbackTaken>;
  return isText(cause) && isText(model) && typeof at === 'string' && isText(code) && typeof because === 'string' && fallbackCause(code, { causes: [cause as FallbackTaken['cause']] }) === cause;
}

function isText(one: unknown): one is string {
  return typeof one === 'string' && one !== '';
}

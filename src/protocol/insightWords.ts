// An insight in words: what was found, with its numbers, and the one thing to do about it; and what all of them rest on. One place, so
// that the command line and the dashboard say the same. Pure.
import type { Insight } from '../domain/insights.ts';
import { formatCredits, formatShare, formatTokens } from '../domain/units.ts';
import { dateWords } from './clockWords.ts';
import type { InsightsResult } from './insightsResult.ts';
import { plural, t } from './language.ts';

/** The days that a finding is of, and those that they were compared with. */
type Range = Pick<InsightsResult, 'days' | 'comparedDays'>;

/** An insight as people read it. */
export interface InsightText {
  /** What was found, as a heading. */
  readonly title: string;
  /** Its numbers, as a sentence or two. */
  readonly detail: string;
  /** What to do. */
  readonly action: string;
  /** What it costs or would save in the range; absent where that cannot be told. */
  readonly worth?: string;
}

/** Words for a finding. Tasks are named by the first eight characters of their id. */
export function insightText(insight: Insight, range: Range, locale: string): InsightText {
  const { kind, subject, numbers, names } = insight;
  const share = (name: string) => formatShare(numbers[name] ?? 0, locale);
  const tokens = (name: string) => formatTokens(numbers[name] ?? 0, locale);
  const credits = (name: string) => formatCredits(numbers[name] ?? 0, 2, locale);
  const requests = numbers['requests'] ?? 0;
  const workspace = names['workspace'] ?? '';
  const worth = worthOf(insight, range, locale);
  switch (kind) {
    case 'cache-fell': return {
      title: t('The cache helps "{0}" less than it did', subject), ...worth,
      detail: range.days === 1 ? t('Today {0} of {1} input tokens came from the cache; in the {2} days before it was {3}.', share('share'), tokens('inputTokens'), range.comparedDays, share('shareBefore'))
        : t('In the last {0} days {1} of {2} input tokens came from the cache; in the {3} days before it was {4}.', range.days, share('share'), tokens('inputTokens'), range.comparedDays, share('shareBefore')),
      action: t('Look for what changes at the beginning of its prompts: instructions with a date, tools in another order, models that are switched within a task.'),
    };
    case 'history-resent': return {
      title: t('Task {0} in "{1}" sends its history anew each time', shortId(subject), workspace), ...worth,
      detail: plural(requests, '{0} request read {1} input tokens, {2} of them from the cache, for {3} credits.', '{0} requests read {1} input tokens, {2} of them from the cache, for {3} credits.', tokens('inputTokens'), share('share'), credits('costMicroCredits')),
      action: t('Let it compact its conversation or start a new task; a client of your own should keep the beginning of its prompts the same.'),
    };
    case 'waits': return waitsText(insight, locale);
    case 'cheaper-model': {
      const { model } = names;
      return {
        title: model === undefined ? t('{0} costs more than another model in use', subject) : t('{0} costs more than {1} in use', subject, model), ...worth,
        detail: plural(requests, '{0} request to {1} cost {2} credits; the same tokens would have cost {3} credits with {4}.', '{0} requests to {1} cost {2} credits; the same tokens would have cost {3} credits with {4}.', subject, credits('costMicroCredits'), credits('otherMicroCredits'), model ?? '—'),
        action: t('Try {0} for simple tasks. It may need more tokens, and it may not do.', model ?? '—'),
      };
    }
    case 'unpriced': return {
      title: t('No price is known for {0}', subject),
      detail: plural(requests, '{0} request with {1} tokens was counted and cost nothing here; OpenAI may bill it.', '{0} requests with {1} tokens were counted and cost nothing here; OpenAI may bill them.', tokens('tokens')),
      action: t('Add its price to prices.json in the data folder.'),
    };
    case 'cut-answers': return {
      title: t('Answers that were cut off cost credits'), ...worth,
      detail: plural(requests, '{0} answer did not reach its end and cost {1} credits, {2} of everything.', '{0} answers did not reach their end and cost {1} credits, {2} of everything.', formatCredits(insight.worthMicroCredits ?? 0, 2, locale), share('share')),
      action: t('Stop tasks between their requests, and look at the network if nobody stopped them.'),
    };
  }
}

/** What it costs is known where answers were cut off; what it would save is a guess. */
function worthOf({ kind, worthMicroCredits, sinceMs }: Insight, { days }: Range, locale: string): Pick<InsightText, 'worth'> {
  if (worthMicroCredits === undefined) return {};
  const credits = formatCredits(worthMicroCredits, 2, locale);
  const amount = kind === 'cut-answers' ? credits : `≈ ${credits}`;
  return { worth: sinceMs !== undefined ? t('{0} credits since {1}', amount, dateWords(sinceMs, locale, false)) : days === 1 ? t('{0} credits today', amount) : t('{0} credits in {1} days', amount, days) };
}

/** What is said where nothing was found. */
export function nothingFound(days: number): string {
  return days === 1 ? t('Nothing stands out today.') : t('Nothing stands out in the last {0} days.', days);
}

/** What findings rest on, where that is less than the range. */
export function insightNotes({ days, beganAtMs, closeSinceMs }: Omit<InsightsResult, 'insights'>, locale: string): string[] {
  return [
    ...(beganAtMs === undefined || days === 1 ? [] : [t('The ledger begins on {0}, so these are fewer than {1} days.', dateWords(beganAtMs, locale, false), days)]),
    ...(closeSinceMs === undefined ? [] : [t('There are so many requests that only the newest were looked at one by one: tasks, waits, cut answers and the models of one workspace are told since {0}.', dateWords(closeSinceMs, locale, true))]),
  ];
}

function waitsText({ subject, numbers, names }: Insight, locale: string): InsightText {
  const title = t('Requests of "{0}" wait for room', subject);
  const waited = plural(numbers['requests'] ?? 0, '{0} request waited {1} min in all.', '{0} requests waited {1} min in all.', new Intl.NumberFormat(locale).format(Math.round((numbers['waitedMs'] ?? 0) / 60_000)));
  if (names['task'] === undefined) return { title, detail: waited, action: t('Run fewer tasks at once, or ask OpenAI for a higher limit.') };
  const busy = t('Task {0} in "{1}" used {2} of all tokens in that time ({3}).', shortId(names['task']), names['workspace'] ?? '', formatShare(numbers['share'] ?? 0, locale), formatTokens(numbers['tokens'] ?? 0, locale));
  return { title, detail: `${waited} ${busy}`, action: t('Run that task at another time, or give it a budget by the hour.') };
}

function shortId(id: string): string {
  return id.slice(0, 8);
}

// An insight in words: what was found, with its numbers, and the one thing to do about it. One place, so that the
// command line and the dashboard say the same. Pure.
import type { Insight } from '../domain/insights.ts';
import { formatCredits, formatShare, formatTokens } from '../domain/units.ts';

/** An insight as people read it. */
export interface InsightText {
  /** What was found, as a heading. */
  readonly title: string;
  /** Its numbers, as a sentence or two. */
  readonly detail: string;
  /** What to do. */
  readonly action: string;
  /** What it costs or would save in seven days; absent where that cannot be told. */
  readonly worth?: string;
}

/** Words for a finding. Tasks are named by the first eight characters of their id. */
export function insightText(insight: Insight, locale: string): InsightText {
  const { kind, subject, numbers, names, worthMicroCredits } = insight;
  const percent = (value = 0) => formatShare(value);
  const tokens = (value = 0) => formatTokens(value, locale);
  const credits = (value = 0) => `${formatCredits(value, 2, locale)} credits`;
  const task = (id = '') => `task ${id.slice(0, 8)}`;
  const worth = worthMicroCredits === undefined ? {} : { worth: `${kind === 'cut-answers' ? '' : '≈ '}${credits(worthMicroCredits)} in 7 days` };
  switch (kind) {
    case 'cache-fell': return {
      title: `The cache helps "${subject}" less than it did`, ...worth,
      detail: `In the last 7 days ${percent(numbers['share'])} of ${tokens(numbers['inputTokens'])} input tokens came from the cache; in the 4 weeks before it was ${percent(numbers['shareBefore'])}.`,
      action: 'Look for what changes at the beginning of its prompts: instructions with a date, tools in another order, models that are switched within a task.',
    };
    case 'history-resent': return {
      title: `${capital(task(subject))} in "${names['workspace'] ?? ''}" sends its history anew each time`, ...worth,
      detail: `${numbers['requests'] ?? 0} requests read ${tokens(numbers['inputTokens'])} input tokens, ${percent(numbers['share'])} of them from the cache, for ${credits(numbers['costMicroCredits'])}.`,
      action: 'Let it compact its conversation or start a new task; a client of your own should keep the beginning of its prompts the same.',
    };
    case 'waits': return {
      title: `Requests of "${subject}" wait for room`,
      detail: `${numbers['requests'] ?? 0} requests waited ${Math.round((numbers['waitedMs'] ?? 0) / 60_000)} min in all${names['task'] === undefined ? '.' : `; ${task(names['task'])} in "${names['workspace'] ?? ''}" used ${percent(numbers['share'])} of all tokens in that time (${tokens(numbers['tokens'])}).`}`,
      action: names['task'] === undefined ? 'Run fewer tasks at once, or ask OpenAI for a higher limit.' : 'Run that task at another time, or give it a budget by the hour.',
    };
    case 'cheaper-model': return {
      title: `${subject} costs more than ${names['model'] ?? 'another model'} in use`, ...worth,
      detail: `${numbers['requests'] ?? 0} requests to ${subject} cost ${credits(numbers['costMicroCredits'])}; the same tokens would have cost ${credits(numbers['otherMicroCredits'])} with ${names['model'] ?? ''}.`,
      action: `Try ${names['model'] ?? 'it'} for simple tasks. It may need more tokens, and it may not do.`,
    };
    case 'unpriced': return {
      title: `No price is known for ${subject}`,
      detail: `${numbers['requests'] ?? 0} requests with ${tokens(numbers['tokens'])} tokens were counted and cost nothing here; OpenAI may bill them.`,
      action: 'Add its price to prices.json in the data folder.',
    };
    case 'cut-answers': return {
      title: 'Answers that were cut off cost credits', ...worth,
      detail: `${numbers['requests'] ?? 0} answers did not reach their end and cost ${credits(worthMicroCredits)}, ${percent(numbers['share'])} of everything.`,
      action: 'Stop tasks between their requests, and look at the network if nobody stopped them.',
    };
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

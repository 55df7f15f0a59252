// Which models are in use, as far as a snapshot tells. Limits of OpenAI's are each model's own: that one of them is used up
// ends all work only where no other model is in use. Pure.
import type { Snapshot } from './snapshot.ts';

/** What tells which models are in use. */
export type UseFacts = Pick<Snapshot, 'running' | 'waiting' | 'recent'> & { readonly today: Pick<Snapshot['today'], 'byModel'> };

/** A request this young tells of a model in use: just after midnight the day's own sums know none. */
const recentMs = 43_200_000;

/** The models that run, wait, were used today or in the last hours; names may be those that were asked for or those that answered. */
export function modelsInUse({ running, waiting, recent, today }: UseFacts, nowMs: number): ReadonlySet<string> {
  const lately = recent.filter(({ atMs }) => nowMs - atMs < recentMs);
  return new Set([...[...running, ...waiting, ...lately].map(({ model }) => model), ...today.byModel.filter(({ requests }) => requests > 0).map(({ key }) => key)]);
}

/** Whether two names mean one model: who asks for "gpt-5.5" may be answered by "gpt-5.5-2026-09-30". */
export function isSameModel(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  return long.startsWith(short) && /^(?:-\d{4}-?\d\d-?\d\d)?$/.test(long.slice(short.length));
}

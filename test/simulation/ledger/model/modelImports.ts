// The second mind's imports: which responses of session files are new, which were there before and which the broker
// carried itself, what they would have cost, and their sums. They touch nothing else. And its notes of limits, by
// which nothing is decided either. Written from the rules alone.
import type { ImportCommand, ImportedUse, NoteLimitCommand } from '../../../../src/broker/store/ledgerCommands.ts';
import { canBeTrue, costOf } from './modelCosts.ts';
import { layDown } from './modelDirectives.ts';
import type { ModelState } from './modelState.ts';

const aboutThenMs = 120_000;

/** Books those that are new; with usage that cannot be true among them nothing is booked. */
export function importAll(state: ModelState, { uses }: Pick<ImportCommand, 'uses'>) {
  const fresh: { readonly use: ImportedUse; readonly cost: number | undefined }[] = [];
  const told = new Set<string>();
  let [known, seen] = [0, 0];
  for (const use of uses) {
    if (told.has(use.key) || state.imports.has(use.key)) known += 1;
    else if (wasCarried(state, use)) seen += 1;
    else fresh.push({ use, cost: use.price && canBeTrue(use.usage) ? costOf(use.usage, use.price, 'standard') : undefined });
    told.add(use.key);
  }
  if (fresh.some(({ use }) => !canBeTrue(use.usage))) return { fails: 'ledger_unavailable' };
  for (const { use, cost } of fresh) state.imports.set(use.key, { use, ...(cost === undefined ? {} : { cost }) });
  state.rows.imports += fresh.length;
  for (const [what, count] of [['imported', fresh.length], ['known before', known], ['carried by the broker', seen]] as const) if (count > 0) state.notes.push(`import ${what}`);
  return { added: fresh.length, known, seen, costMicroCredits: fresh.reduce((sum, { cost = 0 }) => sum + cost, 0) };
}

/** The broker carried a response if one of that id ended or runs; where the file tells no id, if its task used as much about then. */
function wasCarried(state: ModelState, { responseId, threadId, atMs, usage }: ImportedUse): boolean {
  if (responseId !== undefined) return [...state.attempts.values()].some((one) => (one.open ? one.begunAs === responseId : one.endedAs === responseId));
  const counts = ({ inputTokens, cachedInputTokens, outputTokens, reasoningTokens }: ImportedUse['usage']) => [inputTokens, cachedInputTokens, outputTokens, reasoningTokens].join();
  return threadId !== undefined && state.uses.some((one) => !one.isCorrection && one.threadId === threadId && Math.abs(one.atMs - atMs) <= aboutThenMs && counts(one.usage) === counts(usage));
}

/** Sums of what was imported since a moment, or under a key. */
export function importedSums(state: ModelState, of: (use: ImportedUse) => boolean = () => true) {
  const own = [...state.imports.values()].filter(({ use }) => of(use));
  const sum = (pick: (use: ImportedUse) => number) => own.reduce((total, { use }) => total + pick(use), 0);
  return {
    requests: own.length, inputTokens: sum(({ usage }) => usage.inputTokens), cachedInputTokens: sum(({ usage }) => usage.cachedInputTokens), cacheWriteTokens: sum(({ usage }) => usage.cacheWriteTokens),
    outputTokens: sum(({ usage }) => usage.outputTokens), reasoningTokens: sum(({ usage }) => usage.reasoningTokens), costMicroCredits: own.reduce((total, { cost = 0 }) => total + cost, 0),
  };
}

/** Notes a limit, unless the last note of its subject says as much. Ends of windows that are told with some play are one end. */
export function noteLimit(state: ModelState, { note }: NoteLimitCommand) {
  const { subject } = note;
  const word = state.directives.get(`limit ${subject}`);
  const before = word?.kind === 'limit' ? word.note : undefined;
  const number = (state.limitsNoted.get(subject) ?? 0) + 1;
  if ('began' in note) {
    const playMs = Math.max(60_000, note.began.windowMinutes * 600);
    if (before && 'began' in before && Math.abs(before.began.resetsAtMs - note.began.resetsAtMs) <= playMs) return { exists: true };
    layDown(state, `limit ${subject} ${number}`, { kind: 'limit', note });
  } else {
    const limits = new Map((before && 'limits' in before ? before.limits : []).map((one) => [one.measure, one]));
    const isNews = note.limits.some((one) => { const old = limits.get(one.measure); return old?.limit !== one.limit || old.windowMinutes !== one.windowMinutes; });
    if (!isNews) return { exists: true };
    for (const one of note.limits) limits.set(one.measure, one);
    layDown(state, `limit ${subject} ${number}`, { kind: 'limit', note: { subject, limits: [...limits.values()] } });
  }
  state.limitsNoted.set(subject, number);
  state.notes.push(number > 1 ? 'limit changed' : 'limit first noted');
  return { exists: false };
}

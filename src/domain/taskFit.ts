// Whether a task may not fit into what is left, told before it starts: what three of four former tasks of the workspace
// cost, beside every room that a task draws on. Honest about little data: it says nothing before there were a few. Pure.

/** What a former task came to. */
export interface TaskCost {
  readonly microCredits: number;
  readonly tokens: number;
}

/** Something that a task draws on, with what is left of it. */
export interface Room<T> {
  readonly unit: 'credits' | 'tokens';
  /** Microcredits or tokens. */
  readonly left: number;
  readonly what: T;
}

/** The room that is too small, and what tasks need of it. */
export interface TooSmall<T> {
  readonly room: Room<T>;
  /** What three of four former tasks stayed within, in the room's unit. */
  readonly needed: number;
}

/** Fewer former tasks say nothing about the next one. */
export const formerTasksMin = 4;
const usualShare = 0.75;

/** The room that is exceeded most by what three of four former tasks stayed within; undefined where all are large enough, or too little is known. */
export function tooSmallRoom<T>(former: readonly TaskCost[], rooms: readonly Room<T>[]): TooSmall<T> | undefined {
  if (former.length < formerTasksMin) return undefined;
  const usual = { credits: usualOf(former.map(({ microCredits }) => microCredits)), tokens: usualOf(former.map(({ tokens }) => tokens)) };
  return rooms
    .map((room) => ({ room, needed: usual[room.unit] }))
    .filter(({ room, needed }) => needed > room.left)
    .toSorted((a, b) => a.room.left * b.needed - b.room.left * a.needed)[0];
}

/** What tasks usually come to: the cheapest and the dearest quarter left out, each unit by itself; undefined where too little is known. */
export function usualTask(former: readonly TaskCost[]): { readonly from: TaskCost; readonly to: TaskCost } | undefined {
  if (former.length < formerTasksMin) return undefined;
  const at = (share: number): TaskCost => ({ microCredits: usualOf(former.map(({ microCredits }) => microCredits), share), tokens: usualOf(former.map(({ tokens }) => tokens), share) });
  return { from: at(1 - usualShare), to: at(usualShare) };
}

function usualOf(amounts: readonly number[], share = usualShare): number {
  const sorted = amounts.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
}

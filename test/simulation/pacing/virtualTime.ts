// Time that passes only in the simulation. It has two clocks: the world's, and that of a laptop that may
// sleep: its timers and its monotonic clock stand still meanwhile, and what arrives waits until it wakes.
// `lend` gives the laptop's clock to code that takes the global timers, such as the peers' own packages.

/** A sleep of the laptop, on the world's clock. */
export interface Sleep { readonly atMs: number; readonly forMs: number }

interface Event { readonly atMs: number; readonly order: number; readonly act: () => void; stopped: boolean }

const realImmediate = setImmediate;
const globals = globalThis as unknown as Record<string, unknown>;

/** The agenda of a simulated world. */
export class VirtualTime {
  readonly #sleep: Sleep | undefined;
  readonly #heap: Event[] = [];
  #order = 0;
  #nowMs = 0;

  constructor(sleep?: Sleep) {
    this.#sleep = sleep;
  }

  /** The world's time. */
  get worldMs(): number { return this.#nowMs; }

  /** The laptop's monotonic time. */
  get laptopMs(): number { return this.#nowMs - this.#sleptMs(this.#nowMs); }

  /** Something happens in the world. @returns what takes it back */
  inWorld(afterMs: number, act: () => void): () => void {
    const event: Event = { atMs: this.#nowMs + Math.max(0, afterMs), order: this.#order += 1, act, stopped: false };
    push(this.#heap, event);
    return () => { event.stopped = true; };
  }

  /** A timer of the laptop. @returns what stops it */
  onLaptop(afterMs: number, act: () => void): () => void {
    const dueMs = this.#nowMs + Math.max(0, afterMs);
    const { atMs = Infinity, forMs = 0 } = this.#sleep ?? {};
    return this.inWorld((this.#nowMs < atMs && dueMs >= atMs ? dueMs + forMs : dueMs) - this.#nowMs, act);
  }

  /** Something reaches the laptop: while it sleeps, that has to wait. */
  toLaptop(afterMs: number, act: () => void): void {
    const dueMs = this.#nowMs + afterMs;
    const { atMs = Infinity, forMs = 0 } = this.#sleep ?? {};
    this.inWorld((dueMs >= atMs && dueMs < atMs + forMs ? atMs + forMs : dueMs) - this.#nowMs, act);
  }

  /** Lets everything happen until `isOver`, at most until `untilMs`. */
  run(isOver: () => boolean, untilMs: number): void {
    while (!isOver() && this.#step(untilMs));
  }

  /** The same for code that waits for promises: they are settled after every event. */
  async runSettled(isOver: () => boolean, untilMs: number): Promise<void> {
    await settled();
    while (!isOver() && this.#step(untilMs)) await settled();
  }

  /** Puts this clock in the place of the global one. @returns what gives the real one back */
  lend(): () => void {
    const kept = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'].map((name) => [name, globals[name]] as const);
    const stops = new Map<unknown, () => void>();
    const timerOf = (stop: () => void): object => {
      const timer = { unref: () => timer, ref: () => timer, hasRef: () => true };
      stops.set(timer, stop);
      return timer;
    };
    const clear = (timer: unknown) => { stops.get(timer)?.(); stops.delete(timer); };
    globals['setTimeout'] = (act: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => timerOf(this.onLaptop(ms, () => act(...args)));
    globals['setInterval'] = (act: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
      const again = () => this.onLaptop(Math.max(1, ms), () => { stops.set(timer, again()); act(...args); });
      const timer = timerOf(again());
      return timer;
    };
    globals['clearTimeout'] = clear;
    globals['clearInterval'] = clear;
    const now = () => this.worldMs;
    globals['Date'] = class extends Date {
      constructor(...args: [] | [number]) { super(args.length === 0 ? now() : args[0]); }
      static override now() { return now(); }
    };
    return () => { for (const [name, value] of kept) globals[name] = value; };
  }

  #step(untilMs: number): boolean {
    const event = pop(this.#heap);
    if (!event || event.atMs > untilMs) return false;
    if (event.stopped) return true;
    this.#nowMs = event.atMs;
    event.act();
    return true;
  }

  #sleptMs(worldMs: number): number {
    return this.#sleep === undefined ? 0 : Math.min(this.#sleep.forMs, Math.max(0, worldMs - this.#sleep.atMs));
  }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => { realImmediate(resolve); });
}

const isBefore = (a: Event, b: Event) => a.atMs < b.atMs || a.atMs === b.atMs && a.order < b.order;

function push(heap: Event[], event: Event): void {
  let at = heap.push(event) - 1;
  for (let up = (at - 1) >> 1; at > 0; at = up, up = (at - 1) >> 1) {
    const parent = heap[up];
    if (!parent || isBefore(parent, event)) break;
    heap[at] = parent;
    heap[up] = event;
  }
}

function pop(heap: Event[]): Event | undefined {
  const [first] = heap;
  const last = heap.pop();
  if (!first || !last || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let down = 2 * at + 1;
    const [left, right] = [heap[down], heap[down + 1]];
    if (left && right && isBefore(right, left)) down += 1;
    const child = heap[down];
    if (!child || isBefore(last, child)) break;
    heap[at] = child;
    at = down;
  }
  heap[at] = last;
  return first;
}

// Makes up the histories of agents at work: what their requests add, when, and at what cost. Normal ones read, edit,
// build, test, wait for builds and people, make the same mistake a few times; runaway ones get stuck or out of hand.
import type { WatchedRequest } from '../../../src/domain/runawayGuard.ts';
import { stepPrints } from '../../../src/protocol/stepPrint.ts';
import type { SeededRandom } from '../../support/seededRandom.ts';

/** One request of a history. `gapMs` since the one before it in its task ended. */
export interface HistoryRequest extends WatchedRequest {
  readonly gapMs: number;
  readonly lastsMs: number;
  readonly writtenTokens: number;
  readonly costMicroCredits: number;
}

/** A whole history, and what it is. */
export interface AgentHistory {
  readonly name: string;
  readonly isRunaway: boolean;
  /** Costs of past quarter hours of the workspace. */
  readonly past: readonly number[];
  /** The same of the person's other workspaces. */
  readonly others?: readonly number[];
  readonly freeMicroCredits?: number;
  readonly requests: readonly HistoryRequest[];
}

const credit = 1_000_000;
const workspaceId = 'workspace';

/** Requests of one task in a quarter hour of ordinary work, about. */
const requestsPerQuarter = 60;

/** A workspace's past: quarter hours of ordinary work, with so many credits in a usual one. */
function ordinaryPast(random: SeededRandom): { readonly level: number; readonly past: readonly number[] } {
  const level = random.whole(3, 40);
  return { level, past: Array.from({ length: random.whole(40, 300) }, () => Math.round(level * (0.2 + 2 * random.next() ** 2) * credit)) };
}

/** Collects the requests of one task. */
export class Task {
  readonly requests: HistoryRequest[] = [];
  readonly #random: SeededRandom;
  readonly #threadId: string | undefined;
  readonly #client: string;
  readonly #level: number;
  readonly #namesCalls: boolean;
  readonly #isCodex: boolean;
  #calls = 0;

  constructor(random: SeededRandom, level: number, threadId: string | undefined, client = 'codex_exec') {
    this.#random = random;
    this.#level = level;
    this.#namesCalls = random.chance(0.5);
    this.#isCodex = random.chance(0.5);
    this.#threadId = threadId;
    this.#client = client;
  }

  /** The model gets to read something; `written` is how long what it wrote before was. */
  add(items: readonly unknown[], gapMs = this.#random.whole(5, 900), credits = this.#level / requestsPerQuarter * 3 * this.#random.next(), written = this.#random.whole(20, 2000)): void {
    const prints = stepPrints({ input: items });
    const print = this.#threadId === undefined ? prints?.alone : prints?.inTask;
    const before = this.requests.at(-1);
    if (before) this.requests[this.requests.length - 1] = { ...before, writtenTokens: written };
    this.requests.push({
      workspaceId, client: this.#client, gapMs, lastsMs: this.#random.whole(800, 20_000), costMicroCredits: Math.round(credits * credit), writtenTokens: 0,
      ...(this.#threadId === undefined ? {} : { threadId: this.#threadId }), ...(print === undefined ? {} : { print, ...(this.#threadId !== undefined && prints?.knowsCalls === false ? { isHalf: true } : {}), isWork: prints?.isWork === true }),
    });
  }

  /** A tool that was called said something. Over a WebSocket the request does not name the call. */
  tool(call: string, text: string, gapMs?: number, credits?: number): void {
    const call_id = `call_${this.#calls += 1}`;
    const result = { type: 'function_call_output', call_id, output: this.#isCodex ? asCodexTells(text, this.#random) : text };
    this.add(this.#namesCalls ? [{ type: 'function_call', name: 'shell', call_id, arguments: call }, result] : [result], gapMs, credits, 20 + call.length);
  }
}

/** A result as Codex's own tool for commands writes it (recorded from Codex 0.169.0): each has a name by chance. */
function asCodexTells(text: string, random: SeededRandom): string {
  const name = Array.from({ length: 6 }, () => random.whole(0, 15).toString(16)).join('');
  return `Chunk ID: ${name}\nWall time: ${(random.next() * 10).toFixed(4)} seconds\nProcess exited with code 0\nOriginal token count: ${random.whole(1, 900)}\nOutput:\n${text}`;
}

const words = ['parser', 'token', 'ledger', 'index', 'button', 'socket', 'colour', 'folder', 'queue', 'window', 'clock', 'price', 'route', 'header'];

/** Text that is another each time. */
export function code(random: SeededRandom): string {
  return Array.from({ length: random.whole(4, 30) }, () => `${random.pick(words)} ${random.pick(words)} = ${random.pick(words)};`).join('\n');
}

/** Patches a file; the answer is in the same words each time. */
const patch = (task: Task, random: SeededRandom, file: string) => task.tool(`apply_patch ${code(random)}`, `Success. Updated the following files:\nM src/${file}`);

/** Pieces of ordinary work. Each ends by itself. */
const habits: readonly ((task: Task, random: SeededRandom) => void)[] = [
  // Looks around.
  (task, random) => { for (let step = random.whole(1, 12); step > 0; step -= 1) task.tool(`cat ${random.pick(words)}`, code(random)); },
  // Edits one file again and again.
  (task, random) => { for (let step = random.whole(1, 25); step > 0; step -= 1) patch(task, random, 'main.ts'); },
  // The same, each time looking at another part of it in between.
  (task, random) => { for (let step = random.whole(2, 15); step > 0; step -= 1) { task.tool('sed -n 1,80p src/main.ts', code(random)); patch(task, random, 'main.ts'); } },
  // Runs the tests until they pass; fewer fail each time, or others do.
  (task, random) => {
    for (let step = random.whole(1, 7); step > 0; step -= 1) {
      patch(task, random, 'main.ts');
      task.tool('npm test', `FAIL ${random.pick(words)} ${random.pick(words)}: expected ${random.pick(words)}\nDuration ${random.next() * 30} s`, random.whole(2000, 60_000));
    }
    task.tool('npm test', 'All tests passed.', random.whole(2000, 60_000));
  },
  // Is stubborn for a while and gets the very same failure with each new idea, and then finds it.
  (task, random) => { for (let step = random.whole(2, 20); step > 0; step -= 1) { patch(task, random, 'main.ts'); task.tool('npm test', 'FAIL: TypeError in line 14', random.whole(500, 9000)); } },
  // Waits for a build, looking again every few seconds.
  (task, random) => { for (let step = random.whole(2, 60); step > 0; step -= 1) task.tool('write_stdin 7', `Process running with session ID ${step}\nWall time: ${step * 10} s`, random.whole(4000, 60_000)); },
  // Looks after a run elsewhere, a pause before each look.
  (task, random) => { const [pauseMs, say] = [random.whole(5, 60) * 1000, random.pick(['in_progress', 'state: queued', 'Still running.', '0 of 1 pods are not ready'])]; for (let step = random.whole(2, 60); step > 0; step -= 1) task.tool(`sleep ${pauseMs / 1000} && gh run view`, say, pauseMs); },
  // Pauses, then reads a log in which nothing is new.
  (task, random) => { for (let step = random.whole(2, 20); step > 0; step -= 1) { task.tool('sleep 20', 'Process running with session ID 7', random.whole(10_000, 30_000)); task.tool('tail build.log', 'compiling crate'); } },
  // Does the same to one numbered file after the other, and is told nothing by it.
  (task, random) => { for (let step = random.whole(2, 9); step > 0; step -= 1) task.tool(`convert page-${step}.png`, ''); },
  // Runs a slow test of the same failure between different attempts to mend it, longer than it should.
  (task, random) => { for (let step = random.whole(2, 15); step > 0; step -= 1) { task.tool(`cat ${random.pick(words)}`, code(random)); patch(task, random, 'main.ts'); task.tool('npm test', 'FAIL: TypeError in line 14', random.whole(4000, 60_000)); } },
  // Tries a slow command a few times, because the network may come back.
  (task, random) => { for (let step = random.whole(2, 12); step > 0; step -= 1) task.tool('npm ci', 'npm error network ETIMEDOUT', random.whole(4000, 60_000)); },
  // Waits impatiently for a short while.
  (task, random) => { for (let step = random.whole(2, 10); step > 0; step -= 1) task.tool('write_stdin 7', 'Process running.', random.whole(900, 3500)); },
  // Is told to go on.
  (task, random) => { for (let step = random.whole(1, 3); step > 0; step -= 1) { task.add([{ type: 'message', role: 'user', content: 'go on' }], random.whole(3000, 600_000)); task.tool('ls', code(random)); } },
];

/** Some pieces of ordinary work, no two of the same kind behind each other. */
export function work(task: Task, random: SeededRandom, pieces: number): void {
  let last: unknown;
  for (let left = pieces; left > 0; left -= 1) {
    last = random.pick(habits.filter((habit) => habit !== last));
    (last as (typeof habits)[number])(task, random);
  }
}

/** An agent, or several, at ordinary work. */
export function normalHistory(random: SeededRandom): AgentHistory {
  const { level, past } = ordinaryPast(random);
  const kind = random.whole(0, 9);
  if (kind === 0) return { name: 'a script that asks many different things', isRunaway: false, past, requests: script(random, (index) => `Classify record ${index}: ${random.pick(words)}`, random.whole(50, 400)) };
  if (kind === 1) return { name: 'a script that samples the same question', isRunaway: false, past, requests: script(random, () => 'Write a haiku.', random.whole(5, 150)) };
  const requests: HistoryRequest[] = [];
  for (let tasks = random.whole(1, 4); tasks > 0; tasks -= 1) {
    const task = new Task(random, level, `thread ${tasks}`);
    work(task, random, random.whole(2, 15));
    requests.push(...task.requests);
  }
  return { name: 'agents at work', isRunaway: false, past, freeMicroCredits: random.whole(20, 5000) * credit, requests };
}

function script(random: SeededRandom, text: (index: number) => string, count: number): HistoryRequest[] {
  const task = new Task(random, 0, undefined, 'openai-node');
  for (let index = 0; index < count; index += 1) task.add([{ type: 'message', role: 'user', content: text(index) }], random.whole(0, 50), 0.02);
  return task.requests;
}

/** The same steps over and over, the last of them slow. */
function circle(task: Task, length: number, requests: number, slowMs?: () => number): void {
  for (let step = 0; step < requests; step += 1) {
    task.tool(`step ${'y'.repeat(step % length)}`, step % length === 0 ? 'Success. Updated the following files:\nM src/main.ts' : `step ${'x'.repeat(step % length)} fails`, step % length === length - 1 ? slowMs?.() : undefined);
  }
}

/** Work that has got out of hand, behind a piece of ordinary work. */
export function runawayHistory(random: SeededRandom): AgentHistory {
  const { level, past } = ordinaryPast(random);
  const task = new Task(random, level, 'thread 1');
  work(task, random, random.whole(0, 4));
  switch (random.whole(0, 7)) {
    case 0:
      for (let step = 0; step < 200; step += 1) task.tool('foo --all', `bash: line ${step}: foo: command not found`);
      return { name: 'the same failing command', isRunaway: true, past, requests: task.requests };
    case 1: {
      const length = random.whole(2, 4);
      circle(task, length, 400);
      return { name: `a circle of ${length} steps`, isRunaway: true, past, requests: task.requests };
    }
    case 5: {
      const length = random.whole(5, 8);
      circle(task, length, 400);
      return { name: `a long circle of ${length} steps`, isRunaway: true, past, requests: task.requests };
    }
    case 6: {
      const length = random.whole(2, 8);
      circle(task, length, 400, () => random.whole(4000, 40_000));
      return { name: `a circle of ${length} steps with a slow test`, isRunaway: true, past, requests: task.requests };
    }
    case 7:
      for (let step = 0; step < 200; step += 1) task.tool('npm test', `FAIL: TypeError in line ${step}`, random.whole(4000, 40_000));
      return { name: 'the same failing slow test', isRunaway: true, past, requests: task.requests };
    case 2: return { name: 'a script in an endless loop', isRunaway: true, past, requests: script(random, () => 'Retry this.', 1200) };
    case 3: {
      const usual = past.toSorted((a, b) => a - b)[Math.floor(past.length * 0.95)] ?? credit;
      for (let step = 0; step < 150; step += 1) task.tool(code(random), code(random), 20, Math.max(4, usual / credit / 2));
      return { name: 'a storm of dear requests', isRunaway: true, past, requests: task.requests };
    }
    default:
      for (let step = 0; step < 80; step += 1) task.tool(code(random), code(random), 20, Math.max(30, level * 2));
      return { name: 'work that empties the balance', isRunaway: true, past, freeMicroCredits: 1200 * credit, requests: task.requests };
  }
}

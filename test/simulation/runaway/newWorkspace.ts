// Makes up the first hours of workspaces of which little or nothing is known: ordinary work of one agent or many, and
// runaways in their first minutes.
import type { SeededRandom } from '../../support/seededRandom.ts';
import { code, Task, work } from './agentHistory.ts';
import type { AgentHistory } from './agentHistory.ts';

const credit = 1_000_000;

/** What is known when a new workspace begins: up to 19 quarter hours of its own, and perhaps of other workspaces of the same person. */
function firstHours(random: SeededRandom, agents = 1): { readonly level: number; readonly past: readonly number[]; readonly others: readonly number[] } {
  const level = random.whole(3, 40);
  const quarter = () => Math.round(level * (0.2 + 2 * random.next() ** 2) * credit);
  return { level, past: Array.from({ length: random.chance(0.5) ? 0 : random.whole(1, 19) }, () => quarter() * agents), others: Array.from({ length: random.chance(0.5) ? 0 : random.whole(20, 200) }, quarter) };
}

/** Ordinary work in a new workspace, of up to eight agents at once, with a balance that they could not use up within a quarter hour. */
export function normalNewWorkspace(random: SeededRandom): AgentHistory {
  const agents = random.whole(1, 8);
  const { level, past, others } = firstHours(random, agents);
  // One line of requests stands for all of them: each costs as much as those of all agents at that time.
  const task = new Task(random, level * agents, 'thread 1');
  work(task, random, random.whole(2, 20));
  const freeMicroCredits = Math.round(level * agents * 3 + random.whole(20, 3000)) * credit;
  return { name: 'first hours of a workspace', isRunaway: false, past, others, ...(random.chance(0.7) ? { freeMicroCredits } : {}), requests: task.requests };
}

/** A new workspace that gets out of hand in its first minutes, behind at most a few steps of ordinary work. */
export function runawayNewWorkspace(random: SeededRandom): AgentHistory {
  const { level, past, others } = firstHours(random);
  const task = new Task(random, level, 'thread 1');
  work(task, random, random.whole(0, 1));
  const storm = (credits: number, requests: number) => { for (let step = 0; step < requests; step += 1) task.tool(code(random), code(random), 20, credits); };
  switch (random.whole(0, 3)) {
    case 0: storm(random.whole(40, 100), 150); return { name: 'a new workspace empties a large balance', isRunaway: true, past, others, freeMicroCredits: 6000 * credit, requests: task.requests };
    case 1: storm(random.whole(15, 40), 60); return { name: 'a new workspace with nothing before it empties a small balance', isRunaway: true, past: [], others: [], freeMicroCredits: random.whole(300, 900) * credit, requests: task.requests };
    case 2: storm(random.whole(60, 100), 200); return { name: 'a new workspace spends far beyond all others', isRunaway: true, past, others, requests: task.requests };
    default:
      for (let step = 0; step < 200; step += 1) task.tool('foo --all', 'foo: command not found');
      return { name: 'a new workspace goes round in circles', isRunaway: true, past, others, requests: task.requests };
  }
}

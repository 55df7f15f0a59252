// Proves that the simulation can fail: each planted bug goes into a copy of the rules and the store, and what
// the product passes must stumble over it. Prints what caught each.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { plantedBugs } from './planted/plantedBugs.ts';
import type { HuntAnswer, HuntOrder } from './planted/plantedWorker.ts';

interface Hunt { readonly order: HuntOrder; readonly tell: (answer: HuntAnswer) => void; readonly fail: (error: Error) => void }

/** Hunts in turn on one thread. */
async function work(waiting: Hunt[]): Promise<void> {
  const worker = new Worker(new URL('planted/plantedWorker.ts', import.meta.url));
  try {
    for (let hunt = waiting.shift(); hunt; hunt = waiting.shift()) {
      const answered = once(worker, 'message') as Promise<[HuntAnswer]>;
      worker.postMessage(hunt.order);
      try {
        hunt.tell((await answered)[0]);
      } catch (error) {
        // The thread itself broke down; whoever waits is told, and the next hunts fail in the same way.
        hunt.fail(error as Error);
      }
    }
  } finally {
    await worker.terminate();
  }
}

describe('planted money bugs', function () {
  this.timeout(300_000);
  const waiting: Hunt[] = [];
  const started: Promise<void>[] = [];
  const ordered = (order: HuntOrder) => new Promise<HuntAnswer>((tell, fail) => { waiting.push({ order, tell, fail }); });
  const caught: string[] = [];
  before(() => { for (let threads = Math.max(2, availableParallelism()); threads > 0; threads -= 1) started.push(work(waiting)); });
  after(async () => {
    waiting.splice(0);
    await Promise.all(started);
    console.log(caught.map((line) => `      ${line}`).join('\n'));
  });

  const sound = [ordered({ hunt: 'random worlds', triesMax: 60 }), ordered({ hunt: 'the race for the last credit' })];
  it('are not found in a copy that has none', async () => {
    for (const report of await Promise.all(sound)) assert.deepEqual({ ...report, tries: 0 }, { tries: 0 });
  });

  it('have names of their own', () => assert.equal(new Set(plantedBugs.map((bug) => bug.name)).size, plantedBugs.length));

  plantedBugs.forEach((bug, index) => {
    const report = ordered({ bug: index, hunt: bug.caughtBy });
    it(`finds that ${bug.name}`, async () => {
      const answer = await report;
      if ('failure' in answer) assert.fail(answer.failure);
      assert.ok(answer.caught !== undefined, `${bug.caughtBy} did not show it in ${answer.tries}`);
      caught.push(`${bug.name} -> ${bug.caughtBy}, ${answer.tries}: ${answer.caught}`);
    });
  });
});

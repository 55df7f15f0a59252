// Proves in virtual time that a lone failure does not keep a swarm of agents from running, however long ago it was, and that an
// upstream that really bears only so many at once is asked for more less often than by one more per round after each refusal.
import assert from 'node:assert/strict';
import { Pacer } from '../../../src/domain/pacing.ts';
import { request, seen } from '../../support/pacerSteps.ts';
import { brokerPolicy } from './brokerPolicy.ts';
import { latencies, type Scenario } from './scenarios.ts';
import { VirtualTime } from './virtualTime.ts';
import { simulate } from './world.ts';

const seeds = [1, 2, 3];
const firstByteMs = 1_000;
const minuteMs = 60_000;
/** The numbers that refusals are held against are what was found before a limit remembered what it bore: one more per round after each. */
const limits: readonly (Pick<Scenario, 'streamsMax' | 'announces'> & { readonly refusalsBefore: number; readonly minutesBefore: number })[] = [
  { streamsMax: 24, announces: true, refusalsBefore: 27, minutesBefore: 19.8 },
  { streamsMax: 24, announces: false, refusalsBefore: 25, minutesBefore: 20.1 },
  { streamsMax: 10, announces: true, refusalsBefore: 96, minutesBefore: 44.1 },
  { streamsMax: 6, announces: false, refusalsBefore: 190, minutesBefore: 74.8 },
  { streamsMax: 3, announces: false, refusalsBefore: 572, minutesBefore: 155.0 },
];

describe('pacing and how many run at once', function () {
  this.timeout(60_000);
  for (const swarm of [{ agents: 20, streamMs: minuteMs }, { agents: 40, streamMs: 1.5 * minuteMs }]) {
    for (const pauseMs of [minuteMs, 24 * 60 * minuteMs]) {
      it(`lets ${swarm.agents} agents run although one lone request failed ${pauseMs / minuteMs} minutes before`, () => {
        const [well, failed] = [endedOf({ ...swarm, pauseMs }), endedOf({ ...swarm, pauseMs, failing: 10 })];
        assert.ok(well > 100 && failed >= 0.97 * well, JSON.stringify({ well, failed }));
      });
    }
    it(`lets ${swarm.agents} agents run soon although one of their first requests failed`, () => {
      const [well, failed] = [endedOf({ ...swarm, pauseMs: minuteMs }), endedOf({ ...swarm, pauseMs: minuteMs, failing: 22 })];
      assert.ok(failed >= 0.9 * well, JSON.stringify({ well, failed }));
    });
  }

  for (const { refusalsBefore, minutesBefore, ...rules } of limits) {
    it(`finds and holds that ${rules.streamsMax} at once are borne, where other limits are ${rules.announces ? 'announced' : 'hidden'}`, async () => {
      const { slowness: _, ...upstream } = latencies.overload;
      let [refusals, minutes] = [0, 0];
      for (const seed of seeds) {
        const outcome = await simulate(brokerPolicy, { ...upstream, ...rules }, seed);
        assert.equal(outcome.failed, 0);
        refusals += outcome.refusals;
        minutes += outcome.makespanMs / minuteMs;
      }
      const told = JSON.stringify({ refusals, minutes });
      assert.ok(refusals >= seeds.length && refusals < refusalsBefore, told);
      assert.ok(minutes < minutesBefore, told);
    });
  }
});

/** How many of a swarm's requests end in half an hour, after ten that came one after the other. `failing`: the request that meets a 503 once. */
function endedOf({ agents, streamMs, pauseMs, failing }: { agents: number; streamMs: number; pauseMs: number; failing?: number }): number {
  const [time, pacer] = [new VirtualTime(), new Pacer(() => 1)];
  const then = new Map<string, () => void>();
  let [sent, ended, stopWake] = [0, 0, () => undefined as void];
  const pump = () => {
    const step = pacer.next(time.laptopMs);
    for (const { id } of step.start) send(id);
    stopWake();
    stopWake = step.wakeAtMs === undefined ? () => undefined : time.onLaptop(Math.max(1, step.wakeAtMs - time.laptopMs), pump);
  };
  const after = (ms: number, change: () => void) => time.onLaptop(ms, () => {
    change();
    pump();
  });
  const send = (id: string) => {
    pacer.sent(id, time.laptopMs);
    if ((sent += 1) === failing) {
      after(300, () => pacer.throttled(id, { isOverload: true }, time.laptopMs));
      return;
    }
    after(firstByteMs, () => pacer.headers(id, seen(10_000, 9_990, { limit: 10_000_000, remaining: 9_990_000 }), time.laptopMs));
    after(streamMs, () => {
      pacer.finished(id, 1_000, time.laptopMs);
      then.get(id)?.();
      then.delete(id);
    });
  };
  const ask = (next: () => void) => {
    const each = request();
    then.set(each.id, next);
    pacer.submit(each, time.laptopMs);
  };
  const agent = () => ask(() => {
    ended += 1;
    agent();
  });
  for (let number = 0; number < 10; number += 1) after(number * 2 * streamMs, () => ask(() => undefined));
  const startMs = 20 * streamMs + pauseMs;
  for (let number = 0; number < agents; number += 1) after(startMs, agent);
  time.run(() => time.laptopMs >= startMs + 30 * minuteMs, Infinity);
  return ended;
}

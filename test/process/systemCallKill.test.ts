// SIGKILL of the real broker at each system call by which its ledger changes the disk, over a whole
// life: first start, top-ups, requests one by one and at once, orderly end. Where programs cannot be
// traced, the random kills of kill.test.ts are doubled instead.
import assert from 'node:assert/strict';
import path from 'node:path';
import type { CreditsAddResult } from '../../src/protocol/control.ts';
import { NotStarted, startBroker } from '../support/process/brokerProgram.ts';
import type { BrokerProcess } from '../support/process/brokerProgram.ts';
import { answerWell } from '../support/process/recordedStream.ts';
import { openUpstream } from '../support/process/scriptedUpstream.ts';
import type { ScriptedUpstream } from '../support/process/scriptedUpstream.ts';
import { canTrace, countingCalls, diskCalls, killingAt } from '../support/process/systemCallKiller.ts';
import type { DiskCall } from '../support/process/systemCallKiller.ts';
import { addCredits, askBroker, callBroker, makeFolder, offlineAudit, removeFolder } from '../support/process/workbench.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] === '1';
/** Points that are tried when not all of them are; spread evenly over the life. */
const pointsMin = isLong ? Infinity : 30;
/** Two at a time keep two processors busy while the disk works. */
const lanes = 2;

/** What a life brought about that must survive. */
interface Life { readonly acknowledged: string[]; readonly asked: string[]; answered: number }

/** Lives one life in `dataDir`, as far as the broker lets it. */
async function live(dataDir: string, upstream: ScriptedUpstream, under: readonly string[]): Promise<Life> {
  const life: Life = { acknowledged: [], asked: [], answered: 0 };
  let broker: BrokerProcess;
  try {
    broker = await startBroker({ dataDir, upstream: upstream.url, under });
  } catch (error) {
    if (error instanceof NotStarted) return life;
    throw error;
  }
  const add = async (key: string) => {
    life.asked.push(key);
    await addCredits(broker, 5, key);
    life.acknowledged.push(key);
  };
  const ask = async (token: string) => {
    const answer = await askBroker(broker, token);
    assert.ok(answer.status === 200 || answer.status >= 500, `status ${answer.status}: ${answer.bytes.toString()}`);
    if (answer.complete && answer.status === 200) life.answered += 1;
  };
  try {
    const { token } = await callBroker(broker, 'token', { workspacePath: dataDir });
    await add('first');
    for (let count = 0; count < 2; count += 1) await ask(token);
    await Promise.all([ask(token), ask(token), add('second')]);
    await ask(token);
    await broker.stop();
  } catch (error) {
    // Every call of a killed broker fails with its connection; anything else is a finding.
    if (error instanceof assert.AssertionError) throw error;
  }
  await broker.ended;
  return life;
}

/** Proves that a life that ended anywhere left nothing wrong behind. */
async function proveLife(dataDir: string, life: Life, seen: number, about: string): Promise<void> {
  const offline = await offlineAudit(dataDir);
  const isUnborn = offline.code === 3 && life.acknowledged.length === 0 && offline.stderr === '';
  if (!isUnborn) assert.deepEqual([offline.code, offline.found.violations], [0, []], `${about}: ${JSON.stringify(offline)}`);
  const broker = await startBroker({ dataDir });
  try {
    const keys = new Set([...life.asked, 'first']);
    for (const key of keys) {
      const again: CreditsAddResult = await addCredits(broker, 5, key);
      if (life.acknowledged.includes(key)) assert.equal(again.created, false, `${about}: the acknowledged top-up "${key}" was lost`);
    }
    const audit = await callBroker(broker, 'audit', { full: true });
    const balance = await callBroker(broker, 'creditsList', {});
    const { total } = await callBroker(broker, 'usage', { by: 'model' });
    assert.deepEqual([audit.ok, audit.violations, audit.openHolds, balance.heldMicroCredits], [true, [], 0, 0], about);
    assert.equal(balance.balanceMicroCredits, keys.size * 5_000_000 - total.costMicroCredits, `${about}: the balance`);
    assert.ok(total.requests >= seen && total.requests >= life.answered, `${about}: ${seen} requests were sent, ${total.requests} are known`);
    assert.equal(await broker.stop(), 0, about);
  } finally {
    await broker.kill();
  }
}

/** The points to try: every call that is rare, and the frequent ones as often as it takes. */
function choosePoints(counts: Readonly<Record<DiskCall, number>>): { call: DiskCall; n: number }[] {
  const rare = diskCalls.filter((call) => call !== 'pwrite64').flatMap((call) => Array.from({ length: counts[call] }, (_, index) => ({ call, n: index + 1 })));
  const wanted = Math.max(10, pointsMin - rare.length);
  const step = Math.max(1, counts.pwrite64 / wanted);
  const frequent = Array.from({ length: Math.min(counts.pwrite64, wanted) }, (_, index) => ({ call: 'pwrite64' as const, n: Math.floor(index * step) + 1 }));
  return [...rare, ...frequent];
}

describe('the broker, killed at its system calls', function () {
  this.timeout(isLong ? 1_500_000 : 240_000);
  let upstreams: ScriptedUpstream[];
  let folder: string;
  before(async () => {
    folder = makeFolder('calls');
    upstreams = await Promise.all(Array.from({ length: lanes }, () => openUpstream(answerWell)));
  });
  after(async () => {
    await Promise.all(upstreams.map((one) => one.close()));
    removeFolder(folder);
  });

  it('lives the same life untouched when nobody kills it', async () => {
    const [upstream] = upstreams;
    assert.ok(upstream);
    const life = await live(path.join(folder, 'whole'), upstream, []);
    assert.deepEqual([life.acknowledged, life.answered], [['first', 'second'], 5]);
    await proveLife(path.join(folder, 'whole'), life, 5, 'a whole life');
  });

  if (!canTrace) {
    console.log('    Programs cannot be traced here (strace is missing or not allowed): more random kills run instead.');
    return;
  }
  it('keeps every promise wherever it is killed', async () => {
    const [counter] = upstreams;
    assert.ok(counter);
    const counts = await countingCalls(async (under) => { await live(path.join(folder, 'counted'), counter, under); });
    const points = choosePoints(counts);
    assert.ok(points.length >= 30, `only ${points.length} points: ${JSON.stringify(counts)}`);
    let next = 0;
    let killed = 0;
    await Promise.all(upstreams.map(async (upstream) => {
      for (let point = points[next++]; point; point = points[next++]) {
        const about = `killed at ${point.call} ${point.n}`;
        const dataDir = path.join(folder, `${point.call}-${point.n}`);
        const before = upstream.requests.length;
        const life = await live(dataDir, upstream, killingAt(point.call, point.n));
        if (life.answered < 5) killed += 1;
        await proveLife(dataDir, life, upstream.requests.length - before, about);
        removeFolder(dataDir);
      }
    }));
    assert.ok(killed > points.length / 2, `${killed} of ${points.length} lives were cut short before their last answer`);
  });
});

// The real broker and what people laid down: a window of the workspace is asked before purchased credits are
// touched, a request waits for credits that another holds, and an answer that outgrows a hard budget of its
// task is stopped in the middle, in the words of its client.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import path from 'node:path';
import { createBirpc } from 'birpc';
import { WebSocket } from 'ws';
import type { CallOutcome } from '../../src/protocol/control.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { controlTokenOf } from '../support/process/brokerProgram.ts';
import { recordedEvents, recordedRequest, recordedStream } from '../support/process/recordedStream.ts';
import { chunkOf, lastChunk, streamHead } from '../support/process/scriptedUpstream.ts';
import type { Script } from '../support/process/scriptedUpstream.ts';
import { callBroker, codexHeaders, explained, openBench, sleep, until } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';
import { snapshotWords } from '../../src/protocol/brokerWords.ts';
import { setLanguage } from '../../src/protocol/language.ts';
import { german } from '../support/language/spokenIn.ts';

interface WindowSide { snapshot(snapshot: Snapshot): void }
interface BrokerSide { token(args: object): Promise<CallOutcome>; answer(args: object): Promise<CallOutcome> }

/** A window of the bench's own workspace, as the extension opens one. */
async function openWindow(bench: Workbench) {
  const socket = new WebSocket(`${bench.broker.url.replace('http:', 'ws:')}/broker/v1/live`, { headers: { authorization: `Bearer ${controlTokenOf(bench.dataDir)}` } });
  const seen: { newest?: Snapshot } = {};
  const rpc = createBirpc<BrokerSide, WindowSide>({ snapshot: (snapshot) => { seen.newest = snapshot; } }, {
    post: (text: string) => { socket.send(text); }, on: (take) => { socket.on('message', (data: Buffer) => { take(data.toString()); }); },
    serialize: (value) => JSON.stringify(value), deserialize: (value) => JSON.parse(String(value)) as unknown,
  });
  await once(socket, 'open');
  await rpc.token({ workspacePath: path.join(bench.folder, 'workspace') });
  return { rpc, seen, close: () => { socket.terminate(); } };
}

const added = (bench: Workbench, credits: number, key: string) => callBroker(bench.broker, 'creditsAdd', { amountMicroCredits: credits * 1_000_000, kind: 'purchased', key, consent: { scope: 'ask' } });

describe('the broker and a person', function () {
  this.timeout(60_000);
  let bench: Workbench;
  beforeEach(async () => { bench = await openBench({ credits: 0 }); });
  afterEach(() => bench.close());

  it('asks in the window of the workspace before purchased credits are touched, and the request goes on with the answer', async () => {
    await added(bench, 50, 'first');
    const window = await openWindow(bench);
    try {
      const answer = bench.ask({ headers: codexHeaders });
      await until(() => (window.seen.newest?.questions.length ?? 0) > 0, 'a question');
      const [question] = window.seen.newest?.questions ?? [];
      assert.deepEqual([question?.kind, question?.workspaceId, question?.hasWindow, question?.threadId], ['consent', bench.token.workspaceId, true, 'thread-of-a-test']);
      assert.match(question?.text ?? '', /needs up to [\d.]+ credits for gpt-5.5, and only purchased ones are left/);
      setLanguage(german);
      const { questions, waiting } = snapshotWords(window.seen.newest!);
      setLanguage({ tag: 'en' });
      assert.match(questions[0]?.text ?? '', /braucht bis zu [\d,]+ Credits für gpt-5\.5, und nur gekaufte sind übrig\. Dürfen sie verwendet werden\?$/);
      assert.match(waiting[0]?.reason ?? '', /^Diese Anfrage würde [\d,]+ gekaufte Credits verwenden, und dieser Arbeitsbereich hat dafür keine Zustimmung\./);
      assert.deepEqual([bench.upstream.requests.length, window.seen.newest?.balance.heldMicroCredits], [0, 0]);
      assert.deepEqual(await window.rpc.answer({ requestId: question?.requestId, answer: 'task' }), { ok: true, value: { answered: true } });
      const done = await answer;
      assert.deepEqual([done.status, done.bytes.equals(recordedStream)], [200, true]);
      const told = await bench.explain(done);
      assert.equal(told.decision.answered?.answer, 'task');
      assert.deepEqual(await window.rpc.answer({ requestId: question?.requestId, answer: 'never' }), { ok: true, value: { answered: false } });
      // The same task is not asked for again; another one is.
      assert.equal((await bench.ask({ headers: codexHeaders })).bytes.equals(recordedStream), true);
      const leave = new AbortController();
      const other = bench.ask({ headers: { ...codexHeaders, 'thread-id': 'another' }, signal: leave.signal }).catch(() => undefined);
      await until(() => (window.seen.newest?.questions.length ?? 0) > 0, 'another question');
      leave.abort();
      await other;
      await until(() => window.seen.newest?.questions.length === 0, 'the question gone with its client');
    } finally {
      window.close();
    }
    assert.equal((await bench.audit()).ok, true);
  });

  it('refuses without a window, in one sentence, and without asking anybody', async () => {
    await added(bench, 50, 'first');
    const refused = await bench.ask({ headers: codexHeaders });
    assert.match(refused.bytes.toString(), /consent_missing/);
    assert.equal(bench.upstream.requests.length, 0);
    assert.equal((await callBroker(bench.broker, 'policySet', { name: 'unattended', value: 'allow' })).exists, false);
    assert.equal((await bench.ask({ headers: codexHeaders })).bytes.equals(recordedStream), true);
  });

  it('lets a request wait for credits that another one holds, and both are paid', async () => {
    const estimate = (await callBroker(bench.broker, 'dryRun', { model: 'gpt-5.5', size: { bodyBytes: 2000 } })).holdMicroCredits ?? 0;
    await callBroker(bench.broker, 'creditsAdd', { amountMicroCredits: Math.ceil(estimate * 1.5), kind: 'promotional', key: 'gift', consent: { scope: 'ask' } });
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => { release = resolve; });
    const slow: Script = async (_request, wire, index) => {
      await wire.write(streamHead());
      if (index === 0) await released;
      await wire.write(chunkOf(recordedStream));
      await wire.write(lastChunk);
    };
    bench.upstream.script = slow;
    const body = Buffer.from(recordedRequest(true).replace('}', `${' '.repeat(1500)}}`));
    const first = bench.ask({ body });
    await until(() => bench.upstream.requests.length === 1, 'the first request upstream');
    const second = bench.ask({ body });
    await until(async () => (await callBroker(bench.broker, 'status', {})).waiting.some((run) => run.state === 'parked'), 'a parked request');
    assert.equal(bench.upstream.requests.length, 1);
    release();
    const both = await Promise.all([first, second]);
    assert.deepEqual(both.map((one) => [one.status, one.bytes.equals(recordedStream)]), [[200, true], [200, true]]);
    for (const one of both) assert.ok((await bench.explain(one)).charge);
    const audit = await bench.audit();
    assert.deepEqual([audit.ok, audit.openHolds], [true, 0]);
  });

  it('stops an answer that outgrows the hard budget of its task, tells Codex why, and ends the upstream', async () => {
    await callBroker(bench.broker, 'creditsAdd', { amountMicroCredits: 900_000_000, kind: 'promotional', key: 'gift', consent: { scope: 'ask' } });
    await callBroker(bench.broker, 'budgetSet', { budget: { id: 'task', per: 'task', unit: 'tokens', limit: 12_000, period: 'life', timeZone: 'UTC', mode: 'hard' } });
    let ended: () => void = () => undefined;
    const upstreamEnded = new Promise<void>((resolve) => { ended = resolve; });
    bench.upstream.script = async (request, wire) => {
      await wire.write(streamHead());
      await wire.write(chunkOf(recordedEvents.slice(0, 2).join('')));
      const delta = `event: response.output_text.delta\ndata: ${JSON.stringify({ type: 'response.output_text.delta', item_id: 'm', output_index: 0, content_index: 0, delta: 'word '.repeat(200) })}\n\n`;
      while (!wire.isGone()) {
        await wire.write(chunkOf(delta));
        await sleep(2);
      }
      ended();
      await request.gone;
    };
    const stopped = await bench.ask({ headers: codexHeaders });
    const text = stopped.bytes.toString();
    assert.match(text, /"code":"invalid_prompt","message":"The answer grew beyond a hard budget: /);
    // Only the broker ends it.
    await upstreamEnded;
    const told = await explained(bench.broker, String(stopped.headers['x-request-id']));
    assert.deepEqual([told.attempts[0]?.outcome, told.attempts[0]?.measured], ['aborted', false]);
    assert.ok(told.story.some((sentence) => sentence.includes('grew beyond a hard budget')), told.story.join('\n'));
    assert.ok((told.charge?.costMicroCredits ?? 0) > 0);
    // The task has used up its budget; another one has not.
    assert.match((await bench.ask({ headers: codexHeaders })).bytes.toString(), /budget_exceeded/);
    assert.equal((await bench.audit()).ok, true);
  });

  it('ends for today what a budget that is spread evenly has room for on a later day, and tells which', async () => {
    const dayMs = 86_400_000;
    const set = (limit: number) => callBroker(bench.broker, 'budgetSet', { budget: { id: 'even', per: 'everything', unit: 'tokens', limit, period: { rollingHours: 240 }, timeZone: 'UTC', mode: 'hard', pace: 'even' } });
    await set(1_000_000);
    await bench.explain(await bench.ask({ headers: codexHeaders }));
    const view = async () => (await callBroker(bench.broker, 'budgets', {})).budgets[0];
    const used = (await view())?.uses[0]?.used ?? 0;
    const firstMs = (await view())?.budget.pacedFromMs ?? 0;
    assert.ok(used > 0 && firstMs > Date.now() - dayMs && firstMs <= Date.now(), JSON.stringify(await view()));
    // A tenth of it a day: what was used takes the first day, and the next request finds room before the tenth.
    await set(10 * used);
    assert.deepEqual([(await view())?.today, (await view())?.uses[0]?.goesOnAtMs], [{ allowed: used, day: { fromMs: firstMs, untilMs: firstMs + dayMs } }, firstMs + dayMs]);
    const refused = await bench.ask({ headers: codexHeaders });
    assert.match(refused.bytes.toString(), /The budget of .+ tokens in any 240 hours \(spread evenly\) is used up for today: its days so far allow .+ It changes by itself at \d{4}-\d\d-\d\d \d\d:\d\d UTC\./);
    const { decision } = await explained(bench.broker, String(refused.headers['x-request-id']));
    const days = ((decision.retryAtMs ?? 0) - firstMs) / dayMs;
    assert.ok(Number.isInteger(days) && days >= 1 && days < 10, String(days));
    assert.equal((await bench.audit()).ok, true);
  });

  it('learns from its ledger again after a restart', async () => {
    await callBroker(bench.broker, 'creditsAdd', { amountMicroCredits: 900_000_000, kind: 'promotional', key: 'gift', consent: { scope: 'ask' } });
    const guess = async () => (await callBroker(bench.broker, 'dryRun', { model: 'gpt-5.5', size: { bodyBytes: 4000, textBytes: 3000, textTokens: 800 } })).estimate;
    const before = await guess();
    for (let count = 0; count < 12; count += 1) await bench.explain(await bench.ask());
    const learned = await guess();
    assert.ok(learned.outputTokens < before.outputTokens, JSON.stringify([before, learned]));
    await bench.broker.stop();
    await bench.restart();
    assert.deepEqual(await guess(), learned);
    const { total } = await callBroker(bench.broker, 'usage', { by: 'model' });
    assert.deepEqual([total.estimates?.requests, total.estimates?.covered], [12, 12]);
  });
});

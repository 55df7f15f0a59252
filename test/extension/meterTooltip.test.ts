// The card over the meter: its content in the main states, and that nothing from outside can
// become a link, an image, an icon, a table cell or HTML in it.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { balanceForecast } from '../../src/domain/forecast.ts';
import { problem } from '../../src/domain/problem.ts';
import { gaugeImage } from '../../src/extension/gaugeImage.ts';
import { durationWords, limitLine, limitLines } from '../../src/extension/limitLine.ts';
import { commandLink, plain } from '../../src/extension/markdownText.ts';
import type { TooltipFacts } from '../../src/extension/meterFacts.ts';
import { remoteHost } from '../../src/extension/remoteHost.ts';
import { meterTooltip } from '../../src/extension/meterTooltip.ts';
import type { MeterContent } from '../../src/protocol/meterContent.ts';
import { meterFace } from '../../src/protocol/meterFace.ts';
import { meterInput } from '../../src/protocol/meterInput.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { german, spokenIn } from '../support/language/spokenIn.ts';
import { budgetFixture, practiceSnapshot, questionFixture, snapshotFixture, untrackedSnapshot } from './snapshotFixture.ts';

const facts: TooltipFacts = { link: { state: 'connected' }, snapshot: snapshotFixture(), taste: { show: 'left', unit: 'credits', locale: 'en' }, theme: 'dark', nowMs: 1_000_000 };
const unescaped = (card: string) => card.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))).replaceAll('\u00a0', ' ');

describe('tooltip card', () => {
  it('keeps numbers and their units on one line of the table', () => {
    assert.match(meterTooltip(facts), /\| 38\u00a0&#37; \| &nbsp;&nbsp;full in 47\u00a0s \|/);
  });

  it('tells balance, limits, last request and today', () => {
    const card = unescaped(meterTooltip(facts));
    for (const part of ['**342.18 credits left** · $13.69 · 2.98 held', 'gpt-5.5 tokens/min', '38 %', 'full in 47 s', 'Last: billing-service, 3.37 credits ($0.13)', 'Today: 3.37 credits ($0.13), 33.9 k tokens, 1 request', 'Nothing runs or waits.']) {
      assert.ok(card.includes(part), `${part}\n${card}`);
    }
    assert.match(meterTooltip(facts), /\[Explain\]\(command:codexBroker\.explainRequest\?%5B%22req_1%22%5D\)/);
  });

  it('tells what runs and waits, and why', () => {
    const run = { requestId: 'r', workspaceId: 'w', workspaceLabel: 'x', client: 'c', model: 'm', sinceMs: 1, estimatedTokens: 1, heldMicroCredits: 0 };
    const [runs, waits] = [{ ...run, state: 'running' }, { ...run, state: 'waiting', reason: 'The token limit refills', startsAtMs: 1_018_000, place: 1 }] as const;
    const card = (change: Partial<Snapshot>) => unescaped(meterTooltip({ ...facts, snapshot: snapshotFixture(change) }));
    assert.ok(card({ running: [runs, runs], waiting: [waits] }).includes('$(sync) 2 run, 1 waits · The token limit refills · next in 18 s'), card({ running: [runs, runs], waiting: [waits] }));
    // Only what is there.
    assert.match(card({ running: [runs] }), /\$\(sync\) 1 runs {2}\n/);
    assert.ok(card({ waiting: [waits, waits] }).includes('$(history) 2 wait · The token'));
  });

  it('counts what runs and waits in German too', async () => {
    const run = { requestId: 'r', state: 'running', workspaceId: 'w', workspaceLabel: 'x', client: 'c', model: 'm', sinceMs: 1, estimatedTokens: 1, heldMicroCredits: 0 } as const;
    await spokenIn(german, () => {
      assert.ok(unescaped(meterTooltip({ ...facts, snapshot: snapshotFixture({ running: [run, run], waiting: [{ ...run, state: 'waiting' }] }) })).includes('2 laufen, 1 wartet'));
      assert.ok(unescaped(meterTooltip({ ...facts, snapshot: snapshotFixture({ running: [run], waiting: [{ ...run, state: 'waiting' }, { ...run, state: 'waiting' }] }) })).includes('1 läuft, 2 warten'));
    });
  });

  it('speaks first of what the status bar speaks of', () => {
    const week = { id: 'w', model: 'gpt-5.5', measure: 'requests', windowMinutes: 10_080, limit: 100, remaining: 30, resetsAtMs: 1_000_000 + 302_400_000 } as const;
    const card = (change: Partial<Snapshot>, taste: Partial<TooltipFacts['taste']> = {}, more: Partial<TooltipFacts> = {}) => unescaped(meterTooltip({ ...facts, taste: { ...facts.taste, ...taste }, snapshot: snapshotFixture(change), workspaceId: 'ws_1', ...more })).split('\n');
    const meter = (change: Partial<Snapshot>, taste: Partial<TooltipFacts['taste']> = {}) => meterFace(meterInput('connected', snapshotFixture(change), { ...facts.taste, ...taste }, 'ws_1', facts.nowMs)).text;
    // A budget is tightest: its share, and the credits behind it.
    const budgets = [budgetFixture(92)];
    assert.equal(meter({ budgets }), '8 % left');
    assert.deepEqual(card({ budgets }).slice(0, 2), ['$(warning) **8 % left of the budget of 100.00 credits per week**  ', '342.18 credits left · $13.69 · 2.98 held  ']);
    assert.deepEqual(card({ budgets }, { show: 'used' }).slice(0, 1), ['$(warning) **92 % used of the budget of 100.00 credits per week**  ']);
    // A window is.
    assert.deepEqual(card({ windows: [week] })[0], '$(warning) **30 % left of the limit of requests per week of gpt-5.5**  ');
    // The balance is, although a limit is there.
    assert.equal(card({ windows: [{ ...week, remaining: 80 }] })[0], '**342.18 credits left** · $13.69 · 2.98 held  ');
    // A budget refuses requests: until when stands first.
    assert.match(meter({ budgets: [budgetFixture(100), budgetFixture(140, { id: 'b2', mode: 'soft' })] }), /^til /);
    const stopped = card({ budgets: [budgetFixture(140, { id: 'b2', mode: 'soft' }), budgetFixture(100)] });
    assert.match(stopped[0] ?? '', /^\$\(circle-slash\) \*\*Budget 100\.00 credits per week is used up\*\*, so that its requests are refused, begins anew /);
    assert.ok(stopped.includes('342.18 credits left · $13.69 · 2.98 held'), stopped.join('\n'));
    // While the broker is away the status bar shows the balance, for nobody knows what is blocked.
    assert.ok(card({ budgets: [budgetFixture(100)] }, {}, { link: { state: 'connecting' } }).includes('**342.18 credits left** · $13.69 · 2.98 held  '));
    assert.match(card({ balance: { ...snapshotFixture().balance, owedMicroCredits: 5 } })[0] ?? '', /^\$\(circle-slash\) \*\*.* credits are owed\*\*/);
  });

  it('begins with what was chosen for the status bar, and says what is not there', () => {
    const week = { id: 'w', model: 'gpt-5.5', measure: 'requests', windowMinutes: 10_080, limit: 100, remaining: 80, resetsAtMs: 1_000_000 + 302_400_000 } as const;
    const card = (content: MeterContent, change: Partial<Snapshot>) => unescaped(meterTooltip({ ...facts, taste: { ...facts.taste, content }, snapshot: snapshotFixture(change) }));
    const first = (content: MeterContent) => card(content, { windows: [week] }).split('\n')[0];
    assert.equal(first('share'), '**80 % left of the limit of requests per week of gpt-5.5**  ');
    assert.equal(first('pace'), '**30 % spare** · 80 % left of the limit of requests per week of gpt-5.5  ');
    assert.equal(first('reset'), '**Begins anew in 3 d 12 h** · 80 % left of the limit of requests per week of gpt-5.5  ');
    assert.equal(first('credits'), '**342.18 credits left** · $13.69 · 2.98 held  ');
    for (const [content, words] of [['pace', 'the pace'], ['reset', 'the reset of the tightest limit'], ['share', 'the share of the tightest limit']] as const) {
      assert.ok(card(content, {}).includes(`$(info) The status bar is set to ${words}, but no limit`), card(content, {}));
      assert.doesNotMatch(card(content, { windows: [week] }), /is set to/);
    }
    assert.match(unescaped(meterTooltip({ ...facts, taste: { ...facts.taste, content: 'credits' }, snapshot: untrackedSnapshot() })), /is set to credits, but there is no balance/);
  });

  it('leaves out what only a running broker knows, while there is none', () => {
    for (const state of ['connecting', 'down'] as const) {
      const card = meterTooltip({ ...facts, link: { state } });
      assert.doesNotMatch(card, /next request|Nothing runs/);
      assert.match(card, /What runs and waits is not known now/);
    }
  });

  it('shows what was used where that is wanted, and no money in practice mode', () => {
    const used = { ...facts, taste: { ...facts.taste, show: 'used' } } as const;
    assert.ok(unescaped(meterTooltip(used)).includes('**157.82 credits used** · $6.31 · 342.18 left · 2.98 held'));
    const practice = unescaped(meterTooltip({ ...used, snapshot: practiceSnapshot() }));
    assert.doesNotMatch(practice, /\$\d/);
    assert.ok(practice.includes('Last: billing-service, 3.37 practice credits') && practice.includes('Today: 3.37 practice credits'), practice);
  });

  it('tells a window whose workspace is not allowed that it would be refused', () => {
    const snapshot = snapshotFixture({ consent: { everywhere: false, workspaceIds: ['ws_2'], deniedWorkspaceIds: ['ws_1'] } });
    assert.match(meterTooltip({ ...facts, snapshot, workspaceId: 'ws_1' }), /This workspace may not use purchased credits/);
    assert.match(meterTooltip({ ...facts, snapshot, workspaceId: 'ws_3' }), /the next request asks you/);
    assert.match(meterTooltip({ ...facts, snapshot, workspaceId: 'ws_2' }), /draws from purchased credits/);
  });

  it('puts a question of this window before all else, and only while it can be answered', () => {
    const snapshot = snapshotFixture({ questions: [questionFixture(), questionFixture({ requestId: 'r2' }), questionFixture({ requestId: 'r3', workspaceId: 'ws_2' })] });
    const card = unescaped(meterTooltip({ ...facts, snapshot, workspaceId: 'ws_1' }));
    assert.ok(card.startsWith('$(question) **A request waits for your answer**, 1 more · [Answer](command:codexBroker.answerQuestion)  \nCodex CLI in "billing-service" needs up to 4.50 credits'), card);
    assert.match(card, /It is refused at \d\d:\d\d if nobody answers\./);
    const parked = { requestId: 'req_q1', state: 'parked', workspaceId: 'ws_1', workspaceLabel: 'x', client: 'c', model: 'm', sinceMs: 1, estimatedTokens: 1, heldMicroCredits: 0, reason: 'It has no permission.' } as const;
    const waiting = unescaped(meterTooltip({ ...facts, snapshot: { ...snapshot, waiting: [parked, { ...parked, requestId: 'r9', state: 'waiting', reason: 'The limit refills.' }] }, workspaceId: 'ws_1' }));
    assert.ok(waiting.includes('$(history) 2 wait · The limit refills.') && !waiting.includes('0 run') && !waiting.includes('no permission'), waiting);
    for (const other of [{ workspaceId: 'ws_9' }, { workspaceId: 'ws_1', link: { state: 'connecting' } }] as const) assert.doesNotMatch(meterTooltip({ ...facts, snapshot, ...other }), /waits for your answer/);
  });

  it('names what is owed in place of what the next request draws from, and full budgets', () => {
    const { balance } = snapshotFixture();
    const card = unescaped(meterTooltip({ ...facts, snapshot: snapshotFixture({ balance: { ...balance, owedMicroCredits: 2_500_000 }, budgets: [budgetFixture(85)] }) }));
    assert.ok(card.includes('**2.50 credits are owed**') && card.includes('| Budget 100.00 credits per week |'), card);
    assert.doesNotMatch(card, /draws from/);
  });

  it('says of nothing that it is drawn from what cannot be reached', () => {
    const said = (change: Parameters<typeof snapshotFixture>[0]) => unescaped(meterTooltip({ ...facts, snapshot: snapshotFixture(change) }));
    assert.match(said({}), /The next request draws from/);
    for (const change of [{ key: { state: 'missing' } }, { key: { state: 'rejected' } }, { budgets: [budgetFixture(100)] }] as const) assert.doesNotMatch(said(change), /draws from/);
    const { balance } = snapshotFixture();
    const grants = balance.grants.map((grant) => ({ ...grant, heldMicroCredits: grant.remainingMicroCredits }));
    assert.match(said({ balance: { ...balance, heldMicroCredits: balance.balanceMicroCredits, grants } }), /waits for credits that running requests hold, or is refused/);
  });

  it('puts a missing key first, and shows commands without their marks', () => {
    const card = meterTooltip({ ...facts, snapshot: untrackedSnapshot({ key: { state: 'missing' } }) });
    assert.ok(card.startsWith('$(key) **No API key stored**') && !card.includes('nothing is blocked'), card);
    const rejected = meterTooltip({ ...facts, snapshot: snapshotFixture({ key: { state: 'rejected' }, problems: [problem('api_key_rejected', 'Refused.'), problem('ledger_unavailable', 'Closed.')] }) });
    assert.ok(!rejected.includes('Refused') && rejected.includes('Closed'));
    assert.doesNotMatch(unescaped(rejected), /`/);
  });

  it('shows a plan\'s windows in shares, its credits, and no missing key', () => {
    const window = { id: 'ChatGPT 3fa9/300', model: 'ChatGPT 3fa9', measure: 'percent', windowMinutes: 300, limit: 100, remaining: 42, resetsAtMs: facts.nowMs + 3_600_000 } as const;
    const plans = [{ account: 'ChatGPT 3fa9', planType: 'plus', credits: { hasCredits: true, isUnlimited: false, balance: '12.5' }, observedAtMs: 1 }];
    const card = unescaped(meterTooltip({ ...facts, snapshot: snapshotFixture({ windows: [window], plans, key: { state: 'missing' } }) }));
    assert.match(card, /\| ChatGPT 3fa9 in 5 h \|.*\| 42 % \|/);
    assert.ok(card.includes('ChatGPT 3fa9 (plus): 12.5 credits of OpenAI\'s own') && card.includes('Codex that is signed in with ChatGPT goes on its plan.') && !card.includes('No API key stored'), card);
    assert.equal(meterInput('connected', snapshotFixture({ plans, key: { state: 'missing' } }), facts.taste).snapshot?.keyMissing, false);
  });

  it('tells on a plan what requests with the key draw from, and of nothing owed where there is no key', () => {
    const plans = [{ account: 'ChatGPT 3fa9', observedAtMs: 1 }];
    const { balance } = snapshotFixture();
    const card = (more: Partial<Snapshot>) => unescaped(meterTooltip({ ...facts, snapshot: snapshotFixture({ plans, ...more }) }));
    assert.match(card({}), /goes on its plan\. Requests with a key draw from \w+ credits\./);
    const [none, owed] = [{ balance: { ...balance, balanceMicroCredits: 0, heldMicroCredits: 0, grants: [] } }, { balance: { ...balance, owedMicroCredits: 5 } }];
    assert.ok(card(none).includes('Requests with a key find no free credits.') && !card(none).includes('would be refused'));
    assert.ok(card(owed).includes('are owed') && card(owed).includes('Requests that go on no plan are refused') && !card(owed).includes('Requests with a key'));
    assert.ok(!card({ ...owed, key: { state: 'missing' } }).includes('are owed'));
  });

  it('says what is not known instead of zero', () => {
    const [window] = facts.snapshot?.windows ?? [];
    assert.ok(window);
    const { limit: _limit, remaining: _remaining, resetsAtMs: _resets, ...unknown } = window;
    const line = limitLine(unknown, 'left', 1_000_000, 'en');
    assert.deepEqual([line.share, line.resets, line.gauge, line.pace], ['—', 'not announced yet', { low: false }, '']);
    assert.ok(meterTooltip({ ...facts, snapshot: snapshotFixture({ windows: [] }) }).includes('Limits are unknown until the first answer.'));
  });

  it('names practice mode, an untracked balance, a missing key and a broker that is down', () => {
    assert.ok(meterTooltip({ ...facts, snapshot: practiceSnapshot() }).includes('**Practice mode**'));
    assert.ok(meterTooltip({ ...facts, snapshot: untrackedSnapshot() }).includes('**Balance not tracked**'));
    assert.ok(meterTooltip({ ...facts, snapshot: snapshotFixture({ key: { state: 'missing' } }) }).includes('No API key stored'));
    const down = meterTooltip({ ...facts, link: { state: 'down', problem: problem('broker_unreachable', 'It ended.') }, nowMs: 1_000_000 + 23 * 60_000 });
    assert.ok(unescaped(down).includes('It ended.') && /Numbers are from \d\d:\d\d\./.test(unescaped(down)) && !down.includes(' ago') && down.includes('[Start broker](command:codexBroker.startBroker)'), down);
  });

  it('names the fallback that answers or answered, as text', () => {
    const base = snapshotFixture();
    const [run, request] = [base.running[0] ?? { requestId: 'r', state: 'running', workspaceId: 'w', workspaceLabel: 'w', client: 'c', model: 'm', sinceMs: 1, estimatedTokens: 1, heldMicroCredits: 0 } as const, base.recent[0]];
    assert.ok(request);
    const card = unescaped(meterTooltip({ ...facts, snapshot: snapshotFixture({ running: [run, { ...run, fallback: 'llama3' }], recent: [{ ...request, fallback: 'llama3', costMicroCredits: 0 }] }) }));
    assert.ok(card.includes('1 answered by the fallback: llama3') && card.includes('fallback: llama3, no charge'), card);
  });

  it('shows names from outside as text', () => {
    const evil = '](command:workbench.action.quit) ![x](https://evil.example/p.png) <img src=x onerror=alert(1)> | $(trash) **b** www.evil.example a@b.example `code`';
    const card = meterTooltip({
      ...facts, workspaceId: 'ws_1',
      snapshot: snapshotFixture({
        windows: [{ id: 'x', model: evil, measure: 'tokens', windowMinutes: 1, limit: 2, remaining: 1 }],
        recent: facts.snapshot?.recent.map((request) => ({ ...request, workspaceLabel: evil, requestId: `${evil}")'` })) ?? [],
        questions: [questionFixture({ text: evil })], budgets: [{ ...budgetFixture(90, { per: 'workspace' }, { key: 'ws_1', label: evil }), text: evil }],
        problems: [{ code: 'internal', message: evil, remedy: '\u202Eevil\u0000' }],
      }),
    });
    const withoutOwn = card.replace(/\[[^\]]*\]\(command:codexBroker\.\w+(\?[\w%.~-]+)?\)/g, '').replace(/!\[[^\]]*\]\(data:image\/svg\+xml;base64,[\w+/=]+\)/g, '');
    assert.doesNotMatch(withoutOwn, /\]\(|<|\$\((?!sync|warning|error|circle-slash|clock|question|key|beaker|debug-disconnect)|www\.|@|\u202E|`|https:/);
    const row = card.split('\n').find((line) => line.startsWith('|') && line.includes('data:image'));
    assert.equal(row?.replace(/!\[[^\]]*\]\([^)]*\)/, '').split('|').length, 7, 'the table keeps its cells');
  });

  it('orders its table by what ends work for longest, and leaves what refills within minutes to the end', () => {
    const window = { id: 'w', model: 'm', measure: 'requests', windowMinutes: 10_080, limit: 100, remaining: 40, resetsAtMs: 1_000_000 + 5_040 * 60_000 } as const;
    const names = (show: 'left' | 'used') => limitLines({ windows: [{ ...window, windowMinutes: 1, remaining: 0 }, { ...window, windowMinutes: 300, remaining: 99 }, window], budgets: [budgetFixture(95), budgetFixture(10, { id: 'b2', per: 'workspace' }, { key: 'ws_2' })] }, 'ws_1', show, 1_000_000, 'en').map(({ name, share }) => `${name} ${share}`);
    assert.deepEqual(names('left'), ['Budget 100.00 credits per week 5 %', 'm requests/week 40 %', 'm requests in 5 h 99 %', 'm requests/min 0 %']);
    assert.deepEqual(names('used').map((line) => line.replace(/^.* (\d+ %)$/, '$1')), ['95 %', '60 %', '1 %', '100 %']);
  });

  it('says first what blocks, until when, and what does not help', () => {
    const blocked = { id: 'w', model: 'gpt-5.5', measure: 'requests', windowMinutes: 10_080, limit: 100, remaining: 0, resetsAtMs: 1_000_000 + 151_200_000 } as const;
    const card = unescaped(meterTooltip({ ...facts, snapshot: snapshotFixture({ windows: [blocked] }) }));
    assert.match(card, /^\$\(circle-slash\) \*\*Blocked until .*\*\* · in 1 d 18 h {2}\nThe limit of requests per week of gpt-5\.5 is used up\. Credits are not the reason: 342\.18 are left, but they do not lift it\./);
    assert.match(card, /\| 0 % \|.*in 1 d 18 h \|.*\$\(error\) used up \|/);
    assert.doesNotMatch(card, /next request draws/, 'nothing is drawn until then');
    const running = [{ requestId: 'req_2', state: 'running', workspaceId: 'ws_1', workspaceLabel: 'billing-service', client: 'codex_exec', model: 'gpt-6', sinceMs: 1, estimatedTokens: 1, heldMicroCredits: 0 }] as const;
    const goesOn = meterTooltip({ ...facts, snapshot: snapshotFixture({ windows: [blocked], running }) });
    assert.doesNotMatch(goesOn, /Blocked/, 'another model is in use');
    assert.match(unescaped(goesOn), /gpt-5\.5 requests\/week .*\$\(error\) used up[\s\S]*The next request draws|The next request draws[\s\S]*gpt-5\.5 requests\/week .*\$\(error\) used up/);
    for (const other of [{ link: { state: 'connecting' } }, { nowMs: 1_000_000 + 151_200_000 }] as const) assert.doesNotMatch(meterTooltip({ ...facts, snapshot: snapshotFixture({ windows: [blocked] }), ...other }), /Blocked/);
  });

  it('says when the next request has room in a limit that refills steadily, not when all of it is back', () => {
    const day = { id: 'w', model: 'gpt-5.5', measure: 'requests', windowMinutes: 1440, limit: 200, remaining: 0, resetsAtMs: 1_000_000 + 86_400_000, opensAtMs: 1_000_000 + 432_000 } as const;
    const card = unescaped(meterTooltip({ ...facts, snapshot: snapshotFixture({ windows: [day] }) }));
    assert.match(card, /^\$\(circle-slash\) \*\*Blocked until \d\d:\d\d\*\* · in 7 min/);
    assert.match(card, /\| 0 % \|.*opens \d\d:\d\d · in 7 min \|.*\$\(error\) used up \|/);
    const { opensAtMs: _opens, ...half } = { ...day, remaining: 100, resetsAtMs: 1_000_000 + 43_200_000 };
    assert.equal(limitLine(half, 'left', 1_000_000, 'en').resets, 'full in 12 h');
  });

  it('names the place of broker and ledger in a remote window', () => {
    assert.match(unescaped(meterTooltip({ ...facts, host: remoteHost('ssh-remote', 'build-1')! })), /\$\(remote\) Broker and ledger are on build-1 \(SSH\)\. {2}\n/);
    assert.deepEqual([undefined, 'localhost:8080', 'wsl'].map((name) => remoteHost(name, 'h')), [undefined, undefined, 'h (WSL)']);
    assert.doesNotMatch(meterTooltip(facts), /\$\(remote\)/);
  });

  it('tells of tasks that wait for a limit', () => {
    const task = (title: string, atMs: number) => ({ threadId: title, title, atMs, continuedTimes: 0 });
    const one = unescaped(meterTooltip({ ...facts, waitingTasks: [task('Fix [it](command:x)', facts.nowMs + 3_600_000)] }));
    assert.match(one, /\$\(history\) Codex task "Fix \[it\]\(command:x\)" goes on by itself at \d\d:\d\d · \[Show\]\(command:codexBroker\.showWaitingTasks\)/);
    assert.doesNotMatch(meterTooltip({ ...facts, waitingTasks: [task('Fix [it](command:x)', facts.nowMs)] }), /\(command:x\)/);
    assert.match(unescaped(meterTooltip({ ...facts, waitingTasks: [task('a', facts.nowMs), task('b', facts.nowMs)] })), /, 1 more · /);
    assert.doesNotMatch(meterTooltip(facts), /goes on by itself/);
    assert.match(meterTooltip({ link: { state: 'connecting', attempt: 0 }, taste: facts.taste, theme: facts.theme, nowMs: facts.nowMs, waitingTasks: [task('a', facts.nowMs)] }), /Connecting[\s\S]*goes on by itself/, 'the window keeps it, whatever the broker does');
  });

  it('looks ahead where there is enough to go by', () => {
    const forecast = balanceForecast(342_180_000, Array.from({ length: 10 }, (_, index) => ({ atMs: 50_000_000 - index * 600_000, costMicroCredits: 30_000_000 })), 50_000_000);
    assert.ok(forecast);
    const card = unescaped(meterTooltip({ ...facts, nowMs: 50_000_000, snapshot: snapshotFixture({ atMs: 50_000_000, forecast }) }));
    assert.match(card, /\$\(clock\) At the pace of the last 2 hours, credits last until about \d\d:\d\d( \(\d\d:\d\d to \d\d:\d\d\))?\./);
    assert.doesNotMatch(card, /At its pace so far/);
    const window = { id: 'w', model: 'gpt-5.5', measure: 'requests', windowMinutes: 10_080, limit: 100, remaining: 30, resetsAtMs: 50_000_000 + 302_400_000 } as const;
    const over = unescaped(meterTooltip({ ...facts, nowMs: 50_000_000, snapshot: snapshotFixture({ atMs: 50_000_000, windows: [window] }) }));
    assert.match(over, /\$\(clock\) At its pace so far, the limit of requests per week of gpt-5\.5 is used up about \w+ \d+ \w+ \d\d:\d\d; it begins anew \w+ \d+ \w+ \d\d:\d\d\./);
    assert.doesNotMatch(meterTooltip(facts), /At the pace/);
    const paced = { ...window, id: 'v', windowMinutes: 1440, remaining: 10, resetsAtMs: 50_000_000 + 43_200_000, pace: { perMs: 1, spanMs: 1, spread: 1e-10 } };
    assert.match(unescaped(meterTooltip({ ...facts, nowMs: 50_000_000, snapshot: snapshotFixture({ atMs: 50_000_000, windows: [window, paced] }) })), /the limit of requests per week of gpt-5\.5 is used up[\s\S]*the limit of requests per day of gpt-5\.5 is used up about \d\d:\d\d \(\d\d:\d\d to \d\d:\d\d\); it begins anew/);
  });

  it('escapes every ASCII mark and keeps letters, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const safe = plain(text, 1000);
      assert.doesNotMatch(safe.replace(/&#\d{2,3};/g, ''), /[!-/:-@[-`{-~\p{Cc}\p{Cf}]/u);
      assert.equal(unescaped(safe), Array.from(text.replace(/\s+/gu, ' ')).filter((character) => !/\p{C}/u.test(character)).join(''));
    }));
    assert.equal(plain('x'.repeat(100), 10), `${'x'.repeat(9)}…`);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      const [, query = ''] = /^\[x\]\(command:c\?([^()\s"'<>]*)\)$/.exec(commandLink('x', 'c', text)) ?? [];
      assert.deepEqual(JSON.parse(decodeURIComponent(query)), [text]);
    }));
  });

  it('draws gauges inside their track, dashed when unknown, hatched when low', () => {
    const svg = (gauge: Parameters<typeof gaugeImage>[0]) => Buffer.from(gaugeImage(gauge, 'dark').split(',')[1] ?? '', 'base64').toString();
    assert.match(svg({ low: false }), /stroke-dasharray/);
    assert.match(svg({ share: 0.1, low: true }), /url\(#h\)/);
    assert.match(svg({ share: 0.5, tick: 0.5, low: false }), /width="47.5".*x="47"/);
    for (const share of [-1, 0, 2, 1]) for (const [, width] of svg({ share, tick: share, low: false }).matchAll(/width="([\d.-]+)"/g)) assert.ok(Number(width) <= 96 && Number(width) >= 0);
  });

  it('writes shares and durations as people read them', () => {
    assert.deepEqual([1, 46_001, 8_040_000, 151_200_000].map(durationWords), ['1 s', '47 s', '2 h 14 min', '1 d 18 h']);
    const weekly = limitLine({ id: 'w', model: 'm', measure: 'requests', windowMinutes: 10_080, limit: 100, remaining: 40, resetsAtMs: 1_000_000 + 5_040 * 60_000 }, 'left', 1_000_000, 'en');
    assert.deepEqual([weekly.name, weekly.gauge.share, weekly.gauge.tick], ['m requests/week', 0.4, 0.5]);
    assert.ok(weekly.resets.endsWith('· in 3 d 12 h'), weekly.resets);
    assert.deepEqual([weekly.pace, weekly.mark], ['10 % ahead of even use', 'warning']);
  });
});

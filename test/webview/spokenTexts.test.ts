// The texts of the Now page and of the side bar in other languages: in German as it is shipped, and in one that is made up,
// in which nothing may stand outside of the marks.
import assert from 'node:assert/strict';
import { problem } from '../../src/domain/problem.ts';
import type { ExtensionMessage } from '../../src/protocol/dashboardMessages.ts';
import type { RunView, Snapshot, WindowView } from '../../src/protocol/snapshot.ts';
import { requestsText, tokensLine } from '../../src/webview/amountText.ts';
import { drawText, kindName } from '../../src/webview/balanceText.ts';
import { consentText } from '../../src/webview/consentText.ts';
import { limitRow } from '../../src/webview/limitText.ts';
import { madeText } from '../../src/webview/pageChanges.ts';
import { firstPageState, receive } from '../../src/webview/pageState.ts';
import { runState, runSummary, waitSentence } from '../../src/webview/runText.ts';
import { firstSidebarState, receiveSidebar } from '../../src/webview/sidebarState.ts';
import { sideBalance, sideBlock, sideLimits, sideToday } from '../../src/webview/sidebarText.ts';
import { tightText } from '../../src/webview/tightestText.ts';
import { age, dayAndTime, dayTitle, duration, measuredTime } from '../../src/webview/timeText.ts';
import { german, pseudo, spokenIn, untranslated } from '../support/language/spokenIn.ts';
import { ruledSnapshot } from './sampleRules.ts';
import { sampleNowMs, sampleSnapshot } from './sampleSnapshot.ts';
import { stateMessage } from './sampleStates.ts';

const { balance, today } = sampleSnapshot();
const own = 'ws_billing-service';
const none = { ...balance, balanceMicroCredits: 0, heldMicroCredits: 0, grants: [] };
const purchased = { ...balance, heldMicroCredits: 0, grants: balance.grants.filter(({ kind }) => kind === 'purchased') };
const nobody = { everywhere: false, workspaceIds: [], deniedWorkspaceIds: [] };
const plans = [{ account: 'shop', observedAtMs: 1 }];
const later = { ...purchased, grants: purchased.grants.map((grant) => ({ ...grant, startsAtMs: sampleNowMs + 1 })) };
const snapshots: readonly Partial<Snapshot>[] = [
  {}, { key: { state: 'missing' } }, { key: { state: 'rejected' } }, { key: { state: 'missing' }, plans }, { key: { state: 'rejected' }, plans }, { balance: { ...balance, owedMicroCredits: 1 } }, { balance: { ...balance, owedMicroCredits: 1 }, plans },
  { balance: { ...none, tracked: false } }, { balance: none }, { balance: purchased }, { balance: purchased, consent: nobody }, { balance: purchased, consent: { ...nobody, deniedWorkspaceIds: [own] } }, { balance: later }, { balance: { ...none, heldMicroCredits: 5 } },
  { balance: { ...none, balanceMicroCredits: 5 } }, { consent: nobody }, { balance: { ...none, tracked: false }, today: { ...today, total: { ...today.total, costMicroCredits: 0, unpriced: 2 } } }, { today: { ...today, byWorkspace: [1, 2, 3, 4, 5].map((index) => ({ ...today.total, key: `k${index}`, label: 'shop' })) } },
];
/** A day's limit of a model that nothing else is used beside. */
const usedUp = (change: Partial<WindowView> = {}): Partial<Snapshot> => ({ windows: [{ id: 'd', model: 'shop', measure: 'requests', windowMinutes: 1440, limit: 100, remaining: 0, ...change }], running: [], waiting: [], recent: [], today: { ...today, byModel: [] } });
const stopped = [usedUp(), usedUp({ resetsAtMs: sampleNowMs + 9 * 3_600_000 })];
const window = { id: 'w', model: 'shop', measure: 'tokens', windowMinutes: 1, limit: 100, remaining: 40, resetsAtMs: sampleNowMs + 60_000 } as const;
const { remaining: _unknown, ...silent } = window;
const { resetsAtMs: _when, ...endless } = window;
const { limit: _limit, ...unlimited } = window;
const windows: readonly WindowView[] = [window, silent, endless, unlimited, { ...window, remaining: 100 }, { ...window, remaining: 0 }, { ...window, resetsAtMs: sampleNowMs - 1 }, { ...window, windowMinutes: 10_080, resetsAtMs: sampleNowMs + 90 * 3_600_000 }, { ...window, measure: 'percent', windowMinutes: 10_080, shareUsedUntilMs: sampleNowMs + 90 * 3_600_000 }];
const run: RunView = { requestId: 'r', state: 'waiting', workspaceId: own, workspaceLabel: 'shop', client: 'shop', model: 'shop', sinceMs: 1, estimatedTokens: 1, heldMicroCredits: 0 };
const runs: readonly RunView[] = [run, { ...run, state: 'running' }, { ...run, state: 'parked' }, { ...run, place: 2, startsAtMs: sampleNowMs }, { ...run, startsAtMs: sampleNowMs + 9000 }];
const refused = problem('internal', 'shop');
const changes = [{ kind: 'answer', requestId: 'r', answer: 'never' }, { kind: 'answer', requestId: 'r', answer: 'once' }, { kind: 'askEverywhere' }, { kind: 'budgetRemove', budgetId: 'b' }, { kind: 'unattendedPolicy', value: 'allow' }, { kind: 'undo', grantId: 'g' }, ...(['interactive', 'agent', 'batch'] as const).map((priority) => ({ kind: 'priority', requestId: 'r', priority }) as const)] as const;

/** Announcements of a page that gets these messages one after the other. */
function announced(...messages: readonly ExtensionMessage[]): string[] {
  let state = { ...firstPageState('now'), cancelling: new Map([[1, 'r']]), consentQuestion: { id: 2 } } as ReturnType<typeof firstPageState>;
  return messages.map((message) => {
    state = receive(state, message, 1);
    return state.announcement;
  });
}

/** Everything that the texts of these rooms can say. */
function texts(locale: string): string[] {
  const place = { locale, timeZone: 'UTC' };
  const places = (['left', 'used'] as const).flatMap((show) => [
    // The other texts of a budget's row are those of the dashboard's budgets.
    ...sideLimits({ ...ruledSnapshot(), windows: [] }, { workspaceId: own, nowMs: sampleNowMs, show, place }).shown.flatMap(({ amount, name }) => [amount, name]),
    ...sideLimits(sampleSnapshot({ windows, budgets: [] }), { workspaceId: own, nowMs: sampleNowMs, show, place }).shown.flatMap(({ amount, pace, resets, name, sentence }) => [amount, pace, resets, name, sentence]),
  ]);
  const tight = (['left', 'used'] as const).flatMap((show) => [window, ...windows.slice(-2)].map((each) => tightText(sampleSnapshot({ windows: [{ ...each, windowMinutes: 10_080, remaining: 3 }] }), own, sampleNowMs, show, place)));
  const change = (movedMicroCredits?: number) => changes.map((each) => madeText(each, { type: 'changeResult', id: 1, ...(movedMicroCredits ? { movedMicroCredits } : {}) }, locale));
  const states = [{}, { balance: none }, {}, { balance: { ...balance, balanceMicroCredits: 60_000_000 } }].map((more, index) => stateMessage(sampleSnapshot({ sequence: index + 1, ...more })));
  return [
    ...[...snapshots, ...stopped].flatMap((more) => [own, undefined].flatMap((workspaceId) => {
      const { title, amount = '', then } = drawText(sampleSnapshot(more), locale, workspaceId);
      return [title, amount, then, consentText(sampleSnapshot(more), { workspaceId, workspaceLabel: 'shop' })];
    })),
    ...[[own], [own, 'b'], [own, 'b', 'c'], ['b'], ['b', 'c']].flatMap((workspaceIds) => [own, undefined].map((workspaceId) => consentText({ consent: { ...nobody, workspaceIds } }, { workspaceId, workspaceLabel: 'shop' }))),
    ...[[], ['b'], ['b', 'c']].map((deniedWorkspaceIds) => consentText({ consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds } }, { workspaceId: own, workspaceLabel: undefined })),
    ...(['left', 'used'] as const).flatMap((show) => snapshots.flatMap((more) => [sideBalance(sampleSnapshot(more), show, locale).words, ...sideToday(sampleSnapshot(more), locale).map(({ label }) => label)])),
    ...(['left', 'used'] as const).flatMap((show) => windows.flatMap((each) => {
      const { amount, resets, countdown = '', pace, sentence } = limitRow(each, sampleNowMs, show, place);
      return [amount, resets, countdown, pace, sentence];
    })),
    ...places, ...tight.flatMap((each) => [each?.title ?? '', each?.of ?? '', each?.pace ?? '', each?.ends ?? '']),
    ...runs.flatMap((each) => [false, true].flatMap((asked) => [runState(each, asked), waitSentence(each, sampleNowMs, asked) ?? ''])), runSummary(0, 0), runSummary(2, 1),
    ...stopped.flatMap((more) => sideBlock(sampleSnapshot(more), { icon: 'history', spoken: '', action: 'dashboard' }, { workspaceId: own, nowMs: sampleNowMs, show: 'left', place })?.text ?? ''),
    ...[firstSidebarState.asked, new Map([[1, { requestId: 'r', priority: 'batch' as const }]])].flatMap((asked) => [{}, { problem: refused }].map((more) => receiveSidebar({ ...firstSidebarState, asked }, { type: 'changeResult', id: 1, ...more }, 1).announcement)),
    ...change(), ...change(5), kindName('included'), kindName('promotional'), requestsText(1, locale), requestsText(2000, locale), tokensLine(today.total, locale), tokensLine({ ...today.total, cachedInputTokens: 0 }, locale),
    ...announced({ type: 'saveResult', id: 1, saved: true }, { type: 'saveResult', id: 1, saved: false, problem: refused }, { type: 'cancelResult', id: 1, cancelled: true }, { type: 'allowResult', id: 2 }, ...states, stateMessage(undefined, { link: { state: 'down' } }), states[0]!),
    ...[{ cancelled: true }, { cancelled: false }, { cancelled: false, problem: refused }].map((more) => receiveSidebar(firstSidebarState, { type: 'cancelResult', id: 1, ...more }, 1).announcement),
    ...[0, 90_000, 90 * 60_000, 7_200_000, 90_000_000, 2 * 86_400_000].flatMap((ms) => [duration(ms), age(ms), measuredTime(ms)]), dayAndTime(sampleNowMs, sampleNowMs, place), dayAndTime(0, sampleNowMs, place),
  ];
}

const data = ['shop', refused.remedy, 'billing-service', 'mobile-app', 'docs-site', 'infra-scripts', 'gpt-6.1-sol', 'gpt-5.6-terra', 'gpt-6-luna', 'OpenAI', 'ChatGPT', 'Codex'];

describe('the texts of the Now page and the side bar', () => {
  it('leave nothing untranslated', async () => {
    const said = await spokenIn(pseudo, () => texts('en'));
    assert.ok(said.length > 300);
    assert.deepEqual([...new Set(said.map((text) => untranslated(text, data)).filter((text) => text !== ''))], []);
  });

  it('read as German does', async () => {
    const nbsp = '\u00a0';
    const place = { locale: 'de', timeZone: 'UTC' };
    await spokenIn(german, () => {
      assert.equal(limitRow({ ...window, windowMinutes: 10_080, resetsAtMs: sampleNowMs + 90 * 3_600_000 }, sampleNowMs, 'left', place).sentence, `Tokens pro Woche, shop: 40${nbsp}% übrig, Sa., 21. Nov., 08:25, in 3 Tg. 18 h`);
      assert.deepEqual(drawText(sampleSnapshot({ balance: purchased, consent: nobody }), 'de', own), { title: 'Gekauft', amount: '250,00 Credits übrig', then: 'Anderes ist nicht übrig, daher fragt die nächste Anfrage zuerst, ob sie sie verwenden darf.' });
      assert.equal(consentText({ consent: { ...nobody, workspaceIds: [own, 'b', 'c'] } }, { workspaceId: own, workspaceLabel: 'shop' }), 'dieser Arbeitsbereich (shop) und 2 weitere');
      assert.equal(waitSentence(runs[4]!, sampleNowMs), 'Sie wartet, bis sie an der Reihe ist. Beginnt in etwa 9 s.');
      assert.deepEqual([dayAndTime(sampleNowMs, sampleNowMs, place), age(190_000), measuredTime(2100), dayTitle('2026-11-12', 'de'), requestsText(2000, 'de')], ['heute 14:25', 'vor 3 min', '2,1 s', 'Do., 12. Nov.', '2.000 Anfragen']);
      assert.ok(!texts('de').some((text) => /\{\d\}|undefined|NaN/.test(text)));
    });
  });
});

// The words of meter, limits, budgets, questions and insights in other languages: in German as it is shipped, and in one
// that is made up, in which nothing may stand outside of the marks.
import assert from 'node:assert/strict';
import type { Insight } from '../../src/domain/insights.ts';
import { answerChoices, questionDetail, questionTitle } from '../../src/protocol/answerWords.ts';
import { blockedWords } from '../../src/protocol/blockedWords.ts';
import { budgetWords } from '../../src/protocol/budgetWords.ts';
import { clockWords, shortUntil } from '../../src/protocol/clockWords.ts';
import { estimateErrorText } from '../../src/protocol/estimateWords.ts';
import { insightNotes, insightText, nothingFound } from '../../src/protocol/insightWords.ts';
import { languageTag, plural, setLanguage, usableLocale } from '../../src/protocol/language.ts';
import { paceWords, spokenShare, standOfBudget, standOfWindow, unannouncedReset, windowName } from '../../src/protocol/limitStands.ts';
import { limitStories } from '../../src/protocol/limitStories.ts';
import { contentWords } from '../../src/protocol/meterContent.ts';
import { meterFace } from '../../src/protocol/meterFace.ts';
import type { MeterFace, MeterInput } from '../../src/protocol/meterState.ts';
import { modelText } from '../../src/protocol/modelText.ts';
import { ordinal } from '../../src/protocol/ordinalWords.ts';
import { outcomeName } from '../../src/protocol/outcomeWords.ts';
import { planWords } from '../../src/protocol/planWords.ts';
import { priceChangeText } from '../../src/protocol/priceWords.ts';
import { aheadWords, limitRunOutWords, runOutPhrase, runOutWords } from '../../src/protocol/snapshotForecast.ts';
import { budgetStand } from '../../src/protocol/windowBudgets.ts';
import { german, pseudo, spokenIn, untranslated } from '../support/language/spokenIn.ts';
import { ruledSnapshot, sampleBudget } from '../webview/sampleRules.ts';
import { sampleNowMs, sampleSnapshot } from '../webview/sampleSnapshot.ts';

const credit = 1_000_000;
const hourMs = 3_600_000;
type Picture = NonNullable<MeterInput['snapshot']>;
const picture: Picture = { practice: false, asOf: '22:06', ageMs: 0, keyMissing: false, keyRejected: false, notAllowed: false, tracked: true, balanceMicroCredits: 80 * credit, grantedMicroCredits: 100 * credit, todayMicroCredits: 5 * credit };
const end = { short: '09:00', words: '09:00' };
const limit = { id: 'w', kind: 'window', name: '§', left: 0.18, level: 'low', pace: '', until: end } as const;
const moments: readonly Partial<Picture>[] = [
  {}, { balanceMicroCredits: 0 }, { balanceMicroCredits: 5 * credit }, { balanceMicroCredits: 20 * credit }, { practice: true }, { keyMissing: true }, { keyRejected: true }, { notAllowed: true }, { noneForHere: true },
  { tracked: false }, { tracked: false, todayUnpriced: 1 }, { tracked: false, todayUnpriced: 2, todayMicroCredits: 0 }, { owedMicroCredits: credit }, { budget: { text: '§' } }, { budget: { text: '§', until: end } },
  { limit }, { limit: { ...limit, opens: true } }, { tracked: false, todayEstimated: true }, { limit: { ...limit, level: 'used-up', left: 0 } }, { limit: { id: 'b', kind: 'budget', name: '§', left: 0.05, level: 'critical', pace: '' } }, { question: { text: '§', count: 1 } }, { question: { text: '§', count: 3 } },
  { waiting: {} }, ...[1, 2, 3, 4].map((place) => ({ waiting: { place } })), { waiting: { place: 2, startsInMs: 900 } }, { waiting: { place: 2, startsInMs: 9000 } }, ...[0, 5 * 60_000, 5 * hourMs, 90 * hourMs].map((ageMs) => ({ ageMs })),
];

/** Every face that a meter can have. */
function faces(locale: string): MeterFace[] {
  return [
    meterFace({ link: 'down', show: 'left', unit: 'credits', locale }), meterFace({ link: 'connecting', show: 'left', unit: 'credits', locale }),
    ...moments.flatMap((more) => (['left', 'used'] as const).flatMap((show) => (['credits', 'usd'] as const).flatMap((unit) => (['connected', 'connecting'] as const).map((link) => meterFace({ link, snapshot: { ...picture, ...more }, show, unit, locale }))))),
  ];
}

const question = { client: 'codex_exec', model: 'gpt-5.5', workspaceLabel: 'shop', threadId: 'thread', estimateMicroCredits: 4 * credit } as const;
const insights: readonly Insight[] = [
  { kind: 'cache-fell', subject: 'shop', names: {}, numbers: { share: 0.5, shareBefore: 0.8, inputTokens: 2_000_000 }, worthMicroCredits: 27 * credit },
  { kind: 'history-resent', subject: '01234567-1', names: { workspace: 'shop' }, numbers: { requests: 1, inputTokens: 3000, share: 0.1, costMicroCredits: credit } },
  { kind: 'waits', subject: 'shop', names: { task: '99887766-9', workspace: 'shop' }, numbers: { waitedMs: 1_200_000, requests: 40, share: 0.7, tokens: 3000 } },
  { kind: 'waits', subject: 'shop', names: {}, numbers: { waitedMs: 1_200_000, requests: 1 } },
  { kind: 'cheaper-model', subject: 'gpt-5.5', names: { model: 'gpt-6' }, numbers: { requests: 9, costMicroCredits: credit, otherMicroCredits: credit } },
  { kind: 'cheaper-model', subject: 'gpt-5.5', names: {}, numbers: { requests: 1, costMicroCredits: credit, otherMicroCredits: credit } },
  { kind: 'unpriced', subject: 'gpt-5.5', names: {}, numbers: { requests: 3, tokens: 9 } },
  { kind: 'cut-answers', subject: '', names: {}, numbers: { requests: 9, share: 0.08 }, worthMicroCredits: credit },
];
const rates = { input: credit, cachedInput: credit, cacheWrite: credit, output: credit };
const price = { model: 'gpt-5.5', version: '1', rates };
const window = { id: 'w', model: 'gpt-5.5', measure: 'tokens', windowMinutes: 1440, limit: 100, remaining: 10, resetsAtMs: sampleNowMs + 20 * hourMs } as const;
const lengths = [1, 5, 60, 300, 1440, 4320, 10_080];

/** The other words, each way that they can be put. */
function words(locale: string): string[] {
  const stands = [standOfWindow(window, sampleNowMs), standOfWindow({ ...window, measure: 'requests' }, sampleNowMs), standOfWindow({ ...window, measure: 'percent' }, sampleNowMs), standOfWindow({ ...window, measure: 'percent', shareUsedUntilMs: sampleNowMs + 1 }, sampleNowMs)];
  const periods = ['day', 'week', 'month', 'life', { rollingHours: 1 }, { rollingHours: 5 }] as const;
  const pers = ['request', 'task', 'workspace', 'model', 'client', 'everything'] as const;
  const used = (share: number, mode: 'soft' | 'hard', hasEnd: boolean) => sampleBudget({ id: 'b', per: 'workspace', mode }, { key: 'ws_1', label: 'shop', used: share * 100 * credit, reserved: 0, ...(hasEnd ? { endsAtMs: sampleNowMs + 100 * hourMs } : {}) });
  const budgets = [used(0.9, 'hard', true), used(0.9, 'hard', false), used(1, 'hard', true), used(1, 'hard', false), used(1, 'soft', true), used(1, 'soft', false)];
  const windows = [{ ...window, windowMinutes: 10_080 }, { ...window, remaining: 0 }, { ...window, remaining: 0, resetsAtMs: undefined }].map(({ resetsAtMs, ...rest }, index) => ({ ...rest, id: `w${index}`, ...(resetsAtMs === undefined ? {} : { resetsAtMs }) }));
  const empty = { ...sampleSnapshot().balance, balanceMicroCredits: 0 };
  const stories = [ruledSnapshot({ budgets, windows }), sampleSnapshot({ balance: empty }), sampleSnapshot({ balance: { ...empty, balanceMicroCredits: 30 * credit } }), sampleSnapshot({ balance: { ...empty, balanceMicroCredits: 1 } })];
  return [
    ...(['consent', 'unpriced', 'runaway'] as const).flatMap((kind) => [questionTitle({ ...question, kind }), questionDetail(question, locale), ...answerChoices({ ...question, kind }).flatMap(({ label, title, lasts }) => [label, title, lasts])]),
    ...pers.flatMap((per) => periods.flatMap((period) => (['credits', 'tokens'] as const).flatMap((unit) => [budgetWords({ per, period, unit, limit: credit }), budgetWords({ per, period, unit, limit: credit }, 'shop')]))),
    ...insights.flatMap((one) => [1, 7].flatMap((days) => [one, { ...one, sinceMs: sampleNowMs }].flatMap((each) => Object.values(insightText(each, { days, comparedDays: 28 }, locale) as unknown as Record<string, string>)))),
    ...[1, 7].flatMap((days) => [nothingFound(days), ...insightNotes({ days, comparedDays: 28, beganAtMs: sampleNowMs, closeSinceMs: sampleNowMs }, locale)]),
    ...lengths.flatMap((windowMinutes) => (['tokens', 'requests', 'percent'] as const).map((measure) => windowName({ measure, windowMinutes }))),
    ...stands.map((stand) => stand?.name ?? ''), standOfBudget(budgetStand(budgets[0]!, budgets[0]!.uses[0]!), sampleNowMs).name,
    ...[0, 0.1, 0.5].flatMap((left) => [{}, { timeLeft: 0.95 }, ...[0, 0.2, -0.2].map((spare) => ({ timeLeft: Math.max(0, left - spare) }))].flatMap((time) => [paceWords({ left, ...time }, 'too short'), paceWords({ left, ...time }, 'refills steadily', spokenShare)])), ...(['percent', 'requests'] as const).map((measure) => unannouncedReset({ measure, windowMinutes: 1440 })), spokenShare(0.001), spokenShare(0.999),
    ...stands.flatMap((stand) => (stand ? [stand, { ...stand, endsAtMs: undefined }] : [])).flatMap(({ endsAtMs, ...stand }) => Object.values(blockedWords({ ...stand, ...(endsAtMs === undefined ? {} : { endsAtMs }) }, sampleSnapshot(), sampleNowMs, locale))),
    ...stories.flatMap((snapshot) => (['left', 'used'] as const).flatMap((show) => limitStories(snapshot, new Set(), locale, show))).map(({ text }) => text),
    ...[20 * 60_000, hourMs, 3 * hourMs].flatMap((spanMs) => [{}, { latestAtMs: sampleNowMs + 9 * hourMs }].map((more) => runOutWords({ runsOutAtMs: sampleNowMs + 5 * hourMs, earliestAtMs: sampleNowMs + hourMs, spanMs, perHourMicroCredits: 1, ...more }, sampleNowMs, locale))),
    ...[{ resetsAtMs: sampleNowMs + 2 * hourMs }, {}, { earliestAtMs: sampleNowMs + 1 }].map((more) => limitRunOutWords({ limit: stands[0]!, runsOutAtMs: sampleNowMs + hourMs, ...more }, sampleNowMs, locale)),
    ...[{ timeLeft: 0.99 }, { timeLeft: 0.5, left: 0.1 }, { timeLeft: 0.5, left: 0.9 }, { timeLeft: 0.5, left: 0.55, pace: { perMs: 1, spanMs: 1, spread: 1e-9 } }].map((more) => aheadWords({ ...stands[0]!, left: 0.5, lengthMs: 40 * hourMs, endsAtMs: sampleNowMs + 20 * hourMs, ...more }, sampleNowMs, locale) ?? ''),
    runOutPhrase({ ...stands[0]!, left: 0.1, timeLeft: 0.5, lengthMs: 40 * hourMs, endsAtMs: sampleNowMs + 20 * hourMs }, sampleNowMs, locale) ?? '',
    ...[1, 150, 4320].flatMap((minutes) => Object.values(contentWords('reset', { id: 'o', kind: 'window', name: stands[0]!.name, left: 0, stops: true, endsAtMs: sampleNowMs + minutes * 60_000 }, sampleNowMs, locale))),
    ...stands.flatMap((stand) => (stand ? [1, 30, 90, 1500, 4320].flatMap((minutes) => [0.5, 0.9, 0.1].flatMap((timeLeft) => (['pace', 'reset'] as const).flatMap((content) => Object.values(contentWords(content, { ...stand, left: 0.5, timeLeft, endsAtMs: sampleNowMs + minutes * 60_000 }, sampleNowMs, locale))))) : [])),
    ...[{}, { credits: { hasCredits: true, isUnlimited: true } }, { credits: { hasCredits: false, isUnlimited: false } }, { credits: { hasCredits: true, isUnlimited: false } }, { credits: { hasCredits: true, isUnlimited: false, balance: '12.5' } }].map((more) => planWords({ account: 'shop', observedAtMs: 1, ...more }) ?? ''),
    priceChangeText({ before: price, after: { ...price, rates: { input: 2, cachedInput: 2, cacheWrite: 2, output: 2 } } }, locale), priceChangeText({ before: price, after: price }, locale),
    ...[undefined, 0.1].flatMap((meanInputErrorShare) => [undefined, 0.3].map((meanOutputErrorShare) => estimateErrorText({ requests: 30, coveredShare: 0.9, ...(meanInputErrorShare ? { meanInputErrorShare } : {}), ...(meanOutputErrorShare ? { meanOutputErrorShare } : {}) }, locale))), estimateErrorText({ requests: 0 }, locale), estimateErrorText({ requests: 1 }, locale), estimateErrorText({ requests: 2 }, locale),
    modelText({ model: 'gpt-5.5', fallback: 'gpt-6' }), ...(['completed', 'incomplete', 'failed', 'rejected', 'aborted', 'broken', 'crashed', 'refused', 'corrected'] as const).map(outcomeName),
  ];
}

/** Names that are in no language, and what samples have of them. */
const data = ['Codex CLI', 'gpt-5.6-terra', 'gpt-5.5', 'gpt-6.1-sol', 'gpt-6', 'shop', 'billing-service', 'Codex'];

describe('the words of the protocol', () => {
  it('leave nothing untranslated', async () => {
    const texts = await spokenIn(pseudo, () => [...faces('en').flatMap(({ text, spoken }) => [text, spoken]), ...words('en')]);
    assert.ok(texts.length > 400);
    assert.deepEqual([...new Set(texts.filter((text) => untranslated(text, data) !== ''))], []);
  });

  it('say all that they say in German', async () => {
    const [english, translated] = [words('en'), await spokenIn(german, () => words('de'))];
    // The rest reads the same in both: plan names, numbers, "Budget".
    const same = english.filter((text, index) => text === translated[index] && /\p{L}{3}/u.test(text.replaceAll(/shop|gpt-[\w.-]+/g, '')));
    assert.deepEqual(same, []);
    assert.equal(translated.filter((text) => /\{\d\}|undefined|NaN/.test(text)).length, 0);
  });

  it('read as German does', async () => {
    const nbsp = '\u00a0';
    await spokenIn(german, () => {
      const paint = (more: Partial<Picture>, taste: Partial<MeterInput> = {}) => meterFace({ link: 'connected', snapshot: { ...picture, ...more }, show: 'left', unit: 'credits', locale: 'de', ...taste });
      assert.equal(paint({}).text, '80,00 übrig');
      assert.equal(paint({}, { unit: 'usd' }).text, `3,20${nbsp}$ übrig`);
      assert.equal(paint({ balanceMicroCredits: 9_000_000 * credit, grantedMicroCredits: 9_000_000 * credit }, { unit: 'usd' }).text, `360k${nbsp}$ übrig`);
      assert.equal(paint({ balanceMicroCredits: 9_999_999 * credit, grantedMicroCredits: 9_999_999 * credit }).text, `9,9${nbsp}Mio. übrig`, 'never more than there is');
      assert.equal(paint({ waiting: { place: 2, startsInMs: 9100 } }).spoken, 'Eine Anfrage steht an 2. Stelle der Warteschlange und beginnt in etwa 10 Sekunden');
      assert.equal(paint({ limit: { ...limit, name: standOfWindow(window, sampleNowMs)!.name, pace: paceWords({ left: 0.18, timeLeft: 0.27 }, '', spokenShare) } }).spoken, 'Knapp: 18 Prozent übrig vom Limit der Tokens pro Tag für gpt-5.5, 9 Prozent über gleichmäßigem Verbrauch, beginnt neu: 09:00');
      assert.equal(budgetWords({ per: 'workspace', of: 'ws_1', unit: 'credits', limit: 1_234 * credit, period: 'week' }, 'shop'), '1.234,00 Credits pro Arbeitsbereich (shop) und Woche');
      assert.equal(planWords({ account: 'shop', observedAtMs: 1, credits: { hasCredits: true, isUnlimited: false, balance: '1012.5' } }), 'shop: 1.012,5 Credits bei OpenAI selbst');
      assert.equal(paceWords({ left: 0.6, timeLeft: 0.47 }, ''), `13${nbsp}% Reserve`);
      assert.match(clockWords(Date.UTC(2026, 10, 19, 9), sampleNowMs, 'de'), /^Do\., 19\. Nov\., \d\d:00$/);
      assert.match(shortUntil(Date.UTC(2026, 10, 19, 9), sampleNowMs, 'de'), /^Do \d\d:00$/);
      assert.match(shortUntil(Date.UTC(2026, 10, 27, 9), sampleNowMs, 'de'), /^27\. Nov\.?$/);
      assert.equal(shortUntil(Date.UTC(2026, 10, 27, 9), sampleNowMs, 'en'), '27 Nov', 'in the order of all other dates');
      assert.equal([1, 2, 3, 11].map(ordinal).join(' '), '1. 2. 3. 11.');
      assert.equal(plural(12_345, '{0} request waits for your answer', '{0} requests wait for your answer'), '12.345 Anfragen warten auf Ihre Antwort');
    });
  });

  it('count places as people do', () => {
    assert.deepEqual([1, 2, 3, 4, 11, 12, 21, 112].map(ordinal), ['1st', '2nd', '3rd', '4th', '11th', '12th', '21st', '112th']);
  });

  it('take English for a language that is none', () => {
    assert.deepEqual([usableLocale('de'), usableLocale('pt-br'), usableLocale('not a locale')], ['de', 'pt-BR', 'en']);
    setLanguage({ tag: 'not a locale' });
    assert.equal(languageTag(), 'en');
    setLanguage({ tag: 'en' });
  });
});

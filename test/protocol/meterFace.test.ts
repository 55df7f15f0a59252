// The meter: each state with its words, never longer than the status bar allows, always with the word
// that tells what the number is.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { MeterContent } from '../../src/protocol/meterContent.ts';
import { meterFace } from '../../src/protocol/meterFace.ts';
import { headline } from '../../src/protocol/meterHeadline.ts';
import type { MeterInput, MeterState } from '../../src/protocol/meterState.ts';

const credit = 1_000_000;
type Picture = NonNullable<MeterInput['snapshot']>;
const picture: Picture = { practice: false, asOf: '22:06', ageMs: 0, keyMissing: false, keyRejected: false, notAllowed: false, tracked: true, balanceMicroCredits: 80 * credit, grantedMicroCredits: 100 * credit, todayMicroCredits: 5 * credit };
const paint = (more: Partial<Picture> = {}, taste: Partial<MeterInput> = {}) => meterFace({ link: 'connected', snapshot: { ...picture, ...more }, show: 'left', unit: 'credits', locale: 'en', ...taste });

describe('the meter', () => {
  const limit = { id: 'w', kind: 'window', name: 'limit of requests per week of gpt-5.5', left: 0.18, level: 'low', pace: '9 percent ahead of even use', until: { short: 'Thu 09:00', words: 'Thu 19 Nov, 09:00' } } as const;

  it('has words, an icon and a cure for each state', () => {
    const rows: [MeterState, ReturnType<typeof paint>, string, string][] = [
      ['broker-down', paint({}, { link: 'down' }), 'Broker down', 'startBroker'],
      ['loading', meterFace({ link: 'connecting', show: 'left', unit: 'credits', locale: 'en' }), 'Codex', 'dashboard'],
      ['waiting', paint({ waiting: { place: 2, startsInMs: 9100 } }), '2nd · 10 s', 'dashboard'],
      ['waiting', paint({ waiting: { place: 11 } }), '11th in line', 'dashboard'],
      ['waiting', paint({ waiting: {} }), 'Waiting', 'dashboard'],
      ['asks', paint({ question: { text: 'May it?', count: 1 }, waiting: { place: 1 }, balanceMicroCredits: 0 }), 'Asks you', 'answer'],
      ['stale', paint({ question: { text: 'May it?', count: 1 } }, { link: 'connecting' }), '80.00 left', 'dashboard'],
      ['stale', paint({ waiting: { place: 2 } }, { link: 'connecting' }), '80.00 left', 'dashboard'],
      ['practice', paint({ practice: true, keyMissing: true }), '80.00 left', 'dashboard'],
      ['no-key', paint({ keyMissing: true }), 'Add key', 'setApiKey'],
      ['key-rejected', paint({ keyRejected: true }), 'Key rejected', 'setApiKey'],
      ['untracked', paint({ tracked: false }), '5.00 today', 'dashboard'],
      ['unpriced', paint({ tracked: false, todayMicroCredits: 0, todayUnpriced: 2 }), '— unpriced', 'dashboard'],
      ['untracked', paint({ tracked: false, todayUnpriced: 2 }), '5.00 today', 'dashboard'],
      ['blocked', paint({ balanceMicroCredits: 0 }), 'No credits', 'topUp'],
      ['blocked', paint({ notAllowed: true }), 'Not allowed', 'topUp'],
      ['blocked', paint({ owedMicroCredits: 2 * credit, budget: { text: 'b' } }), 'Credits owed', 'topUp'],
      ['blocked', paint({ budget: { text: 'b' }, balanceMicroCredits: 0 }), 'Budget used up', 'budgets'],
      ['blocked', paint({ budget: { text: 'b' }, tracked: false }), 'Budget used up', 'budgets'],
      ['critical', paint({ balanceMicroCredits: 9.99 * credit }), '9.99 left', 'topUp'],
      ['low', paint({ balanceMicroCredits: 24.99 * credit }), '24.99 left', 'dashboard'],
      ['ok', paint(), '80.00 left', 'dashboard'],
    ];
    for (const [state, face, text, action] of rows) {
      assert.deepEqual([face.state, face.text, face.action], [state, text, action]);
      assert.ok(face.icon.length > 0 && face.spoken.length > 4, state);
    }
    assert.deepEqual(rows.filter(([, face]) => face.background === 'error').map(([state]) => state), ['broker-down']);
    assert.deepEqual(rows.filter(([, face]) => face.background === 'warning').map(([state]) => state), ['asks', 'key-rejected', 'blocked', 'blocked', 'blocked', 'blocked', 'blocked', 'critical']);
  });

  it('teaches the same words and icons in practice mode, and tells it apart by its icon while all is well', () => {
    for (const more of [{}, { balanceMicroCredits: 20 * credit }, { balanceMicroCredits: 5 * credit }, { balanceMicroCredits: 0 }, { notAllowed: true }, { tracked: false }, { owedMicroCredits: 1 }, { budget: { text: 'b' } }, { limit }, { limit: { ...limit, level: 'critical' } as const }, { limit: { ...limit, level: 'used-up', left: 0 } as const }, { problem: 'OpenAI cannot be reached.' }]) {
      const [live, practice] = [paint(more), paint({ ...more, practice: true, keyMissing: true, keyRejected: true })];
      assert.deepEqual([practice.text, practice.action, practice.background], [live.text, live.action, live.background]);
      // No state needs its colour to be told: low, critical and blocked keep the icons that they have.
      assert.equal(practice.icon, live.icon === 'dashboard' ? 'beaker' : live.icon);
      assert.equal(practice.spoken, `Practice mode, simulated requests. ${live.spoken}`);
    }
  });

  it('warns of what is wrong at the broker, beside the number', () => {
    const faces = [paint({ problem: 'OpenAI cannot be reached.' }), paint({ problem: 'OpenAI cannot be reached.', practice: true }), paint({ problem: 'OpenAI cannot be reached.', balanceMicroCredits: 0 })];
    assert.deepEqual(faces.map(({ icon, text }) => `${icon} ${text}`), ['warning 80.00 left', 'warning 80.00 left', 'circle-slash No credits']);
    assert.equal(faces[0]?.spoken, '80.00 credits left. OpenAI cannot be reached.');
  });

  it('changes at a quarter and at a tenth of what was granted, not before', () => {
    assert.deepEqual([25, 24.999999, 10, 9.999999].map((credits) => paint({ balanceMicroCredits: credits * credit }).state), ['ok', 'low', 'low', 'critical']);
  });

  it('shows what was used, and dollars, where that is wanted', () => {
    assert.equal(paint({}, { show: 'used' }).text, '20.00 used');
    assert.equal(paint({}, { unit: 'usd' }).text, '$3.20 left');
    assert.equal(paint({ tracked: false }, { show: 'left' }).text, '5.00 today');
    assert.equal(paint({ balanceMicroCredits: 100_000 }, { unit: 'usd' }).text, '<$0.01 left');
    assert.equal(paint({ balanceMicroCredits: 9999 }).text, '<0.01 left');
  });

  it('shows two decimals as every other surface does, and cuts off larger amounts', () => {
    assert.deepEqual([12_349_999, 999_999_999, 1_000_999_999, 99_999_999_999, 100_000_000_000, 10_000_000_000_000].map((balanceMicroCredits) => paint({ balanceMicroCredits, grantedMicroCredits: balanceMicroCredits }).text),
      ['12.35 left', '1,000 left', '1,001 left', '100k left', '100k left', '10M left']);
  });

  it('tells the tightest limit where that is worse than the balance, and not where it is as good or better', () => {
    assert.deepEqual([paint({ limit }), paint({ limit }, { show: 'used' })].map(({ state, text, share }) => [state, text, share]), [['low', '18 % left', 0.18], ['low', '82 % used', 0.8200000000000001]]);
    assert.equal(paint({ limit }).spoken, 'Low: 18 percent left of the limit of requests per week of gpt-5.5, 9 percent ahead of even use, begins anew Thu 19 Nov, 09:00');
    assert.equal(paint({ limit, balanceMicroCredits: 20 * credit }).text, '20.00 left', 'what does not come back goes first');
    assert.equal(paint({ limit: { ...limit, level: 'ok', left: 0.6 } }).text, '80.00 left');
    assert.equal(paint({ limit: { ...limit, level: 'critical', left: 0.004 } }).text, '< 1 % left');
    assert.equal(paint({ limit: { ...limit, level: 'ok', left: 0.62 }, tracked: false, todayMicroCredits: 0 }).text, '62 % left', 'nothing else is a matter');
    assert.equal(paint({ limit: { ...limit, level: 'ok' }, tracked: false }).text, '5.00 today');
  });

  const fine = { id: 'w', kind: 'window', name: 'limit of requests per week of m', left: 0.62, level: 'ok', pace: '6 percent spare' } as const;
  const words = { pace: { short: '6 % spare', written: '6 % spare', spoken: 'The limit of requests per week of m: 6 percent spare' }, reset: { short: 'resets in 2 h', written: 'Begins anew in 2h 14m', spoken: 'The limit of requests per week of m begins anew in 2 hours 14 minutes, 16:40' } } as const;
  const chosen = (content: MeterContent, more: Partial<Picture> = {}, taste: Partial<MeterInput> = {}) => {
    const { level, ...rest } = { ...fine, ...more.limit };
    return paint({ limit: { ...rest, level }, ...(content === 'pace' || content === 'reset' ? { told: { ...rest, level, words: words[content] } } : {}), ...more }, { content, ...taste });
  };

  it('tells what was chosen in place of what is tightest, with its word', () => {
    assert.deepEqual((['tightest', 'credits', 'share', 'pace', 'reset'] as const).map((content) => chosen(content).text), ['80.00 left', '80.00 left', '62 % left', '6 % spare', 'resets in 2 h']);
    assert.deepEqual([chosen('share', {}, { show: 'used' }).text, chosen('credits', {}, { unit: 'usd', show: 'used' }).text, chosen('pace', {}, { show: 'used' }).text], ['38 % used', '$0.80 used', '6 % spare']);
    assert.equal(chosen('pace').spoken, 'The limit of requests per week of m: 6 percent spare, 62 percent left');
    assert.deepEqual(chosen('reset'), { state: 'ok', icon: 'dashboard', text: 'resets in 2 h', action: 'dashboard', share: 0.62, calm: true, spoken: 'The limit of requests per week of m begins anew in 2 hours 14 minutes, 16:40, 62 percent left' });
    assert.equal(chosen('share', { tracked: false }).text, '62 % left', 'also where use of today would be told');
  });

  it('lets what is worse go before what was chosen, and warns with the chosen text where it is that itself', () => {
    const low = { ...fine, left: 0.5, level: 'low' } as const;
    assert.deepEqual((['credits', 'share', 'pace', 'reset'] as const).map((content) => chosen(content, { balanceMicroCredits: 5 * credit }).text), ['5.00 left', '5.00 left', '5.00 left', '5.00 left']);
    assert.deepEqual([chosen('credits', { limit: low }).text, chosen('credits', { limit: low }).state], ['50 % left', 'low'], 'the icon never warns of what the text does not tell');
    const over = chosen('pace', { limit: low, told: { ...low, words: { short: '11 % ahead', written: 'w', spoken: 'The x: 11 percent ahead of even use' } } });
    assert.deepEqual([over.text, over.icon, over.spoken], ['11 % ahead', 'warning', 'Low: The x: 11 percent ahead of even use, 50 percent left']);
    assert.equal(chosen('pace', { limit: { ...low, level: 'critical', left: 0.05 }, told: { ...low, words: words.pace } }).text, '5 % left', 'another limit is worse than the one with a pace');
    const used = { ...fine, left: 0, level: 'used-up', until: { short: '09:00', words: '09:00' } } as const;
    for (const content of ['credits', 'share', 'pace', 'reset'] as const) {
      assert.equal(chosen(content, { limit: used }).text, 'til 09:00');
      assert.equal(chosen(content, { limit: used, balanceMicroCredits: 0 }).text, 'No credits');
      assert.equal(chosen(content, { budget: { text: 'b' } }).text, 'Budget used up');
      assert.equal(chosen(content, { waiting: { place: 2 } }).text, '2nd in line');
      assert.equal(chosen(content, { keyMissing: true }).text, 'Add key');
      assert.equal(chosen(content, {}, { link: 'down' }).text, 'Broker down');
    }
  });

  it('takes what is tightest where the chosen thing is not there, and never a zero', () => {
    const lacking = (content: MeterContent, more: Partial<Picture> = {}) => { const input = { link: 'connected', snapshot: { ...picture, ...more }, show: 'left', unit: 'credits', locale: 'en', content } as const; const { face, lacks } = headline(input, input.snapshot); return [face.text, lacks]; };
    for (const content of ['share', 'pace', 'reset'] as const) assert.deepEqual(lacking(content), ['80.00 left', content]);
    assert.deepEqual(lacking('pace', { limit: fine, tracked: false, todayMicroCredits: 0 }), ['62 % left', 'pace']);
    assert.deepEqual(lacking('credits', { tracked: false }), ['5.00 today', 'credits']);
    assert.deepEqual(lacking('credits', { payer: 'plan', limit: fine }), ['62 % left', 'credits'], 'a plan draws none');
    assert.deepEqual(lacking('credits'), ['80.00 left', undefined]);
  });

  it('dims what was chosen and shows its age, a pace and a reset as the share that they were of', () => {
    const aged = (content: MeterContent, ageMs: number) => chosen(content, { ageMs }, { link: 'connecting' }).text;
    assert.deepEqual((['share', 'pace', 'reset'] as const).map((content) => [aged(content, 0), aged(content, 23 * 60_000)]), [['62 % left', '62 % · 23 min'], ['6 % spare', '62 % · 23 min'], ['resets in 2 h', '62 % · 23 min']]);
  });

  it('says until when a used-up limit or budget blocks, in as many characters as there are', () => {
    const blocked = paint({ limit: { ...limit, level: 'used-up', left: 0 } });
    assert.deepEqual([blocked.state, blocked.text, blocked.background], ['blocked', 'til Thu 09:00', 'warning']);
    assert.equal(blocked.spoken, 'Blocked by the limit of requests per week of gpt-5.5 until Thu 19 Nov, 09:00. Credits do not lift it');
    assert.equal(paint({ budget: { text: 'b', until: { short: 'Thu 09:00', words: 'w' } } }).text, 'til Thu 09:00');
    assert.equal(paint({ budget: { text: 'b', until: { short: 'Donnerstag 09:00', words: 'w' } } }).text, 'Budget used up');
    assert.equal(paint({ limit: { ...limit, level: 'used-up', left: 0 }, balanceMicroCredits: 0 }).text, 'No credits', 'credits do not come back by themselves');
  });

  it('dims a number that is no longer news, and shows its age from the first minute on', () => {
    const aged = (ageMs: number, more: Partial<Picture> = {}) => paint({ ageMs, ...more }, { link: 'connecting' });
    assert.deepEqual([0, 59_999, 60_000, 23 * 60_000, 5 * 3_600_000, 3 * 86_400_000].map((ms) => aged(ms).text), ['80.00 left', '80.00 left', '80.00 · 1 min', '80.00 · 23 min', '80.00 · 5 h', '80.00 · 3 d']);
    assert.equal(aged(23 * 60_000, { limit }).text, '18 % · 23 min');
    assert.equal(aged(23 * 60_000, { balanceMicroCredits: 380 * credit, grantedMicroCredits: 500 * credit }).text, '380.00 · 23m');
    assert.equal(aged(0, { limit: { ...limit, level: 'used-up', left: 0 } }).text, '80.00 left', 'whether it is still blocked is not known');
    assert.ok(aged(0).dimmed && !paint().dimmed);
  });

  it('speaks whole sentences', () => {
    assert.equal(paint().spoken, '80.00 credits left');
    assert.equal(paint({ tracked: false, todayUnpriced: 1 }).spoken, '5.00 credits used today, balance not tracked; 1 request of today has no price');
    assert.equal(paint({ tracked: false, todayMicroCredits: 0, todayUnpriced: 2 }).spoken, 'Cost not known: 2 requests of today have no price');
    assert.equal(paint({ tracked: false }).spoken, '5.00 credits used today, balance not tracked');
    assert.equal(paint({ balanceMicroCredits: 5 * credit }, { unit: 'usd' }).spoken, 'Critical: 0.20 US dollars left');
    assert.equal(paint({ waiting: { place: 1, startsInMs: 400 } }).spoken, 'A request is 1st in line, starts in about 1 second');
    assert.equal(paint({ waiting: { place: 3 } }).spoken, 'A request is 3rd in line');
    assert.equal(paint({}, { link: 'connecting' }).spoken, '80.00 credits left at 22:06; connecting to the broker again');
    assert.equal(paint({ waiting: {} }).spoken, 'A request waits until running requests give back what they do not use');
    assert.equal(paint({ question: { text: 'May it?', count: 1 } }).spoken, 'A request waits for your answer. May it?');
    assert.equal(paint({ question: { text: 'May it?', count: 3 } }).spoken, '3 requests wait for your answer. May it?');
    assert.equal(paint({ owedMicroCredits: 2 * credit }).spoken, 'Blocked: 2.00 credits are owed. Add purchased credits to go on');
    assert.equal(paint({ budget: { text: '100.00 credits per week', until: { short: 'Mon 16:40', words: 'Mon 16:40' } } }).spoken, 'Blocked: the budget of 100.00 credits per week is used up until Mon 16:40');
    assert.equal(paint({ budget: { text: '100.00 credits' } }).spoken, 'Blocked: the budget of 100.00 credits is used up. Raise it to go on');
    assert.equal(paint({ balanceMicroCredits: 0 }).spoken, 'Blocked: no credits left. Add credits to go on');
  });

  it('counts places as people do', () => {
    const places = [1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111, 1000].map((place) => paint({ waiting: { place } }).text.replace(' in line', ''));
    assert.deepEqual(places, ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '22nd', '101st', '111th', '1000th']);
  });

  it('is at most 14 characters and has its word, for every amount, unit and locale', () => {
    const amount = fc.oneof(fc.integer({ min: 0, max: 2_000_000 }), fc.integer({ min: 0, max: 1_000_000_000_000_000 }));
    const until = fc.record({ short: fc.constantFrom('09:00', 'Thu 09:00', 'Donnerstag 09:00', '1 Dec'), words: fc.constant('w') });
    const any = fc.record({
      balanceMicroCredits: amount, grantedMicroCredits: amount, todayMicroCredits: amount, tracked: fc.boolean(), practice: fc.boolean(), keyMissing: fc.boolean(), keyRejected: fc.boolean(), notAllowed: fc.boolean(),
      owed: fc.option(amount, { nil: undefined, freq: 3 }), budget: fc.option(fc.record({ text: fc.constant('b'), until }), { nil: undefined, freq: 3 }),
      ageMs: fc.integer({ min: 0, max: 1e12 }), estimated: fc.boolean(), unpriced: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined, freq: 3 }), limit: fc.option(fc.record({ id: fc.constant('l'), kind: fc.constantFrom('budget' as const, 'window' as const), name: fc.constant('n'), left: fc.double({ min: 0, max: 1, noNaN: true }), level: fc.constantFrom('ok' as const, 'low' as const, 'critical' as const, 'used-up' as const), pace: fc.constantFrom('', '9 percent ahead of even use'), until }), { nil: undefined, freq: 3 }), question: fc.option(fc.record({ text: fc.constant('May it?'), count: fc.integer({ min: 1, max: 500 }) }), { nil: undefined, freq: 3 }),
      waiting: fc.option(fc.record({ place: fc.integer({ min: 1, max: 1000 }), startsInMs: fc.integer({ min: -5000, max: 3_600_000 }) }), { nil: undefined, freq: 8 }),
    });
    fc.assert(fc.property(any, fc.constantFrom<MeterInput['show']>('left', 'used'), fc.constantFrom<MeterInput['unit']>('credits', 'usd'), fc.constantFrom('en', 'de', 'fr', 'de-CH', 'en-IN', 'ja', 'sv', 'ar-EG', 'pt-BR'), fc.constantFrom('connected' as const, 'connecting' as const), ({ waiting, owed, budget, limit, question, unpriced, estimated, ...rest }, show, unit, locale, link) => {
      const face = paint({ ...rest, ...(waiting ? { waiting } : {}), ...(owed === undefined ? {} : { owedMicroCredits: owed }), ...(budget ? { budget } : {}), ...(limit ? { limit } : {}), ...(unpriced === undefined ? {} : { todayUnpriced: unpriced }), ...(estimated ? { todayEstimated: true } : {}), ...(question ? { question } : {}) }, { show, unit, locale, link });
      // Some languages write the dollar's sign longer, and with a space.
      assert.ok(face.text.length <= (unit === 'usd' && locale !== 'en' ? 18 : 14), `"${face.text}"`);
      if (['ok', 'low', 'critical'].includes(face.state)) assert.ok(face.text.endsWith(show), face.text);
      if (face.state === 'untracked') assert.ok(face.text.endsWith('today'), face.text);
      assert.ok(!/undefined|NaN|\$/.test(face.spoken), face.spoken);
    }), { numRuns: 500 });
  });
});

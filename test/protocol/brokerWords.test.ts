// What the broker tells in sentences, as a window in German shows it: from the rules' own decisions, through the parts
// that they keep.
import assert from 'node:assert/strict';
import type { DecisionRecord } from '../../src/domain/decisionRecord.ts';
import { answeredInstead } from '../../src/domain/fallback.ts';
import { stoppedAt } from '../../src/domain/overrun.ts';
import { decide } from '../../src/domain/waterfall.ts';
import type { WaterfallInput } from '../../src/domain/walk.ts';
import { say } from '../../src/domain/say.ts';
import { explainWords, snapshotWords } from '../../src/protocol/brokerWords.ts';
import type { ExplainResult } from '../../src/protocol/control.ts';
import { setLanguage } from '../../src/protocol/language.ts';
import { storyOf } from '../../src/protocol/requestStory.ts';
import { shownLayer } from '../../src/protocol/shownLayer.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { german } from '../support/language/spokenIn.ts';

const input: WaterfallInput = {
  nowMs: 1000, model: 'gpt-5.5', workspaceId: 'ws_a', estimateMicroCredits: 3_000_000, estimateTokens: 1500, unpricedRule: 'refuse', tracked: true, owedMicroCredits: 0,
  grants: [{ id: 'g', kind: 'included', amountMicroCredits: 2_000_000, remainingMicroCredits: 2_000_000, heldMicroCredits: 0, priority: 50, createdAtMs: 0, order: 1 }],
  consent: { answer: 'allow', scope: 'everywhere' }, canAsk: false, canWait: false, limits: { waitedMs: 1250, ...say('It waited {0} s: {1}', { number: 1.25, decimals: 1 }, say('The upstream asked to wait before the next request to {0}.', 'gpt-5.5')) },
  budgets: [{ budget: { id: 'b', per: 'workspace', unit: 'credits', limit: 500_000_000, period: 'week', timeZone: 'UTC', mode: 'soft' }, key: 'ws_a', used: 499_000_000, reserved: 0 }],
};

/** Stored and read again, as the ledger and the process edge do it. */
const travelled = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

function explained(more: Partial<WaterfallInput>, attempts: ExplainResult['attempts'] = [], notice: ExplainResult['notice'] = null): ExplainResult {
  return explainedBy(decide({ ...input, ...more }), attempts, notice);
}

function explainedBy(decision: DecisionRecord, attempts: ExplainResult['attempts'] = [], notice: ExplainResult['notice'] = null): ExplainResult {
  const result = {
    id: 'req_1', receivedAtMs: 0, workspaceId: 'ws_a', workspaceLabel: 'website', client: 'codex_exec', model: 'gpt-5.5', waitedMs: 1250, decision, attempts,
    charge: null, corrections: [], entries: [],
  };
  return travelled({ ...result, notice, story: storyOf(result, notice ?? undefined) });
}

describe('what the broker tells', () => {
  afterEach(() => setLanguage({ tag: 'en' }));

  it('is German for a refused request: its layers, what would change it, and its story', () => {
    const english = explained({});
    setLanguage(german);
    const { decision, story } = explainWords(english);
    assert.deepEqual(decision.layers.map((layer) => layer.because), [
      'Das Kassenbuch ist in Ordnung, und ein Schlüssel ist vorhanden.', 'Sie überschreitet das weiche Budget von 500,00 Credits pro Arbeitsbereich und Woche.',
      'Sie wartete 1,3 s: Die Gegenstelle hat darum gebeten, mit der nächsten Anfrage an gpt-5.5 zu warten.', '2,000000 von 2,000000 freien enthaltenen Credits vorgemerkt.',
      'Es gibt keine Aktions-Credits.', 'Es gibt keine gekauften Credits.', 'Diese Anfrage kann bis zu 3,00 Credits kosten, und 2,00 sind frei. Es wurde nichts gesendet und nichts berechnet.',
    ]);
    assert.deepEqual(decision.toChange, ['Fügen Sie 1,00 Credits oder mehr hinzu.']);
    assert.deepEqual(story, [
      'Codex CLI im Arbeitsbereich website hat gpt-5.5 angefragt.', 'Sie wartete 1,3 s in der Warteschlange.',
      'Sie wurde abgelehnt (credits_exhausted); es wurde nichts gesendet und nichts berechnet.',
    ]);
  });

  it('tells a wait as it was: not below a tenth of a second, and of one that was refused not that it was sent', () => {
    const waits = (waitedMs: number, more: Partial<WaterfallInput> = {}) => storyOf({ ...explained(more), waitedMs }, undefined).filter((sentence) => sentence.startsWith('It waited ') && sentence.includes(' in line'));
    assert.deepEqual([waits(0), waits(1), waits(49)], [[], [], []]);
    assert.deepEqual(waits(50), ['It waited 0.1 s in line.']);
    assert.deepEqual(waits(1250, { estimateMicroCredits: 1_000_000 }), ['It waited 1.3 s in line before it was sent.']);
  });

  it('gives a missing price a name of its own, and keeps it as it is stored', () => {
    const { estimateMicroCredits: _estimate, ...unpriced } = input;
    const { decision, story } = explainedBy(decide(unpriced));
    assert.deepEqual(decision.layers.map((layer) => layer.layer), ['safety', 'budgets', 'limits', 'safety'], 'stored');
    assert.deepEqual(decision.layers.map((layer) => shownLayer(decision, layer)), ['safety', 'budgets', 'limits', 'price']);
    assert.equal(story.filter((sentence) => sentence.startsWith('Safety: ')).length, 1);
    assert.ok(story.includes('Price: No price is known for the model "gpt-5.5", so its cost cannot be held against your credits. Nothing was sent.'), story.join('\n'));
    const asked = decide({ ...unpriced, unpricedRule: 'ask', canAsk: true });
    assert.deepEqual(asked.layers.map((layer) => shownLayer(asked, layer)).at(-1), 'price');
    const guarded = decide({ ...input, runaway: { action: 'ask', because: 'It runs away.' } });
    assert.deepEqual(guarded.layers.map((layer) => shownLayer(guarded, layer)), ['safety'], 'the guard is no price');
  });

  it('is German for one that was answered: why it was free, what was noted, and its formula', () => {
    const usage = { inputTokens: 12_000, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 50, reasoningTokens: 0 };
    const attempt = { attemptId: 'req_1-1', number: 1, startedAtMs: 0, outcome: 'completed', measured: false, usage } as const;
    const english = explained({ estimateMicroCredits: 1_000_000 }, [attempt], 'A person stopped this request in the dashboard. The upstream reported no usage, so it was estimated. By the price list it would have cost 1,234.5678 credits.');
    const charge = { chargeId: 'c', costMicroCredits: 1_500_000, model: 'gpt-5.5', priceVersion: '2026', tier: 'standard', formula: '', drawnMicroCredits: 1_500_000, uncoveredMicroCredits: 0, terms: [{ what: 'input', tokens: 12_000, microCreditsPerMillion: 125_500_000 }] } as const;
    setLanguage(german);
    const told = explainWords({ ...english, charge });
    assert.equal(told.charge?.formula, '(12000 Eingabe × 125,5) ÷ 1.000.000 = 1,5 Credits');
    assert.deepEqual(told.story.slice(2, 5), [
      '1,000000 Credits wurden vorgemerkt, bevor sie gesendet wurde.', 'Sie endete als „abgeschlossen“: 12.000 Tokens Eingabe (0 aus dem Cache), 50 Ausgabe (0 Reasoning), geschätzt.',
      'Eine Person hat diese Anfrage im Dashboard angehalten. Die Gegenstelle meldete keinen Verbrauch; er wurde deshalb geschätzt. Nach der Preisliste hätte sie 1.234,5678 Credits gekostet.',
    ]);
    const free = explainWords(explained({}, [{ ...attempt, freeReason: 'The client left before the upstream answered.' }]));
    assert.equal(free.attempts[0]?.freeReason, 'Der Client hat die Verbindung beendet, bevor die Gegenstelle antwortete.');
  });

  it('is German for what a fallback answered and what outgrew its budget, with their values', () => {
    const attempt = { attemptId: 'req_1-1', number: 1, startedAtMs: 0, outcome: 'aborted', measured: false } as const;
    const offer = { model: 'gpt-oss:20b', at: '127.0.0.1:11434', causes: ['balance'], estimateMicroCredits: 0 } as const;
    const stop = { unit: 'tokens', amount: 12_500, budgetId: 'b' } as const;
    const { decision } = explained({ fallback: offer });
    assert.ok(decision.fallback);
    const notice = `${answeredInstead(decision.fallback).because} ${stoppedAt(stop).message} The stream ended before the upstream reported its usage, so it was estimated.`;
    assert.equal(notice, 'Answered by the fallback gpt-oss:20b at 127.0.0.1:11434, because: This request may cost up to 3.00 credits and 2.00 are free. The answer grew beyond a hard budget: 12.5 k tokens were left for it. It was stopped there. The stream ended before the upstream reported its usage, so it was estimated.');
    const english = travelled({ ...explained({}, [attempt], notice), decision: { ...decision, stops: [stop] } });
    setLanguage(german);
    const { story } = explainWords(english);
    assert.ok(story.includes('Vom Ausweichdienst gpt-oss:20b unter 127.0.0.1:11434 beantwortet. Grund: Diese Anfrage kann bis zu 3,00 Credits kosten, und 2,00 sind frei. Die Antwort wuchs über ein hartes Budget hinaus: 12.500 Tokens waren dafür übrig. Dort wurde sie angehalten. Der Datenstrom endete, bevor die Gegenstelle ihren Verbrauch meldete; er wurde deshalb geschätzt.'), story.join('\n'));
    setLanguage({ tag: 'en' });
    assert.ok(explainWords(english).story.includes(notice));
  });

  it('can leave out that nothing was sent, in German as in English', () => {
    for (const ending of ['Nothing was sent and nothing was charged.', 'Nothing was sent.']) {
      for (const [sentence, words] of Object.entries(german.sentences ?? {})) if (sentence.endsWith(` ${ending}`)) assert.ok(words.endsWith(` ${german.sentences?.[ending] ?? '?'}`), sentence);
    }
  });

  it('is shown as it was told where an older broker sent no parts', () => {
    const { notice: _notice, ...older } = explained({});
    const bare = { ...older, decision: { ...older.decision, layers: older.decision.layers.map(({ said: _said, ...layer }) => layer) } };
    setLanguage(german);
    const told = explainWords(bare);
    assert.deepEqual(told.story, older.story);
    assert.equal(told.decision.layers[3]?.because, 'Reserved 2.000000 of 2.000000 free included credits.');
    assert.equal(told.decision.layers[0]?.because, 'Das Kassenbuch ist in Ordnung, und ein Schlüssel ist vorhanden.', 'a sentence without values is known by itself');
  });

  it('changes nothing where the editor speaks English, but for a story that tells what stands nowhere else', () => {
    const english = explained({});
    const told = explainWords(english);
    assert.deepEqual(told.decision.layers.map((layer) => layer.because), english.decision.layers.map((layer) => layer.because));
    assert.deepEqual(told.story, english.story.filter((sentence) => told.story.includes(sentence)));
    assert.ok(told.story.length < english.story.length);
  });

  it('is German in a snapshot: questions, reasons and what cost nothing; problems keep their parts', () => {
    const question = say('{0} in "{1}" needs up to {2} credits for {3}, and only purchased ones are left. May it use them?', 'Codex CLI', 'web "{0}"', { credits: 1_500_000, decimals: 2 }, 'gpt-5.5');
    const reason = say('{0} requests to {1} are ahead of it.', 2, 'gpt-5.5');
    const refused = say('This request may cost up to {0} credits and {1} are free. Nothing was sent and nothing was charged.', { credits: 3_000_000, decimals: 2 }, { credits: 0, decimals: 2 });
    const snapshot = {
      questions: [{ workspaceLabel: 'web', text: question.because, said: question.said }], running: [{ requestId: 'a', workspaceLabel: 'No folder' }], waiting: [{ workspaceLabel: 'web', reason: reason.because, said: reason.said }],
      recent: [{ workspaceLabel: 'web', freeReason: refused.because, said: refused.said }, { workspaceLabel: 'No folder', freeReason: 'The request ended before anything was sent.' }, { workspaceLabel: 'outside the broker' }], problems: [{ message: 'x' }],
      today: { dayStartMs: 1, byWorkspace: [{ key: 'ws_1', label: 'No folder' }] }, budgets: [{ budget: { per: 'workspace' }, uses: [{ key: 'ws_1', label: 'No folder' }] }, { budget: { per: 'model' }, uses: [{ key: 'No folder' }] }],
      workspaceLabels: { ws_1: 'No folder' },
    } as unknown as Snapshot;
    setLanguage(german);
    assert.deepEqual(snapshotWords(snapshot), {
      questions: [{ text: 'Codex CLI in „web "{0}"“ braucht bis zu 1,50 Credits für gpt-5.5, und nur gekaufte sind übrig. Dürfen sie verwendet werden?', workspaceLabel: 'web' }], running: [{ requestId: 'a', workspaceLabel: 'Kein Ordner' }],
      waiting: [{ workspaceLabel: 'web', reason: '2 Anfragen an gpt-5.5 sind vor ihr.' }],
      recent: [{ workspaceLabel: 'web', freeReason: 'Diese Anfrage kann bis zu 3,00 Credits kosten, und 0,00 sind frei. Es wurde nichts gesendet und nichts berechnet.' }, { workspaceLabel: 'Kein Ordner', freeReason: 'Die Anfrage endete, bevor etwas gesendet wurde.' }, { workspaceLabel: 'am Broker vorbei' }],
      problems: [{ message: 'x' }],
      today: { dayStartMs: 1, byWorkspace: [{ key: 'ws_1', label: 'Kein Ordner' }] }, budgets: [{ budget: { per: 'workspace' }, uses: [{ key: 'ws_1', label: 'Kein Ordner' }] }, { budget: { per: 'model' }, uses: [{ key: 'No folder' }] }],
      workspaceLabels: { ws_1: 'Kein Ordner' },
    });
  });
});

// Problems of the broker in the language of the editor.
import assert from 'node:assert/strict';
import { problem, problemKinds } from '../../src/domain/problem.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { say } from '../../src/domain/say.ts';
import type { Said } from '../../src/domain/say.ts';
import { setLanguage } from '../../src/protocol/language.ts';
import { problemMessage, problemWords, saidWords } from '../../src/protocol/problemWords.ts';
import { german } from '../support/language/spokenIn.ts';

describe('problems in words', () => {
  afterEach(() => setLanguage({ tag: 'en' }));

  it('are what the broker said, where the editor speaks English', () => {
    const made = problem('key_conflict', 'The key "{0}" was used before for something else. Nothing was changed.', { values: ['a'] });
    assert.equal(problemWords(made), `${made.message} ${made.remedy}`);
  });

  it('are German in a German editor, amounts and moments too', () => {
    setLanguage(german);
    const made = problem('credits_exhausted', 'This request may cost up to {0} credits and {1} are free. Nothing was sent and nothing was charged.', { values: [{ credits: 1_234_500_000, decimals: 2 }, { credits: 0, decimals: 2 }] });
    assert.equal(problemWords(made), 'Diese Anfrage kann bis zu 1.234,50 Credits kosten, und 0,00 sind frei. Es wurde nichts gesendet und nichts berechnet. Fügen Sie Credits mit „Codex Broker: Credits hinzufügen“ oder `codex-broker credits add AMOUNT` hinzu.');
    const again = problem('budget_exceeded', '{0} It changes by itself at {1}.', { values: [say('It starts at once.'), { atMs: new Date(2026, 10, 19, 9, 5).getTime() }] });
    assert.equal(problemMessage(again), 'Sie beginnt sofort. Das ändert sich von selbst: 19.11.2026, 09:05.');
  });

  it('keep a value as it is, whatever braces it has', () => {
    setLanguage(german);
    assert.equal(problemMessage(problem('model_unpriced', 'No price is known for the model "{0}", so its cost cannot be held against your credits. Nothing was sent.', { values: ['{1} $& {0}'] })),
      'Für das Modell „{1} $& {0}“ ist kein Preis bekannt; seine Kosten können nicht von Ihren Credits vorgemerkt werden. Es wurde nichts gesendet.');
  });

  it('are looked up whole where an older broker sent no parts, and else shown as they came', () => {
    setLanguage(german);
    const told = (message: string): Problem => ({ code: 'cancelled', message, remedy: problemKinds.cancelled.remedy });
    assert.equal(problemWords(told('A person stopped this request in the dashboard.')), 'Eine Person hat diese Anfrage im Dashboard angehalten. Senden Sie sie erneut, falls sie versehentlich angehalten wurde.');
    assert.equal(problemMessage(told('The key "a" was used before.')), 'The key "a" was used before.');
    assert.equal(problemMessage(told('The key {0} is odd.')), 'The key {0} is odd.');
  });

  it('are shown as they came where a newer broker sent a value of another kind', () => {
    setLanguage(german);
    const newer = { sentence: '{0} Nothing was sent.', values: [{ sentence: 'It waited {0} s: {1}', values: [{ light: 5 }, 'x'] }] } as unknown as Said;
    assert.equal(saidWords('It waited for light. Nothing was sent.', newer), 'It waited for light. Nothing was sent.');
    for (const value of [null, { sentence: 'x', values: 5 }, { number: 1, decimals: 500 }, { atMs: 1e300 }]) {
      assert.equal(saidWords('As it came.', { sentence: '{0} Nothing was sent.', values: [value] } as unknown as Said), 'As it came.', JSON.stringify(value));
    }
  });
});

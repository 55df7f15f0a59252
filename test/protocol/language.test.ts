// The language of the process: a sentence that is known is translated, one that is not stays English, and a count
// chooses its form.
import assert from 'node:assert/strict';
import { plural, setLanguage, t } from '../../src/protocol/language.ts';

describe('the language of the process', () => {
  afterEach(() => setLanguage({ tag: 'en' }));

  it('says what it has a translation for, and the rest in English', () => {
    setLanguage({ tag: 'de', sentences: { 'Add {0} credits': '{0} Credits hinzufügen' } });
    assert.equal(t('Add {0} credits', '1.000'), '1.000 Credits hinzufügen');
    assert.equal(t('Nothing waits'), 'Nothing waits');
  });

  it('chooses the form by the count', () => {
    assert.deepEqual([0, 1, 2].map((count) => plural(count, '{0} request of {1}', '{0} requests of {1}', 'ada')), ['0 requests of ada', '1 request of ada', '2 requests of ada']);
    setLanguage({ tag: 'de', sentences: { '{0} request': '{0} Anfrage', '{0} requests': '{0} Anfragen' } });
    assert.deepEqual([0, 1, 5].map((count) => plural(count, '{0} request', '{0} requests')), ['0 Anfragen', '1 Anfrage', '5 Anfragen']);
  });

  it('goes back to English', () => {
    setLanguage({ tag: 'de', sentences: { Cancel: 'Abbrechen' } });
    assert.equal(t('Cancel'), 'Abbrechen');
    setLanguage({ tag: 'de' });
    assert.equal(t('Cancel'), 'Cancel');
  });
});

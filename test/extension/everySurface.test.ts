// What the extension shows, in German and in a made up language: nothing of it is left in English, and nothing is glued
// together from pieces that a translation could not put in order.
import assert from 'node:assert/strict';
import { englishIn, german, pseudo, spokenIn, untranslated } from '../support/language/spokenIn.ts';
import { everySurface, names } from './everySurface.ts';

describe('words of the extension', () => {
  it('are all sentences of the bundle, with nothing but data in their places', async () => {
    const said = await spokenIn(pseudo, () => everySurface('en'));
    assert.ok(Object.values(said).every((text) => text.includes('⟦')), Object.entries(said).filter(([, text]) => !text.includes('⟦')).join());
    assert.deepEqual(Object.entries(said).map(([surface, text]) => [surface, untranslated(text, names)]).filter(([, left]) => left !== ''), []);
  });

  it('are German where the editor is', async () => {
    const said = await spokenIn(german, () => everySurface('de'));
    assert.deepEqual(Object.entries(said).map(([surface, text]) => [surface, englishIn(text, names)]).filter(([, left]) => left?.length !== 0), []);
    const card = (said['card ok left'] ?? '').replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
    for (const part of ['**342,18 Credits übrig**', '2,98 vorgemerkt', '| Limit | | Übrig |', 'Nichts läuft oder wartet.', 'Heute: 3,37 Credits', '1 Anfrage', '[Gemessenes Terminal](command:']) assert.ok(card.includes(part), `${part}\n${card}`);
    assert.match(said['notices left'] ?? '', /Credits hinzufügen\nStummschalten, bis Credits hinzukommen\nNicht mehr anzeigen[\s\S]*\nDashboard öffnen\nBis zum Neubeginn stummschalten\nNicht mehr anzeigen/);
  });

  it('are found where they are not translated', () => {
    assert.equal(untranslated('$(sync) ⟦Spent ⟧3⟦ of ⟧gpt-6 tokens [⟦Show⟧](command:x.y)', ['gpt-6']), 'tokens');
    assert.equal(untranslated('⟦Spent ⟧33.9 k⟦, cut o…', []), '');
    assert.deepEqual(englishIn('Heute 3, Nothing runs or waits.', []), ['Nothing runs or waits.']);
    assert.deepEqual(englishIn('Nichts läuft oder wartet.', []), []);
  });
});

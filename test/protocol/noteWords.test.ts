// Notes that programs wrote are German in a German editor; those of people stay theirs.
import assert from 'node:assert/strict';
import { noteWords } from '../../src/protocol/noteWords.ts';
import { setLanguage } from '../../src/protocol/language.ts';
import { german } from '../support/language/spokenIn.ts';

describe('notes of grants and corrections', () => {
  afterEach(() => setLanguage({ tag: 'en' }));

  it('are German where a program wrote them, and stay where a person did', () => {
    setLanguage(german);
    assert.equal(noteWords('Added in the dashboard'), 'Im Dashboard hinzugefügt');
    assert.equal(noteWords('refunded by hand'), 'von Hand erstattet');
    assert.equal(noteWords('Today'), 'Today', 'a word of the page that a person chose as a note');
    assert.match(noteWords('restored from ledger-3.db, whose newest row is of 2026-11-30T10:00:00.000Z'), /^wiederhergestellt aus ledger-3\.db, dessen neueste Zeile von 30\.11\.2026, \d\d:\d\d ist$/);
    assert.equal(noteWords('restored from x, whose newest row is of soonZ'), 'restored from x, whose newest row is of soonZ');
  });

  it('are as they were written in English', () => {
    for (const note of ['Practice credits', 'Refund of what had been paid for disputed credits', 'taken back by hand', 'for the workshop']) assert.equal(noteWords(note), note);
  });
});

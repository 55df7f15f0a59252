// Events of the ledger, narrowed to a time and to one workspace.
import assert from 'node:assert/strict';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import type { Directive } from '../../../src/domain/directives.ts';
import { credit, grantCommand, reserveCommand, startMs, workspaceCommand } from '../../support/ledger/ledgerCommands.ts';
import { runOne } from '../../support/ledger/tempLedger.ts';

describe('events that are narrowed', () => {
  it('are those of a time, and what is about one workspace alone, also where it was taken away again', () => {
    const ledger = SqliteLedger.open(':memory:', sha256);
    for (const name of ['ws_a', 'ws_b']) runOne(ledger, workspaceCommand(name));
    const base = { unit: 'credits', limit: 100 * credit, period: 'week', timeZone: 'UTC', mode: 'hard' } as const;
    const allowance = { id: 'own', kind: 'included', amountMicroCredits: credit, every: 'week', timeZone: 'UTC', priority: 50, workspaces: ['ws_b'] } as const;
    let count = 0;
    const direct = (directive: Directive) => { count += 1; runOne(ledger, { type: 'direct', key: `d${count}`, atMs: startMs + count, directive }); };
    runOne(ledger, grantCommand('g_all', 5 * credit, { kind: 'purchased', consent: { scope: 'workspace', workspaceId: 'ws_a' } }));
    runOne(ledger, grantCommand('g_a', 5 * credit, { kind: 'promotional', workspaces: ['ws_a'] }));
    direct({ kind: 'budget', id: 'a', budget: { id: 'a', per: 'workspace', of: 'ws_a', ...base } });
    direct({ kind: 'budget', id: 'each', budget: { id: 'each', per: 'workspace', ...base } });
    direct({ kind: 'budget', id: 'a', budget: null });
    direct({ kind: 'budget', id: 'each', budget: null });
    direct({ kind: 'allowance', id: 'own', allowance });
    direct({ kind: 'consent', consent: { scope: 'everywhere', of: '', answer: 'allow' } });
    runOne(ledger, reserveCommand('r1-1', 1000, { atMs: startMs + 20 }));
    direct({ kind: 'consent', consent: { scope: 'request', of: ledger.query('explain', { id: 'r1-1' })?.id ?? '', answer: 'allow' } });
    const listed = (more: object) => ledger.query('happenings', { filter: 'all', limit: 100, ...more }).rows.map((one) => (one.from === 'entry' ? `${one.row.kind} ${one.row.grantId}` : `${one.directive.kind} ${'id' in one.directive ? one.directive.id : 'consent' in one.directive ? one.directive.consent.scope : ''}`));
    const all = listed({});
    assert.equal(all.length, 12, JSON.stringify(all));
    assert.deepEqual(listed({ workspaceId: 'ws_a' }), ['consent request', 'budget a', 'budget a', 'grant g_a', 'consent workspace']);
    assert.deepEqual([listed({ workspaceId: 'ws_b' }).map((one) => one.replace(/grant_\w+/, 'of it')), listed({ workspaceId: 'ws_c' })], [['grant of it', 'allowance own'], []]);
    assert.deepEqual(listed({ workspaceId: 'ws_a', filter: 'rules', fromMs: startMs + 3 }), ['consent request', 'budget a']);
    assert.deepEqual(listed({ fromMs: startMs + 4 }), all.slice(0, all.length - 6));
    ledger.close();
  });
});

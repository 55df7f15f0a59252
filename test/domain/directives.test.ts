// Directives: what holds is the newest of each subject, and what cannot be meant is not taken.
import assert from 'node:assert/strict';
import type { Budget } from '../../src/domain/budgets.ts';
import { allowancesMax, budgetsMax, directiveFault, directiveState, policyDefaults, subjectOf } from '../../src/domain/directives.ts';
import type { Directive } from '../../src/domain/directives.ts';

const budget: Budget = { id: 'b', per: 'task', unit: 'credits', limit: 5, period: 'day', timeZone: 'UTC', mode: 'hard' };
const allowance = { id: 'a', kind: 'included', amountMicroCredits: 5, every: 'week', timeZone: 'UTC', priority: 50 } as const;
const set = (more: Partial<Budget> = {}): Directive => ({ kind: 'budget', id: more.id ?? 'b', budget: { ...budget, ...more } });

describe('directives', () => {
  it('put together what holds', () => {
    const state = directiveState([
      { kind: 'consent', consent: { scope: 'workspace', of: 'ws_a', answer: 'deny' } }, set(), { kind: 'budget', id: 'gone', budget: null }, { kind: 'allowance', id: 'a', allowance },
      { kind: 'policy', name: 'unpriced', value: 'ceiling' }, { kind: 'unpriced-model', model: 'm', answer: 'allow' }, { kind: 'restored', note: '' }, { kind: 'upstream', at: { key: 'api.openai.com', login: 'chatgpt.com' } },
    ]);
    assert.deepEqual([state.consents.length, state.budgets, state.allowances, state.policies, state.unpricedModels.get('m')], [1, [budget], [allowance], { ...policyDefaults, unpriced: 'ceiling' }, 'allow']);
    assert.deepEqual(directiveState([]).policies, { unpriced: 'refuse', unattended: 'refuse' });
  });

  it('tell apart what they are about', () => {
    const subjects = [set(), set({ id: 'c' }), { kind: 'policy', name: 'unpriced', value: 'ask' }, { kind: 'policy', name: 'unattended', value: 'allow' },
      { kind: 'consent', consent: { scope: 'task', of: 'x', answer: 'allow' } }, { kind: 'consent', consent: { scope: 'workspace', of: 'x', answer: 'allow' } }].map((one) => `${(one as Directive).kind} ${subjectOf(one as Directive)}`);
    assert.equal(new Set(subjects).size, subjects.length);
  });

  it('are refused with a sentence where they cannot be meant', () => {
    const none = directiveState([]);
    assert.equal(directiveFault(set(), none), undefined);
    assert.equal(directiveFault({ kind: 'budget', id: 'b', budget: null }, none), undefined);
    assert.equal(directiveFault(set({ pace: 'even' }), none)?.because, 'Only a budget over more than a day can be spread evenly over its days.');
    assert.equal(directiveFault(set({ pace: 'even', period: 'month' }), none), undefined);
    const faults: readonly [Directive, RegExp][] = [
      [set({ limit: -1 }), /whole amount/], [set({ limit: 0.5 }), /whole amount/], [set({ timeZone: 'Mars/Olympus' }), /no time zone/], [set({ period: { rollingHours: 0 } }), /1 to 8784/], [set({ period: { rollingHours: 1.5 } }), /whole hours/],
      [{ kind: 'allowance', id: 'a', allowance: { ...allowance, amountMicroCredits: 0 } }, /above zero/], [{ kind: 'allowance', id: 'a', allowance: { ...allowance, timeZone: 'x/y' } }, /no time zone/],
      [{ kind: 'allowance', id: 'a', allowance: { ...allowance, weekStartsOn: 8 } }, /day 1/],
    ];
    for (const [directive, sentence] of faults) assert.match(directiveFault(directive, none)?.because ?? 'taken', sentence);
  });

  it('are not more than can be looked at with each request', () => {
    const full = directiveState([...Array.from({ length: budgetsMax }, (_, index) => set({ id: `b${index}` })), ...Array.from({ length: allowancesMax }, (_, index): Directive => ({ kind: 'allowance', id: `a${index}`, allowance: { ...allowance, id: `a${index}` } }))]);
    assert.match(directiveFault(set({ id: 'one more' }), full)?.because ?? '', /50 budgets already/);
    assert.equal(directiveFault(set({ id: 'b3' }), full), undefined);
    assert.match(directiveFault({ kind: 'allowance', id: 'z', allowance: { ...allowance, id: 'z' } }, full)?.because ?? '', /20 allowances already/);
  });
});

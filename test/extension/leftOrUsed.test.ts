// One setting tells whether amounts are what is left or what is used: no surface says the one where the other was chosen, in any state.
import assert from 'node:assert/strict';
import type { TooltipFacts } from '../../src/extension/meterFacts.ts';
import { meterTooltip } from '../../src/extension/meterTooltip.ts';
import { limitStories } from '../../src/protocol/limitStories.ts';
import type { MeterContent } from '../../src/protocol/meterContent.ts';
import { meterFace } from '../../src/protocol/meterFace.ts';
import { meterInput } from '../../src/protocol/meterInput.ts';
import type { Snapshot, WindowView } from '../../src/protocol/snapshot.ts';
import { budgetFixture, practiceSnapshot, snapshotFixture, withBalance } from './snapshotFixture.ts';
import { snapshots } from './everySurface.ts';

const nowMs = 1_000_000;
const week: WindowView = { id: 'w', model: 'gpt-5.5', measure: 'requests', windowMinutes: 10_080, limit: 100, remaining: 60, resetsAtMs: nowMs + 302_400_000 };
const spread = (used: number, change: Parameters<typeof budgetFixture>[1] = {}) => ({ ...budgetFixture(used, { pace: 'even', ...change }, { usedToday: used * 1_000_000 }), today: { allowed: 40_000_000, day: { fromMs: 0, untilMs: 50_000_000 } } });
const keyed = (view: ReturnType<typeof budgetFixture>) => ({ ...view, uses: view.uses.map((use) => ({ ...use, key: 'gpt-5.5' })) });

const states: Readonly<Record<string, Snapshot>> = {
  ...snapshots,
  'practice, low': practiceSnapshot({ balance: withBalance(100_000_000).balance }),
  'a week, fine': snapshotFixture({ windows: [week] }), 'a week, low': snapshotFixture({ windows: [{ ...week, remaining: 20 }] }), 'a week, critical': snapshotFixture({ windows: [{ ...week, remaining: 4 }] }), 'a week, used up': snapshotFixture({ windows: [{ ...week, remaining: 0 }] }),
  'a week that says no end': snapshotFixture({ windows: [{ ...week, resetsAtMs: undefined } as never] }),
  'a day that refills': snapshotFixture({ windows: [{ ...week, windowMinutes: 1440, remaining: 20, resetsAtMs: nowMs + 69_120_000 }] }),
  'a budget for a while': snapshotFixture({ budgets: [budgetFixture(50)] }), 'a budget, low': snapshotFixture({ budgets: [budgetFixture(85)] }), 'a budget, critical': snapshotFixture({ budgets: [budgetFixture(95)] }), 'a budget beyond its limit': snapshotFixture({ budgets: [budgetFixture(140, { mode: 'soft' })] }),
  'a budget of a model, nearly used up': snapshotFixture({ budgets: [keyed(budgetFixture(90, { per: 'model' }))] }),
  'one without an end': snapshotFixture({ budgets: [{ ...keyed(budgetFixture(90, { per: 'model', period: 'life' })), uses: [{ key: 'gpt-5.5', used: 90_000_000, reserved: 0 }] }] }),
  'today\'s share of one': snapshotFixture({ budgets: [keyed(spread(36, { per: 'model' }))] }), 'today\'s share of all': snapshotFixture({ budgets: [spread(36)] }), 'today\'s share, used up': snapshotFixture({ budgets: [spread(40)] }),
};

/**
 * What tells an amount of something that is limited and says so with the word. States ("used up", "left" of an answer) are no amounts, and each of these
 * is what is left whatever was chosen, for the reason given:
 */
const always: readonly RegExp[] = [
  / · [\d.,]+ left(?= |$)/g, // beside the credits used, the card tells the balance, which is what requests are refused by
  /Credits are not the reason: [\d.,]+ are left/g, // that there are some is the point
  /No (Codex )?credits (are )?left|Only purchased credits are left|Nothing else is left|credits that are left/gi, // no amounts
  /today's share so far used|used up|Show (left|used)|used today/g, // a state, the link that switches, and what is no limit's
];
const without = (text: string) => always.reduce((rest, one) => rest.replace(one, ''), text);
const unescaped = (card: string) => card.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))).replaceAll('\u00a0', ' ');

describe('left or used', () => {
  const contents: readonly MeterContent[] = ['tightest', 'credits', 'share', 'pace', 'reset'];
  for (const [show, other] of [['left', 'used'], ['used', 'left']] as const) {
    for (const [name, snapshot] of Object.entries(states)) {
      it(`${show}: ${name}`, () => {
        for (const content of contents) {
          const facts: TooltipFacts = { link: { state: 'connected' }, snapshot, taste: { show, unit: 'credits', locale: 'en', content }, theme: 'dark', nowMs, workspaceId: 'ws_1' };
          const { text, spoken } = meterFace(meterInput('connected', snapshot, facts.taste, 'ws_1', nowMs));
          const stories = limitStories(snapshot, new Set(), 'en', show).map((story) => story.text);
          for (const said of [text, spoken, unescaped(meterTooltip(facts)), ...stories]) {
            const found = new RegExp(`.{0,60}\\b${other}\\b.{0,30}`, 'i').exec(without(said).replace(/\(data:[^)]*\)/g, ''))?.[0];
            assert.equal(found, undefined, `${content}: ${found}`);
          }
        }
      });
    }
  }

  it('come to the whole together, whatever is told', () => {
    const told = (show: 'left' | 'used', used: number) => limitStories(snapshotFixture({ budgets: [budgetFixture(used)] }), new Set(), 'en', show).map(({ text }) => /^(\d+|< 1|> 99) % of the budget/.exec(text)?.[1]).find((part) => part !== undefined);
    for (const used of [0.5, 33.3, 75.9, 95, 99.9]) assert.equal(Number(told('left', used)) + Number(told('used', used) === '< 1' ? 0 : told('used', used)), 100, String(used));
  });
});

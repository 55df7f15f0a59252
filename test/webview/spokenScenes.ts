// Every place of the pages with data in it and its forms open, for the tests that hold in each language. What is data, and so
// in no language, is told beside it.
import { problem } from '../../src/domain/problem.ts';
import { clientName } from '../../src/protocol/clientName.ts';
import type { ExtensionMessage } from '../../src/protocol/dashboardMessages.ts';
import { noUsage } from '../../src/protocol/history.ts';
import type { Language } from '../../src/protocol/language.ts';
import type { LedgerRow } from '../../src/protocol/ledgerPages.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { spokenIn } from '../support/language/spokenIn.ts';
import type { OpenPage } from './browser/pageHost.ts';
import { sampleAnswer, sampleHistory, sampleLedgerRows } from './sampleAnswers.ts';
import { correctedExplanation, refusedExplanation } from './sampleExplanations.ts';
import { ruledSnapshot } from './sampleRules.ts';
import { sampleExplanation, sampleNowMs, sampleSnapshot } from './sampleSnapshot.ts';
import { sampleStates, stateMessage } from './sampleStates.ts';

/** A page in a language, and looking at it as it is now. */
export interface SpokenPage extends OpenPage {
  readonly language: Language;
  look(name: string): Promise<void>;
}

/** A place of the pages. `show` brings each of its faces about and looks at it. */
export interface Scene {
  readonly name: string;
  readonly isSidebar?: true;
  readonly show: (page: SpokenPage) => Promise<void>;
}

/** A state as the extension tells it in a language. */
function told(snapshot: Snapshot, { tag, ...rest }: Language, change: Parameters<typeof stateMessage>[1] = {}): Promise<ExtensionMessage> {
  return spokenIn({ tag, ...rest }, () => stateMessage(snapshot, { ...change, locale: tag }));
}

/** A state of the samples in a language. */
async function spokenState(name: string, language: Language): Promise<ExtensionMessage[]> {
  return Promise.all((sampleStates[name] ?? []).map(async (message) => {
    if (message.type !== 'state') return message;
    return spokenIn(language, () => ({ ...stateMessage(message.snapshot, { link: message.link, show: message.show, locale: language.tag }) }));
  }));
}

const click = ({ page }: SpokenPage, hook: string) => page.locator(`[data-test=${hook}]`).first().click();
const lastId = async (page: SpokenPage, type: 'explain' | 'topUp' | 'change') => (await page.posted()).flatMap((message) => (message.type === type ? [message.id] : [])).at(-1)!;

/** States of the first page; each once, whatever else is open. */
const states: Scene = {
  name: 'now',
  show: async (page) => {
    for (const name of Object.keys(sampleStates)) {
      await page.send(...await spokenState(name, page.language));
      await page.look(name);
    }
    await page.send(...await spokenState('questions', page.language));
    await page.page.locator('summary').first().click();
    await page.look('meaning');
    const imported = { requests: 3, inputTokens: 90_000, cachedInputTokens: 40_000, cacheWriteTokens: 0, outputTokens: 3_000, reasoningTokens: 0, costMicroCredits: 2_000_000 };
    const base = sampleSnapshot({ sequence: 50 });
    const byModel = base.today.byModel.map((row) => ({ ...row, unpriced: 2 }));
    await page.send(await told({ ...base, unmetered: { requests: 2, lastAtMs: base.atMs }, today: { ...base.today, byModel, imported } }, page.language));
    await page.page.locator('usage-chart').first().getByRole('button').last().click();
    await page.look('as table');
  },
};

/** Keys of groups as the ledger has them. */
const groupKeys = {
  workspace: ['codex_exec', 'docs-site'], client: ['codex_exec', 'docs-site'], thread: ['', '0193b2c4-0000-7000-8000-000000000000'], kind: ['', 'turn', 'compaction', 'review', 'background', 'embeddings'],
  branch: ['', 'ws_docs-site feature/eu-rounding', 'ws_docs-site commit 1a2b3c4'], command: ['', 'ask-selection', 'ask-changes', 'ask-failed-command', 'task', 'nightly-eval'], file: ['', 'ws_docs-site src/rounding.ts'],
} as const;

const history: Scene = {
  name: 'history',
  show: async (page) => {
    await page.send(...await spokenState('ruled', page.language));
    await click(page, 'tab-history');
    await page.look('reading');
    await page.answer();
    await page.look('days');
    for (const by of ['workspace', 'client', 'thread', 'kind', 'branch', 'command', 'file'] as const) {
      await page.page.locator(`[data-choice="${by}"]`).click();
      const grouped = sampleHistory(30);
      const keys = groupKeys[by];
      const groups = keys.map((key, index) => ({ ...grouped.groups[index]!, key, label: key !== '' ? key.replace(/^ws_(\S+) /, '$1 · ') : by === 'kind' ? 'request' : `no ${by} known`, unpriced: index }));
      await page.answer((id, question) => (question.about === 'history' ? { type: 'answer', about: 'history', id, result: { ...grouped, groups, costs: grouped.costs.slice(0, keys.length), groupCount: 2_000, rest: noUsage('rest'), total: { ...grouped.total, unpriced: 2 }, imported: { requests: 3, inputTokens: 90_000, cachedInputTokens: 40_000, cacheWriteTokens: 0, outputTokens: 3_000, reasoningTokens: 0, costMicroCredits: 2_000_000 } } } : sampleAnswer(id, question)));
      await page.look(`by ${by}`);
    }
    await page.page.locator('[data-choice="1"]').click();
    await page.answer((id, question) => (question.about === 'history' ? { type: 'answer', about: 'history', id, result: { ...sampleHistory(2), steps: sampleHistory(2).steps.map((step, index) => ({ ...step, key: `2026-11-17T0${index}` })) } } : sampleAnswer(id, question)));
    await page.look('hours');
    for (const unit of ['usd', 'tokens']) {
      await page.page.locator(`[data-choice="${unit}"]`).click();
      await page.look(unit);
    }
    for (const part of ['history-page usage-chart', '[data-test=burn]']) await page.page.locator(part).locator('[aria-pressed=false].link').last().click();
    await page.look('tables');
    await page.page.locator('[data-choice="7"]').click();
    await page.answer((id, question) => {
      const problemAnswer = { type: 'answer', about: question.about, id, problem: problem('broker_unreachable', 'The broker did not answer.') } as const;
      return question.about === 'history' ? { ...sampleAnswer(id, question), result: { ...sampleHistory(7), groups: [], groupCount: 0, costs: [], total: noUsage('total'), steps: sampleHistory(7).steps.map(({ key }) => noUsage(key)) } } as ReturnType<typeof sampleAnswer> : problemAnswer;
    });
    await page.look('empty');
  },
};

/** Entries of every sort. */
function everyEntry(): LedgerRow[] {
  const { client: _client, ...bare } = sampleLedgerRows[0]!;
  const { requestId: _request, ...own } = bare;
  return [
    ...sampleLedgerRows,
    ...(['owed', 'overshoot', 'exposure'] as const).flatMap((account) => (['post', 'refund', 'void'] as const).map((kind) => ({ ...bare, account, kind }))),
    ...(['refund', 'overage', 'reserve', 'void'] as const).map((kind) => ({ ...bare, kind })), ...(['expire', 'refund', 'void', 'post', 'grant'] as const).map((kind) => ({ ...own, kind, allowanceId: 'weekly' })),
    { ...own, account: 'owed' as const, kind: 'post' as const, amountMicroCredits: 5 },
  ].map((row, index) => ({ ...row, sequence: 900 - index }));
}

const ledger: Scene = {
  name: 'ledger',
  show: async (page) => {
    await page.send(...await spokenState('normal', page.language));
    await click(page, 'tab-ledger');
    await page.look('reading');
    await page.answer((id) => ({ type: 'answer', about: 'entries', id, result: { rows: everyEntry(), next: 5 } }));
    await page.look('entries');
    await page.page.locator('[data-test=ledger] [data-test=explain-link]').first().click();
    await page.look('explaining');
    for (const [name, result] of Object.entries({ explained: sampleExplanation(), refused: refusedExplanation(), corrected: correctedExplanation() })) {
      await page.send({ type: 'explainResult', id: await lastId(page, 'explain'), result });
      await page.look(name);
    }
    await page.page.locator('[data-test=ledger-search]').fill('nothing');
    await page.page.locator('[data-test=ledger-search]').press('Enter');
    await page.answer((id) => ({ type: 'answer', about: 'entries', id, result: { rows: [] } }));
    await page.look('nothing found');
  },
};

const events: Scene = {
  name: 'events',
  show: async (page) => {
    await page.send(...await spokenState('normal', page.language));
    await click(page, 'tab-events');
    await page.answer();
    await page.look('all');
    await page.page.locator('[data-test=events-kind]').selectOption('limits');
    await page.answer();
    await page.look('limits');
    await page.page.locator('[data-test=events-kind]').selectOption('corrections');
    await page.answer((id) => ({ type: 'answer', about: 'happenings', id, result: { rows: [] } }));
    await page.look('none');
    await page.page.locator('[data-test=events] [data-test=workspace-filter]').selectOption({ index: 1 });
    await page.page.locator('[data-test=events-days]').selectOption('7');
    await page.answer((id) => ({ type: 'answer', about: 'happenings', id, result: { rows: [] } }));
    await page.look('none of a workspace');
  },
};

const insights: Scene = {
  name: 'insights',
  show: async (page) => {
    await page.send(...await spokenState('normal', page.language));
    await click(page, 'tab-insights');
    await page.look('reading');
    await page.answer();
    await page.look('findings');
    await page.page.locator('[data-test=insights] [data-choice="90"]').click();
    await page.answer((id, question) => {
      const answer = sampleAnswer(id, question);
      return answer.about === 'insights' && answer.result ? { ...answer, result: { ...answer.result, beganAtMs: sampleNowMs - 40 * 86_400_000, closeSinceMs: sampleNowMs - 3 * 86_400_000, insights: answer.result.insights.map((one) => ({ ...one, sinceMs: sampleNowMs })) } } : answer;
    });
    await page.look('findings of a part');
    await page.page.locator('[data-test=insights] [data-choice="1"]').click();
    await page.answer();
    await page.look('findings of today');
    await page.page.locator('[data-test=insights] [data-test=workspace-filter]').selectOption({ index: 1 });
    await page.answer((id) => ({ type: 'answer', about: 'insights', id, result: { insights: [], days: 1, comparedDays: 28 } }));
    await page.look('none of a workspace');
  },
};

const credits: Scene = {
  name: 'credits',
  show: async (page) => {
    const { language } = page;
    for (const state of ['untracked', 'practice', 'not-allowed', 'used', 'normal', 'ruled']) {
      await page.send(...await spokenState(state, language));
      await click(page, 'tab-credits');
      await page.look(state);
    }
    await page.send({ ...await told(ruledSnapshot({ sequence: 42 }), language), undo: { grantId: 'grant_0041', leftMs: 42_000 } } as ExtensionMessage);
    await click(page, 'budget-change');
    for (const per of ['everything', 'workspace', 'task', 'model', 'client', 'request']) {
      await page.page.locator('[data-test=budget-per]').selectOption(per);
      await page.look(`budget per ${per}`);
    }
    await page.page.locator('[data-test=budget-per]').selectOption('workspace');
    await page.page.locator('[data-test=budget-period]').selectOption('rolling');
    for (const [field, text] of [['limit', '12,5'], ['limit', ''], ['limit', '0'], ['limit', '10'], ['hours', 'x']] as const) {
      await page.page.locator(`[data-test=budget-${field}]`).fill(text);
      await page.look(`budget with ${field} ${text}`);
    }
    for (const usd of ['', 'x', '9999', '10']) {
      await page.page.locator('[data-test=topup-amount]').fill(usd);
      await page.look(`top-up of ${usd}`);
    }
    await click(page, 'topup-submit');
    const { balance } = sampleSnapshot();
    await page.send({ type: 'topUpResult', id: await lastId(page, 'topUp'), result: { grant: { ...balance.grants[1]!, amountMicroCredits: 250_000_000 }, created: true, balance } });
    await page.look('added');
  },
};

const sidebar: Scene = {
  name: 'side bar', isSidebar: true,
  show: async (page) => {
    for (const name of Object.keys(sampleStates)) {
      await page.send(...await spokenState(name, page.language));
      await page.look(name);
    }
  },
};

/** All of them: each tab of the dashboard, and the side bar. */
export const scenes: readonly Scene[] = [states, history, ledger, events, insights, credits, sidebar];

/** Names under which the samples have data: names of people's things, and sentences of the broker, which are held elsewhere. */
const dataNames: ReadonlySet<string> = new Set([
  'label', 'workspaceLabel', 'workspaceId', 'workspaceIds', 'deniedWorkspaceIds', 'model', 'models', 'client', 'note', 'requestId', 'grantId', 'attemptId', 'threadId', 'key', 'of', 'budgetId', 'priceVersion', 'version', 'subject', 'plan', 'task', 'upstream',
  'because', 'story', 'toChange', 'message', 'remedy', 'reason', 'freeReason', 'formula',
]);

/** Everything of the samples that is in no language. */
export function sceneData(): string[] {
  const data = new Set(['The broker did not answer.', 'prices.json', 'OpenAI', 'ChatGPT', 'Codex', 'CSV', 'JSON', 'Markdown', 'gpt-6*', 'codex_exec', '0193b2c4', '$', 'feature/eu-rounding', '1a2b3c4', 'nightly-eval', 'src/rounding.ts']);
  const walk = (value: unknown, name: string) => {
    if (typeof value === 'string') {
      if (dataNames.has(name)) for (const each of [...value.split('`').map((part) => part.trim()), value, clientName(value)]) if (/\p{L}/u.test(each)) data.add(each);
    } else if (Array.isArray(value)) for (const each of value) walk(each, name);
    else if (typeof value === 'object' && value !== null) {
      // A question's text is the broker's; a budget's is made anew in each language.
      for (const [key, each] of Object.entries(value)) if (key === 'questions') for (const { text } of each as readonly { readonly text: string }[]) data.add(text);
      for (const [key, each] of Object.entries(value)) walk(each, key);
      if ('workspaceLabels' in value) for (const each of Object.values(value.workspaceLabels as object)) data.add(String(each));
    }
  };
  const answers = (['history', 'entries', 'happenings', 'insights'] as const).map((about) => sampleAnswer(1, { about, ...(about === 'history' ? { days: 30, by: 'model' } : about === 'entries' ? { kind: 'all' } : about === 'happenings' ? { filter: 'all' } : { days: 7 }) } as Parameters<typeof sampleAnswer>[1]));
  walk([sampleStates, answers, sampleExplanation(), refusedExplanation(), correctedExplanation()], '');
  data.delete('today');
  return [...data];
}

// What happened to credits and rules, in words: grants, expiries, permissions, budgets, allowances, policies, prices,
// limits, corrections. Pure.
import type { AutoTopUp } from '../domain/autoTopUp.ts';
import type { Budget } from '../domain/budgets.ts';
import type { Directive, Policies } from '../domain/directives.ts';
import { formatCredits } from '../domain/units.ts';
import type { AnnouncedLimit, LimitNote } from '../domain/limitWatch.ts';
import { plural, t } from '../protocol/language.ts';
import type { Happening, HappeningDirective, HappeningFilter, LedgerRow } from '../protocol/ledgerPages.ts';
import { windowLength, windowName } from '../protocol/limitStands.ts';
import { noteWords } from '../protocol/noteWords.ts';
import { pricePerMillion } from '../protocol/priceWords.ts';
import { budgetName } from '../protocol/windowBudgets.ts';
import { workspaceWords } from '../protocol/workspaceWords.ts';
import { signedCredits } from './amountText.ts';
import { entryText } from './entryText.ts';
import { allowanceText, kindCredits } from './grantText.ts';
import type { ShownTable } from './shownTable.ts';
import { words } from './shownTable.ts';
import { dayAndTime } from './timeText.ts';
import type { Place } from './timeText.ts';

/** A happening in words. */
export interface HappeningText {
  readonly icon: string;
  readonly title: string;
  readonly detail?: string;
  /** By how much the balance moved, where it did. */
  readonly amountMicroCredits?: number;
}

/** How a filter is called. */
export function happeningTitle(filter: HappeningFilter): string {
  switch (filter) {
    case 'all': return t('All events');
    case 'credits': return t('Credits');
    case 'rules': return t('Budgets and permissions');
    case 'prices': return t('Prices');
    case 'limits': return t('Limits');
    case 'corrections': return t('Corrections');
  }
}

/** Says what happened. */
export function happeningText(one: Happening, locale: string): HappeningText {
  return one.from === 'entry' ? creditsMoved(one.row) : laidDown(one.directive, one, locale);
}

function creditsMoved(row: LedgerRow): HappeningText {
  const { icon, title, detail } = entryText(row);
  const kind = row.grantKind ? kindCredits(row.grantKind) : undefined;
  return { icon, title, ...(kind === undefined && detail === undefined ? {} : { detail: [kind, detail].filter((part) => part !== undefined).join(', ') }), amountMicroCredits: row.amountMicroCredits };
}

function laidDown(directive: HappeningDirective, { before, limitsBefore, workspaceLabel }: Extract<Happening, { from: 'directive' }>, locale: string): HappeningText {
  switch (directive.kind) {
    case 'consent': return permission(directive.consent, workspaceLabel);
    case 'budget': return directive.budget ? { icon: 'dashboard', title: t('Budget set'), detail: budgetSet(directive.budget) } : { icon: 'trash', title: t('Budget removed'), detail: directive.id };
    case 'allowance': return directive.allowance ? { icon: 'refresh', title: t('Allowance set'), detail: allowanceText(directive.allowance, locale) } : { icon: 'trash', title: t('Allowance removed'), detail: directive.id };
    case 'auto-top-up': return directive.rule ? { icon: 'sync', title: t('Automatic top-up set'), detail: topUpDetail(directive.rule, locale) } : { icon: 'trash', title: t('Automatic top-up switched off') };
    case 'voucher-issuer': return { icon: directive.issuer ? 'key' : 'trash', title: directive.issuer ? t('Vouchers taken') : t('Vouchers refused'), detail: directive.issuer?.name ?? directive.keyId };
    case 'policy': return { icon: 'law', title: t('Rule set'), detail: directive.name === 'unpriced' ? unpricedRule(directive.value) : directive.value === 'allow' ? t('while nobody can be asked: allow purchased credits') : t('while nobody can be asked: refuse purchased credits') };
    case 'unpriced-model': return { icon: 'question', title: unpricedTitle(directive.answer), detail: directive.model };
    case 'price': {
      const now = priceWords(directive.price, locale);
      return before ? { icon: 'tag', title: t('Price changed'), detail: t('{0}: {1}, before {2}', directive.model, now, priceWords(before, locale)) } : { icon: 'tag', title: t('Price seen first'), detail: t('{0}: {1}', directive.model, now) };
    }
    case 'limit': return limitNoted(directive.note, limitsBefore, locale);
    case 'void': return { icon: 'circle-slash', title: directive.disputed ? t('Credits disputed') : t('Credits taken back'), detail: `${directive.grantId}: ${noteWords(directive.reason)}` };
    case 'correction': return { icon: 'discard', title: t('Charge corrected'), detail: directive.attemptId };
    case 'restored': return { icon: 'history', title: t('Ledger restored from a backup'), detail: noteWords(directive.note) };
  }
}

function topUpDetail({ belowMicroCredits, amountMicroCredits, capMicroCredits }: AutoTopUp, locale: string): string {
  const amount = (one: number) => formatCredits(one, 2, locale);
  return t('below {0}: {1} at a time, at most {2} in a month', amount(belowMicroCredits), amount(amountMicroCredits), amount(capMicroCredits));
}

function permission({ scope, of, answer }: Extract<Directive, { kind: 'consent' }>['consent'], label: string | undefined): HappeningText {
  const who = scope === 'everywhere' ? t('every workspace') : scope === 'task' ? t('task {0}', of) : scope === 'request' ? t('one request, {0}', of) : label === undefined ? of : workspaceWords(label);
  switch (answer) {
    case 'allow': return { icon: 'check', title: t('Purchased credits allowed'), detail: who };
    case 'deny': return { icon: 'circle-slash', title: t('Purchased credits refused'), detail: who };
    case 'ask': return { icon: 'question', title: t('Purchased credits to be asked about again'), detail: who };
  }
}

function budgetSet(budget: Budget): string {
  const name = budgetName({ budget, uses: [] });
  return budget.mode === 'hard' ? t('{0}, stops', name) : t('{0}, warns', name);
}

function unpricedRule(value: Policies['unpriced']): string {
  switch (value) {
    case 'refuse': return t('models without a price: refuse');
    case 'ask': return t('models without a price: ask');
    case 'ceiling': return t('models without a price: hold credits at the ceiling price');
    case 'allow': return t('models without a price: allow');
  }
}

function unpricedTitle(answer: 'allow' | 'deny' | 'ask'): string {
  switch (answer) {
    case 'allow': return t('Model without a price: sent');
    case 'deny': return t('Model without a price: refused');
    case 'ask': return t('Model without a price: asked about again');
  }
}

function priceWords({ rates }: { readonly rates: { readonly input: number; readonly cachedInput: number; readonly output: number } }, locale: string): string {
  return t('{0} in, {1} cached, {2} out per million', pricePerMillion(rates.input, locale), pricePerMillion(rates.cachedInput, locale), pricePerMillion(rates.output, locale));
}

function limitNoted(note: LimitNote, before: readonly AnnouncedLimit[] | undefined, locale: string): HappeningText {
  if ('began' in note) return { icon: 'refresh', title: t('Plan window began anew'), detail: t('{0}: {1}', note.began.plan, windowName({ measure: 'percent', windowMinutes: note.began.windowMinutes })) };
  const now = limitWords(note.limits, locale);
  return before ? { icon: 'dashboard', title: t('Limits changed'), detail: t('{0}: {1}, before {2}', note.subject, now, limitWords(before, locale)) } : { icon: 'dashboard', title: t('Limits seen first'), detail: t('{0}: {1}', note.subject, now) };
}

function limitWords(limits: readonly AnnouncedLimit[], locale: string): string {
  return new Intl.ListFormat(locale, { type: 'unit', style: 'short' }).format(limits.map(({ measure, limit, windowMinutes }) => {
    const length = windowLength(windowMinutes);
    switch (measure) {
      case 'requests': return plural(limit, '{0} request per {1}', '{0} requests per {1}', length);
      case 'tokens': return plural(limit, '{0} token per {1}', '{0} tokens per {1}', length);
      case 'images': return plural(limit, '{0} image per {1}', '{0} images per {1}', length);
      case 'madeImages': return plural(limit, '{0} made image per {1}', '{0} made images per {1}', length);
    }
  }));
}

/** Happenings as a table, for export. @param of which ones they are */
export function happeningsTable(rows: readonly Happening[], of: string, nowMs: number, place: Place): ShownTable {
  return {
    title: `${t('Codex events')} · ${of}`,
    columns: [{ key: 'at', title: t('Time') }, { key: 'event', title: t('Event') }, { key: 'detail', title: t('Detail') }, { key: 'amountMicroCredits', title: t('Credits'), isNumber: true }],
    rows: rows.map((one) => {
      const text = happeningText(one, place.locale);
      return [
        { text: dayAndTime(one.atMs, nowMs, place), value: new Date(one.atMs).toISOString() }, words(text.title), words(text.detail ?? ''),
        text.amountMicroCredits === undefined ? { text: '', value: null } : { text: signedCredits(text.amountMicroCredits, place.locale), value: text.amountMicroCredits },
      ];
    }),
  };
}

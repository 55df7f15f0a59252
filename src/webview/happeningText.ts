// What happened to credits and rules, in words: grants, expiries, permissions, budgets, allowances, policies, prices,
// corrections. Pure.
import { budgetText } from '../domain/budgets.ts';
import type { Directive } from '../domain/directives.ts';
import { formatCredits } from '../domain/units.ts';
import type { Happening, HappeningFilter, LedgerRow } from '../protocol/ledgerPages.ts';
import { pricePerMillion } from '../protocol/priceWords.ts';
import { signedCredits } from './amountText.ts';
import { kindName } from './balanceText.ts';
import { entryText } from './entryText.ts';
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

/** How the filters are called. */
export const happeningTitles: Readonly<Record<HappeningFilter, string>> = { all: 'All events', credits: 'Credits', rules: 'Budgets and permissions', prices: 'Prices', corrections: 'Corrections' };

/** Says what happened. */
export function happeningText(one: Happening, locale: string): HappeningText {
  return one.from === 'entry' ? creditsMoved(one.row) : laidDown(one.directive, one, locale);
}

function creditsMoved(row: LedgerRow): HappeningText {
  const { icon, title, detail } = entryText(row);
  const kind = row.grantKind ? kindName(row.grantKind).toLowerCase() : undefined;
  return { icon, title, ...(kind === undefined && detail === undefined ? {} : { detail: [kind, detail].filter((part) => part !== undefined).join(', ') }), amountMicroCredits: row.amountMicroCredits };
}

function laidDown(directive: Directive, { before, workspaceLabel }: Extract<Happening, { from: 'directive' }>, locale: string): HappeningText {
  switch (directive.kind) {
    case 'consent': return permission(directive.consent, workspaceLabel);
    case 'budget': return directive.budget ? { icon: 'dashboard', title: 'Budget set', detail: `${budgetText(directive.budget)}, ${directive.budget.mode === 'hard' ? 'stops' : 'warns'}` } : { icon: 'trash', title: 'Budget removed', detail: directive.id };
    case 'allowance': return directive.allowance
      ? { icon: 'refresh', title: 'Allowance set', detail: `${formatCredits(directive.allowance.amountMicroCredits, 2, locale)} ${directive.allowance.kind} credits each ${directive.allowance.every}` } : { icon: 'trash', title: 'Allowance removed', detail: directive.id };
    case 'policy': return { icon: 'law', title: 'Rule set', detail: directive.name === 'unpriced' ? `models without a price: ${directive.value}` : `while nobody can be asked: ${directive.value} purchased credits` };
    case 'unpriced-model': return { icon: 'question', title: `Model without a price: ${{ allow: 'sent', deny: 'refused', ask: 'asked about again' }[directive.answer]}`, detail: directive.model };
    case 'price': return { icon: 'tag', title: before ? 'Price changed' : 'Price seen first', detail: `${directive.model}: ${priceWords(directive.price, locale)}${before ? `, before ${priceWords(before, locale)}` : ''}` };
    case 'void': return { icon: 'circle-slash', title: directive.disputed ? 'Credits disputed' : 'Credits taken back', detail: `${directive.grantId}: ${directive.reason}` };
    case 'correction': return { icon: 'discard', title: 'Charge corrected', detail: directive.attemptId };
    case 'restored': return { icon: 'history', title: 'Ledger restored from a backup', detail: directive.note };
  }
}

function permission({ scope, of, answer }: Extract<Directive, { kind: 'consent' }>['consent'], label: string | undefined): HappeningText {
  const who = { everywhere: 'every workspace', workspace: label ?? of, task: `task ${of}`, request: `one request, ${of}` }[scope];
  return { icon: answer === 'allow' ? 'check' : answer === 'deny' ? 'circle-slash' : 'question', title: `Purchased credits ${{ allow: 'allowed', deny: 'refused', ask: 'to be asked about again' }[answer]}`, detail: who };
}

function priceWords({ rates }: { readonly rates: { readonly input: number; readonly cachedInput: number; readonly output: number } }, locale: string): string {
  return `${pricePerMillion(rates.input, locale)} in, ${pricePerMillion(rates.cachedInput, locale)} cached, ${pricePerMillion(rates.output, locale)} out per million`;
}

/** Happenings as a table, for export. */
export function happeningsTable(rows: readonly Happening[], nowMs: number, place: Place): ShownTable {
  return {
    title: 'Codex events',
    columns: [{ key: 'at', title: 'Time' }, { key: 'event', title: 'Event' }, { key: 'detail', title: 'Detail' }, { key: 'amountMicroCredits', title: 'Credits', isNumber: true }],
    rows: rows.map((one) => {
      const text = happeningText(one, place.locale);
      return [
        { text: dayAndTime(one.atMs, nowMs, place), value: new Date(one.atMs).toISOString() }, words(text.title), words(text.detail ?? ''),
        text.amountMicroCredits === undefined ? { text: '', value: null } : { text: signedCredits(text.amountMicroCredits, place.locale), value: text.amountMicroCredits },
      ];
    }),
  };
}

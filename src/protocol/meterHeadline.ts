// What the number of the meter is about: the worse of balance and tightest limit, or what a person chose in its place,
// for as long as nothing worse has to be told. Pure.
import { balanceLevelOf, balanceShare } from '../domain/balanceLevel.ts';
import { compareLevels, type StandLevel } from '../domain/tightest.ts';
import { formatShare } from '../domain/units.ts';
import { plural, t } from './language.ts';
import { spokenShare } from './limitStands.ts';
import { meterAmount, spokenNumber, withWord, type Amount } from './meterAmount.ts';
import type { ChosenContent, ContentWords } from './meterContent.ts';
import type { MeterEnd, MeterFace, MeterInput, MeterLimit } from './meterState.ts';

type Picture = NonNullable<MeterInput['snapshot']>;

/** A face, and what it is made of. */
export interface Painted {
  readonly face: MeterFace;
  /** The number in its text where it has one. */
  readonly number?: string;
  /** The limit that it speaks of, as a card writes it: what the text says first, then what is left where that is not it. */
  readonly title?: readonly string[];
  /** That limit's id. */
  readonly limitId?: string;
  /** What was chosen to be told, while it does not exist. */
  readonly lacks?: ChosenContent;
}

/** Most characters of the item beside its icon, where there is a choice. */
const textMax = 14;

/** The first that fits; the last one always does in English. */
export function fitting(...texts: readonly [string, ...string[]]): string {
  return texts.find((text) => text.length <= textMax) ?? texts[texts.length - 1] ?? '';
}

/** What is told: what was chosen while it exists and nothing is worse, else what is tightest. */
export function headline(input: MeterInput, snapshot: Picture): Painted {
  const amount = amountOf(input, snapshot);
  const tight = tightPainted(input, snapshot, amount);
  const { content = 'tightest' } = input;
  if (content === 'tightest') return tight;
  const chosen = chosenPainted(content, input, snapshot, amount);
  if (!chosen) return { ...tight, lacks: content };
  return tight.face.state === 'blocked' || compareLevels(levelOf(tight), levelOf(chosen)) > 0 ? tight : chosen;
}

function levelOf({ face: { state } }: Painted): StandLevel {
  return state === 'blocked' ? 'used-up' : state === 'critical' || state === 'low' ? state : 'ok';
}

/** What was chosen; undefined while there is none: no balance, no limit, or none that has a pace or a reset. */
function chosenPainted(content: ChosenContent, input: MeterInput, snapshot: Picture, amount: Amount): Painted | undefined {
  const { limit, told } = snapshot;
  switch (content) {
    case 'credits': return snapshot.tracked && snapshot.payer !== 'plan' ? paidFace(input, snapshot, amount) : undefined;
    case 'share': return limit && limitFace(input, limit);
    case 'pace':
    case 'reset': return told && limitFace(input, told, told.words);
  }
}

/** The worse of balance and tightest limit. */
function tightPainted(input: MeterInput, snapshot: Picture, amount: Amount): Painted {
  const painted = paidFace(input, snapshot, amount);
  const { limit } = snapshot;
  const { state } = painted.face;
  if (!limit || state === 'blocked') return painted;
  // Where neither credits nor their use are a matter, a limit is all that there is to tell.
  const isAll = snapshot.payer === 'plan' || !snapshot.tracked && snapshot.todayMicroCredits === 0 && snapshot.todayUnpriced === undefined;
  const worse = compareLevels(limit.level, state === 'critical' || state === 'low' ? state : 'ok') > 0;
  return worse || isAll ? limitFace(input, limit) : painted;
}

/** A limit as a share of it, or as the time until which it blocks. @param words tell its pace or its reset in place of the share */
function limitFace({ show, locale }: MeterInput, limit: MeterLimit, words?: ContentWords): Painted {
  const { name, until } = limit;
  const action = limit.kind === 'budget' ? 'budgets' : 'dashboard';
  if (limit.level === 'used-up') {
    return { face: {
      state: 'blocked', icon: 'circle-slash', text: blockedText(until, t('Limit used up')), action, background: 'warning', share: show === 'left' ? 0 : 1,
      spoken: until === undefined ? t('Blocked by the {0}. Credits do not lift it', name) : t('Blocked by the {0} until {1}. Credits do not lift it', name, until.words),
    } };
  }
  const share = show === 'left' ? limit.left : 1 - limit.left;
  const number = formatShare(share, locale);
  const of = (written: string) => (show === 'left' ? t('{0} left of the {1}', written, name) : t('{0} used of the {1}', written, name));
  const spoken = words ? [words.spoken, show === 'left' ? t('{0} left', spokenShare(share)) : t('{0} used', spokenShare(share))].join(', ')
    : [of(spokenShare(share)), limit.pace, until === undefined ? '' : limit.opens ? t('opens {0}', until.words) : t('begins anew {0}', until.words)].filter(Boolean).join(', ');
  const face = { text: words?.short ?? withWord(show, number), action, share } as const;
  const told = { number, limitId: limit.id, title: [...(words ? [words.written] : []), of(number)] };
  if (limit.level === 'critical') return { ...told, face: { ...face, state: 'critical', icon: 'warning', spoken: t('Critical: {0}', spoken), background: 'warning' } };
  if (limit.level === 'low') return { ...told, face: { ...face, state: 'low', icon: 'warning', spoken: t('Low: {0}', spoken) } };
  return { ...told, face: { ...face, state: 'ok', icon: 'dashboard', spoken, calm: true } };
}

/** "til Thu 09:00", or what is used up where no end is known or its name is long. */
function blockedText(until: MeterEnd | undefined, otherwise: string): string {
  return until === undefined ? otherwise : fitting(t('til {0}', until.short), otherwise);
}

/** How that stands which pays: a plan needs no credits, and goes on where those of a key end. */
function paidFace(input: MeterInput, snapshot: Picture, amount: Amount): Painted {
  if (snapshot.payer === undefined) return balanceFace(input, snapshot, amount);
  if (snapshot.budget) return budgetFace(snapshot.budget);
  if (snapshot.payer === 'plan') return { number: amount.number, face: { state: 'ok', icon: 'dashboard', text: amount.text, spoken: amount.spoken, action: 'dashboard', calm: true } };
  const { number, face: { background: _background, ...face } } = balanceFace(input, snapshot, amount);
  if (face.state !== 'blocked' && face.state !== 'critical') return { ...(number === undefined ? {} : { number }), face };
  return { ...(number === undefined ? {} : { number }), face: { ...face, state: 'low', icon: 'warning', action: 'dashboard', spoken: face.state === 'critical' ? t('Low: {0}', amount.spoken) : endedWords(snapshot) } };
}

/** Why no request goes on with the key, where the plan does. */
function endedWords(snapshot: Picture): string {
  if (snapshot.owedMicroCredits !== undefined) return t('Credits are owed; the plan goes on');
  if (balanceLevelOf(snapshot) === 'blocked') return t('No credits left; the plan goes on');
  return snapshot.notAllowed ? t('This workspace may not use purchased credits; the plan goes on') : t('No credits for this workspace; the plan goes on');
}

function budgetFace({ text, until }: NonNullable<Picture['budget']>): Painted {
  return blocked(blockedText(until, t('Budget used up')), 'budgets', until === undefined ? t('Blocked: the budget of {0} is used up. Raise it to go on', text) : t('Blocked: the budget of {0} is used up until {1}', text, until.words));
}

/** How the balance stands, whatever the mode. */
function balanceFace(input: MeterInput, snapshot: Picture, amount: Amount): Painted {
  // In the order in which the broker looks at them: each of these refuses whatever credits there are.
  if (snapshot.owedMicroCredits !== undefined) {
    const owed = spokenNumber(snapshot.owedMicroCredits, input.unit, input.locale);
    return blocked(t('Credits owed'), 'topUp', input.unit === 'usd' ? t('Blocked: {0} US dollars are owed. Add purchased credits to go on', owed) : t('Blocked: {0} credits are owed. Add purchased credits to go on', owed));
  }
  if (snapshot.budget) return budgetFace(snapshot.budget);
  if (!snapshot.tracked) return untrackedFace(snapshot, amount);
  const [left, level] = [balanceShare(snapshot), balanceLevelOf(snapshot)];
  if (level === 'blocked') return blocked(t('No credits'), 'topUp', t('Blocked: no credits left. Add credits to go on'));
  if (snapshot.notAllowed) return blocked(t('Not allowed'), 'topUp', t('Blocked: this workspace may not use purchased credits. Allow it on the Credits page, to go on'));
  if (snapshot.noneForHere) return blocked(t('None for here'), 'topUp', t('Blocked: the credits that are left are for other workspaces, or have not begun yet. Add credits to go on'));
  const { number } = amount;
  const face = { text: amount.text, share: Math.min(1, input.show === 'left' ? left : 1 - left) } as const;
  if (level === 'critical') return { number, face: { ...face, state: 'critical', icon: 'warning', spoken: t('Critical: {0}', amount.spoken), action: 'topUp', background: 'warning' } };
  if (level === 'low') return { number, face: { ...face, state: 'low', icon: 'warning', spoken: t('Low: {0}', amount.spoken), action: 'dashboard' } };
  return { number, face: { ...face, state: 'ok', icon: 'dashboard', spoken: amount.spoken, action: 'dashboard', calm: true } };
}

function blocked(text: string, action: MeterFace['action'], spoken: string): Painted {
  return { face: { state: 'blocked', icon: 'circle-slash', text, spoken, action, background: 'warning' } };
}

/** No balance, so that what was used today is all that is known, and sometimes not even that. */
function untrackedFace({ todayUnpriced, todayMicroCredits }: Picture, { number, text, spoken }: Amount): Painted {
  const face = { state: 'untracked', icon: 'dashboard', text, action: 'dashboard', calm: true } as const;
  if (todayUnpriced === undefined) return { number, face: { ...face, spoken: t('{0}, balance not tracked', spoken) } };
  // All that is known to have been used is nothing, which is not the same as nothing.
  if (todayMicroCredits === 0) {
    return { face: { state: 'unpriced', icon: 'question', text: t('— unpriced'), action: 'dashboard', spoken: plural(todayUnpriced, 'Cost not known: {0} request of today has no price', 'Cost not known: {0} requests of today have no price') } };
  }
  return { number, face: { ...face, spoken: plural(todayUnpriced, '{1}, balance not tracked; {0} request of today has no price', '{1}, balance not tracked; {0} requests of today have no price', spoken) } };
}

/** The balance as an amount; what was used today where there is none. */
export function amountOf({ show, unit, locale }: MeterInput, { payer, tracked, grantedMicroCredits, balanceMicroCredits, todayMicroCredits, todayEstimated }: Picture): Amount {
  if (payer === 'plan') return { number: t('Plan'), text: t('Plan'), spoken: t('Codex goes on your ChatGPT plan; no limit of it is known yet') };
  if (!tracked) return meterAmount('today', todayMicroCredits, unit, locale, todayEstimated);
  return show === 'used' ? meterAmount('used', Math.max(0, grantedMicroCredits - balanceMicroCredits), unit, locale) : meterAmount('left', balanceMicroCredits, unit, locale);
}

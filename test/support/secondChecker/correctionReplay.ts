// Replays what was corrected, attempt by attempt: usage that turned out to be another is charged anew and the
// difference booked; what is given back is first what no credits had covered, then what was drawn last.
import { costOf, sameTerms } from './chargeCosts.ts';
import { groupedBy } from './ledgerTables.ts';
import type { LedgerTables, WrittenCharge, WrittenEntry, WrittenTokens } from './ledgerTables.ts';

interface WrittenCorrection { readonly kind: string; readonly microCredits?: number; readonly usage?: Readonly<Record<string, number>> }

interface Booked { tokens: WrittenTokens; cost: number; refunded: number; uncovered: number; readonly drawn: Map<string, { amount: number; readonly firstId: string }> }

const tokenNames = ['input', 'cachedInput', 'cacheWrite', 'output', 'reasoning'] as const;
/** The names of tokens in the text of a correction. */
const writtenNames = { input: 'inputTokens', cachedInput: 'cachedInputTokens', cacheWrite: 'cacheWriteTokens', output: 'outputTokens', reasoning: 'reasoningTokens' } as const;
const nothing: WrittenTokens = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0 };

/** Everything that is wrong with corrections. */
export function wrongCorrections(tables: LedgerTables): string[] {
  const entriesOf = groupedBy(tables.entries.filter((entry) => entry.chargeId !== null && entry.account === 'grant'), (entry) => entry.chargeId);
  const chargesOf = groupedBy(tables.charges, (charge) => charge.attemptId);
  const textOf = new Map(tables.directives.filter((one) => one.kind === 'correction').map((one) => [`chg_${one.subject}~${one.id}`, String(one.content['content'])]));
  return [...chargesOf.values()].filter((charges) => charges.some((one) => one.corrects !== null)).flatMap((charges) => {
    const booked: Booked = { tokens: nothing, cost: 0, refunded: 0, uncovered: 0, drawn: new Map() };
    return charges.flatMap((charge) => {
      const moved = entriesOf.get(charge.id) ?? [];
      const found = charge.corrects === null ? [] : wrongCorrection(tables, { charge, moved, booked, text: textOf.get(charge.id) });
      book(tables, booked, charge, moved);
      return found.map((sentence) => `${sentence} (${charge.id})`);
    });
  });
}

function tokensOf({ events }: LedgerTables, charge: WrittenCharge): WrittenTokens {
  return events.find((event) => event.id === charge.usageEventId)?.tokens ?? nothing;
}

function added(a: WrittenTokens, b: WrittenTokens): WrittenTokens {
  return Object.fromEntries(tokenNames.map((name) => [name, a[name] + b[name]])) as unknown as WrittenTokens;
}

function book(tables: LedgerTables, booked: Booked, charge: WrittenCharge, moved: readonly WrittenEntry[]): void {
  booked.tokens = added(booked.tokens, tokensOf(tables, charge));
  booked.cost += charge.cost;
  booked.uncovered += charge.uncovered;
  if (charge.basis === 'refund') booked.refunded -= charge.cost;
  for (const entry of moved) {
    if (entry.amount === 0 || entry.grantId === null) continue;
    const known = booked.drawn.get(entry.grantId);
    if (known) known.amount -= entry.amount;
    else booked.drawn.set(entry.grantId, { amount: -entry.amount, firstId: entry.id });
  }
}

interface Corrected { readonly charge: WrittenCharge; readonly moved: readonly WrittenEntry[]; readonly booked: Booked; readonly text: string | undefined }

function wrongCorrection(tables: LedgerTables, { charge, moved, booked, text }: Corrected): string[] {
  if (text === undefined) return ['a correction has no cause'];
  const [what] = JSON.parse(text) as [WrittenCorrection];
  const change = tokensOf(tables, charge);
  const wrong: string[] = [];
  if (what.kind === 'refund') {
    if (tokenNames.some((name) => change[name] !== 0)) wrong.push('a refund changed usage');
    if (charge.cost !== -(what.microCredits ?? 0) || charge.terms !== '[]') wrong.push('a refund is of another amount than was asked for');
  } else {
    const after = added(booked.tokens, change);
    if (tokenNames.some((name) => after[name] !== what.usage?.[writtenNames[name]])) wrong.push('corrected usage does not sum to what it really was');
    const { cost, terms } = costOf(after, charge.price, charge.tier);
    if (BigInt(booked.cost + charge.cost) !== cost - BigInt(booked.refunded)) wrong.push(`corrected costs sum to ${booked.cost + charge.cost}, computed again they are ${cost} less ${booked.refunded} refunded`);
    if (!sameTerms(charge, terms)) wrong.push('the terms of a correction are not those of the whole usage');
  }
  return [...wrong, ...wrongMovements(tables, { charge, moved, booked, text })];
}

/** Which credits came back, and that a correction upwards drew or left uncovered just what was due. */
function wrongMovements(tables: LedgerTables, { charge, moved, booked }: Corrected): string[] {
  const isTracked = tables.holds.get(charge.attemptId)?.isTracked === true;
  if (!isTracked) return moved.length > 0 ? ['a correction of an untracked attempt moved credits'] : [];
  if (charge.cost > 0) return moved.some((entry) => entry.amount > 0) || charge.uncovered < 0 ? ['a correction upwards gave credits back'] : [];
  if (charge.sequence <= tables.olderUntil.charges) return [];
  const forgiven = Math.min(-charge.cost, booked.uncovered);
  let left = -charge.cost - forgiven;
  const expected = [...booked.drawn].filter(([, { amount }]) => amount > 0).reverse().flatMap(([grantId, { amount, firstId }]) => {
    const back = Math.min(left, amount);
    left -= back;
    return back > 0 ? [[grantId, back, firstId]] : [];
  });
  const actual = moved.map((entry) => [entry.grantId, entry.amount, entry.corrects]);
  return [
    ...(charge.uncovered === 0 - forgiven ? [] : ['what no credits had covered was not forgiven first']),
    ...(JSON.stringify(actual) === JSON.stringify(expected) ? [] : ['credits did not go back to the grants that they came from, the last drawn first']),
  ];
}

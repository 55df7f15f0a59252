// Proves the grants: each was made once, is what a person chose or an allowance gives (those of the automatic top-up
// and of vouchers are proven in `sourceAudit.ts`), has left and reserved what its entries sum to, and was taken back
// only by a directive.
import { allowanceGrant } from '../allowances.ts';
import type { Allowance } from '../allowances.ts';
import { subjectOf } from '../directives.ts';
import { grantKinds, priorityDefault } from '../grants.ts';
import { sourceOf } from '../grantSource.ts';
import type { GrantRow } from '../ledgerRows.ts';
import type { Hash } from '../rowTexts.ts';
import { grantTermsText } from '../rowTexts.ts';
import type { Fail } from './auditFail.ts';
import type { GrantTotals } from './chainAudit.ts';
import { parsed } from './directiveAudit.ts';
import type { Told } from './directiveAudit.ts';
import { SourceAudit } from './sourceAudit.ts';

/** What a person chose, as it is kept with a grant. What was added later may be missing. */
type Chosen = readonly [string, number, number | null, { readonly scope: string; readonly workspaceId?: string }, (number | null)?, (number | null)?, (readonly string[] | null)?, (readonly string[] | null)?];

/** Proves all grants against what their entries sum to and what was said about them. */
export function auditGrants(rows: Iterable<GrantRow>, totals: ReadonlyMap<string, GrantTotals>, told: Told, hash: Hash, fail: Fail): void {
  const known = new Set<string>();
  const places = new Map([...totals.keys()].map((id, index) => [id, index + 1]));
  const periods = new Set<string>();
  const sources = new SourceAudit(told, hash, fail);
  for (const grant of rows) {
    known.add(grant.id);
    const found = totals.get(grant.id);
    if (!found) { fail('I8', `grant ${grant.id} has no entry that made it`); continue; }
    if (found.causes !== 1 || found.granted !== grant.amountMicroCredits) fail('I8', `grant ${grant.id} of ${grant.amountMicroCredits} was made ${found.causes} times with ${found.granted} in all`);
    if (found.termsHash !== hash(grantTermsText(grant))) fail('I9', `the terms of grant ${grant.id} are not those that it was made with`);
    if (found.remaining !== grant.remainingMicroCredits) fail('I6', `grant ${grant.id} stores ${grant.remainingMicroCredits} left, its entries sum to ${found.remaining}`);
    if (found.held !== grant.heldMicroCredits) fail('I6', `grant ${grant.id} stores ${grant.heldMicroCredits} reserved, its entries sum to ${found.held}`);
    const voided = told.voids.get(grant.id)?.as ?? null;
    if (grant.voided !== voided) fail('I6', `grant ${grant.id} is told as ${grant.voided ?? 'in force'}, its directives tell it as ${voided ?? 'in force'}`);
    if (grant.voided !== null && grant.remainingMicroCredits !== grant.heldMicroCredits) fail('I6', `grant ${grant.id} was taken back and still has something free`);
    if (told.isWhole && grant.order !== places.get(grant.id)) fail('I11', `grant ${grant.id} is out of the order in which grants were made`);
    if (!grantKinds.includes(grant.kind)) fail('I8', `grant ${grant.id} has a kind that there is not`);
    if (grant.expiresAtMs !== null && grant.expiresAtMs <= Math.max(grant.createdAtMs, grant.startsAtMs ?? 0)) fail('I8', `grant ${grant.id} was over before it began`);
    auditDebts(grant, found, told, fail);
    if (found.repaid !== 0) auditRepaid(grant, found, fail);
    else if (sourceOf(grant.content) === 'auto') sources.addition(grant);
    else if (sourceOf(grant.content) === 'voucher') sources.voucher(grant);
    else if (grant.allowanceId === null) auditChosen(grant, told, fail);
    else auditGift(grant, grant.allowanceId, { told, periods, hash }, fail);
  }
  for (const id of totals.keys()) if (!known.has(id)) fail('I8', `entries move grant ${id}, which does not exist`);
  for (const id of told.voids.keys()) if (!known.has(id)) fail('I8', `grant ${id} was taken back, which does not exist`);
}

/** What is owed for a disputed grant is what is spent of it; what a grant paid of debts arrived there. */
function auditDebts({ id, voided }: GrantRow, { granted, remaining, ended, owed, paid, settled }: GrantTotals, told: Told, fail: Fail): void {
  const due = voided === 'disputed' ? granted - remaining - ended : 0;
  if (owed !== due && !isOlderVoid(told, id)) fail('I1', `for grant ${id} ${owed} is owed, and it should be ${due}`);
  if (paid !== settled) fail('I1', `grant ${id} paid ${paid} of what was owed, and ${settled} arrived`);
}

/** Whether a grant was taken back by an older version, which left debts as they were when requests were refunded. */
export function isOlderVoid({ voids, olderUntil }: Told, grantId: string): boolean {
  return (voids.get(grantId)?.sequence ?? Infinity) <= olderUntil.directives;
}

/** What had been paid too much of a debt that was lowered is the grant that came back for it. */
function auditRepaid(grant: GrantRow, { granted, repaid }: GrantTotals, fail: Fail): void {
  if (repaid !== granted) fail('I1', `grant ${grant.id} of ${granted} was made for ${repaid} that had been paid too much`);
  if (grant.kind !== 'purchased' || grant.content !== JSON.stringify(['purchased', granted]) || grant.priority !== priorityDefault
    || [grant.startsAtMs, grant.expiresAtMs, grant.models, grant.workspaces, grant.allowanceId].some((one) => one !== null)) fail('I8', `grant ${grant.id} is not what had been paid too much`);
}

/** A person's grant is what was chosen, and gave the permission that was chosen with it. */
function auditChosen(grant: GrantRow, told: Told, fail: Fail): void {
  const [kind, amount, expiresAtMs, consent, startsAtMs = null, priority = null, models = null, workspaces = null] = parsed<Chosen>(grant.content) ?? [];
  const list = (names: readonly string[] | null) => (names === null ? null : JSON.stringify(names));
  if (kind !== grant.kind || amount !== grant.amountMicroCredits || expiresAtMs !== grant.expiresAtMs || startsAtMs !== grant.startsAtMs || (priority ?? priorityDefault) !== grant.priority
    || list(models) !== grant.models || list(workspaces) !== grant.workspaces) fail('I8', `grant ${grant.id} is not what was chosen`);
  const permission = told.consents.get(`grant ${grant.id}`);
  const scope = consent?.scope ?? '';
  const given = { kind: 'consent', consent: { scope: scope as 'everywhere' | 'workspace', of: scope === 'workspace' ? consent?.workspaceId ?? '' : '', answer: 'allow' } } as const;
  if (permission && (grant.kind !== 'purchased' || permission.atMs !== grant.createdAtMs || permission.content !== JSON.stringify(given) || permission.subject !== subjectOf(given))) fail('I12', `the permission of grant ${grant.id} is not what was chosen`);
  // The first version of the ledger kept permissions under the grant's own id.
  if (told.isWhole && !permission && grant.kind === 'purchased' && scope !== 'ask' && !told.consents.has(grant.id)) fail('I12', `grant ${grant.id} came without the permission that was chosen with it`);
}

/** A gift is what its allowance gave for one period, once. */
function auditGift(grant: GrantRow, allowanceId: string, { told, periods, hash }: { readonly told: Told; readonly periods: Set<string>; readonly hash: Hash }, fail: Fail): void {
  const period = `${allowanceId} ${String(grant.startsAtMs)}`;
  if (periods.has(period)) fail('I3', `allowance ${allowanceId} gave a period twice`);
  periods.add(period);
  const isGift = (allowance: Allowance | null) => allowance !== null && isGiftOf(grant, allowance, hash);
  if (told.isWhole && !(told.allowances.get(allowanceId) ?? []).some(isGift)) fail('I8', `grant ${grant.id} is not what its allowance gives`);
}

function isGiftOf(grant: GrantRow, allowance: Allowance, hash: Hash): boolean {
  const { key, startsAtMs, expiresAtMs } = allowanceGrant(allowance, grant.createdAtMs);
  const list = (names: readonly string[] | undefined) => (names === undefined ? null : JSON.stringify(names));
  return grant.key === key && grant.id === `grant_${hash(key).slice(0, 24)}` && grant.startsAtMs === startsAtMs && grant.expiresAtMs === expiresAtMs
    && grant.content === JSON.stringify([allowance.kind, allowance.amountMicroCredits, expiresAtMs, startsAtMs, allowance.id])
    && grant.kind === allowance.kind && grant.amountMicroCredits === allowance.amountMicroCredits && grant.priority === allowance.priority && grant.note === (allowance.note ?? null)
    && grant.models === list(allowance.models) && grant.workspaces === list(allowance.workspaces);
}

// Builds the one picture that every surface is painted from, and sends it to the windows when
// something changed: at most a few times a second, the newest only, never a backlog.
import { dayKeyOf, dayStartMs, localDayOf, offsetSpans } from '../domain/localDays.ts';
import { addEstimateErrors, noEstimateErrors } from '../domain/estimateError.ts';
import { balanceForecast, type Burn } from '../domain/forecast.ts';
import type { PacedWindow } from '../domain/pacedWindow.ts';
import type { Pacer } from '../domain/pacing.ts';
import type { Problem } from '../domain/problem.ts';
import { saidOf } from '../domain/say.ts';
import { consentFor, workspaceMayBuy } from '../domain/consent.ts';
import { nextDraw } from '../domain/waterfall.ts';
import { noTokens, addUsage } from '../domain/tokenUsage.ts';
import type { Snapshot, UsageRow, RunView, QuestionView, UnmeteredView, WindowView } from '../protocol/snapshot.ts';
import { inLine } from '../protocol/waitingOrder.ts';
import type { LiveRequest } from './admissionTicket.ts';
import { balanceView } from './balanceView.ts';
import { timerDelayMsMax, wallTimeOf, type Clock } from './clock.ts';
import { freshBalance } from './freshBalance.ts';
import { questionText } from './personAnswer.ts';
import { LimitPaces } from './limitPaces.ts';
import type { PlanAccounts } from './planAccounts.ts';
import type { BalanceRead, LedgerStore, Workspace } from './store/ledgerPort.ts';

/** Least time between two snapshots: the meter of a window moves within a tenth of a second after a response ended. */
export const snapshotPauseMs = 50;
/** A ledger that takes long to read is read for a fifth of the time at the most, until the pause is this long. */
const snapshotPauseMsMax = 200;
const pausePerReading = 4;
/** While something runs or waits, limits refill and times pass: look again this often. */
const refreshMs = 2000;
const recentMax = 30;
const entriesMax = 100;
const daysShown = 14;
/** Prices that changed are told for so long. */
const priceNewsMs = 14 * 86_400_000;

/** The look ahead is drawn anew so often. */
const burnsMs = 5000;

/** What was charged in the last hours, as it was read at a moment. */
interface ReadBurns { readonly atMs: number; readonly burns: readonly Burn[] }

/** What the feed reads. */
export interface FeedParts {
  readonly ledger: LedgerStore;
  readonly live: () => readonly LiveRequest[];
  readonly pacer: Pacer;
  /** Absent where no broker runs. */
  readonly planAccounts?: Pick<PlanAccounts, 'windows' | 'plans'>;
  /** What was passed through unmetered; absent where nothing was, or no broker runs. */
  readonly unmetered?: () => UnmeteredView | undefined;
  readonly clock: Clock;
  readonly utcOffsetMs: (atMs: number) => number;
  readonly broker: Snapshot['broker'];
  readonly key: () => Snapshot['key'];
  readonly problems: () => readonly Problem[];
  /** Workspaces of which a window is open: their questions are asked there. */
  readonly openWorkspaces: () => ReadonlySet<string>;
}

/** Adds up usage rows under one key. */
export function totalOf(rows: readonly UsageRow[], key: string): UsageRow {
  return rows.reduce<UsageRow>((total, row) => ({
    ...total, ...addUsage(total, row), requests: total.requests + row.requests, costMicroCredits: total.costMicroCredits + row.costMicroCredits,
    estimated: total.estimated + row.estimated, unpriced: total.unpriced + row.unpriced,
    ...(row.imported ? { imported: { ...addUsage(total.imported ?? noTokens, row.imported), requests: (total.imported?.requests ?? 0) + row.imported.requests, costMicroCredits: (total.imported?.costMicroCredits ?? 0) + row.imported.costMicroCredits } } : {}),
    ...(row.estimates ? { estimates: addEstimateErrors(total.estimates ?? noEstimateErrors, row.estimates) } : {}),
  }), { key, label: key, requests: 0, ...noTokens, costMicroCredits: 0, estimated: 0, unpriced: 0 });
}

/** Makes and spreads snapshots. */
export class SnapshotFeed {
  readonly #parts: FeedParts;
  readonly #paces: LimitPaces;
  readonly #listeners = new Set<(snapshot: Snapshot) => void>();
  #sequence = 0;
  #dirty = false;
  #busy = false;
  #stopTimer: (() => void) | undefined;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  #pauseMs = snapshotPauseMs;
  /** When time brings something next (a grant expires or begins, an allowance gives, a budget begins anew or has another day's share), which nobody else may notice. */
  #dueAtMs = Number.POSITIVE_INFINITY;
  #burns: ReadBurns = { atMs: Number.NEGATIVE_INFINITY, burns: [] };

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#paces = new LimitPaces(parts.ledger);
  }

  /** How many windows listen. */
  get listeners(): number { return this.#listeners.size; }

  /** Listens from now on, beginning with a snapshot. @returns the end of it. */
  listen(listener: (snapshot: Snapshot) => void): () => void {
    this.#listeners.add(listener);
    this.changed();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      // Nobody is told any more, and a timer would only keep a stopping process waiting.
      this.#stopTimer?.();
      this.#stopTimer = undefined;
    };
  }

  /** Something changed; a snapshot goes out soon if anybody listens. */
  changed(): void {
    this.#dirty = true;
    if (this.#listeners.size === 0 || this.#busy) return;
    this.#schedule(Math.max(0, this.#sentAtMs + this.#pauseMs - this.#parts.clock.monotonicMs()));
  }

  /** Sends the next snapshot then; an earlier plan that was for later is dropped. */
  #schedule(delayMs: number): void {
    this.#stopTimer?.();
    this.#stopTimer = this.#parts.clock.after(delayMs, () => {
      this.#stopTimer = undefined;
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    if (this.#listeners.size === 0) return;
    this.#dirty = false;
    this.#busy = true;
    let failed = false;
    const { clock } = this.#parts;
    const beganAtMs = clock.monotonicMs();
    try {
      const snapshot = await this.read();
      for (const listener of this.#listeners) listener(snapshot);
    } catch {
      // A ledger that cannot be read is among the problems of the next snapshot that can be made;
      // until then the windows keep the last one with its age.
      failed = true;
    }
    this.#busy = false;
    this.#sentAtMs = clock.monotonicMs();
    this.#pauseMs = Math.min(snapshotPauseMsMax, Math.max(snapshotPauseMs, pausePerReading * (this.#sentAtMs - beganAtMs)));
    const live = this.#parts.live().length > 0;
    if (this.#dirty && !failed) this.#schedule(this.#pauseMs);
    // What is due already could not be booked: it is tried again, but not with every picture.
    else if (live || failed || this.#dueAtMs <= clock.nowMs()) this.#schedule(refreshMs);
    // Credits expire and days end although nobody does anything: that is news for the windows too.
    else this.#schedule(Math.min(Math.max(snapshotPauseMs, Math.min(this.#dueAtMs, this.#dayEndMs()) - clock.nowMs()), timerDelayMsMax));
  }

  #dayEndMs(): number {
    const { clock, utcOffsetMs } = this.#parts;
    return dayStartMs(localDayOf(clock.nowMs(), utcOffsetMs) + 1, utcOffsetMs);
  }

  /** Reads everything and builds one snapshot. */
  async read(): Promise<Snapshot> {
    const { ledger, clock, utcOffsetMs } = this.#parts;
    const nowMs = clock.nowMs();
    const today = localDayOf(nowMs, utcOffsetMs);
    const todayStartMs = dayStartMs(today, utcOffsetMs);
    const shownStartMs = dayStartMs(today - (daysShown - 1), utcOffsetMs);
    // Once before the rest, so that an expiry that it books is among the entries; once with the rest, so that all of it belongs together.
    await freshBalance(ledger, nowMs);
    const [balance, byWorkspace, byModel, importedToday, days, recent, entries, budgets, priceChanges, workspaces, burns] = await Promise.all([
      freshBalance(ledger, nowMs),
      ledger.query('usage', { by: 'workspace', sinceMs: todayStartMs }),
      ledger.query('usage', { by: 'model', sinceMs: todayStartMs }),
      ledger.query('importedUsage', { sinceMs: todayStartMs }),
      ledger.query('usage', { by: 'day', sinceMs: shownStartMs, utcOffsets: offsetSpans(shownStartMs, nowMs, utcOffsetMs) }),
      ledger.query('recent', { limit: recentMax }),
      ledger.query('entries', { limit: entriesMax }),
      ledger.query('budgets', { nowMs }),
      ledger.query('priceChanges', { sinceMs: nowMs - priceNewsMs }),
      ledger.query('workspaces', {}),
      this.#lastBurns(nowMs),
    ]);
    const renewed = budgets.flatMap(({ today, uses }) => [today?.day?.untilMs ?? Infinity, ...uses.map((use) => use.endsAtMs ?? Infinity)]);
    this.#dueAtMs = Math.min(balance.upkeepAtMs ?? Infinity, ...[...renewed, ...balance.grants.map((grant) => grant.startsAtMs ?? Infinity)].filter((atMs) => atMs > nowMs));
    const { consents, allowances, issuers, policies } = balance.directives;
    const { topUps } = balance;
    const workspaceIds = consents.filter((one) => one.scope === 'workspace' && one.answer === 'allow').map((one) => one.of);
    const runs = this.#runs();
    const plans = this.#parts.planAccounts?.plans() ?? [];
    const unmetered = this.#parts.unmetered?.();
    const pacedBudgets = await this.#paces.budgets(budgets, nowMs);
    const shownBalance = balanceView(balance);
    const forecast = shownBalance.tracked ? balanceForecast(shownBalance.balanceMicroCredits, burns.burns, burns.atMs) : undefined;
    return {
      sequence: this.#sequence += 1, atMs: nowMs, broker: this.#parts.broker, key: this.#parts.key(), balance: shownBalance, ...(forecast ? { forecast } : {}),
      consent: {
        everywhere: workspaceMayBuy(consents, ''), workspaceIds,
        deniedWorkspaceIds: consents.filter((one) => one.scope === 'workspace' && one.answer === 'deny').map((one) => one.of),
        ...(consentFor(consents, { requestId: '', workspaceId: '' }).answer === 'deny' ? { deniedEverywhere: true } : {}),
      },
      ...lastingNames(balance, workspaces),
      nextDraw: nextDraw(balance, workspaceMayBuy(consents, '') || workspaceIds.length > 0, nowMs),
      ...(topUps ? { autoTopUp: { ...topUps.rule, addedMicroCredits: topUps.addedMicroCredits, beginsAnewAtMs: topUps.untilMs } } : {}), ...(issuers.length > 0 ? { voucherIssuers: issuers } : {}),
      budgets: pacedBudgets, allowances, policies, questions: this.#questions(), priceChanges,
      windows: this.#paces.windows(this.#windows(), nowMs), ...(plans.length > 0 ? { plans } : {}), ...(unmetered ? { unmetered } : {}), running: runs.filter((run) => run.state === 'running'),
      waiting: inLine(runs.filter((run) => run.state !== 'running')),
      today: { dayStartMs: todayStartMs, total: totalOf(byWorkspace, 'today'), byWorkspace, byModel, ...(importedToday.requests === 0 ? {} : { imported: importedToday }) },
      days: everyDay(days, today), recent, entries, problems: this.#parts.problems(),
    };
  }

  /** What was charged in the last hours, a few seconds old at the most: it is read less often than the rest. */
  async #lastBurns(nowMs: number): Promise<ReadBurns> {
    if (nowMs < this.#burns.atMs || nowMs - this.#burns.atMs >= burnsMs) this.#burns = { atMs: nowMs, burns: await this.#parts.ledger.query('burns', { nowMs }) };
    return this.#burns;
  }

  /** The limits with their moments in wall time. */
  #windows(): WindowView[] {
    const { clock, pacer, planAccounts } = this.#parts;
    return [...planAccounts?.windows() ?? [], ...pacer.windows(clock.monotonicMs()).map(({ resetsAtMs, opensAtMs, observedAtMs, ...window }: PacedWindow) => ({
      ...window,
      ...(resetsAtMs === undefined ? {} : { resetsAtMs: wallTimeOf(clock, resetsAtMs) }),
      ...(opensAtMs === undefined ? {} : { opensAtMs: wallTimeOf(clock, opensAtMs) }),
      ...(observedAtMs === undefined ? {} : { observedAtMs: wallTimeOf(clock, observedAtMs) }),
    }))];
  }

  /** What requests wait to be told, the longest waiting first. */
  #questions(): QuestionView[] {
    const open = this.#parts.openWorkspaces();
    return this.#parts.live().flatMap(({ request, parked }) => {
      if (!parked || parked.for === 'credits' || parked.for === 'slow') return [];
      const { facts } = request;
      const estimate = request.estimateMicroCredits ?? request.ceiling?.estimateMicroCredits;
      const asked = questionText(parked.for, request, parked);
      return [{
        requestId: facts.requestId, kind: parked.for, workspaceId: facts.workspaceId, workspaceLabel: request.workspaceLabel, client: facts.client, model: facts.model,
        ...(facts.threadId === undefined ? {} : { threadId: facts.threadId }), sinceMs: parked.sinceMs, endsAtMs: parked.endsAtMs,
        ...(estimate === undefined || parked.for !== 'consent' ? {} : { estimateMicroCredits: estimate }), text: asked.because, ...saidOf(asked), hasWindow: open.has(facts.workspaceId),
      }];
    });
  }

  #runs(): RunView[] {
    const { clock, pacer } = this.#parts;
    const line = new Map(pacer.waiting(clock.monotonicMs()).map((one) => [one.id, one]));
    return this.#parts.live().map(({ request, state, sinceMs, holdMicroCredits, parked, fallback }) => {
      const place = line.get(request.facts.requestId);
      return {
        requestId: request.facts.requestId, state, workspaceId: request.facts.workspaceId, workspaceLabel: request.workspaceLabel,
        client: request.facts.client, model: request.facts.model, sinceMs, heldMicroCredits: holdMicroCredits,
        estimatedTokens: request.estimate.inputTokens + request.estimate.outputTokens,
        ...(parked ? { reason: parked.because, ...saidOf(parked) } : {}), ...(fallback === undefined ? {} : { fallback }),
        ...(place && state === 'waiting' ? { reason: place.because, ...saidOf(place), priority: place.priority, ...(place.place === undefined ? {} : { place: place.place }), ...(place.startsAtMs === undefined ? {} : { startsAtMs: wallTimeOf(clock, place.startsAtMs) }) } : {}),
      };
    });
  }
}

/** What was answered for good about models, and the names of the workspaces that anything lasting is about. */
function lastingNames({ directives, grants }: BalanceRead, workspaces: readonly Workspace[]): Pick<Snapshot, 'unpricedModels' | 'workspaceLabels'> {
  const models = [...directives.unpricedModels].flatMap(([model, answer]) => (answer === 'ask' ? [] : [{ model, answer }]));
  const ids = new Set([
    ...directives.consents.map((one) => one.of), ...directives.budgets.map((budget) => budget.of),
    ...grants.flatMap((grant) => grant.workspaces ?? []), ...directives.allowances.flatMap((allowance) => allowance.workspaces ?? []),
  ]);
  const named = workspaces.filter((one) => ids.has(one.workspaceId)).map((one) => [one.workspaceId, one.label] as const);
  return { ...(models.length > 0 ? { unpricedModels: models } : {}), ...(named.length > 0 ? { workspaceLabels: Object.fromEntries(named) } : {}) };
}

/** Fills the days without usage, so that a chart shows them. */
function everyDay(rows: readonly UsageRow[], today: number): UsageRow[] {
  const known = new Map(rows.map((row) => [row.key, row]));
  return Array.from({ length: daysShown }, (_, index) => {
    const key = dayKeyOf(today - (daysShown - 1 - index));
    return known.get(key) ?? totalOf([], key);
  });
}

// Moods of worlds: how often what happens in them, so that each rule has worlds that press on it. Data only.

/** How often each actor speaks, and what the world is about. Shares are relative to each other. */
export interface Mood {
  readonly name: string;
  readonly request: number;
  readonly topUp: number;
  readonly budget: number;
  readonly allowance: number;
  readonly autoTopUp: number;
  readonly voucher: number;
  readonly consent: number;
  readonly policy: number;
  readonly correction: number;
  readonly upkeep: number;
  readonly importing: number;
  readonly limit: number;
  /** Chance of a jump of the clock after a step, and of a fault in one. */
  readonly jump: number;
  readonly fault: number;
  /** Chance that a plan pays for a request, and that another model may answer it where it would end. */
  readonly plan: number;
  readonly fallback: number;
  /** Share of models without a price. */
  readonly unpriced: number;
  /** Whether requests ask for exactly what is free. */
  readonly lastCredit: boolean;
  /** Whether grants are short-lived. */
  readonly shortLived: boolean;
  /** Share of purchased credits among grants. */
  readonly purchased: number;
  /** Grants that are there at the start. */
  readonly startGrants: number;
}

const plain: Mood = {
  name: 'plain', request: 60, topUp: 8, budget: 3, allowance: 2, autoTopUp: 1, voucher: 2, consent: 5, policy: 2, correction: 8, upkeep: 3, importing: 3, limit: 1, plan: 0.05, fallback: 0.12, jump: 0.1, fault: 0.1, unpriced: 0.05,
  lastCredit: false, shortLived: false, purchased: 0.4, startGrants: 2,
};

/** The moods; a world's seed chooses one. */
export const moods: readonly Mood[] = [
  plain,
  { ...plain, name: 'last credit', lastCredit: true, topUp: 5, startGrants: 1, purchased: 0.1, budget: 0, correction: 3 },
  { ...plain, name: 'expiry', shortLived: true, topUp: 20, jump: 0.4, upkeep: 8, correction: 20 },
  { ...plain, name: 'budgets', budget: 22, startGrants: 2, jump: 0.3, topUp: 4, purchased: 0.1, consent: 1, allowance: 0 },
  { ...plain, name: 'allowances', allowance: 16, jump: 0.45, topUp: 2, startGrants: 0, upkeep: 12, budget: 0 },
  { ...plain, name: 'automatic top-up', fallback: 0.4, autoTopUp: 8, topUp: 2, purchased: 0.3, startGrants: 1, jump: 0.3, consent: 12, allowance: 0, budget: 1, lastCredit: true },
  { ...plain, name: 'consents', importing: 0, limit: 0, plan: 0, fallback: 0.05, consent: 26, purchased: 0.95, policy: 4, startGrants: 2, topUp: 4, budget: 0, allowance: 0 },
  { ...plain, name: 'corrections', fallback: 0.25, correction: 45, startGrants: 3, topUp: 6, budget: 1, purchased: 0.5, shortLived: true },
  { ...plain, name: 'unpriced', unpriced: 0.6, policy: 16, budget: 6 },
  { ...plain, name: 'storm', fault: 0.5, importing: 6 },
  { ...plain, name: 'untracked', importing: 12, plan: 0.15, startGrants: 0, topUp: 2, allowance: 0, budget: 8, unpriced: 0.2 },
];

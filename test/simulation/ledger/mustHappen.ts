// What must have happened in a run over all worlds, and how often at the least, or the run proves less than
// it says: every fault, every answer of every command, every movement of money. Data only.

/** The great faults come in the thousands. */
const faults = {
  'crash after the commit': 1500, 'crash before the commit': 800, 'crash in the group': 300, 'crash with a torn log': 800, 'crash between groups': 2000,
  'commit fails and is not on disk': 1500, 'commit fails and is on disk': 1500, 'write fails': 800, 'read fails': 500, 'begin fails': 800, 'opening fails too': 800, 'opening fails at the start': 500,
  'found after a failure': 3000, 'looking up fails too': 150,
  'crash after the commit, on files': 60, 'crash before the commit, on files': 30, 'crash in the group, on files': 10, 'crash with a torn log, on files': 30,
  'commit fails and is not on disk, on files': 60, 'commit fails and is on disk, on files': 60, 'write fails, on files': 30,
  'reserve ledger_full': 800, 'settle ledger_full': 200, 'grant ledger_full': 200, 'correct ledger_full': 100, 'direct ledger_full': 200, 'begin ledger_full': 100, 'upkeep ledger_full': 40, 'recover ledger_full': 30,
  'reserve ledger_unavailable': 3000, 'settle ledger_unavailable': 1000, 'begin ledger_unavailable': 500,
};

/** What comes in another way than it was sent, and what the clock does. */
const disorder = {
  duplicate: 10_000, late: 15_000, reordered: 6000, 'clock set back': 1500, 'clock jumped': 6000, 'clock at a boundary': 5000,
  'several holds in one group': 15_000, 'top-up, hold and end in one group': 1000, 'correction and end in one group': 2500, 'refused while others hold': 3000,
};

/** Every answer to every command. */
const answers = {
  'reserve admit': 25_000, 'reserve refuse': 20_000, 'reserve wait': 1200, 'reserve ask': 2000, 'reserve refuse budget_exceeded': 4000, 'reserve wait budget_exceeded': 100, 'reserve refuse credits_exhausted': 7000,
  'reserve wait credits_exhausted': 1000, 'reserve refuse consent_missing': 3000, 'reserve ask consent_missing': 2000, 'reserve refuse model_unpriced': 3000, 'reserve ask model_unpriced': 150, 'reserve refuse credits_owed': 1500,
  'reserve refuse wait_too_long': 1000, 'reserve refuse no_api_key': 400, 'settle false': 12_000, 'settle true': 3000, 'begin false': 10_000, 'begin true': 600,
  'grant true': 12_000, 'grant false': 1200, 'grant key_conflict': 400, 'grant argument_invalid': 1000, 'direct false': 15_000, 'direct true': 2000, 'direct key_conflict': 1000, 'direct argument_invalid': 300,
  'correct false': 4000, 'correct true': 600, 'correct key_conflict': 400, 'correct argument_invalid': 1500, 'correct request_not_found': 2000, 'correct grant_not_found': 1000,
  'redeem true': 200, 'redeem false': 1, 'redeem voucher_foreign': 700, 'redeem voucher_expired': 50, 'redeem voucher_redeemed': 4,
  'workspace false': 5000, 'workspace true': 1000, 'recover done': 9000, 'upkeep done': 9000, looked: 1500,
};

/** What others pay for, and what only stands beside the money. */
const beside = {
  'a plan paid': 2500, 'a fallback answered for credits_exhausted': 700, 'a fallback answered for consent_missing': 300, 'a fallback answered for credits_owed': 130, 'a fallback answered for wait_too_long': 80, 'a fallback answered for upstream_unreachable': 60,
  'a fallback that answers elsewhere': 120, 'a fallback that a budget keeps from answering': 3, 'reserve refuse upstream_unreachable': 400, 'reserve refuse runaway_paused': 450, 'reserve ask runaway_paused': 250,
  'import done': 4000, 'import imported': 3500, 'import known before': 900, 'import carried by the broker': 900, 'import ledger_unavailable': 500, 'import ledger_full': 40, 'note-limit false': 1000, 'note-limit true': 40, 'limit changed': 30,
};

/** Every movement of money, and every rule that can be crossed. */
const money = {
  'hold over several grants': 2500, 'drawn beyond the hold': 1500, 'overshoot given back': 1000, 'exposure booked': 8000, 'recovered begun': 300, 'recovered unbegun': 8000, 'untracked ended': 8000,
  expired: 7000, 'expired while a part is reserved': 1000, 'allowance given': 4000, undone: 800, disputed: 800, 'taken back while a part is reserved': 400, 'a hold gave back to a voided grant': 500,
  'free credits of a voided grant gone': 2000, 'undone and then disputed': 80, 'debt lowered by a refund': 70, 'repaid what had been paid of a lowered debt': 6,
  'expired too early, back': 400, 'expired too early, back beside a hold': 30, 'cost something although nothing was reserved': 100, 'owed for what was spent': 120, 'owed for a hold that drew on disputed credits': 120, 'owed paid': 50,
  refunded: 500, 'refunded again': 50, 'reconciled up': 300, 'reconciled up beyond all credits': 150, 'reconciled down': 400, 'reconciled down after a refund': 25, 'reconciled to the same': 120,
  'given back to a grant that is over': 300, 'given back to several grants': 80, 'untracked corrected': 600,
  'hard budget over': 4000, 'hard budget reserved': 300, 'soft budget over': 1500, 'soft budget reserved': 150, 'month budget used up for a day': 250, 'week budget used up for a day': 60, 'rolling budget used up for a day': 20, 'too large for the first day of the next period': 60, 'price changed': 800, 'ceiling price': 200, 'nobody to ask, allowed by policy': 80,
  'automatic top-up below the threshold': 400, 'automatic top-up for a request': 100, 'automatic top-up several times for a request': 8, 'automatic top-up capped': 20, 'automatic top-up not enough for a request': 100,
  'no automatic top-up without permission': 140,
  'consent for a request withdrawn': 50, 'consent for a task withdrawn': 80, 'consent for a workspace withdrawn': 250, 'consent for a everywhere withdrawn': 150,
};

/** How often each must have happened in the worlds of a normal run. */
export const mustHappen: Readonly<Record<string, number>> = { ...faults, ...disorder, ...answers, ...money, ...beside };

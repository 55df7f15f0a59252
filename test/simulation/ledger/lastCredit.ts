// The race for the last credit: a hundred clients ask at once for holds of a balance that is enough for a
// few. Round after round exactly as many must get one as there is credit for, not one more and not one less.
import assert from 'node:assert/strict';
import type { LedgerCommand, LedgerCommandResults } from '../../../src/broker/store/ledgerCommands.ts';
import type { BalanceRead } from '../../../src/broker/store/ledgerPort.ts';
import { grantCommand, reserveCommand, settleCommand, startMs } from '../../support/ledger/ledgerCommands.ts';
import { seededRandom } from '../../support/seededRandom.ts';
import type { SeededRandom } from '../../support/seededRandom.ts';

/** The ledger that is raced for. */
export interface RacedLedger {
  /** Gives commands at once, in this order; an answer for each, undefined where the store refused it. */
  run(commands: readonly LedgerCommand[]): Promise<readonly (LedgerCommandResults[LedgerCommand['type']] | undefined)[]>;
  balance(): Promise<BalanceRead>;
}

/** How often what happened. */
export interface RaceCounts { rounds: number; admitted: number; refused: number; held: number; freed: number }

/** Clients that ask in each round, and microcredits of a token at the price that is charged. */
const clients = 100;
const tokenCost = 125;

type Decided = LedgerCommandResults['reserve'];

/** Races for the last credit. @throws AssertionError when more or less is granted than there is */
export async function raceForLastCredit(ledger: RacedLedger, rounds: number, seed = 1): Promise<RaceCounts> {
  const random = seededRandom(seed);
  const counts: RaceCounts = { rounds: 0, admitted: 0, refused: 0, held: 0, freed: 0 };
  // The balance is tracked from the first grant on, and it is used up before the race begins.
  await ledger.run([grantCommand('used_up', 1), { type: 'correct', key: 'used up', atMs: startMs, reason: 'The race begins.', what: { kind: 'void', grantId: 'used_up', disputed: false } }]);
  for (let round = 1; round <= rounds; round += 1) {
    await raceOnce(ledger, round, random, counts);
    counts.rounds += 1;
  }
  return counts;
}

async function raceOnce(ledger: RacedLedger, round: number, random: SeededRandom, counts: RaceCounts): Promise<void> {
  const hold = random.whole(1, 40) * tokenCost;
  const enoughFor = random.whole(0, 8);
  const balance = enoughFor * hold + random.whole(enoughFor === 0 ? 1 : 0, hold - 1);
  const atMs = startMs + round * 1000;
  const grantId = `round_${round}`;
  // Most would wait for what others give back, and leave no trace; the rest is refused for good.
  const ask = (client: number) => reserveCommand(`r${round}c${client}-1`, hold, { atMs, canWait: !random.chance(0.06) });
  const asked = Array.from({ length: clients }, (_, client) => ask(client));
  const burst: LedgerCommand[] = shuffled([...asked, ...asked.filter(() => random.chance(0.05))], random);
  // The credit arrives among those who want it; what is asked before it is there cannot have it.
  burst.splice(random.chance(0.3) ? random.whole(0, clients / 2) : 0, 0, grantCommand(grantId, balance, { atMs }));
  const admitted = admittedOf(burst, await ledger.run(burst), counts);
  assert.equal(admitted.size, enoughFor, `round ${round}: ${balance} is enough for ${enoughFor} holds of ${hold}, and ${admitted.size} were granted`);
  await expectHeld(ledger, grantId, { left: balance, held: admitted.size * hold }, round);

  // Some give back all that they held while the others ask again: each credit that is free is granted once more, and none twice.
  const ending = [...admitted].filter(() => random.chance(0.5));
  const again = asked.filter((command) => !admitted.has(command.attemptId)).map((command) => ({ ...command, attemptId: command.attemptId.replace('-1', '-2'), number: 2, canWait: true }));
  const ends: LedgerCommand[] = ending.map((attemptId) => settleCommand(attemptId, {}, { atMs, outcome: 'rejected', chargeable: false, freeReason: 'Refused upstream.' }));
  const second = [...ends, ...shuffled(again.slice(0, 30), random)];
  const next = admittedOf(second, await ledger.run(second), counts);
  assert.equal(next.size, ending.length, `round ${round}: ${ending.length} gave back their holds, and ${next.size} more were granted`);
  counts.freed += next.size;
  const running = [...admitted].filter((id) => !ending.includes(id)).concat([...next]);
  await expectHeld(ledger, grantId, { left: balance, held: running.length * hold }, round);

  // All that run use all that they hold; what is left over goes, so that the next round begins with nothing.
  const paid = await ledger.run(running.map((attemptId) => settleCommand(attemptId, { inputTokens: hold / tokenCost }, { atMs })));
  for (const one of paid) assert.ok(one && 'drawnMicroCredits' in one && one.drawnMicroCredits === hold, `round ${round}: a hold of ${hold} was not used to the full`);
  await ledger.run([{ type: 'correct', key: `rest ${round}`, atMs, reason: 'The round is over.', what: { kind: 'void', grantId, disputed: false } }]);
  await expectHeld(ledger, grantId, { left: 0, held: 0 }, round);
}

/** Which attempts were granted a hold. Every answer must be one of the three that the rules know. */
function admittedOf(commands: readonly LedgerCommand[], answers: readonly (LedgerCommandResults[LedgerCommand['type']] | undefined)[], counts: RaceCounts): Set<string> {
  const admitted = new Set<string>();
  commands.forEach((command, index) => {
    if (command.type !== 'reserve') return;
    const answer = answers[index] as Decided | undefined;
    assert.ok(answer, `the store refused ${command.attemptId}`);
    const { outcome, code } = answer.decision;
    if (outcome === 'admit') admitted.add(command.attemptId);
    else assert.equal(code, 'credits_exhausted');
    if (outcome === 'refuse') counts.refused += 1;
    if (outcome === 'wait') counts.held += 1;
  });
  counts.admitted += admitted.size;
  return admitted;
}

async function expectHeld(ledger: RacedLedger, grantId: string, expected: { readonly left: number; readonly held: number }, round: number): Promise<void> {
  const { grants } = await ledger.balance();
  const grant = grants.find((one) => one.id === grantId);
  assert.deepEqual({ left: grant?.remainingMicroCredits, held: grant?.heldMicroCredits }, expected, `round ${round}: the balance is not what the holds leave`);
}

function shuffled<T>(from: readonly T[], random: SeededRandom): T[] {
  return from.map((value) => ({ value, place: random.next() })).sort((a, b) => a.place - b.place).map((one) => one.value);
}

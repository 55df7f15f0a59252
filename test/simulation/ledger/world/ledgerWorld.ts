// A world in which a ledger lives: clients with their requests, a person, a clock that jumps, upkeep, a disk
// that fails, a program that is ended at any moment. One seed decides who speaks when, what comes twice or
// late, and what goes wrong. Equal seeds give equal worlds.
import type { LedgerCommand } from '../../../../src/broker/store/ledgerCommands.ts';
import { workspaceCommand } from '../../../support/ledger/ledgerCommands.ts';
import { seededRandom } from '../../../support/seededRandom.ts';
import type { SeededRandom } from '../../../support/seededRandom.ts';
import { moods } from './moods.ts';
import type { Mood } from './moods.ts';
import { allowance, autoTopUp, budget, consent, correction, policy, topUp, voucher } from './person.ts';
import { imported, limitNote } from './sessions.ts';
import { RequestLife } from './requestLife.ts';
import { workspaceIds } from './scene.ts';
import type { Scene } from './scene.ts';
import { moveClock, startOf } from './worldClock.ts';
import type { WorldGround } from './worldGround.ts';
import { WorldLedger } from './worldLedger.ts';

/** What happened in a world. */
export interface WorldHistory {
  /** One hash over every answer and the heads of all chains. */
  readonly digest: string;
  /** How often each kind of thing happened. */
  readonly counters: ReadonlyMap<string, number>;
}

/** A command on its way to the ledger. */
interface Mail { readonly command: LedgerCommand; readonly life?: RequestLife }

/** Requests that live at once at the most, and commands in one group. */
const livesMax = 5;
const groupMax = 6;
/** The worlds up to this seed are whole days; those behind are moments, so that there can be very many. */
export const wholeDaysMax = 10_000;
/** One world in so many lies on real files, and one moment in so many is proven by the full audit as each day is. */
const filesEvery = { day: 16, moment: 400 };
const auditEvery = 4;

/** Whether the world of a seed lies on real files. */
export function isOnFiles(seed: number): boolean {
  return seed % (seed > wholeDaysMax ? filesEvery.moment : filesEvery.day) === 0;
}

/** The mood of the world of a seed, which is the first thing that its chance decides. */
export function moodOf(seed: number): string {
  return seededRandom(seed).pick(moods).name;
}

/** A world on its way. */
class LedgerWorld {
  readonly #random: SeededRandom;
  readonly #mood: Mood;
  readonly #isMoment: boolean;
  readonly #isAudited: boolean;
  readonly #ledger: WorldLedger;
  #mail: Mail[] = [];
  #lives: RequestLife[] = [];
  #nowMs: number;
  #named = 0;

  constructor(seed: number, ground: WorldGround) {
    this.#random = seededRandom(seed);
    this.#isMoment = seed > wholeDaysMax;
    this.#isAudited = !this.#isMoment || seed % auditEvery === 0;
    this.#mood = this.#random.pick(moods);
    this.#nowMs = startOf(this.#random);
    this.#ledger = new WorldLedger(isOnFiles(seed) ? 'files' : 'memory', ground, this.#random);
    this.#ledger.count(`mood ${this.#mood.name}`);
  }

  /** Lives through it. @throws AssertionError at the first answer or row that is not as it must be */
  live(): WorldHistory {
    const random = this.#random;
    try {
      for (const workspaceId of workspaceIds) if (random.chance(0.5)) this.#mail.push({ command: workspaceCommand(workspaceId) });
      for (let grants = 0; grants < this.#mood.startGrants; grants += 1) this.#mail.push({ command: topUp(this.#scene()) });
      const roll = random.next();
      const steps = this.#isMoment ? random.whole(2, 5) : roll < 0.85 ? random.whole(7, 12) : roll < 0.98 ? random.whole(15, 30) : 80;
      for (let step = 0; step < steps; step += 1) this.#step();
      while (this.#mail.length > 0) this.#run(this.#mail.splice(0, groupMax), false);
      return { digest: this.#ledger.end(this.#nowMs, this.#isAudited), counters: this.#ledger.counters };
    } finally {
      this.#ledger.dispose();
    }
  }

  /** What was given last, for the message of a failure. */
  lastCommands(): string {
    return this.#ledger.given.slice(-6).map((command) => JSON.stringify(command)).join('\n');
  }

  #scene(): Scene {
    return { random: this.#random, state: this.#ledger.state, nowMs: this.#nowMs, mood: this.#mood, given: this.#ledger.given, isSeen: (id) => this.#ledger.isSeen(id), alive: this.#lives.filter((life) => !life.isOver).map((life) => life.facts.requestId), name: (prefix) => { this.#named += 1; return `${prefix}_${this.#named}`; } };
  }

  #step(): void {
    const random = this.#random;
    for (let turns = random.whole(1, 3); turns > 0; turns -= 1) this.#speak();
    const group = this.#take();
    if (group.length > 0) this.#run(group, random.chance(this.#mood.fault));
    this.#ledger.compareRows();
    if (random.chance(0.03)) this.#ledger.look(this.#nowMs);
    if (!this.#ledger.isShut && random.chance(0.03)) this.#ledger.crash(this.#nowMs);
    const moved = moveClock(random, this.#ledger.state, this.#nowMs, this.#mood.jump);
    this.#nowMs = moved.nowMs;
    this.#ledger.count(`clock ${moved.what}`);
  }

  /** Somebody says something. */
  #speak(): void {
    const { request, topUp: grant, budget: cap, allowance: gift, autoTopUp: refill, voucher: code, consent: word, policy: rule, correction: fix, upkeep, importing, limit } = this.#mood;
    const scene = this.#scene();
    let roll = this.#random.next() * (request + grant + cap + gift + refill + code + word + rule + fix + upkeep + importing + limit);
    const isIt = (share: number) => { roll -= share; return roll < 0; };
    if (isIt(request)) this.#speakForRequest(scene);
    else this.#mail.push({ command: isIt(grant) ? topUp(scene) : isIt(cap) ? budget(scene) : isIt(gift) ? allowance(scene) : isIt(refill) ? autoTopUp(scene) : isIt(code) ? voucher(scene) : isIt(word) ? consent(scene) : isIt(rule) ? policy(scene) : isIt(fix) ? correction(scene) : isIt(importing) ? imported(scene) : isIt(limit) ? limitNote(scene) : { type: 'upkeep', atMs: this.#nowMs } });
  }

  #speakForRequest(scene: Scene): void {
    this.#lives = this.#lives.filter((life) => !life.isOver);
    const idle = this.#lives.filter((life) => !life.isWaiting);
    let life = idle.length > 0 && (this.#lives.length >= livesMax || this.#random.chance(0.65)) ? this.#random.pick(idle) : undefined;
    if (!life && this.#lives.length < livesMax) {
      life = new RequestLife(scene);
      this.#lives.push(life);
    }
    if (life) for (const command of life.speak(scene)) this.#mail.push({ command, life });
  }

  /** Takes what has arrived for one transaction; some of it comes late, twice or in another order. */
  #take(): Mail[] {
    const random = this.#random;
    const { given } = this.#ledger;
    const group: Mail[] = [];
    const late: Mail[] = [];
    for (const mail of this.#mail.splice(0, random.whole(1, groupMax))) (random.chance(0.1) ? late : group).push(mail);
    if (late.length > 0) {
      this.#mail.push(...late);
      this.#ledger.count('late');
    }
    if (given.length > 0 && random.chance(0.15)) {
      group.splice(random.whole(0, group.length), 0, { command: random.pick(given) });
      this.#ledger.count('duplicate');
    }
    if (group.length > 1 && random.chance(0.12)) {
      const [first] = group.splice(0, 1);
      if (first) group.push(first);
      this.#ledger.count('reordered');
    }
    return group;
  }

  #run(group: readonly Mail[], withFault: boolean): void {
    const scene = this.#scene();
    this.#ledger.run(group.map((mail) => mail.command), (index, answer) => {
      const mail = group[index];
      if (mail) mail.life?.hear(scene, mail.command, answer);
    }, withFault, this.#nowMs);
    const types = new Set(group.map(({ command }) => command.type));
    if (group.filter(({ command }) => command.type === 'reserve').length > 1) this.#ledger.count('several holds in one group');
    if (types.has('grant') && types.has('reserve') && types.has('settle')) this.#ledger.count('top-up, hold and end in one group');
    if (types.has('correct') && types.has('settle')) this.#ledger.count('correction and end in one group');
  }
}

/** Makes the world of a seed and lives through it. @throws Error that names the seed and the last commands */
export function liveThrough(seed: number, ground: WorldGround): WorldHistory {
  const world = new LedgerWorld(seed, ground);
  try {
    return world.live();
  } catch (error) {
    throw new Error(`the world of seed ${seed} went wrong: ${error instanceof Error ? error.message : String(error)}\nThe last commands were:\n${world.lastCommands()}\nCODEX_BROKER_SEED=${seed} repeats it.`, { cause: error });
  }
}

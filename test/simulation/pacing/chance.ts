// Chance that is the same for the same seed, so that every policy meets the same jobs and a failure can be seen again.
import { seededRandom } from '../../support/seededRandom.ts';

/** Numbers from 0 to 1, of which a seed gives always the same. */
export function seeded(seed: number): () => number {
  return seededRandom(seed).next;
}

/** A number that is distributed log-normally, with this middle value; `spread` 0.7 doubles it or halves it for a third. */
export function logNormal(random: () => number, middle: number, spread: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return middle * Math.exp(spread * normal);
}

/** The pause between events that come by chance, so many a minute on average. */
export function exponentialMs(random: () => number, perMinute: number): number {
  return -Math.log(1 - random()) * 60_000 / perMinute;
}

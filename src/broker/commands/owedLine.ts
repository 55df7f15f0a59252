// What the command line says of owed credits, in every place the same.
import { formatCredits } from '../../domain/units.ts';

/** The sentence; with all decimals, since the smallest debt stops everything. */
export function owedLine(owedMicroCredits: number): string {
  return `Owed ${formatCredits(owedMicroCredits, 6)} credits: nothing is sent until purchased credits pay them.`;
}

// All planted bugs. The hunts must find every one; a bug that they miss is a hole in them.
import { besideBugs } from './besideBugs.ts';
import { bookingBugs } from './bookingBugs.ts';
import { creditBugs } from './creditBugs.ts';
import { diskBugs } from './diskBugs.ts';
import { limitBugs } from './limitBugs.ts';
import type { PlantedBug } from './plantedBug.ts';
import { topUpBugs } from './topUpBugs.ts';

/** The bugs. */
export const plantedBugs: readonly PlantedBug[] = [...creditBugs, ...topUpBugs, ...limitBugs, ...bookingBugs, ...besideBugs, ...diskBugs];

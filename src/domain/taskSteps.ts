// Recognises an agent that goes round in circles: the prints of its last steps, and how often the newest ones
// repeat those before. A step is what a request adds to its task; its print is the same for the same step.
// Pure: prints and moments are passed in.

/** Steps that make up the longest circle that is recognised: two files edited, built, tested and looked at in turn. */
export const circleStepsMax = 8;
/**
 * An agent that waited at least this long before it asked again was waiting for something, such as a build or a person.
 * Its repeats count a tenth: they cost little in an hour, and looking again is what it is for.
 */
export const patientGapMsMin = 4_000;
/** How many patient repeats count as much as one of the others; whole numbers, so that nothing is lost in adding them up. */
export const patientRepeats = 10;
/** The same for a step of work that takes so long, such as a slow test: it may be a look that was not recognised, so it counts half. */
export const slowWorkRepeats = 2;
/** A circle of so few steps, a patient look and at most one that is quick, is a look as a whole: it pauses, then reads a log. */
const lookStepsMax = 2;
const lookWeight = 1;
const slowWorkWeight = patientRepeats / slowWorkRepeats;

/** The end of a task's row of steps: all that is needed to go on counting. */
export interface TaskSteps {
  /** The prints of the last steps, newest last; as many as the longest circle has. */
  readonly prints: readonly string[];
  /** How much each of these counts, in tenths. */
  readonly weights: readonly number[];
  /** For each length of a circle, from 1: for how many steps the row repeats itself at that distance, in tenths, so that a patient one counts 1. */
  readonly repeats: readonly number[];
  /** The same, each step counted as one. */
  readonly repeated: readonly number[];
  /** Requests that were added. */
  readonly steps: number;
}

const none = Array.from({ length: circleStepsMax }, () => 0);

/** A task of which nothing was seen. */
export const noSteps: TaskSteps = { prints: [], weights: [], repeats: none, repeated: none, steps: 0 };

/** Adds a step. @param gapMs since the task's last request ended; absent when that is not known @param isWork it is known to be no look at something that goes on by itself */
export function addStep(task: TaskSteps, print: string, gapMs: number | undefined, isWork = false): TaskSteps {
  const ownWeight = gapMs === undefined || gapMs < patientGapMsMin ? patientRepeats : isWork ? slowWorkWeight : lookWeight;
  const weights = [...task.weights, ownWeight].slice(-circleStepsMax);
  const repeatsAt = (index: number) => task.prints.at(-1 - index) === print;
  const pair = weights.slice(-lookStepsMax);
  const isLook = pair.some((_, index) => repeatsAt(index)) && pair.includes(lookWeight) && !pair.includes(slowWorkWeight);
  const weight = isLook ? lookWeight : ownWeight;
  return {
    prints: [...task.prints, print].slice(-circleStepsMax), weights,
    repeats: task.repeats.map((count, index) => (repeatsAt(index) ? count + weight : 0)),
    repeated: task.repeated.map((count, index) => (repeatsAt(index) ? count + 1 : 0)),
    steps: task.steps + 1,
  };
}

/** A circle in which a task goes. */
export interface Circle {
  /** Steps that it is made of. */
  readonly length: number;
  /** How often it was gone through again, in whole rounds by weight. */
  readonly rounds: number;
}

/** How much a circle's rounds weigh: the more steps are the same in the same order, the fewer rounds say as much. The root is between counting rounds and counting steps. */
export function roundWeight({ length }: Pick<Circle, 'length'>): number {
  return Math.sqrt(length);
}

/** The circle whose rounds weigh most, the shortest of equals; none where the newest step is new. */
export function circleOf(task: TaskSteps, stepsMax = circleStepsMax): Circle | undefined {
  let found: Circle | undefined;
  for (const [index, count] of task.repeats.slice(0, stepsMax).entries()) {
    const circle = { length: index + 1, rounds: Math.floor(count / (index + 1) / patientRepeats) };
    if (circle.rounds * roundWeight(circle) > (found ? found.rounds * roundWeight(found) : 0)) found = circle;
  }
  return found;
}

/** How often a task went through a circle in a row, whatever that counts. */
export function timesThrough(task: TaskSteps, { length }: Pick<Circle, 'length'>): number {
  return Math.floor((task.repeated[length - 1] ?? 0) / length) + 1;
}

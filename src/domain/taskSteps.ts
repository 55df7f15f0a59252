// Recognises an agent that goes round in circles: the prints of its last steps, and how often the newest ones
// repeat those before. A step is what a request adds to its task; its print is the same for the same step.
// Pure: prints and moments are passed in.

/** Steps that make up the longest circle that is recognised: edit, build, test, look. */
export const circleStepsMax = 4;
/**
 * An agent that waited at least this long before it asked again was waiting for something, such as a build or a person.
 * Its repeats count a tenth: they cost little in an hour, and looking again is what it is for.
 */
export const patientGapMsMin = 4_000;
/** How many patient repeats count as much as one of the others; whole numbers, so that nothing is lost in adding them up. */
export const patientRepeats = 10;

/** The end of a task's row of steps: all that is needed to go on counting. */
export interface TaskSteps {
  /** The prints of the last steps, newest last; as many as the longest circle has. */
  readonly prints: readonly string[];
  /** For each length of a circle, from 1: for how many steps the row repeats itself at that distance, in tenths, so that a patient one counts 1. */
  readonly repeats: readonly number[];
  /** Requests that were added. */
  readonly steps: number;
}

/** A task of which nothing was seen. */
export const noSteps: TaskSteps = { prints: [], repeats: Array.from({ length: circleStepsMax }, () => 0), steps: 0 };

/** Adds a step. @param gapMs since the task's last request ended; absent when that is not known */
export function addStep(task: TaskSteps, print: string, gapMs: number | undefined): TaskSteps {
  const weight = gapMs !== undefined && gapMs >= patientGapMsMin ? 1 : patientRepeats;
  return {
    prints: [...task.prints, print].slice(-circleStepsMax),
    repeats: task.repeats.map((count, index) => (task.prints.at(-1 - index) === print ? count + weight : 0)),
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

/** The circle that was gone through most often, the shortest of equals; none where the newest step is new. */
export function circleOf(task: TaskSteps): Circle | undefined {
  let found: Circle | undefined;
  for (const [index, count] of task.repeats.entries()) {
    const rounds = Math.floor(count / (index + 1) / patientRepeats);
    if (rounds > (found?.rounds ?? 0)) found = { length: index + 1, rounds };
  }
  return found;
}

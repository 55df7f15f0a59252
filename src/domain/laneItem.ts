// What stands in a model's line, and why it does not start.
import type { QueueItem } from './fairQueue.ts';
import { isOfImages, type ImageMeasure, type Measure } from './measure.ts';
import type { PaceRequest } from './paceRequest.ts';
import type { Hold } from './startGate.ts';

/** A request in line. Its cost is the larger of its shares of both limits, in requests. */
export interface LaneItem extends QueueItem {
  readonly request: PaceRequest;
  /** How often it was started before. */
  readonly starts: number;
}

/** Why a request does not start, and which limit on images it is if it is one. */
export interface LaneHold extends Hold {
  readonly imageMeasure?: ImageMeasure;
}

/** Which limit on images a measure is; nothing where it is none. */
export function imageOf(measure: Measure): Pick<LaneHold, 'imageMeasure'> {
  return isOfImages(measure) ? { imageMeasure: measure } : {};
}

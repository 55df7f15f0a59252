// The measures in which an upstream limits what it carries: one list for all that paces, reads or shows limits.

/** Images that a request brings along, and those that it asks for: limits of their own, which most requests take nothing of. */
export type ImageMeasure = 'images' | 'madeImages';

/** Both of them. */
export const imageMeasures: readonly ImageMeasure[] = ['images', 'madeImages'];

/** What is limited: https://developers.openai.com/api/docs/guides/rate-limits. */
export type Measure = 'requests' | 'tokens' | ImageMeasure;

/** All of them, in the order in which they are shown. */
export const measures: readonly Measure[] = ['requests', 'tokens', ...imageMeasures];

/** Whether a measure is one of images. */
export function isOfImages(measure: Measure): measure is ImageMeasure {
  return measure === 'images' || measure === 'madeImages';
}

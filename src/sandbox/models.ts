// The models that the sandbox serves: those of OpenAI's price list as of November 2026, and one that
// no price table knows. It holds no prices; what a token costs is none of a provider's wire format.

/** A model that is served but has no price anywhere, for testing what happens then. */
export const unpricedModel = 'sandbox-unpriced';

const pricedModels = [
  'gpt-6-astra', 'gpt-6.1-sol', 'gpt-6-sol', 'gpt-6-luna',
  'gpt-5.6-sol', 'gpt-5.6-terra', 'gpt-5.6-luna',
  'gpt-5.5', 'gpt-5.5-pro',
  'gpt-5.4', 'gpt-5.4-pro', 'gpt-5.4-mini', 'gpt-5.4-nano',
  'gpt-5.3-codex', 'gpt-5.3-codex-spark',
  'gpt-5.2', 'gpt-5.2-codex', 'gpt-5.2-pro',
  'gpt-5.1', 'gpt-5.1-codex', 'gpt-5.1-codex-max', 'gpt-5.1-codex-mini',
  'gpt-5', 'gpt-5-codex', 'gpt-5-mini', 'gpt-5-nano', 'gpt-5-pro',
] as const;

/** Models that turn text into vectors, with the length of those. */
const vectorLengths: Readonly<Record<string, number>> = { 'text-embedding-3-large': 3072, 'text-embedding-3-small': 1536 };

/** Every model that the sandbox answers for, newest family first. */
export const servedModels: readonly string[] = [...pricedModels, ...Object.keys(vectorLengths), unpricedModel];

/** How long a model's vectors are; undefined for one that makes none. */
export function vectorLengthOf(model: string): number | undefined {
  return Object.hasOwn(vectorLengths, model) ? vectorLengths[model] : undefined;
}

/** Models whose price list has a column for cache writes report the tokens written to the cache. */
const cacheWriteFamilies = ['gpt-6', 'gpt-5.6'];

/** Tells whether the sandbox serves the model. */
export function isServed(model: string): boolean {
  return servedModels.includes(model);
}

/** Tells whether answers of this model count cache writes (families of GPT-5.6 and GPT-6). */
export function reportsCacheWrites(model: string): boolean {
  return cacheWriteFamilies.some((family) => model.startsWith(family));
}

/** One model as `GET /v1/models/{model}` shows it. `created` is a fixed time, so that answers are equal. */
export function modelObject(model: string): { id: string; object: 'model'; created: number; owned_by: string } {
  return { id: model, object: 'model', created: 1_790_000_000, owned_by: 'sandbox' };
}

/** The body of `GET /v1/models`. */
export function modelList(): { object: 'list'; data: ReturnType<typeof modelObject>[] } {
  return { object: 'list', data: servedModels.map(modelObject) };
}

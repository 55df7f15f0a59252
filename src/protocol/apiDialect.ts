// The APIs whose requests cost tokens, by name, and what a request of each is for. Names only.

/** Which API a metered request speaks. */
export type ApiDialect = 'responses' | 'compact' | 'chat' | 'embeddings';

// How a part of the audit tells of what does not hold. Shape only.

/** Names a broken promise. */
export type Fail = (invariant: string, what: string) => void;

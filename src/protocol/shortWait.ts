// How long a request must have waited in line for its wait to be told: on the page, in a story and in a decision. Pure.

/** A shorter wait is told nowhere: with one decimal of a second it would be none. */
export const toldWaitMsMin = 50;

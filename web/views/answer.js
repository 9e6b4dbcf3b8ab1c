// @ts-check
/** What a network answers, as both of its views tell it. */

/** A class as people call it: ImageNet's lists put a number of WordNet before it. @param {{index: number, label: string}} c */
export const answerName = (c) => (c.label ? c.label.replace(/^n\d{8}\s+/, '') : `class ${c.index}`);

const FIRST_ANSWER = 'first-answer';

/** The first answer stands in the document: a mark of User Timing, for developers' tools and the benchmark. */
export function markAnswer() {
    if (!performance.getEntriesByName(FIRST_ANSWER).length) performance.mark(FIRST_ANSWER);
}

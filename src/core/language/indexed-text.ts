/** Defines the part of a text that a value index contains, in every store. */

/** The maximum number of UTF-16 units of a text in an index. Queries search for the same prefix and check the full text at the entity. */
const textMax = 80;

/**
 * The indexed form of a text. A lone surrogate becomes U+FFFD, because no database stores it. This includes a surrogate pair that the
 * length limit divides.
 */
export const indexedText = (text: string): string => text.slice(0, textMax).toWellFormed();

/** True when no other text has the same indexed form. */
export const isIndexedWhole = (text: string): boolean => text.length < textMax && !/\ufffd/.test(text.toWellFormed());

/** Says what an index over values holds of a text, whatever the store. */

/** How many UTF-16 units of a text are in an index. Queries look for the same part, and check the rest at the entity. */
const textMax = 80;

/** What an index holds of a text. Half a character of UTF-16, which no database keeps, is U+FFFD in it, and so is one that is cut. */
export const indexedText = (text: string): string => text.slice(0, textMax).toWellFormed();

/** True when an index holds no other text as this one. */
export const isIndexedWhole = (text: string): boolean => text.length < textMax && !/\ufffd/.test(text.toWellFormed());

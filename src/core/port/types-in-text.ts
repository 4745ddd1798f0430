/** Reads the types of a stored entity from the beginning of its JSON text: most requests and followers of the log need no more of it. */

/** The beginning of a text that has the id and the types first, without escapes. */
const beginning = /^\{"id":"[^"\\]*","types":\["([^"\\]*(?:","[^"\\]*)*)"\]/;

/** The types of the entity of a text that `JSON.stringify` wrote. Undefined: the text begins otherwise, and only parsing it tells. */
export const typesInText = (text: string): readonly string[] | undefined => beginning.exec(text)?.[1]?.split('","');

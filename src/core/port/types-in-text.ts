/** Reads the types of a stored entity from the beginning of its JSON text: most requests need no more of it than the text. */
import type { Entity } from '../model/entity.ts';

/** The beginning of a text that has the id and the types first, without escapes. */
const beginning = /^\{"id":"[^"\\]*","types":\["([^"\\]*(?:","[^"\\]*)*)"\]/;

/** The types of the entity of a text that `JSON.stringify` wrote. `parse` is called for a text that begins otherwise. */
export const typesInText = (text: string, parse: () => Entity): readonly string[] =>
  beginning.exec(text)?.[1]?.split('","') ?? parse().types;

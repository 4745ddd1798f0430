/** Tells the types of an entity from its text, without parsing the rest of it. */
import { isStrings, parseJson } from './json.ts';

/** The head of a text that JSON.stringify made of an entity: its id and its types. */
const head = /^\{"id":"(?:[^"\\]|\\.)*","types":(\[[^\]]*\])/;

/** Most lists of types that are remembered. */
const knownMax = 1000;

/** Returns a function that gives the types of the entity in a text; undefined when only parsing the text tells. */
export function createTypesInText(): (text: string) => readonly string[] | undefined {
  const known = new Map<string, readonly string[] | undefined>();
  return (text) => {
    const written = head.exec(text)?.[1];
    if (written === undefined) return undefined;
    if (known.has(written)) return known.get(written);
    if (known.size >= knownMax) known.clear();
    const types = readTypes(written);
    known.set(written, types);
    return types;
  };
}

/** Undefined: a type has a bracket in it, so that this is only the begin of the list. */
function readTypes(written: string): readonly string[] | undefined {
  try {
    const types = parseJson(written);
    return isStrings(types) ? types : undefined;
  } catch {
    return undefined;
  }
}

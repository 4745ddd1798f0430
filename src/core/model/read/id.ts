/** Reads URIs: ids of entities, targets of relationships, datasetIds (CIM 009 clause 4.6.2, RFC 3987). */
import { ngsildNull } from '../attribute.ts';
import type { Json } from '../json.ts';
import { badData } from '../problem.ts';

/** The maximum length of a URI in UTF-16 units. */
const longest = 4096;

/**
 * An absolute IRI: a scheme, then no blanks, no control, invisible or unassigned code points, and none of the delimiters that RFC 3987
 * excludes. Letters of every language are allowed. U+2800 is excluded because it looks like a blank, although it is a symbol.
 */
const shape = /^[A-Za-z][A-Za-z0-9+.-]*:[^<>"{}|\\^`\u2800\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]+$/u;

/** True for an absolute URI or IRI. It is not resolved. */
export const isUri = (text: string): boolean => text.length <= longest && shape.test(text);

/** The URI in a text. Throws BadRequestData that names its position. */
export function readId(text: Json | undefined, where = 'the entity id'): string {
  if (typeof text !== 'string') throw badData(`A URI is needed as ${where}, not ${quoted(text)}.`);
  if (!isUri(text))
    throw badData(`A URI such as urn:ngsi-ld:Streetlight:1 is needed as ${where}, not ${quoted(text)}.`);
  if (text === ngsildNull) throw badData(`The NGSI-LD Null cannot be ${where}.`);
  return text;
}

/** A value as JSON text for messages, shortened to 120 characters. */
export function quoted(value: Json | undefined): string {
  if (typeof value === 'number' && Number.isNaN(value)) return 'a number that cannot be kept to its last digit';
  const text = JSON.stringify(value ?? null);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

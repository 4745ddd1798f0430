/** Checks the texts of NGSI v2: the characters and the length of identifiers, and the characters that no value may have. */
import { ngsildNull } from '../model/attribute.ts';
import { isObject, isArray, type Json } from '../model/json.ts';
import { isUri } from '../model/read/id.ts';
import { badRequest } from './problem.ts';

/** What an identifier names, as error messages call it. */
export type Identifier =
  | 'entity id'
  | 'entity type'
  | 'attribute name'
  | 'attribute type'
  | 'metadata name'
  | 'metadata type';

const longest = 256;

/** Texts of Orion that are not made like the others. */
const wrongJsonType: Partial<Record<Identifier, string>> = {
  'attribute type': 'invalid JSON type for attribute type',
  'metadata type': 'invalid JSON type for attribute metadata type',
};

/** Printable ASCII without blanks, separators of URLs, and the forbidden characters. */
const allowed = /^[!$%*+,\-.0-9:@A-Z[\\\]^_`a-z{|}~]*$/;

/** Throws BadRequest when a text cannot be an identifier. */
export function checkIdentifier(text: Json | undefined, what: Identifier): string {
  const id = text ?? '';
  if (typeof id !== 'string') throw badRequest(wrongJsonType[what] ?? `Invalid JSON type for ${what}`);
  if (id === '') throw badRequest(`${what} length: 0, min length supported: 1`);
  if (id.length > longest) throw badRequest(`${what} length: ${id.length}, max length supported: ${longest}`);
  if (!isIdentifier(id, what)) throw badRequest(`Invalid characters in ${what}`);
  return id;
}

/** True when the characters of a text are those of an identifier. */
export const isIdentifier = (text: string, what: Identifier): boolean =>
  (allowed.test(text) || isNameOfOutput(text, what)) && text !== ngsildNull;

/** Names that only an IRI can stand for are shown in full, and are accepted in this form although they have `/` and `#`. */
const isNameOfOutput = (text: string, what: Identifier): boolean =>
  what !== 'entity id' && text.includes('://') && isUri(text) && !forbidden.test(text);

const forbidden = /[<>"'=;()]/;

/** True when a text has none of the characters that values must not have. */
export const isClean = (text: string): boolean => !forbidden.test(text);

/** How the characters of a value are checked: all of its texts, or only those that the store cannot keep. */
export interface ValueCheck {
  readonly what: 'attribute value' | 'metadata value';
  readonly isStrict: boolean;
}

/** Throws BadRequest for a forbidden character, the deletion mark of NGSI-LD, and a number that JSON cannot write again. */
export function checkValue(value: Json, check: ValueCheck): void {
  if (typeof value === 'string') {
    if (value === ngsildNull || (check.isStrict && !isClean(value)))
      throw badRequest(`Invalid characters in ${check.what}`);
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw badRequest(`A number in the ${check.what} cannot be kept to its last digit`);
  } else if (isObject(value) || isArray(value)) {
    for (const member of Object.values(value)) checkValue(member, check);
  }
}

/** Reads names of types and attributes: validates and expands them (CIM 009 clauses 4.6.2, 5.5.7). */
import { ngsildNull } from '../attribute.ts';
import type { Terms } from '../entity.ts';
import type { Json } from '../json.ts';
import { badData } from '../problem.ts';
import { isUri, quoted } from './id.ts';

const shortName = /^\p{L}[\p{L}\p{N}_]*$/u;

/** The form that a term of a @context must have to be a name. It ensures that queries and lists can contain every name. */
const termForm = /^[^\s@*,;|(){}[\]"<>=!~%\\^`\p{C}][^\s*,;|(){}[\]"<>=!~%\\^`\p{C}]*$/u;

/** Terms of the core context that are members of entities or attributes. They cannot be names of attributes. */
const reserved = new Set([
  'id',
  'type',
  'scope',
  'datasetId',
  'instanceId',
  'observedAt',
  'createdAt',
  'modifiedAt',
  'deletedAt',
  'expiresAt',
  'unitCode',
  'value',
  'object',
  'objectType',
  'objectList',
  'valueType',
  'valueList',
  'languageMap',
  'entityIdSealed',
  'entityTypeSealed',
  'previousValue',
  'previousObject',
  'previousObjectList',
  'previousValueList',
  'previousLanguageMap',
  'previousVocab',
  'previousJson',
]);

/** No @context can make this a name, because it can set the prototype of an object in programs that read it. */
export const prototypeName = '__proto__';

/** True for a member name that the standard reserves. */
export const isReserved = (name: string): boolean => reserved.has(name);

/**
 * True for a valid name of a type or attribute: letters, digits and `_`, an IRI, a term that the @context defines (`N-TOT`), or a name with
 * a prefix that it defines.
 */
export function isName(name: string, terms: Pick<Terms, 'defines'>): boolean {
  if (shortName.test(name) || isUri(name)) return true;
  if (name === prototypeName) return false;
  return termForm.test(name) && (terms.defines(name) || terms.defines(name.slice(0, Math.max(0, name.indexOf(':')))));
}

/** The expanded name of an attribute. Throws BadRequestData when it is reserved or invalid. */
export function readAttributeName(name: string, terms: Terms): string {
  if (reserved.has(name))
    throw badData(`${quoted(name)} is a member of the standard and cannot be the name of an attribute.`);
  return readName(name, terms, 'an attribute');
}

/** The expanded name of an entity type. Throws BadRequestData when it is invalid. */
export function readTypeName(name: Json | undefined, terms: Terms): string {
  if (typeof name !== 'string' || name === 'type')
    throw badData(`The name of an entity type is needed, not ${quoted(name)}.`);
  return readName(name, terms, 'an entity type');
}

function readName(name: string, terms: Terms, what: string): string {
  if (name === ngsildNull) throw badData(`The NGSI-LD Null cannot be the name of ${what}.`);
  if (!isName(name, terms)) {
    throw badData(
      `The name of ${what} must be letters, digits and _ beginning with a letter, a term of the @context, or an IRI, not ${quoted(name)}.`,
    );
  }
  const iri = terms.expand(name);
  if (!isUri(iri))
    throw badData(
      `The @context gives ${quoted(name)} the meaning ${quoted(iri)}, which cannot be the name of ${what}.`,
    );
  return iri;
}

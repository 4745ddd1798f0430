/** Reads names of types and attributes: checks their form, expands them (CIM 009 clauses 4.6.2, 5.5.7). */
import { ngsildNull } from '../attribute.ts';
import type { Terms } from '../entity.ts';
import type { Json } from '../json.ts';
import { badData } from '../problem.ts';
import { isUri, quoted } from './id.ts';

const shortName = /^\p{L}[\p{L}\p{N}_]*$/u;

/** Terms of the core context that are members of entities or attributes and never attributes themselves. */
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

/** True for a member name that the standard keeps for itself. */
export const isReserved = (name: string): boolean => reserved.has(name);

/** The expanded name of an attribute. Throws BadRequestData when it is reserved or no name at all. */
export function readAttributeName(name: string, terms: Terms): string {
  if (reserved.has(name))
    throw badData(`${quoted(name)} is a member of the standard and cannot be the name of an attribute.`);
  return readName(name, terms, 'an attribute');
}

/** The expanded name of an entity type. */
export function readTypeName(name: Json | undefined, terms: Terms): string {
  if (typeof name !== 'string' || name === 'type')
    throw badData(`The name of an entity type is needed, not ${quoted(name)}.`);
  return readName(name, terms, 'an entity type');
}

function readName(name: string, terms: Terms, what: string): string {
  if (name === ngsildNull) throw badData(`The NGSI-LD Null cannot be the name of ${what}.`);
  if (!shortName.test(name) && !isUri(name)) {
    throw badData(
      `The name of ${what} must be letters, digits and _ beginning with a letter, or an IRI, not ${quoted(name)}.`,
    );
  }
  const iri = terms.expand(name);
  if (!isUri(iri))
    throw badData(
      `The @context gives ${quoted(name)} the meaning ${quoted(iri)}, which cannot be the name of ${what}.`,
    );
  return iri;
}

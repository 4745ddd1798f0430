/** Reads entities and parts of them: converts unknown JSON to typed fragments (CIM 009 clauses 4.5.1, 5.2.4). */
import { type Fragment, ngsildNull } from '../attribute.ts';
import type { EntityFragment, Terms } from '../entity.ts';
import { isArray, isObject, type Json, type JsonObject } from '../json.ts';
import { badData } from '../problem.ts';
import { isScope } from '../scope.ts';
import { quoted, readId } from './id.ts';
import { readAttributes, readInstancesAlone } from './instance.ts';
import { readTypeName } from './name.ts';
import type { Nulls, Reading } from './reading.ts';
import { readTime } from './time.ts';

/** A complete fragment with an id and types: it can create an entity. */
export type WholeEntity = EntityFragment & { readonly id: string; readonly types: readonly string[] };

/** Members of an entity that are not attributes. Only the broker writes the last ones. */
const own = new Set([
  'id',
  '@id',
  'type',
  '@type',
  'scope',
  'expiresAt',
  'createdAt',
  'modifiedAt',
  'deletedAt',
  '@context',
]);

/** True for a member of an entity that is not an attribute. */
export const isEntityMember = (name: string): boolean => own.has(name);

/**
 * Reads a whole entity, normalized or concise. When `id` is given, the body can leave its id out, but cannot have another one. Throws
 * BadRequestData that names the first fault and its position.
 */
export function readEntity(json: Json, terms: Terms, { id }: { id?: string } = {}): WholeEntity {
  const { types, ...entity } = readUpsertEntity(json, terms, id === undefined ? {} : { id });
  if (!types) throw badData('An entity needs a type.');
  return { ...entity, types };
}

/** Like `readEntity`, for an entity that can already exist: the type is optional. */
export function readUpsertEntity(
  json: Json,
  terms: Terms,
  { id }: { id?: string } = {},
): EntityFragment & { readonly id: string } {
  const reading: Reading = { terms, nulls: 'forbidden', where: '', isSimplified: false };
  const entity = objectOf(json);
  const types = readTypes(entity, terms);
  return { ...readMembers(entity, reading), ...(types ? { types } : undefined), id: readOwnId(entity, id) };
}

/** Reads a part of an existing entity. The body can repeat the id and can add types. */
export function readFragment(
  json: Json,
  terms: Terms,
  { id, nulls, isSimplified = false }: { id: string; nulls: Nulls; isSimplified?: boolean },
): EntityFragment {
  const entity = objectOf(json);
  const types = readTypes(entity, terms);
  readOwnId(entity, id);
  const reading: Reading = {
    terms,
    nulls,
    where: '',
    isSimplified,
    ...(nulls === 'deep' ? { merge: 'all' } : undefined),
  };
  return { ...readMembers(entity, reading), ...(types ? { types } : undefined) };
}

/**
 * Reads a temporal representation (clause 4.5.6). Each attribute has instances of many moments, deletions included. When `id` is given (the
 * id in the request path), id and type are optional in the body.
 */
export function readHistory(json: Json, terms: Terms, { id }: { id?: string } = {}): HistoryFragment {
  const { scope, ...entity } = objectOf(json);
  if (entity['expiresAt'] === ngsildNull) throw badData('The NGSI-LD Null is not allowed here: expiresAt.');
  const scopes = scope === undefined ? [] : readScopes(scope);
  const types = readTypes(entity, terms);
  if (!types && id === undefined) throw badData('An entity needs a type.');
  const members = readMembers(withInstances(entity), {
    terms,
    nulls: 'allowed',
    where: '',
    isSimplified: false,
    isHistory: true,
  });
  for (const [name, instances] of Object.entries(members.attrs)) {
    if (instances.some(({ kind, value }) => kind === undefined || value === undefined))
      throw badData(`Every instance of the attribute ${name} needs a type and a value.`);
  }
  return { ...members, ...(types ? { types } : undefined), id: readOwnId(entity, id), scopes };
}

/** Removes attributes with an empty array: none of their instances is in the requested time interval (clause 4.5.6). */
const withInstances = (entity: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(entity).filter(([, json]) => !isArray(json) || json.length > 0));

/** A fragment of a temporal representation. `scopes` are the scopes at different times: Properties whose value is a scope. */
export type HistoryFragment = EntityFragment & { readonly id: string; readonly scopes: readonly Fragment[] };

/** Reads a scope without a time, or Properties with a scope and the time from which it applies. */
function readScopes(json: Json): readonly Fragment[] {
  const reading = { nulls: 'forbidden', where: 'scope' } as const;
  if (!isArray(json) || !json.some(isObject))
    return isObject(json) ? readScopes([json]) : [{ kind: 'Property', value: readScope(json, reading) }];
  return json.map((instance) => {
    if (!isObject(instance)) throw badData(`A scope among others must be a Property, not ${quoted(instance)}.`);
    const { value = null, observedAt } = instance;
    return {
      kind: 'Property',
      value: readScope(value, reading),
      ...(observedAt === undefined ? undefined : { observedAt: readTime(observedAt, 'observedAt', reading) }),
    };
  });
}

/** Reads the body of a request on one attribute. `iri` is its expanded name. The instances are whole, or parts when `nulls` are allowed. */
export function readAttributeFragments(
  json: Json,
  terms: Terms,
  { nulls, iri }: { nulls: 'allowed' | 'forbidden'; iri: string },
): readonly Fragment[] {
  const merge = nulls === 'allowed' ? ({ merge: 'inner' } as const) : undefined;
  return readInstancesAlone(json, iri, { terms, nulls, where: 'attribute', isSimplified: false, ...merge });
}

function objectOf(json: Json): JsonObject {
  if (!isObject(json)) throw badData(`An entity must be a JSON object, not ${quoted(json)}.`);
  if ('@context' in json)
    throw badData(
      'An @context is not allowed here; it belongs into the Link header, or into a body of application/ld+json.',
    );
  return json;
}

function readMembers(entity: JsonObject, reading: Reading): EntityFragment {
  const { scope, expiresAt } = entity;
  return {
    ...(scope === undefined ? undefined : { scope: readScope(scope, reading) }),
    ...(expiresAt === undefined ? undefined : { expiresAt: readTime(expiresAt, 'expiresAt', reading) }),
    attrs: readAttributes(
      Object.entries(entity).filter(([name]) => !own.has(name)),
      reading,
    ),
  };
}

function readOwnId(entity: JsonObject, id: string | undefined): string {
  const given = only(entity, 'id', '@id');
  if (given === undefined && id !== undefined) return id;
  const read = readId(given);
  if (id !== undefined && read !== id) throw badData(`The body is about ${read}, but the request about ${id}.`);
  return read;
}

function readTypes(entity: JsonObject, terms: Terms): readonly string[] | undefined {
  const given = only(entity, 'type', '@type');
  if (given === undefined) return undefined;
  const names = isArray(given) ? given : [given];
  if (names.length === 0) throw badData('The type of an entity must not be an empty array.');
  return [...new Set(names.map((name) => readTypeName(name, terms)))];
}

/** The value of a member with two spellings. Throws BadRequestData when both are given. */
function only(entity: JsonObject, name: string, alias: string): Json | undefined {
  if (name in entity && alias in entity)
    throw badData(`${name} and ${alias} are the same member and cannot both be given.`);
  return entity[name] ?? entity[alias];
}

function readScope(json: Json, { nulls }: Pick<Reading, 'nulls'>): string | readonly string[] {
  if ((json === ngsildNull || json === null) && nulls !== 'forbidden') return ngsildNull;
  if (!isArray(json)) return readOneScope(json);
  if (json.length === 0) throw badData('The scope must not be an empty array.');
  return json.map(readOneScope);
}

function readOneScope(json: Json): string {
  if (typeof json === 'string' && isScope(json)) return json;
  throw badData(`A scope must be names divided by slashes, such as /Kranj/Mlaka, not ${quoted(json)}.`);
}

/** Reads entities of NGSI v2: id, type, and attributes as assignments of the model. */
import { ngsildNull } from '../model/attribute.ts';
import type { Assignment, Assignments } from '../model/v2/assignment.ts';
import type { EntityFragment } from '../model/entity.ts';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { createdAttributes } from '../model/v2/assign.ts';
import { uriOfV2Id } from '../model/v2/id.ts';
import { expiryName } from './builtins.ts';
import { checkIdentifier } from './characters.ts';
import { readDate } from './date.ts';
import { typeIri } from './names.ts';
import { badRequest } from './problem.ts';
import { readV2Attribute } from './read-attribute.ts';
import type { V2Reading } from './reading.ts';

/** The attributes of a request. */
export interface V2Attributes {
  readonly attrs: Assignments;
  /** From the built-in attribute `dateExpires`; `ngsildNull` where its value is null. */
  readonly expiresAt?: string;
}

export interface V2Entity extends V2Attributes {
  /** The URI of the id. */
  readonly id: string;
  /** The id as v2 spells it. */
  readonly v2Id: string;
  /** The type as v2 spells it. Absent: the request gives none. */
  readonly type?: string;
}

/** The type of an entity that is created without one. */
export const initialType = 'Thing';

/** An entity with id, type and attributes. Throws BadRequest. */
export function readV2Entity(json: JsonObject, reading: V2Reading): V2Entity {
  const { id, type, ...attrs } = json;
  const v2Id = checkIdentifier(id, 'entity id');
  const given = type === undefined ? undefined : checkIdentifier(type, 'entity type');
  return {
    id: readUri(v2Id),
    v2Id,
    ...(given === undefined ? undefined : { type: given }),
    ...readV2Attributes(attrs, reading),
  };
}

/** The URI of an id. Throws BadRequest when there is none. */
export function readUri(v2Id: string): string {
  const uri = uriOfV2Id(v2Id);
  if (uri === undefined || uri === ngsildNull) throw badRequest('Invalid characters in entity id');
  return uri;
}

/** The attributes of a body without id and type. Throws BadRequest. */
export function readV2Attributes(json: JsonObject, reading: V2Reading): V2Attributes {
  const attrs: [string, Assignment][] = [];
  let expiry: Pick<V2Attributes, 'expiresAt'> = {};
  for (const [name, given] of Object.entries(json)) {
    if (name === expiryName) expiry = { expiresAt: readExpiry(given, reading) };
    else {
      const { iri, assignment } = readV2Attribute(name, given, reading);
      attrs.push([iri, assignment]);
    }
  }
  return { attrs: Object.fromEntries(attrs), ...expiry };
}

/** The value of `dateExpires` as an attribute, or as its value with the option keyValues. */
export function readExpiry(json: Json, { isKeyValues }: Pick<V2Reading, 'isKeyValues'>): string {
  const value = isKeyValues || !isObject(json) ? json : (json['value'] ?? null);
  if (value === null) return ngsildNull;
  const date = typeof value === 'string' ? readDate(value) : undefined;
  if (date === undefined) throw badRequest('date has invalid format in attribute value');
  return date;
}

/** The entity that a request creates, in this scope. `terms` expand its type. */
export function createdEntity(
  { type = initialType, attrs, expiresAt }: Omit<V2Entity, 'id' | 'v2Id'>,
  scope: string | undefined,
  { terms }: Pick<V2Reading, 'terms'>,
): EntityFragment {
  return {
    types: [typeIri(type, terms)],
    ...(scope === undefined ? undefined : { scope }),
    ...(expiresAt === undefined || expiresAt === ngsildNull ? undefined : { expiresAt }),
    attrs: createdAttributes(attrs),
  };
}

/** Reads the entities that a source answered with, in normalized form with system attributes (clauses 4.5.1, 4.8). */
import type { Attributes, Fragment, Fragments, Instance } from '../model/attribute.ts';
import type { Entity, Terms } from '../model/entity.ts';
import { type Instant, microsOf } from '../model/instant.ts';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { readEntity } from '../model/read/entity.ts';
import { badData } from '../model/problem.ts';

/** The entity of a normalized or concise JSON object. A time that the source does not say is `now`. Throws BadRequestData. */
export function readCopy(answer: Json, terms: Terms, now: Instant): Entity {
  if (!isObject(answer)) throw badData('An entity must be an object.');
  const json = withoutNulls(answer);
  const { id, types, scope, expiresAt, attrs } = readEntity(json, terms);
  const { createdAt = now, modifiedAt } = stampsIn(json);
  const members = new Map(Object.entries(json).map(([name, member]) => [terms.expand(name), member]));
  return {
    id,
    types,
    createdAt,
    ...(modifiedAt === undefined ? undefined : { modifiedAt }),
    ...(scope === undefined ? undefined : { scope }),
    ...(expiresAt === undefined ? undefined : { expiresAt }),
    attrs: stamped(attrs, members, terms),
  };
}

/** Without attributes that are null or whose value is null: that is how sources of devices say that they have no value now. */
const withoutNulls = (json: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(json)
      .filter(([, member]) => !isNull(member) && !(isArray(member) && member.length > 0 && member.every(isNull)))
      .map(([name, member]) => [name, isArray(member) ? member.filter((one) => !isNull(one)) : member]),
  );

/** In JSON-LD, `{"@value": null}` is null. */
function isNull(json: Json): boolean {
  if (!isObject(json)) return json === null;
  const { value } = json;
  return value === null || (isObject(value) && value['@value'] === null);
}

interface Stamps {
  readonly createdAt?: Instant;
  readonly modifiedAt?: Instant;
}

function stampsIn(json: JsonObject): Stamps {
  const { createdAt, modifiedAt } = json;
  return {
    ...(typeof createdAt === 'string' && microsOf(createdAt) !== undefined ? { createdAt } : undefined),
    ...(typeof modifiedAt === 'string' && microsOf(modifiedAt) !== undefined ? { modifiedAt } : undefined),
  };
}

/** The instances of the fragments, with the times that the JSON members of the same names have. */
const stamped = (fragments: Fragments, members: ReadonlyMap<string, Json>, terms: Terms): Attributes =>
  Object.fromEntries(
    Object.entries(fragments).map(([name, list]) => {
      const json = members.get(name);
      return [name, list.flatMap((fragment, n) => instanceOf(fragment, memberOf(json, list.length, n), terms))];
    }),
  );

const memberOf = (json: Json | undefined, count: number, n: number): JsonObject => {
  const one = isArray(json) && json.length === count ? json[n] : json;
  return isObject(one) ? one : {};
};

function instanceOf(fragment: Fragment, json: JsonObject, terms: Terms): readonly Instance[] {
  const { kind, value, attrs, isInferred: _isInferred, undecided: _undecided, ...metadata } = fragment;
  if (kind === undefined || value === undefined) return [];
  const inner = attrs && new Map(Object.entries(json).map(([name, member]) => [terms.expand(name), member]));
  return [
    {
      ...metadata,
      kind,
      value,
      ...stampsIn(json),
      ...(attrs && inner ? { attrs: stamped(attrs, inner, terms) } : undefined),
    },
  ];
}

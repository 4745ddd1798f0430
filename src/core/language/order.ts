/** Reads the requested order of entities and compares entities by it (clause 4.23). */
import type { Instance } from '../model/attribute.ts';
import type { Entity, Terms } from '../model/entity.ts';
import { type Geometry, looksLikeGeometry, readGeometry } from '../model/geometry.ts';
import { microsOf } from '../model/instant.ts';
import { isArray, isObject, type Json, parseJson } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { entityStamps, instanceStamps } from '../model/stamps.ts';
import { locationIri } from '../model/v2/location.ts';
import type { QPath } from './filter.ts';
import { compareBy, isCollation } from './collation.ts';
import { parseQ } from './q/q.ts';
import { distance } from './geo/spatial-distance.ts';
import { type Shape, shapeOf } from './geo/spatial-shape.ts';
import { beginSteps } from './step-count.ts';

interface OrderKey {
  readonly path: QPath;
  readonly isDescending: boolean;
  /** Entities whose value is a geometry are ordered by the distance from this geometry. */
  readonly from?: Geometry;
  /** True: the geometry is the location of the entity in NGSI v2, whatever its name. */
  readonly isV2Location?: true;
}

export interface Order {
  readonly keys: readonly OrderKey[];
  /** The collation of texts (`compareBy`). */
  readonly collation: string;
}

interface OrderParameters {
  readonly orderBy?: string | undefined;
  readonly collation?: string | undefined;
  readonly orderFrom?: string | undefined;
  readonly orderGeometry?: string | undefined;
}

/** The maximum number of keys. */
const keysMax = 16;

/**
 * The order in the parameters; undefined without `orderBy`. `initial` is the collation when the parameters give none. Throws BadRequestData
 * that names the faulty parameter.
 */
export function parseOrder(
  { orderBy, collation, orderFrom, orderGeometry }: OrderParameters,
  { terms, initial }: { readonly terms: Terms; readonly initial: string },
): Order | undefined {
  if (orderBy === undefined) return undefined;
  const texts = orderBy.split(',');
  if (texts.length > keysMax) throw badData(`The parameter orderBy may have ${keysMax} keys, not ${texts.length}.`);
  const from =
    orderFrom === undefined
      ? undefined
      : readGeometry({ type: orderGeometry ?? 'Point', coordinates: readCoordinates(orderFrom) }, 'orderFrom');
  return {
    keys: texts.map((text) => parseKey(text, from, terms)),
    collation: collation === undefined ? initial : readCollation(collation),
  };
}

function readCoordinates(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    throw badData(
      `The parameter orderFrom must be coordinates such as [14.36,46.24], not ${JSON.stringify(text.slice(0, 120))}.`,
    );
  }
}

function readCollation(tag: string): string {
  if (isCollation(tag)) return tag;
  throw badData(
    `The parameter collation must be a language tag such as sl or und-x-icu, not ${JSON.stringify(tag.slice(0, 120))}.`,
  );
}

const directions = ['asc', 'desc', 'dist-asc', 'dist-desc'] as const;

function parseKey(text: string, from: Geometry | undefined, terms: Terms): OrderKey {
  const [pathText = '', word = 'asc', ...more] = text.split(';');
  const direction = directions.find((one) => one === word);
  if (!direction || more.length > 0)
    throw badData(`A key of orderBy is a path and one of ${directions.join(', ')}, not ${JSON.stringify(text)}.`);
  const key = { path: parsePath(pathText, terms), isDescending: direction.endsWith('desc') };
  if (!direction.startsWith('dist-')) return key;
  if (!from) throw badData(`The order by distance ${JSON.stringify(text)} needs the parameter orderFrom.`);
  return { ...key, from };
}

/** A path has the same form as in q, where a path without an operator is an existence test. */
function parsePath(text: string, terms: Terms): QPath {
  const query = parseQ(text, terms, { expandValues: [], jsonKeys: [], name: 'orderBy' });
  if (query.op === 'exists' && !query.path.linked) return query.path;
  throw badData(`A key of orderBy must be a path, not ${JSON.stringify(text)}.`);
}

/** The attribute and direction of an order by the value of one attribute as a whole. Undefined: the order is another one. */
export function valueOrderOf({ keys }: Order): { readonly attr: string; readonly isDescending: boolean } | undefined {
  const [only, ...more] = keys;
  if (!only || more.length > 0 || only.from || only.isV2Location === true) return undefined;
  const { attr, sub, inside } = only.path;
  // Members of entities have short names; attributes are IRIs.
  return attr.includes(':') && sub.length + inside.length === 0 ? { attr, isDescending: only.isDescending } : undefined;
}

/** The number of an attribute, by which an order by its value compares the entity. Undefined: it has none, or another value. */
export function orderedNumber({ attrs }: Entity, attr: string): number | undefined {
  const value = defaultInstance(attrs[attr])?.value;
  return typeof value === 'number' ? value : undefined;
}

/** The sort key of an entity: for each order key the rank of the value's kind, and the value. */
export type SortKey = readonly Ranked[];

interface Ranked {
  readonly rank: number;
  readonly value: number | string;
}

/** Computes the sort key of an entity and compares two sort keys. */
export interface Comparison {
  keyOf(entity: Entity): SortKey;
  compare(a: SortKey, b: SortKey): number;
}

/** The path of a key in this entity. */
function pathIn({ attrs }: Entity, { path, isV2Location }: OrderKey): QPath {
  const attr = isV2Location === true ? locationIri(attrs) : undefined;
  return attr === undefined ? path : { ...path, attr };
}

function distanceOf(geometry: Geometry, shape: Shape): number {
  beginSteps();
  return distance(shapeOf(geometry), shape);
}

export function compileOrder({ keys, collation }: Order): Comparison {
  const compareText = compareBy(collation);
  beginSteps();
  const shapes = keys.map(({ from }) => from && shapeOf(from));
  return {
    keyOf: (entity) =>
      keys.map((key, index) => {
        const value = valueAt(entity, pathIn(entity, key));
        const shape = shapes[index];
        const geometry =
          shape && value !== undefined && looksLikeGeometry(value) ? readGeometry(value, 'value') : undefined;
        return shape && geometry ? { rank: -1, value: distanceOf(geometry, shape) } : ranked(value);
      }),
    compare(a, b) {
      for (const [index, key] of keys.entries()) {
        const [one, other] = [a[index], b[index]];
        const order = compareRanked(one, other, compareText);
        // A missing value comes last in both directions.
        const isReversed = key.isDescending && one?.rank !== missing.rank && other?.rank !== missing.rank;
        if (order !== 0) return isReversed ? -order : order;
      }
      return 0;
    },
  };
}

function compareRanked(
  a: Ranked | undefined,
  b: Ranked | undefined,
  compareText: (a: string, b: string) => number,
): number {
  if (!a || !b) return 0;
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (typeof a.value === 'number' && typeof b.value === 'number') return a.value - b.value;
  return compareText(String(a.value), String(b.value));
}

const missing: Ranked = { rank: 9, value: 0 };

/** The ranks of the kinds of values (clause 4.23.2): numbers, strings, objects, arrays, booleans, date-times, null, missing. */
function ranked(value: Json | undefined): Ranked {
  if (value === undefined) return missing;
  if (value === null) return { rank: 8, value: 0 };
  if (typeof value === 'number') return { rank: 0, value };
  if (typeof value === 'boolean') return { rank: 4, value: Number(value) };
  if (typeof value === 'string') {
    const micros = microsOf(value);
    return micros === undefined ? { rank: 1, value } : { rank: 7, value: micros };
  }
  return { rank: isArray(value) ? 3 : 2, value: JSON.stringify(value) };
}

function valueAt(entity: Entity, { attr, sub, inside }: QPath): Json | undefined {
  return (
    memberOf(entity, attr) ??
    valueBelow(defaultInstance(entity.attrs[attr]), { sub, inside, ownerCreatedAt: entity.createdAt })
  );
}

interface Below {
  readonly sub: readonly string[];
  readonly inside: readonly string[];
  readonly ownerCreatedAt: string;
}

function valueBelow(instance: Instance | undefined, { sub, inside, ownerCreatedAt }: Below): Json | undefined {
  if (!instance) return undefined;
  const [name, ...further] = sub;
  if (name === undefined) return instanceValue(instance, inside);
  const next = { sub: further, inside, ownerCreatedAt: instance.createdAt ?? ownerCreatedAt };
  return instanceMember(instance, name, ownerCreatedAt) ?? valueBelow(defaultInstance(instance.attrs?.[name]), next);
}

function memberOf(entity: Entity, name: string): Json | undefined {
  switch (name) {
    case 'id':
      return entity.id;
    case 'type':
      return entity.types[0];
    case 'scope':
      return entity.scope;
    case 'createdAt':
    case 'modifiedAt':
      return entityStamps(entity)[name];
    case 'expiresAt':
      return entity.expiresAt;
    default:
      return undefined;
  }
}

function instanceMember(instance: Instance, name: string, ownerCreatedAt: string): Json | undefined {
  if (name === 'createdAt' || name === 'modifiedAt') return instanceStamps(instance, ownerCreatedAt)[name];
  return name === 'observedAt' || name === 'unitCode' || name === 'datasetId' || name === 'expiresAt'
    ? instance[name]
    : undefined;
}

/** The instance by which an attribute is in an order. */
export const defaultInstance = (instances: readonly Instance[] | undefined): Instance | undefined =>
  instances?.find(({ datasetId }) => datasetId === undefined) ?? instances?.[0];

function instanceValue(instance: Instance, inside: readonly string[]): Json | undefined {
  let value: Json | undefined = instance.value;
  for (const name of inside) value = isObject(value) ? value[name] : undefined;
  return value;
}

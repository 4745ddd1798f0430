/** Converts entities to documents: which values a document exposes to the indexes. */
import { indexedText, isIndexedWhole } from '../../core/language/indexed-text.ts';
import { scalarsOf } from '../../core/language/matches/matches-value.ts';
import type { Instance } from '../../core/model/attribute.ts';
import type { Entity } from '../../core/model/entity.ts';
import { firstExpiry } from '../../core/model/expiry.ts';
import { type BoundingBox, boundingBox, type Geometry } from '../../core/model/geometry.ts';
import type { Interruptible } from '../../core/model/interruptible.ts';
import { isObject, type Json, stringsOf } from '../../core/model/json.ts';
import type { Position } from '../../core/port/store.ts';
import { coveringShape } from './cover.ts';
import type { CoveringShape, SeriesDocument, SubjectDocument } from './schema.ts';

/** An entity that exists or existed. */
export interface Subject {
  readonly id: string;
  readonly subject: number;
  readonly types: readonly string[];
  readonly series: readonly SeriesDocument[];
  /** Absent: the entity does not exist. */
  readonly present?: Present;
}

export interface Present {
  readonly num: number;
  readonly version: Position;
  /** The text of `entity`. */
  readonly doc: string;
  readonly entity: Entity;
}

/** A value in an index. */
export type Key = string | number | boolean;

/** The maximum number of indexed values per attribute: each makes writes slower. */
const valuesMax = 64;

export function* documentOf({ id, subject, types, series, present }: Subject): Interruptible<SubjectDocument> {
  const known = { _id: id, subject, types, series };
  if (!present) return known;
  const { num, version, doc, entity } = present;
  const expires = firstExpiry(entity);
  const indexed: IndexedAttribute[] = [];
  for (const [name, instances] of Object.entries(entity.attrs)) {
    indexed.push(indexedOf(name, instances));
    yield;
  }
  const places = indexed.flatMap((one) => one.places);
  const unlisted = indexed.flatMap((one) => (one.isComplete ? [] : [one.name]));
  return {
    ...known,
    num,
    version,
    doc,
    values: [...indexed.flatMap((one) => one.values), ...ownersOf(entity)],
    ...(expires === undefined ? undefined : { expires }),
    ...(places.length === 0 ? undefined : { places }),
    ...(unlisted.length === 0 ? undefined : { unlisted }),
    ...(entity.scope === undefined ? undefined : { scopes: stringsOf(entity.scope) }),
  };
}

/** The name of the owner among the values. Attributes have IRIs as names. */
export const ownerName = 'owner';

const ownersOf = ({ owner }: Entity): readonly { readonly n: string; readonly v: Key }[] =>
  owner === undefined ? [] : [{ n: ownerName, v: indexedText(owner) }];

/** What the indexes have of an attribute. */
interface IndexedAttribute {
  readonly name: string;
  readonly values: readonly { readonly n: string; readonly v?: Key }[];
  readonly places: readonly { readonly n: string; readonly at: CoveringShape }[];
  /** False: the attribute has more values or geometries than are listed here. */
  readonly isComplete: boolean;
}

function indexedOf(name: string, instances: readonly Instance[]): IndexedAttribute {
  const keys = firstKeys(instances, valuesMax + 1);
  const boxes = instances.flatMap(boxesOf);
  const covers = boxes.slice(0, valuesMax).flatMap((box) => coveringShape(box) ?? []);
  return {
    name,
    // An attribute without scalars is listed too, for queries that only ask whether it exists.
    values: keys.length === 0 ? [{ n: name }] : keys.slice(0, valuesMax).map((v) => ({ n: name, v })),
    places: covers.map((at) => ({ n: name, at })),
    isComplete: keys.length <= valuesMax && covers.length === boxes.length,
  };
}

/** The different keys of the scalars of an attribute, at most `count`. */
function firstKeys(instances: readonly Instance[], count: number): readonly Key[] {
  const keys = new Set<Key>();
  for (const instance of instances) {
    for (const value of scalarsOf(instance)) {
      if (keys.size === count) return [...keys];
      const key = keyOf(value);
      if (key !== undefined) keys.add(key);
    }
  }
  return [...keys];
}

/** The key of a scalar; undefined for other values, which equal nothing. Different values may share a key. */
export function keyOf(value: Json): Key | undefined {
  if (typeof value === 'string') return indexedText(value);
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

/** True when no other value has this key. Different long texts can have the same (`indexedText`). */
export const isUniqueKey = (value: Key): boolean => typeof value !== 'string' || isIndexedWhole(value);

const boxesOf = ({ kind, value }: Instance): readonly BoundingBox[] =>
  kind === 'GeoProperty' && isGeometry(value) ? [boundingBox(value)] : [];

/** A type assertion: the value of a GeoProperty was validated as a geometry. */
const isGeometry = (value: Json): value is Geometry => isObject(value) && 'coordinates' in value;

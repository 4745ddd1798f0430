/** What becomes of the columns of a table, as a person chooses it, and the map that this is. Maps are those of `mlaka import`. */
import { type EntityMap, readEntityMap } from '../../core/mapping/entity-map.ts';
import { createSpec } from '../../core/mapping/spec.ts';
import type { Json, JsonObject } from '../data/json.ts';
import { shortName } from '../data/names.ts';
import { readingsOfType, typesOf } from '../data/types.ts';

export const cellTypes = ['text', 'number', 'integer', 'boolean', 'time', 'json', 'geometry', 'relationship'] as const;
export type CellType = (typeof cellTypes)[number];

/** What becomes of a column. */
export interface Choice {
  readonly column: string;
  /** The name of the attribute, short or long. Empty: the column is not imported. */
  readonly attribute: string;
  readonly as: CellType;
  readonly unitCode: string;
  /** How a time is written, as in maps. */
  readonly pattern: string;
}

export interface Mapping {
  readonly type: string;
  /** The URL of the @context of the names; empty: the default of the broker. */
  readonly context: string;
  /** With columns in braces. */
  readonly id: string;
  readonly timeZone: string;
  readonly decimal: '.' | ',';
  /** The column with the time of a row; empty: there is none. */
  readonly observedAt: string;
  readonly longitude: string;
  readonly latitude: string;
  readonly choices: readonly Choice[];
}

/** The names of the attributes that entities of the type have, long and short. */
export const knownAttributes = (type: string): readonly { readonly iri: string; readonly short: string }[] =>
  readingsOfType(typeIri(type)).map(({ name }) => ({ iri: name, short: shortName(name) }));

/** A short name stands for the type that the broker knows by it. Another name stays as it is. */
function typeIri(name: string): string {
  const found = typesOf().filter(({ iri }) => shortName(iri) === name);
  return found.length === 1 ? (found[0]?.iri ?? name) : name;
}

/** The map as a document, which `mlaka import --map` takes as well. */
export function documentOf(mapping: Mapping): JsonObject {
  const { type, context, id, timeZone, decimal, observedAt, choices } = mapping;
  const pattern = choices.find(({ column }) => column === observedAt)?.pattern ?? 'iso';
  const known = context === '' ? knownAttributes(type) : [];
  const nameOf = (name: string): string => known.find(({ short }) => short === name)?.iri ?? name;
  const attributes = choices
    .filter(({ attribute, column }) => attribute.trim() !== '' && column !== observedAt)
    .map((choice) => [nameOf(choice.attribute.trim()), attributeOf(choice)] as const);
  return {
    type: context === '' ? typeIri(type.trim()) : type.trim(),
    ...(context === '' ? undefined : { context }),
    id,
    timeZone,
    decimal,
    ...(observedAt === '' ? undefined : { observedAt: { column: observedAt, pattern } }),
    attributes: { ...placeOf(mapping), ...Object.fromEntries(attributes) },
  };
}

const placeOf = ({ longitude, latitude }: Mapping): JsonObject =>
  longitude === '' || latitude === '' ? {} : { location: { longitude, latitude } };

function attributeOf({ column, as, unitCode, pattern }: Choice): JsonObject {
  const unit = unitCode === '' ? undefined : { unitCode };
  if (as === 'geometry') return { column, kind: 'GeoProperty', as: 'json' };
  if (as === 'relationship') return { column, kind: 'Relationship' };
  if (as === 'time') return { column, as, pattern };
  return { column, as, ...(as === 'number' || as === 'integer' ? unit : undefined) };
}

/** Throws an Error that names the missing or wrong member. */
export function readMapping(mapping: Mapping): EntityMap {
  const spec = createSpec(asJson(documentOf(mapping)), '');
  const map = readEntityMap(spec, { isInOrder: true });
  spec.close();
  return map;
}

const asJson = (document: JsonObject): Json => document;

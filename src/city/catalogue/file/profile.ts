/** Looks at all entities of a dataset before they are written: which attributes, of which types, in which units. */
import { createHash } from 'node:crypto';
import type { Instance } from '../../../core/model/attribute.ts';
import { isObject, type Json } from '../../../core/model/json.ts';
import { Problem } from '../../../core/model/problem.ts';
import { contentInParts, createContentOf } from '../../../core/operation/content.ts';
import type { CallContext } from '../../../core/operation/operation.ts';
import type { Stored } from '../../../core/port/store.ts';
import { addVersion } from '../read-catalogue.ts';
import type { Selection } from './selection.ts';
import type { CellType } from './table.ts';

/** What is known of the values of one attribute. */
export interface AttributeProfile {
  readonly iri: string;
  readonly types: ReadonlySet<CellType | 'point'>;
  readonly units: ReadonlySet<string>;
  /** The number of entities that have it. */
  readonly count: number;
}

export interface Profile {
  readonly entities: number;
  /** By expanded name. */
  readonly attributes: ReadonlyMap<string, AttributeProfile>;
  /** True when a value has a time at which it was observed. */
  readonly isObserved: boolean;
  /** Changes when one of the entities, or what the caller may see of it, changes. */
  readonly version: string;
}

const pageSize = 500;

/** All entities of a selection, in parts of few megabytes at most. */
export async function* pagesOf({ filter }: Selection, call: CallContext): AsyncGenerator<readonly Stored[]> {
  const { store, now } = call;
  const plan = { filter, now, limit: pageSize, isLazy: true };
  let after: number | undefined;
  for (;;) {
    const found = await store.find({ ...plan, ...(after === undefined ? {} : { after }) });
    yield* contentInParts(found, createContentOf(filter, call));
    after = found.at(-1)?.cursor;
    if (found.length < pageSize) return;
  }
}

/** The instance of an attribute that a row shows: the default one, else the first. */
const shownInstance = (instances: readonly Instance[]): Instance | undefined =>
  instances.find(({ datasetId }) => datasetId === undefined) ?? instances[0];

/** Throws TooManyResults when there are more attributes than a table has room for. */
export async function profileOf(selection: Selection, call: CallContext): Promise<Profile> {
  const { yieldToEventLoop } = call.services;
  const hash = createHash('sha256');
  const attributes = new Map<string, Counts>();
  let [entities, isObserved] = [0, false];
  for await (const page of pagesOf(selection, call)) {
    for (const stored of page) {
      const pause = yieldToEventLoop();
      if (pause) await pause;
      addVersion(hash, stored);
      const shown = shownOf(stored, selection);
      for (const one of shown) count(one, attributes);
      isObserved ||= shown.some(({ instance }) => instance.observedAt !== undefined);
    }
    entities += page.length;
  }
  return { entities, attributes, isObserved, version: hash.digest('base64url') };
}

interface Counts extends AttributeProfile {
  readonly types: Set<CellType | 'point'>;
  readonly units: Set<string>;
  count: number;
}

function count({ iri, instance }: ShownAttribute, attributes: Map<string, Counts>): void {
  const known = attributes.get(iri) ?? { iri, types: new Set(), units: new Set(), count: 0 };
  attributes.set(iri, known);
  if (attributes.size > attributesMax)
    throw new Problem(
      'TooManyResults',
      `The entities of the dataset have more than ${attributesMax} attributes, which no table has room for. Its attributeNames can choose some.`,
    );
  known.count += 1;
  known.types.add(typeOf(instance));
  if (instance.unitCode !== undefined && known.units.size < unitsMax) known.units.add(instance.unitCode);
}

/** Most attributes of a table: each row has a cell for each of them. */
const attributesMax = 1000;

/** Units of one attribute that are listed at most. */
const unitsMax = 20;

interface ShownAttribute {
  readonly iri: string;
  readonly instance: Instance;
}

/** The attributes of an entity that the dataset has, each with the instance that is shown. */
export const shownOf = (stored: Stored, { attrs }: Selection): readonly ShownAttribute[] =>
  Object.entries(stored.entity().attrs).flatMap(([iri, instances]) => {
    const instance = attrs === undefined || attrs.has(iri) ? shownInstance(instances) : undefined;
    return instance ? [{ iri, instance }] : [];
  });

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

function typeOf({ kind, value }: Instance): CellType | 'point' {
  if (kind === 'GeoProperty') return isPoint(value) ? 'point' : 'json';
  if (kind === 'LanguageProperty') return 'string';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return time.test(value) ? 'time' : 'string';
  return 'json';
}

const isPoint = (value: Json): boolean => isObject(value) && value['type'] === 'Point';

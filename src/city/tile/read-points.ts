/** Reads the points of a query: where each entity lies, and what a tile says of it. */
import type { Context } from '../../core/jsonld/context.ts';
import type { Filter } from '../../core/language/filter.ts';
import type { Entity } from '../../core/model/entity.ts';
import { type Geometry, positionsOf } from '../../core/model/geometry.ts';
import type { Json } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import type { CallContext } from '../../core/operation/operation.ts';
import type { TilePoint } from './tile.ts';

/** Entities of a query, also those without a place. Beyond, tiles would take more memory and time than a broker has for them. */
const entitiesMax = 250_000;
const pageSize = 1000;

const location = 'https://uri.etsi.org/ngsi-ld/location';

/** What is read of each entity. */
export interface PointView {
  readonly filter: Filter;
  /** Attributes whose values become properties: their names in the tile, and as stored. */
  readonly shown: readonly (readonly [name: string, iri: string])[];
}

/** Throws TooComplexQuery when more entities match than tiles are made of. */
export async function readPoints({ filter, shown }: PointView, call: CallContext): Promise<readonly TilePoint[]> {
  const points: TilePoint[] = [];
  let after: number | undefined;
  for (let read = pageSize; ; read += pageSize) {
    const page = await call.store.find({
      filter,
      limit: pageSize,
      now: call.now,
      ...(after === undefined ? undefined : { after }),
    });
    for (const stored of page) {
      const point = pointOf(stored.entity(), shown, call.context);
      if (point) points.push(point);
    }
    after = page.at(-1)?.cursor;
    if (page.length < pageSize || after === undefined) return points;
    if (read > entitiesMax)
      throw new Problem(
        'TooManyResults',
        `Tiles are made of at most ${entitiesMax} entities. Select fewer, such as those of one type.`,
      );
    await call.services.yieldToEventLoop();
  }
}

function pointOf({ id, types, attrs }: Entity, shown: PointView['shown'], terms: Context): TilePoint | undefined {
  const geometry = defaultValue(attrs[location]);
  const position = isGeometry(geometry) ? positionsOf(geometry)[0] : undefined;
  if (!position) return undefined;
  const [longitude, latitude] = position;
  const values = shown.flatMap(([name, iri]) => {
    const value = defaultValue(attrs[iri]);
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? [[name, value] as const]
      : [];
  });
  return {
    longitude,
    latitude,
    properties: { ...Object.fromEntries(values), id, type: terms.compact(types[0] ?? '') },
  };
}

const defaultValue = (instances: Entity['attrs'][string] | undefined): Json | undefined =>
  (instances?.find(({ datasetId }) => datasetId === undefined) ?? instances?.[0])?.value;

/** The value of a GeoProperty in the store is a geometry that was checked. */
const isGeometry = (value: Json | undefined): value is Geometry & Json =>
  typeof value === 'object' && value !== null && 'coordinates' in value;

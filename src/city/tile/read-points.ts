/** Reads the points of a query: where each entity lies, and what a tile says of it. */
import type { Context } from '../../core/jsonld/context.ts';
import type { Filter } from '../../core/language/filter.ts';
import type { Entity } from '../../core/model/entity.ts';
import { type Geometry, positionsOf } from '../../core/model/geometry.ts';
import type { Json } from '../../core/model/json.ts';
import type { CallContext } from '../../core/operation/operation.ts';
import { entitiesOf, valueIn } from '../definition/read-values.ts';
import type { TilePoint } from './tile.ts';

/** Entities without a place count, too. Beyond, tiles would take more memory and time than a broker has for them. */
const most = 250_000;
const bound = {
  most,
  refusal: `Tiles are made of at most ${most} entities. Select fewer, such as those of one type.`,
};

const location = 'https://uri.etsi.org/ngsi-ld/location';

/** What is read of each entity. */
export interface PointView {
  readonly filter: Filter;
  /** Attributes whose values become properties: their names in the tile, and as stored. */
  readonly shown: readonly (readonly [name: string, iri: string])[];
}

/** Throws TooManyResults when more entities match than tiles are made of. */
export async function readPoints({ filter, shown }: PointView, call: CallContext): Promise<readonly TilePoint[]> {
  const points: TilePoint[] = [];
  for await (const entity of entitiesOf(filter, call, bound)) {
    const point = pointOf(entity, shown, call.context);
    if (point) points.push(point);
  }
  return points;
}

function pointOf(entity: Entity, shown: PointView['shown'], terms: Context): TilePoint | undefined {
  const geometry = valueIn(entity, [location]);
  const position = isGeometry(geometry) ? positionsOf(geometry)[0] : undefined;
  if (!position) return undefined;
  const [longitude, latitude] = position;
  const values = shown.flatMap(([name, iri]) => {
    const value = valueIn(entity, [iri]);
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? [[name, value] as const]
      : [];
  });
  return {
    longitude,
    latitude,
    properties: { ...Object.fromEntries(values), id: entity.id, type: terms.compact(entity.types[0] ?? '') },
  };
}

/** The value of a GeoProperty in the store is a geometry that was checked. */
const isGeometry = (value: Json | undefined): value is Geometry & Json =>
  typeof value === 'object' && value !== null && 'coordinates' in value;

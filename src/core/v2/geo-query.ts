/** Reads the geographical queries of NGSI v2: latitude first, boxes, and distances with a single equals sign. */
import type { Filter, GeoQuery } from '../language/filter.ts';
import type { Coordinate, Geometry } from '../model/geometry.ts';
import { sameJson } from '../model/json.ts';
import { coreLocation } from '../model/v2/location.ts';
import { positionIn, ringOfBox } from './location.ts';
import { badRequest } from './problem.ts';

interface GeoParameters {
  readonly georel?: string | undefined;
  readonly geometry?: string | undefined;
  readonly coords?: string | undefined;
}

/** A fault, without the words that an error begins with: these depend on where the query stands. */
class GeoFault extends Error {}

const invalid = (text: string): GeoFault => new GeoFault(text);

/**
 * The filter of the three parameters; undefined when none is given. Throws BadRequest with the text of Orion. `prefix`: the words that it
 * begins with.
 */
export function readV2Geo(parameters: GeoParameters, prefix = 'Invalid query'): Filter | undefined {
  try {
    return geoOf(parameters);
  } catch (error) {
    throw error instanceof GeoFault ? badRequest(`${prefix}: ${error.message}`) : error;
  }
}

function geoOf({ georel, geometry, coords }: GeoParameters): Filter | undefined {
  if (geometry === undefined) {
    if (coords !== undefined) throw invalid('URI param /coords/ used without /geometry/');
    if (georel !== undefined) throw invalid('URI param /georel/ used without /geometry/');
    return undefined;
  }
  if (coords === undefined) throw invalid('URI param /geometry/ used without /coords/');
  if (!geometries.has(geometry)) throw invalid('error parsing geometry: Invalid selector in geometry specification');
  const relation = georel === undefined ? undefined : readGeorel(georel, geometry);
  const reference = readReference(geometry, coords);
  if (!relation) throw invalid('URI param /geometry/ used without /georel/');
  const filters = relation.map((one): Filter => ({ geo: { relation: one, geometry: reference, ...anyLocation } }));
  const [only] = filters;
  return only && filters.length === 1 ? only : { also: filters };
}

const geometries: ReadonlySet<string> = new Set(['point', 'line', 'box', 'polygon']);

/** The relations of which all have to hold: more than one for a distance with two bounds. */
function readGeorel(georel: string, geometry: string): readonly GeoQuery['relation'][] {
  const words = georel.split(';').map((text) => text.trim());
  const names = words.filter((word) => word === 'near' || relations.has(word));
  const [name] = names;
  if (names.length > 1) throw invalid('georel type present more than once');
  const bounds = words.filter((word) => word !== name).map(readBound);
  const relation = relations.get(name ?? '');
  if (!relation) return readNear(bounds, geometry);
  const [bound] = bounds;
  if (bound) throw invalid(`${bound.name} erroneously used with georel /${name ?? ''}/`);
  if (name === 'coveredBy' && (geometry === 'point' || geometry === 'line'))
    throw invalid(`${geometry} geometry cannot be used with coveredBy georel`);
  return [{ georel: relation }];
}

function readNear(bounds: readonly Bound[], geometry: string): readonly GeoQuery['relation'][] {
  if (bounds.length === 0) throw invalid('georel /near/ without either minDistance nor maxDistance');
  if (geometry !== 'point') throw invalid('georel /near/ used with geometry different than point');
  return bounds.map(({ relation }) => relation);
}

interface Bound {
  readonly name: 'maxDistance' | 'minDistance';
  readonly relation: GeoQuery['relation'];
}

function readBound(text: string): Bound {
  const [, name, metres = ''] = /^(minDistance|maxDistance):(.*)$/.exec(text) ?? [];
  if (name === undefined) throw invalid('Invalid modifier in georel parameter');
  if (!/^\d+(?:\.\d+)?$/.test(metres)) throw invalid(`invalid number for ${name}`);
  return name === 'maxDistance'
    ? { name, relation: { georel: 'near', maxDistanceMetres: Number(metres) } }
    : { name: 'minDistance', relation: { georel: 'near', minDistanceMetres: Number(metres) } };
}

/** The location of each entity, whatever its name. */
const anyLocation = { geoproperty: coreLocation, isV2: true } as const;

type Georel = Exclude<GeoQuery['relation']['georel'], 'near'>;

const relations: ReadonlyMap<string, Georel> = new Map<string, Georel>([
  ['coveredBy', 'within'],
  ['intersects', 'intersects'],
  ['equals', 'equals'],
  ['disjoint', 'disjoint'],
]);

/** The geometry that entities are compared with. */
function readReference(kind: string, coords: string): Geometry {
  const positions = coords.split(';').map((text) => {
    if (text.split(',').length !== 2) throw invalid('invalid point in URI param /coords/');
    const position = positionIn(text);
    if (!position) throw invalid('invalid coordinates');
    return position;
  });
  switch (kind) {
    case 'point':
      return { type: 'Point', coordinates: readOne(positions) };
    case 'line':
      if (positions.length < 2) throw invalid('invalid number of coordinates for /line/');
      return { type: 'LineString', coordinates: positions };
    case 'box':
      return { type: 'Polygon', coordinates: [readBox(positions)] };
    default:
      return { type: 'Polygon', coordinates: [readRing(positions)] };
  }
}

function readOne(positions: readonly Coordinate[]): Coordinate {
  const [only] = positions;
  if (!only || positions.length !== 1) throw invalid('invalid number of coordinates for /point/');
  return only;
}

function readBox(positions: readonly Coordinate[]): readonly Coordinate[] {
  if (positions.length !== 2) throw invalid('invalid number of coordinates for /box/');
  const [one, other] = positions;
  if (one?.[0] === other?.[0] || one?.[1] === other?.[1])
    throw invalid('box coordinates are not defining an actual box');
  return ringOfBox(positions);
}

function readRing(positions: readonly Coordinate[]): readonly Coordinate[] {
  if (positions.length < 4) throw invalid('Too few coordinates for polygon');
  if (!sameJson(positions[0], positions.at(-1))) throw invalid('First and last point in polygon not the same');
  return positions;
}

/** GeoJSON geometries that NGSI-LD allows (CIM 009 clause 4.7): RFC 7946 without GeometryCollection. */
import { isArray, isObject, type Json } from './json.ts';
import { badData } from './problem.ts';

/** Longitude, latitude and, where given, altitude: degrees and metres on WGS 84. */
export type Coordinate = readonly [number, number] | readonly [number, number, number];

export type Geometry =
  | { readonly type: 'Point'; readonly coordinates: Coordinate }
  | { readonly type: 'MultiPoint' | 'LineString'; readonly coordinates: readonly Coordinate[] }
  | { readonly type: 'MultiLineString' | 'Polygon'; readonly coordinates: readonly (readonly Coordinate[])[] }
  | { readonly type: 'MultiPolygon'; readonly coordinates: readonly (readonly (readonly Coordinate[])[])[] };

/** West, south, east, north, in degrees. West is never greater than east: a box does not cross the antimeridian. */
export type BoundingBox = readonly [number, number, number, number];

/** Most positions in one geometry. */
const positionsMax = 100_000;

/** True for what has the type of a geometry, or means to: an object with such a `type` and `coordinates`. */
export const looksLikeGeometry = (json: Json): boolean =>
  isObject(json) && typeof json['type'] === 'string' && geometryTypes.has(json['type']) && 'coordinates' in json;

const geometryTypes = new Set(['Point', 'MultiPoint', 'LineString', 'MultiLineString', 'Polygon', 'MultiPolygon']);

/** The geometry in some JSON. Throws BadRequestData that says what is wrong with it and where it stood. */
export function readGeometry(json: Json | undefined, where: string): Geometry {
  if (!isObject(json)) throw badData(`The ${where} must be a GeoJSON geometry, not ${JSON.stringify(json ?? null).slice(0, 120)}.`);
  const { type, coordinates = null } = json;
  const reading: Reading = { where, positions: 0 };
  switch (type) {
    case 'Point':
      return { type, coordinates: readPosition(coordinates, reading) };
    case 'MultiPoint':
      return { type, coordinates: readMany(coordinates, reading, { least: 1, read: readPosition }) };
    case 'LineString':
      return { type, coordinates: readLine(coordinates, reading) };
    case 'MultiLineString':
      return { type, coordinates: readMany(coordinates, reading, { least: 1, read: readLine }) };
    case 'Polygon':
      return { type, coordinates: readPolygon(coordinates, reading) };
    case 'MultiPolygon':
      return { type, coordinates: readMany(coordinates, reading, { least: 1, read: readPolygon }) };
    default:
      throw badData(`The ${where} has the type ${JSON.stringify(type ?? null)}, which is none of ${[...geometryTypes].join(', ')}.`);
  }
}

interface Reading {
  readonly where: string;
  positions: number;
}

type Read<T> = (json: Json, reading: Reading) => T;

function readMany<T>(json: Json, reading: Reading, { least, read }: { least: number; read: Read<T> }): readonly T[] {
  if (!isArray(json)) throw badData(`The coordinates of the ${reading.where} are not nested as its type wants.`);
  if (json.length < least) throw badData(`The ${reading.where} needs at least ${least} positions or parts where it has ${json.length}.`);
  return json.map((element) => read(element, reading));
}

const readLine: Read<readonly Coordinate[]> = (json, reading) => readMany(json, reading, { least: 2, read: readPosition });

const readPolygon: Read<readonly (readonly Coordinate[])[]> = (json, reading) => readMany(json, reading, { least: 1, read: readRing });

function readRing(json: Json, reading: Reading): readonly Coordinate[] {
  const ring = readMany(json, reading, { least: 4, read: readPosition });
  const [first, last] = [ring[0], ring.at(-1)];
  if (first?.[0] === last?.[0] && first?.[1] === last?.[1]) return ring;
  throw badData(`A ring of the ${reading.where} is not closed: its last position must be its first.`);
}

function readPosition(json: Json, reading: Reading): Coordinate {
  reading.positions += 1;
  if (reading.positions > positionsMax) throw badData(`The ${reading.where} has more than ${positionsMax} positions.`);
  const [longitude, latitude, altitude] = isArray(json) && json.length <= 3 ? json : [];
  const isOnEarth = isWithin(longitude, 180) && isWithin(latitude, 90);
  const isHigh = altitude === undefined || (typeof altitude === 'number' && Number.isFinite(altitude));
  if (!isOnEarth || !isHigh) {
    throw badData(`A position of the ${reading.where} must be longitude and latitude in degrees, not ${JSON.stringify(json).slice(0, 120)}.`);
  }
  return typeof altitude === 'number' ? [longitude, latitude, altitude] : [longitude, latitude];
}

const isWithin = (degrees: Json | undefined, most: number): degrees is number => typeof degrees === 'number' && Math.abs(degrees) <= most;

/** Every position of a geometry. */
export function positionsOf(geometry: Geometry): readonly Coordinate[] {
  switch (geometry.type) {
    case 'Point':
      return [geometry.coordinates];
    case 'MultiPoint':
    case 'LineString':
      return geometry.coordinates;
    case 'MultiLineString':
    case 'Polygon':
      return geometry.coordinates.flat();
    case 'MultiPolygon':
      return geometry.coordinates.flat(2);
  }
}

/** The smallest box around a geometry. */
export function boundingBox(geometry: Geometry): BoundingBox {
  let [west, south, east, north] = [180, 90, -180, -90];
  for (const [longitude, latitude] of positionsOf(geometry)) {
    west = Math.min(west, longitude);
    east = Math.max(east, longitude);
    south = Math.min(south, latitude);
    north = Math.max(north, latitude);
  }
  return [west, south, east, north];
}

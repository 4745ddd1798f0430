/** Reads the GeoJSON geometries that NGSI-LD allows (CIM 009 clause 4.7): RFC 7946 without GeometryCollection. */
import { isArray, isObject, type Json, sameJson } from './json.ts';
import { badData } from './problem.ts';
import { quoted } from './read/id.ts';

/** Longitude, latitude and an optional altitude: degrees and metres on WGS 84. */
export type Coordinate = readonly [number, number] | readonly [number, number, number];

export type Geometry =
  | { readonly type: 'Point'; readonly coordinates: Coordinate }
  | { readonly type: 'MultiPoint' | 'LineString'; readonly coordinates: readonly Coordinate[] }
  | { readonly type: 'MultiLineString' | 'Polygon'; readonly coordinates: readonly (readonly Coordinate[])[] }
  | { readonly type: 'MultiPolygon'; readonly coordinates: readonly (readonly (readonly Coordinate[])[])[] };

/** West, south, east, north, in degrees. West is never greater than east: a box does not cross the antimeridian. */
export type BoundingBox = readonly [number, number, number, number];

/** The maximum number of positions in one geometry. */
const positionsMax = 100_000;

/** True for a valid or faulty geometry: an object with a geometry's `type` and `coordinates`. */
export const looksLikeGeometry = (json: Json): boolean =>
  isObject(json) && typeof json['type'] === 'string' && geometryTypes.has(json['type']) && 'coordinates' in json;

const geometryTypes = new Set(['Point', 'MultiPoint', 'LineString', 'MultiLineString', 'Polygon', 'MultiPolygon']);

/**
 * The geometry in the JSON, without members that do not belong to the geometry. Throws BadRequestData that names the fault and its
 * position.
 */
export function readGeometry(json: Json | undefined, where: string): Geometry {
  if (!isObject(json)) throw badData(`The ${where} must be a GeoJSON geometry, not ${quoted(json)}.`);
  const { type, coordinates } = json;
  const reading: GeometryReading = { where, positions: 0 };
  switch (type) {
    case 'Point':
      return { type, coordinates: readPosition(coordinates, reading) };
    case 'MultiPoint':
      return { type, coordinates: readMany(coordinates, reading, { least: 1, of: 'positions', read: readPosition }) };
    case 'LineString':
      return { type, coordinates: readLine(coordinates, reading) };
    case 'MultiLineString':
      return { type, coordinates: readMany(coordinates, reading, { least: 1, of: 'lines', read: readLine }) };
    case 'Polygon':
      return { type, coordinates: readPolygon(coordinates, reading) };
    case 'MultiPolygon':
      return { type, coordinates: readMany(coordinates, reading, { least: 1, of: 'polygons', read: readPolygon }) };
    default:
      throw badData(`The ${where} has the type ${quoted(type)}, which is none of ${[...geometryTypes].join(', ')}.`);
  }
}

interface GeometryReading {
  readonly where: string;
  positions: number;
}

type Read<T> = (json: Json | undefined, reading: GeometryReading) => T;

interface Members<T> {
  readonly least: number;
  readonly of: string;
  readonly read: Read<T>;
}

function readMany<T>(json: Json | undefined, reading: GeometryReading, { least, of, read }: Members<T>): readonly T[] {
  if (isArray(json) && json.length >= least) return json.map((element) => read(element, reading));
  throw badData(`The ${reading.where} needs an array of at least ${least} ${of} where it has ${quoted(json)}.`);
}

const readLine: Read<readonly Coordinate[]> = (json, reading) =>
  readMany(json, reading, { least: 2, of: 'positions of a line', read: readPosition });

const readPolygon: Read<readonly (readonly Coordinate[])[]> = (json, reading) =>
  readMany(json, reading, { least: 1, of: 'rings', read: readRing });

function readRing(json: Json | undefined, reading: GeometryReading): readonly Coordinate[] {
  const ring = readMany(json, reading, { least: 4, of: 'positions of a ring', read: readPosition });
  const [first, last] = [ring[0], ring.at(-1)];
  if (sameJson(first, last)) return ring;
  throw badData(
    `A ring of the ${reading.where} is not closed: it begins with ${quoted(first)} and ends with ${quoted(last)}.`,
  );
}

function readPosition(json: Json | undefined, reading: GeometryReading): Coordinate {
  reading.positions += 1;
  if (reading.positions > positionsMax) throw badData(`The ${reading.where} has more than ${positionsMax} positions.`);
  const [longitude, latitude, altitude] = isArray(json) && json.length <= 3 ? json : [];
  const isOnEarth = isWithin(longitude, 180) && isWithin(latitude, 90);
  const isFlat = altitude === undefined;
  if (isOnEarth && isFlat) return [longitude, latitude];
  if (isOnEarth && isWithin(altitude, Number.MAX_VALUE)) return [longitude, latitude, altitude];
  throw badData(
    `A position of the ${reading.where} must be longitude (-180 to 180), latitude (-90 to 90) and perhaps altitude, not ${quoted(json)}.`,
  );
}

const isWithin = (degrees: Json | undefined, most: number): degrees is number =>
  typeof degrees === 'number' && Math.abs(degrees) <= most;

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

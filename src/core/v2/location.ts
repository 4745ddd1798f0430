/** Converts the Simple Location Format of NGSI v2 (`geo:point`, `geo:line`, `geo:box`, `geo:polygon`) to geometries and back. */
import { type Coordinate, type Geometry, readGeometry } from '../model/geometry.ts';
import { isArray, isObject, isStrings, type Json, sameJson } from '../model/json.ts';
import { badRequest, type V2Problem } from './problem.ts';

export const simpleLocationTypes = ['geo:point', 'geo:line', 'geo:box', 'geo:polygon'] as const;
export type SimpleLocationType = (typeof simpleLocationTypes)[number];

export const isSimpleLocationType = (type: string): type is SimpleLocationType =>
  simpleLocationTypes.some((one) => one === type);

/** The geometry of a value in the Simple Location Format: latitude first. Throws BadRequest with the text of Orion. */
export function readSimpleLocation(type: SimpleLocationType, value: Json): Geometry {
  if (type === 'geo:point') {
    if (typeof value !== 'string') throw wrong('geo:point needs a string as value');
    return { type: 'Point', coordinates: readPosition(value) };
  }
  if (!isStrings(value)) throw wrong('geo:line, geo:box and geo:polygon needs array of strings as value');
  const positions = value.map(readPosition);
  switch (type) {
    case 'geo:line':
      if (positions.length < 2) throw wrong('geo:line uses at least 2 coordinates');
      return { type: 'LineString', coordinates: positions };
    case 'geo:box':
      return { type: 'Polygon', coordinates: [ringOfBox(positions)] };
    case 'geo:polygon':
      if (positions.length < 4) throw wrong('geo:polygon uses at least 4 coordinates');
      if (!sameJson(positions[0], positions.at(-1))) throw wrong('geo:polygon first and last coordinates must match');
      return { type: 'Polygon', coordinates: [positions] };
  }
}

/** The ring begins with the first corner and has the second one opposite, so that `writeSimpleLocation` finds both again. */
export function ringOfBox(corners: readonly Coordinate[]): readonly Coordinate[] {
  const [one, other] = corners;
  if (!one || !other || corners.length !== 2) throw wrong('geo:box uses exactly 2 coordinates');
  return [one, [other[0], one[1]], other, [one[0], other[1]], one];
}

const wrong = (text: string): V2Problem => badRequest(`error parsing location attribute: ${text}`);

const pair = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*,\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*$/;

/** `latitude, longitude`; undefined when the text is something else. */
export function positionIn(text: string): Coordinate | undefined {
  const [, latitude, longitude] = pair.exec(text) ?? [];
  const [south, east] = [Number(latitude), Number(longitude)];
  return Math.abs(south) <= 90 && Math.abs(east) <= 180 ? [east, south] : undefined;
}

function readPosition(text: string): Coordinate {
  const position = positionIn(text);
  if (!position) throw wrong(`geo coordinates format error [see Orion user manual]: ${text}`);
  return position;
}

/** The value in the Simple Location Format for a geometry. Undefined: the geometry does not fit the type. */
export function writeSimpleLocation(type: SimpleLocationType, geometry: Geometry): Json | undefined {
  switch (type) {
    case 'geo:point':
      return geometry.type === 'Point' ? positionText(geometry.coordinates) : undefined;
    case 'geo:line':
      return geometry.type === 'LineString' ? positionTexts(geometry.coordinates) : undefined;
    case 'geo:polygon':
      return positionTexts(onlyRing(geometry));
    case 'geo:box':
      return positionTexts(cornersOf(onlyRing(geometry)));
  }
}

/** The ring of a polygon without holes; empty for other geometries. */
const onlyRing = ({ type, coordinates }: Geometry): readonly Coordinate[] =>
  type === 'Polygon' && coordinates.length === 1 ? (coordinates[0] ?? []) : [];

/** The corners that `ringOfBox` made the ring of; empty for other rings. */
function cornersOf(ring: readonly Coordinate[]): readonly Coordinate[] {
  const [one, , other] = ring;
  return one && other && sameJson(ringOfBox([one, other]), ring) ? [one, other] : [];
}

function positionText(position: Coordinate): string | undefined {
  const [longitude, latitude, altitude] = position;
  return altitude === undefined ? `${latitude}, ${longitude}` : undefined;
}

function positionTexts(positions: readonly Coordinate[]): Json | undefined {
  const texts = positions.flatMap((position) => positionText(position) ?? []);
  return texts.length > 0 && texts.length === positions.length ? texts : undefined;
}

/** The geometry of a value of type `geo:json`. A feature is reduced to its geometry. Throws BadRequest. */
export function readGeoJson(value: Json): Geometry {
  if (!isObject(value)) throw badRequest('geo:json needs an object or null as value');
  try {
    return readGeometry(geometryIn(value), 'value');
  } catch {
    throw badRequest('Wrong GeoJson');
  }
}

/** The geometry in a Feature or in a FeatureCollection with one feature; any other value is returned unchanged. */
function geometryIn(value: Json | undefined): Json | undefined {
  if (!isObject(value)) return value;
  const { type, features } = value;
  if (type === 'Feature') return value['geometry'];
  const [feature, ...others] = type === 'FeatureCollection' && isArray(features) ? features : [];
  return isObject(feature) && others.length === 0 ? feature['geometry'] : value;
}

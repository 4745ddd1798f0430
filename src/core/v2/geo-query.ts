/** Reads the geographical queries of NGSI v2: latitude first, boxes, and distances with a single equals sign. */
import type { Filter, GeoQuery } from '../language/filter.ts';
import type { Coordinate, Geometry } from '../model/geometry.ts';
import { sameJson } from '../model/json.ts';
import { coreLocation } from '../model/v2/location.ts';
import { positionIn, ringOfBox } from './location.ts';
import { badRequest, type V2Problem } from './problem.ts';

interface GeoParameters {
  readonly georel?: string | undefined;
  readonly geometry?: string | undefined;
  readonly coords?: string | undefined;
}

const invalid = (text: string): V2Problem => badRequest(`Invalid query: ${text}`);

/** The filter of the three parameters; undefined when none is given. Throws BadRequest with the text of Orion. */
export function readV2Geo(parameters: GeoParameters): Filter | undefined {
  const { georel, geometry, coords } = parameters;
  if (georel !== undefined && geometry !== undefined && coords !== undefined)
    return geoFilter({ georel, geometry, reference: readReference(geometry, coords) });
  if (geometry !== undefined)
    throw invalid(`URI param /geometry/ used without /${coords === undefined ? 'coords' : 'georel'}/`);
  if (coords !== undefined) throw invalid('URI param /coords/ used without /geometry/');
  if (georel !== undefined) throw invalid('URI param /georel/ used without /geometry/');
  return undefined;
}

interface Reference {
  readonly georel: string;
  readonly geometry: string;
  readonly reference: Geometry;
}

function geoFilter({ georel, geometry, reference }: Reference): Filter {
  const [name = '', ...modifiers] = georel.split(';').map((text) => text.trim());
  if (name === 'near') return nearFilter(geometry, modifiers, reference);
  const relation = relations.get(name);
  if (!relation || modifiers.length > 0)
    throw invalid('error parsing georel: Invalid selector in georel specification');
  if (name === 'coveredBy' && (geometry === 'point' || geometry === 'line'))
    throw invalid(`${geometry} geometry cannot be used with coveredBy georel`);
  return { geo: { relation: { georel: relation }, geometry: reference, ...anyLocation } };
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

function nearFilter(kind: string, modifiers: readonly string[], geometry: Geometry): Filter {
  if (kind !== 'point') throw invalid('georel /near/ used with geometry different than point');
  if (modifiers.length === 0) throw invalid('georel /near/ without either minDistance nor maxDistance');
  const parts = modifiers.map((text): Filter => {
    const [, name, metres = ''] = /^(minDistance|maxDistance):(\d+(?:\.\d+)?)$/.exec(text) ?? [];
    if (name === undefined) throw invalid('error parsing georel: Invalid modifier in georel parameter');
    const distance = Number(metres);
    const relation =
      name === 'maxDistance'
        ? ({ georel: 'near', maxDistanceMetres: distance } as const)
        : ({ georel: 'near', minDistanceMetres: distance } as const);
    return { geo: { relation, geometry, ...anyLocation } };
  });
  const [only] = parts;
  return only && parts.length === 1 ? only : { also: parts };
}

/** The geometry that entities are compared with. */
function readReference(kind: string, coords: string): Geometry {
  const positions = coords.split(';').map((text) => {
    const position = positionIn(text);
    if (!position) throw invalid('invalid point in URI param /coords/');
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
    case 'polygon':
      return { type: 'Polygon', coordinates: [readRing(positions)] };
    default:
      throw invalid('error parsing geometry: Invalid selector in geometry specification');
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

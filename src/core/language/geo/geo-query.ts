/** Reads geo-queries (clause 4.10) and computes the bounding box of possible results. */
import type { Terms } from '../../model/entity.ts';
import { type BoundingBox, boundingBox, type Geometry, positionsOf, readGeometry } from '../../model/geometry.ts';
import { isObject, type Json, type JsonObject, parseJson } from '../../model/json.ts';
import { badData } from '../../model/problem.ts';
import { quoted } from '../../model/read/id.ts';
import { inMember } from '../../model/read/member.ts';
import { readRawOrDecoded } from '../../model/read/percent.ts';
import { readAttributeName } from '../../model/read/name.ts';
import type { GeoQuery } from '../filter.ts';

/** The expanded name of the default GeoProperty of a geo-query. */
const location = 'https://uri.etsi.org/ngsi-ld/location';

type Relation = GeoQuery['relation'];
const relations = ['within', 'contains', 'overlaps', 'intersects', 'equals', 'disjoint'] as const;

interface GeoParameters {
  readonly georel?: string | undefined;
  readonly geometry?: string | undefined;
  readonly coordinates?: string | undefined;
  readonly geoproperty?: string | undefined;
}

/**
 * The geo-query in four parameters. Throws BadRequestData that names the faulty parameter. `georel`, `geometry` and `coordinates` must be
 * given together.
 */
export function parseGeoQuery({ georel, geometry, coordinates, geoproperty }: GeoParameters, terms: Terms): GeoQuery {
  if (georel === undefined || geometry === undefined || coordinates === undefined) {
    throw badData('A geo-query needs georel, geometry and coordinates.');
  }
  return {
    relation: readRawOrDecoded(georel, readRelation),
    geometry: readReference({ type: geometry, coordinates: readRawOrDecoded(coordinates, readCoordinates) }),
    geoproperty:
      geoproperty === undefined || geoproperty === 'location'
        ? location
        : inMember('geoproperty', () => readAttributeName(geoproperty, terms)),
  };
}

/** The maximum of positions of a query's geometry: each is compared with every candidate. */
const positionsMax = 10_000;

function readReference(json: Json): Geometry {
  const geometry = readGeometry(json, 'geometry of the geo-query');
  if (positionsOf(geometry).length > positionsMax)
    throw badData(`The geometry of the geo-query has more than ${positionsMax} positions.`);
  return geometry;
}

/** The geo-query of a query or subscription (clause 5.2.13). Like the parameters, but coordinates can be an array. */
export function readGeoQ(json: Json, terms: Terms): GeoQuery {
  if (!isObject(json)) throw badData('The member geoQ must be an object.');
  refuseUnknownGeo(json);
  const { coordinates } = json;
  const text = typeof coordinates === 'string' || coordinates === undefined ? coordinates : JSON.stringify(coordinates);
  const [georel, geometry, geoproperty] = ['georel', 'geometry', 'geoproperty'].map((name) => readText(json, name));
  return parseGeoQuery({ georel, geometry, coordinates: text, geoproperty }, terms);
}

/** The members of a geo-query in JSON. */
export const geoMembers: readonly string[] = ['georel', 'geometry', 'coordinates', 'geoproperty'];

/** Throws BadRequestData that names an unknown member. */
export function refuseUnknownGeo(json: JsonObject): void {
  const unknown = Object.keys(json).find((name) => !geoMembers.includes(name));
  if (unknown !== undefined) throw badData(`The member geoQ cannot have a member ${quoted(unknown)}.`);
}

function readText(json: JsonObject, name: string): string | undefined {
  const text = json[name];
  if (text === undefined || typeof text === 'string') return text;
  throw badData(`The member ${name} of geoQ must be a string, not ${quoted(text)}.`);
}

function readCoordinates(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    throw badData(`The coordinates of the geo-query must be a JSON array, not ${quoted(text)}.`);
  }
}

function readRelation(text: string): Relation {
  const georel = relations.find((one) => one === text);
  if (georel) return { georel };
  const near = /^near;\s*(maxDistance|minDistance)==(\d+(?:\.\d+)?(?:[eE]\d+)?)$/.exec(text);
  const metres = Number(near?.[2] ?? Number.NaN);
  if (!near || !(metres > 0) || metres === Number.POSITIVE_INFINITY) {
    throw badData(
      `The georel must be ${relations.join(', ')}, near;maxDistance==METRES or near;minDistance==METRES, not ${quoted(text)}.`,
    );
  }
  return near[1] === 'maxDistance'
    ? { georel: 'near', maxDistanceMetres: metres }
    : { georel: 'near', minDistanceMetres: metres };
}

/** Metres per degree of latitude, rounded down: a box can be too large, but never too small. */
const metresPerDegree = 110_500;

/** A box that contains all possible matches. It is for an index, whose results are tested again. */
export function searchBox({ relation, geometry }: GeoQuery): BoundingBox | 'everywhere' {
  if (relation.georel === 'disjoint' || 'minDistanceMetres' in relation) return 'everywhere';
  const box = boundingBox(geometry);
  return 'maxDistanceMetres' in relation ? enlarged(box, relation.maxDistanceMetres) : box;
}

function enlarged([west, south, east, north]: BoundingBox, metres: number): BoundingBox | 'everywhere' {
  const degrees = metres / metresPerDegree;
  if (degrees >= 180) return 'everywhere';
  const [low, high] = [Math.max(-90, south - degrees), Math.min(90, north + degrees)];
  // A circle of longitude is shortest at the latitude nearest to a pole. Beyond a pole or the antimeridian, every longitude is possible.
  const farthest = Math.max(Math.abs(south), Math.abs(north)) + degrees;
  const wide = farthest < 89 ? degrees / Math.cos((farthest * Math.PI) / 180) : 360;
  return west - wide < -180 || east + wide > 180 ? [-180, low, 180, high] : [west - wide, low, east + wide, high];
}

/** Tests the parser of geo-queries, and the bounding box for the index. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { GeoQuery } from '../../../src/core/language/filter.ts';
import { parseGeoQuery, readGeoQ, searchBox } from '../../../src/core/language/geo/geo-query.ts';
import { compileGeo } from '../../../src/core/language/geo/spatial.ts';
import type { BoundingBox, Coordinate, Geometry } from '../../../src/core/model/geometry.ts';
import type { Json } from '../../../src/core/model/json.ts';
import { termsBy } from '../terms.ts';

type Relation = GeoQuery['relation'];

const terms = termsBy({ expand: (term) => `urn:x:${term}` });
const location = 'https://uri.etsi.org/ngsi-ld/location';
const good = { georel: 'near;maxDistance==2000', geometry: 'Point', coordinates: '[14.3,46.2]' };

describe('the parameters of a geo-query', () => {
  test('are read', () => {
    expect(parseGeoQuery({ ...good, geoproperty: 'observationSpace' }, terms)).toEqual({
      relation: { georel: 'near', maxDistanceMetres: 2000 },
      geometry: { type: 'Point', coordinates: [14.3, 46.2] },
      geoproperty: 'urn:x:observationSpace',
    });
  });

  test.each<readonly [string, Relation]>([
    ['near;minDistance==0.5', { georel: 'near', minDistanceMetres: 0.5 }],
    ['near;maxDistance==1e3', { georel: 'near', maxDistanceMetres: 1000 }],
    ['within', { georel: 'within' }],
    ['contains', { georel: 'contains' }],
    ['overlaps', { georel: 'overlaps' }],
    ['intersects', { georel: 'intersects' }],
    ['equals', { georel: 'equals' }],
    ['disjoint', { georel: 'disjoint' }],
  ])('the georel %s', (georel, relation) =>
    expect(parseGeoQuery({ ...good, georel }, terms).relation).toEqual(relation),
  );

  test('compare the location unless they name another property', () => {
    expect(parseGeoQuery(good, terms).geoproperty).toBe(location);
    expect(parseGeoQuery({ ...good, geoproperty: 'location' }, terms).geoproperty).toBe(location);
  });

  test.each<readonly [Readonly<Record<string, string | undefined>>, RegExp]>([
    [{ georel: undefined }, /needs georel, geometry and coordinates/],
    [{ geometry: undefined }, /needs georel, geometry and coordinates/],
    [{ coordinates: undefined }, /needs georel, geometry and coordinates/],
    [{ georel: '' }, /georel must be .* not ""/],
    [{ georel: 'beside' }, /georel must be .* not "beside"/],
    [{ georel: 'Within' }, /georel/],
    [{ georel: 'near' }, /georel/],
    [{ georel: 'near;maxDistance=5' }, /georel/],
    [{ georel: 'near;maxDistance==' }, /georel/],
    [{ georel: 'near;maxDistance==0' }, /georel/],
    [{ georel: 'near;maxDistance==-5' }, /georel/],
    [{ georel: 'near;maxDistance==far' }, /georel/],
    [{ georel: 'near;maxDistance==1e999' }, /georel/],
    [{ georel: 'near;maxDistance==5;minDistance==1' }, /georel/],
    [{ georel: 'within;maxDistance==5' }, /georel/],
    [{ geometry: 'Circle' }, /geometry of the geo-query has the type "Circle"/],
    [{ geometry: 'GeometryCollection' }, /geometry of the geo-query/],
    [{ coordinates: '' }, /coordinates of the geo-query must be a JSON array, not ""/],
    [{ coordinates: '14.3,46.2' }, /coordinates of the geo-query/],
    [{ coordinates: '[14.3,46.2' }, /coordinates of the geo-query/],
    [{ coordinates: '[14.3,"46.2"]' }, /position of the geometry of the geo-query/],
    [{ coordinates: '[181,1]' }, /position of the geometry of the geo-query/],
    [{ geometry: 'Polygon', coordinates: '[[[0,0],[1,0],[1,1]]]' }, /geometry of the geo-query/],
    [{ geoproperty: 'a b' }, /"a b"/],
  ])('%j is refused', (wrong, said) => expect(() => parseGeoQuery({ ...good, ...wrong }, terms)).toThrow(said));
});

describe('geoQ', () => {
  const square = [
    [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 0],
    ],
  ];

  test('has its coordinates as an array or as text', () => {
    const asArray = readGeoQ({ georel: 'within', geometry: 'Polygon', coordinates: square }, terms);
    expect(asArray).toEqual({
      relation: { georel: 'within' },
      geometry: { type: 'Polygon', coordinates: square },
      geoproperty: location,
    });
    expect(readGeoQ({ georel: 'within', geometry: 'Polygon', coordinates: JSON.stringify(square) }, terms)).toEqual(
      asArray,
    );
  });

  test.each<readonly [Json, RegExp]>([
    [[], /geoQ must be an object/],
    ['near', /geoQ must be an object/],
    [{ ...good, georel: 5 }, /georel of geoQ must be a string, not 5/],
    [{ ...good, geometry: null }, /geometry of geoQ must be a string, not null/],
    [{ ...good, geoproperty: ['a'] }, /geoproperty of geoQ must be a string/],
    [{ ...good, coordinates: null }, /position of the geometry/],
    [{ ...good, coordinates: { longitude: 1 } }, /position of the geometry/],
    [{ georel: 'within' }, /needs georel, geometry and coordinates/],
  ])('%j is refused', (json, said) => expect(() => readGeoQ(json, terms)).toThrow(said));
});

const query = (relation: Relation, geometry: Geometry): GeoQuery => ({ relation, geometry, geoproperty: location });
const pointAt = (coordinates: Coordinate): Geometry => ({ type: 'Point', coordinates });
const within = (metres: number): Relation => ({ georel: 'near', maxDistanceMetres: metres });

const holds = ([west, south, east, north]: BoundingBox, [longitude, latitude]: Coordinate): boolean =>
  longitude >= west && longitude <= east && latitude >= south && latitude <= north;

describe('the box that an index searches', () => {
  const line: Geometry = {
    type: 'LineString',
    coordinates: [
      [-3, 2],
      [5, -1],
    ],
  };

  test('is that of the geometry when what is found must meet it', () => {
    for (const georel of ['within', 'contains', 'overlaps', 'intersects', 'equals'] as const) {
      expect(searchBox(query({ georel }, line))).toEqual([-3, -1, 5, 2]);
    }
  });

  test('is everywhere when what is found lies outside', () => {
    expect(searchBox(query({ georel: 'disjoint' }, line))).toBe('everywhere');
    expect(searchBox(query({ georel: 'near', minDistanceMetres: 10 }, line))).toBe('everywhere');
    expect(searchBox(query(within(1e9), line))).toBe('everywhere');
  });

  test('is little larger than the circle in a town', () => {
    const box = searchBox(query(within(1000), pointAt([14.3556, 46.2389])));
    if (box === 'everywhere') throw new Error('A town is not everywhere.');
    expect(box[3] - box[1]).toBeGreaterThan(2 / 111.2);
    expect(box[3] - box[1]).toBeLessThan(2.04 / 111.2);
    expect(box[2] - box[0]).toBeLessThan(2.04 / 111.2 / Math.cos((46.24 * Math.PI) / 180));
  });

  test('has every longitude near a pole and across the antimeridian', () => {
    const longitudes = (at: Coordinate, metres: number): readonly unknown[] => {
      const box = searchBox(query(within(metres), pointAt(at)));
      return [box[0], box[2]];
    };
    expect(longitudes([14, 89.5], 1000)).toEqual([-180, 180]);
    expect(longitudes([14, -80], 1_200_000)).toEqual([-180, 180]);
    expect(longitudes([179.999, 10], 1000)).toEqual([-180, 180]);
    expect(longitudes([-179.999, 10], 1000)).toEqual([-180, 180]);
  });

  const radians = Math.PI / 180;

  /** Where one comes to from a place after so many metres into a direction. Near a pole it is some centimetres off. */
  function gone([longitude, latitude]: Coordinate, metres: number, bearing: number): Coordinate {
    const [angle, y] = [metres / 6_371_008.8, latitude * radians];
    const sine = Math.sin(y) * Math.cos(angle) + Math.cos(y) * Math.sin(angle) * Math.cos(bearing);
    const north = Math.asin(Math.max(-1, Math.min(1, sine)));
    const turn = Math.atan2(
      Math.sin(bearing) * Math.sin(angle) * Math.cos(y),
      Math.cos(angle) - Math.sin(y) * Math.sin(north),
    );
    const east = longitude + turn / radians;
    return [east > 180 ? east - 360 : east < -180 ? east + 360 : east, north / radians];
  }

  const longitude = fc.oneof(
    fc.double({ min: -180, max: 180, noNaN: true }),
    fc.constantFrom(-180, 180, 179.999, -179.99),
  );
  const latitude = fc.oneof(fc.double({ min: -90, max: 90, noNaN: true }), fc.constantFrom(-90, 90, 89.99, -88.9));
  const place = fc.tuple(longitude, latitude);
  const metres = fc.oneof(
    fc.double({ min: 20, max: 5000, noNaN: true }),
    fc.double({ min: 20, max: 2e7, noNaN: true }),
  );

  test('holds every place that is near enough, anywhere on earth', () => {
    const share = fc.double({ min: 0, max: 0.98, noNaN: true });
    const bearing = fc.double({ min: 0, max: 2 * Math.PI, noNaN: true });
    fc.assert(
      fc.property(place, metres, fc.tuple(share, bearing), (at, most, [part, direction]) => {
        const geo = query(within(most), pointAt(at));
        const there = gone(at, part * most, direction);
        expect(compileGeo(geo)(pointAt(there))).toBe(true);
        const box = searchBox(geo);
        expect(box === 'everywhere' || holds(box, there)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  test('holds every place that is found near a line', () => {
    let found = 0;
    fc.assert(
      fc.property(fc.tuple(place, place), place, metres, ([from, to], there, most) => {
        const geo = query(within(most), { type: 'LineString', coordinates: [from, to] });
        if (!compileGeo(geo)(pointAt(there))) return;
        found += 1;
        const box = searchBox(geo);
        expect(box === 'everywhere' || holds(box, there)).toBe(true);
      }),
      { numRuns: 5000 },
    );
    expect(found).toBeGreaterThan(100);
  });
});

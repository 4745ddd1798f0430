/** Geo-queries: relations of shapes with known answers, rules that hold for any shapes, and the box that an index searches. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { GeoQuery } from '../../../src/core/language/filter.ts';
import { parseGeoQuery, readGeoQ, searchBox } from '../../../src/core/language/geo-query.ts';
import { compileGeo } from '../../../src/core/language/spatial.ts';
import { boundingBox, type Coordinate, type Geometry } from '../../../src/core/model/geometry.ts';

type Relation = GeoQuery['relation'];
type Name = Exclude<Relation['georel'], 'near'>;

const point = (x: number, y: number): Geometry => ({ type: 'Point', coordinates: [x, y] });
const line = (...coordinates: readonly Coordinate[]): Geometry => ({ type: 'LineString', coordinates });
const ring = (x0: number, y0: number, x1: number, y1: number): readonly Coordinate[] => [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]];
const square = (x0: number, y0: number, x1: number, y1: number): Geometry => ({ type: 'Polygon', coordinates: [ring(x0, y0, x1, y1)] });
const big = square(0, 0, 10, 10);
const holed: Geometry = { type: 'Polygon', coordinates: [ring(0, 0, 10, 10), ring(4, 4, 6, 6)] };
const query = (relation: Relation, geometry: Geometry): GeoQuery => ({ relation, geometry, geoproperty: 'urn:x:location' });
const holds = (relation: Relation, geometry: Geometry, reference: Geometry): boolean => compileGeo(query(relation, reference))(geometry);

describe('relations', () => {
  test.each<readonly [Name, Geometry, Geometry, boolean]>([
    ['within', point(5, 5), holed, false],
    ['within', point(2, 2), holed, true],
    ['within', point(4, 5), holed, false],
    ['within', square(1, 1, 3, 3), holed, true],
    ['within', square(3, 3, 7, 7), holed, false],
    ['within', square(3, 3, 7, 7), big, true],
    ['within', line([1, 5], [9, 5]), holed, false],
    ['within', line([1, 5], [4, 5]), holed, true],
    ['within', line([0, 0], [10, 0]), big, false],
    ['intersects', square(4.5, 4.5, 5.5, 5.5), holed, false],
    ['intersects', square(10, 0, 20, 10), big, true],
    ['intersects', line([-5, 5], [15, 5]), big, true],
    ['intersects', line([-5, 5], [15, 45]), big, false],
    ['overlaps', square(10, 0, 20, 10), big, false],
    ['overlaps', square(9, 0, 20, 10), big, true],
    ['overlaps', square(1, 1, 2, 2), big, false],
    ['overlaps', line([0, 0], [5, 0]), line([3, 0], [8, 0]), true],
    ['overlaps', line([0, 0], [5, 0]), line([5, 0], [8, 0]), false],
    ['equals', big, { type: 'Polygon', coordinates: [[[10, 0], [10, 10], [0, 10], [0, 0], [5, 0], [10, 0]]] }, true],
    ['equals', big, holed, false],
    ['contains', big, point(1, 1), true],
    ['contains', holed, point(5, 5), false],
    ['disjoint', point(11, 1), big, true],
    ['disjoint', point(10, 1), big, false],
  ])('%s %j %j: %s', (georel, geometry, reference, expected) => expect(holds({ georel }, geometry, reference)).toBe(expected));

  test.each<readonly [Relation, Geometry, Geometry, boolean]>([
    [{ georel: 'near', maxDistanceMetres: 23_200 }, point(14.3553, 46.2389), point(14.5058, 46.0569), false],
    [{ georel: 'near', maxDistanceMetres: 23_500 }, point(14.3553, 46.2389), point(14.5058, 46.0569), true],
    [{ georel: 'near', maxDistanceMetres: 111_300 }, point(5, 11), big, true],
    [{ georel: 'near', maxDistanceMetres: 111_100 }, point(5, 11), big, false],
    [{ georel: 'near', minDistanceMetres: 1 }, point(5, 5), big, false],
    [{ georel: 'near', maxDistanceMetres: 23_000 }, point(179.9, 0), point(-179.9, 0), true],
    [{ georel: 'near', maxDistanceMetres: 23_000 }, line([0, 89.9], [180, 89.9]), point(90, 89.9), true],
  ])('%j %j %j: %s', (relation, geometry, reference, expected) => expect(holds(relation, geometry, reference)).toBe(expected));
});

const grid = fc.integer({ min: -8, max: 8 });
const spot = fc.tuple(grid, grid).map(([x, y]): Coordinate => [x, y]);
const shape: fc.Arbitrary<Geometry> = fc.oneof(
  spot.map((coordinates): Geometry => ({ type: 'Point', coordinates })),
  fc.array(spot, { minLength: 2, maxLength: 4 }).map((coordinates): Geometry => ({ type: 'LineString', coordinates })),
  fc.tuple(grid, grid, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 })).map(([x, y, w, h]) => square(x, y, x + w, y + h)),
);

describe('any two shapes', () => {
  test('meet, or are disjoint, the same from both sides', () => {
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        const meet = holds({ georel: 'intersects' }, a, b);
        expect(holds({ georel: 'disjoint' }, a, b)).toBe(!meet);
        expect(holds({ georel: 'intersects' }, b, a)).toBe(meet);
        expect(holds({ georel: 'within' }, a, b)).toBe(holds({ georel: 'contains' }, b, a));
        expect(holds({ georel: 'overlaps' }, a, b)).toBe(holds({ georel: 'overlaps' }, b, a));
        if (holds({ georel: 'within' }, a, b)) expect(meet).toBe(true);
        expect(holds({ georel: 'equals' }, a, a)).toBe(true);
        expect(holds({ georel: 'near', maxDistanceMetres: 1 }, a, b)).toBe(meet);
      }),
      { numRuns: 2000 },
    );
  });

  test('are found in the box that an index searches', () => {
    const georel = fc.constantFrom<Relation>({ georel: 'within' }, { georel: 'contains' }, { georel: 'overlaps' }, { georel: 'intersects' }, { georel: 'equals' }, { georel: 'near', maxDistanceMetres: 300_000 });
    const stretched = (geometry: Geometry, by: number): Geometry => JSON.parse(JSON.stringify(geometry), (_, value: unknown) => (typeof value === 'number' ? value * by : value)) as Geometry;
    fc.assert(
      fc.property(georel, shape, shape, fc.constantFrom(1, 5, 11.25), (relation, a, b, by) => {
        const [geometry, reference] = [stretched(a, by), stretched(b, by)];
        fc.pre([geometry, reference].every((one) => Math.abs(boundingBox(one)[3]) <= 90 && Math.abs(boundingBox(one)[1]) <= 90));
        if (!holds(relation, geometry, reference)) return;
        const box = searchBox(query(relation, reference));
        if (box === 'everywhere') return;
        const own = boundingBox(geometry);
        expect(own[0] <= box[2] && own[2] >= box[0] && own[1] <= box[3] && own[3] >= box[1]).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the text of a geo-query', () => {
  const terms = { expand: (term: string): string => `urn:x:${term}`, compact: (iri: string): string => iri };
  const parse = (georel: string | undefined, geometry?: string, coordinates?: string, geoproperty?: string): GeoQuery => parseGeoQuery({ georel, geometry, coordinates, geoproperty }, terms);

  test('is read whole', () => {
    expect(parse('near;maxDistance==2000', 'Point', '[14.3,46.2]', 'observationSpace')).toEqual({ relation: { georel: 'near', maxDistanceMetres: 2000 }, geometry: point(14.3, 46.2), geoproperty: 'urn:x:observationSpace' });
    expect(readGeoQ({ georel: 'within', geometry: 'Polygon', coordinates: [ring(0, 0, 1, 1)] } as never, terms).geoproperty).toBe('https://uri.etsi.org/ngsi-ld/location');
  });

  test.each([
    [undefined, 'Point', '[1,1]'],
    ['within', undefined, '[1,1]'],
    ['within', 'Point', undefined],
    ['near', 'Point', '[1,1]'],
    ['near;maxDistance==0', 'Point', '[1,1]'],
    ['near;maxDistance==-5', 'Point', '[1,1]'],
    ['near;maxDistance==1e999', 'Point', '[1,1]'],
    ['near;maxDistance==5;minDistance==1', 'Point', '[1,1]'],
    ['beside', 'Point', '[1,1]'],
    ['within', 'Circle', '[1,1]'],
    ['within', 'Point', '[1'],
    ['within', 'Point', '[1,"a"]'],
    ['within', 'Point', '[181,1]'],
    ['within', 'Polygon', '[[[0,0],[1,0],[1,1]]]'],
  ])('%s %s %s is refused', (georel, geometry, coordinates) => expect(() => parse(georel, geometry, coordinates)).toThrow(/geo|position|coordinates/i));
});

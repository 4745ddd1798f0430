/** Tests GeoJSON geometries: which are accepted, the errors for others, and the bounding boxes. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  boundingBox,
  type Geometry,
  looksLikeGeometry,
  positionsOf,
  readGeometry,
} from '../../../src/core/model/geometry.ts';
import type { Json } from '../../../src/core/model/json.ts';
import { Problem } from '../../../src/core/model/problem.ts';

const ring = [
  [0, 0],
  [4, 0],
  [4, 4],
  [0, 0],
];
const hole = [
  [2, 1],
  [3, 1],
  [3, 2],
  [2, 1],
];

const geometries: Readonly<Record<string, Json>> = {
  Point: [14.3556, 46.2389],
  MultiPoint: [
    [0, 0, 380.5],
    [-180, -90],
    [180, 90],
  ],
  LineString: [
    [0, 0],
    [0, 0],
  ],
  MultiLineString: [
    [
      [0, 0],
      [1, 1],
    ],
    [
      [2, 2],
      [3, 3],
      [4, 4],
    ],
  ],
  Polygon: [ring, hole],
  MultiPolygon: [[ring, hole], [ring]],
};

function problemOf(json: Json | undefined): Problem {
  try {
    readGeometry(json, 'value of place');
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(json)} was taken for a geometry.`);
}

describe('a geometry', () => {
  test.each(Object.entries(geometries))('of type %s is read as it is', (type, coordinates) => {
    expect(readGeometry({ type, coordinates }, 'value')).toEqual({ type, coordinates });
  });

  test('leaves out members that are not of it', () => {
    expect(readGeometry({ type: 'Point', coordinates: [1, 2], bbox: [1, 2, 1, 2] }, 'value')).toEqual({
      type: 'Point',
      coordinates: [1, 2],
    });
  });

  const line = (...coordinates: readonly Json[]): Json => ({ type: 'LineString', coordinates });
  const polygon = (...coordinates: readonly Json[]): Json => ({ type: 'Polygon', coordinates });
  const point = (...coordinates: readonly Json[]): Json => ({ type: 'Point', coordinates });

  test.each<readonly [string, Json | undefined, RegExp]>([
    ['nothing', undefined, /must be a GeoJSON geometry, not null/],
    ['an array', [14, 46], /must be a GeoJSON geometry, not \[14,46\]/],
    ['no type', { coordinates: [1, 2] }, /type null, which is none of Point/],
    ['a type of other spelling', { type: 'point', coordinates: [1, 2] }, /type "point"/],
    ['a collection', { type: 'GeometryCollection', geometries: [] }, /type "GeometryCollection"/],
    ['the type as an array', { type: ['Point'], coordinates: [1, 2] }, /type \["Point"\]/],
    ['no coordinates', { type: 'Point' }, /position .* not null/],
    ['no coordinates of a line', { type: 'LineString' }, /at least 2 positions of a line where it has null/],
    ['text', { type: 'Point', coordinates: '[1,2]' }, /not "\[1,2\]"/],
    ['one number', point(1), /not \[1\]/],
    ['four numbers', point(1, 2, 3, 4), /not \[1,2,3,4\]/],
    ['numbers as text', point('1', '2'), /not \["1","2"\]/],
    ['a longitude beyond 180', point(180.1, 0), /longitude \(-180 to 180\).*180\.1/],
    ['a latitude beyond -90', point(0, -90.1), /latitude \(-90 to 90\).*-90\.1/],
    ['infinite longitude', point(Number.POSITIVE_INFINITY, 0), /position/],
    ['an altitude that is no number', point(1, 2, null), /not \[1,2,null\]/],
    ['an infinite altitude', point(1, 2, Number.NEGATIVE_INFINITY), /position/],
    ['a point too deep', point([1, 2]), /not \[\[1,2\]\]/],
    ['points too shallow', { type: 'MultiPoint', coordinates: [1, 2] }, /position .* not 1/],
    ['no points', { type: 'MultiPoint', coordinates: [] }, /at least 1 positions/],
    ['a line of one position', line([1, 2]), /at least 2 positions of a line where it has \[\[1,2\]\]/],
    ['no lines', { type: 'MultiLineString', coordinates: [] }, /at least 1 lines/],
    ['no rings', polygon(), /at least 1 rings/],
    [
      'a ring of three positions',
      polygon([
        [0, 0],
        [1, 1],
        [0, 0],
      ]),
      /at least 4 positions of a ring/,
    ],
    [
      'an open ring',
      polygon([
        [0, 0],
        [4, 0],
        [4, 4],
        [0, 4],
      ]),
      /not closed: it begins with \[0,0\] and ends with \[0,4\]/,
    ],
    [
      'a ring that ends higher',
      polygon([
        [0, 0, 1],
        [4, 0, 1],
        [4, 4, 1],
        [0, 0, 2],
      ]),
      /not closed/,
    ],
    [
      'an open hole',
      polygon(ring, [
        [2, 1],
        [3, 1],
        [3, 2],
        [2, 2],
      ]),
      /not closed/,
    ],
    ['no polygons', { type: 'MultiPolygon', coordinates: [] }, /at least 1 polygons/],
    ['a polygon without rings', { type: 'MultiPolygon', coordinates: [[ring], []] }, /at least 1 rings/],
  ])('%s is refused', (_, json, said) => {
    const { type, message } = problemOf(json);
    expect(type).toBe('BadRequestData');
    expect(message).toMatch(said);
    expect(message).toContain('value of place');
  });

  test('has at most 100,000 positions, however they are shared out', () => {
    const lines = (count: number): Json =>
      Array.from({ length: count }, () => Array.from({ length: 1000 }, () => [1, 2]));
    expect(readGeometry({ type: 'MultiLineString', coordinates: lines(100) }, 'value').type).toBe('MultiLineString');
    expect(problemOf({ type: 'MultiLineString', coordinates: lines(101) }).message).toMatch(
      /more than 100000 positions/,
    );
  });

  test('that is refused is quoted in brief', () => {
    const { message } = problemOf({ type: 'Point', coordinates: Array.from({ length: 50_000 }, () => 1) });
    expect(message.length).toBeLessThan(400);
  });
});

test.each<readonly [Json, boolean]>([
  [{ type: 'Point', coordinates: [1, 2] }, true],
  [{ type: 'MultiPolygon', coordinates: 'nonsense' }, true],
  [{ type: 'Point' }, false],
  [{ type: 'Property', coordinates: [1, 2] }, false],
  [{ type: 'GeometryCollection', coordinates: [] }, false],
  [{ coordinates: [1, 2] }, false],
  [[1, 2], false],
  ['Point', false],
  [null, false],
])('%j looks like a geometry: %s', (json, expected) => expect(looksLikeGeometry(json)).toBe(expected));

describe('the box around a geometry', () => {
  test.each<readonly [string, readonly number[]]>([
    ['Point', [14.3556, 46.2389, 14.3556, 46.2389]],
    ['MultiPoint', [-180, -90, 180, 90]],
    ['LineString', [0, 0, 0, 0]],
    ['MultiLineString', [0, 0, 4, 4]],
    ['Polygon', [0, 0, 4, 4]],
    ['MultiPolygon', [0, 0, 4, 4]],
  ])('of type %s', (type, box) =>
    expect(boundingBox(readGeometry({ type, coordinates: geometries[type] ?? null }, 'value'))).toEqual(box),
  );

  test('holds every position, and has one on each side', () => {
    const position = fc.tuple(
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.double({ min: -90, max: 90, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(position, { minLength: 1, maxLength: 20 }), (coordinates) => {
        const geometry: Geometry = { type: 'MultiPoint', coordinates };
        const [west, south, east, north] = boundingBox(geometry);
        const all = positionsOf(geometry);
        expect(all.every(([x, y]) => x >= west && x <= east && y >= south && y <= north)).toBe(true);
        expect(all.some(([x]) => x === west) && all.some(([x]) => x === east)).toBe(true);
        expect(all.some(([, y]) => y === south) && all.some(([, y]) => y === north)).toBe(true);
      }),
    );
  });
});

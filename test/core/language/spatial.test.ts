/** Tests geo-queries: relations of shapes with known results, distances on the earth, and properties of arbitrary shapes. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { GeoQuery } from '../../../src/core/language/filter.ts';
import { compileGeo } from '../../../src/core/language/geo/spatial.ts';
import { beginSteps } from '../../../src/core/language/step-count.ts';
import type { Coordinate, Geometry } from '../../../src/core/model/geometry.ts';

type Relation = GeoQuery['relation'];

const names = ['within', 'contains', 'overlaps', 'intersects', 'equals', 'disjoint'] as const;

const point = (...coordinates: Coordinate): Geometry => ({ type: 'Point', coordinates });
const points = (...coordinates: readonly Coordinate[]): Geometry => ({ type: 'MultiPoint', coordinates });
const line = (...coordinates: readonly Coordinate[]): Geometry => ({ type: 'LineString', coordinates });
const lines = (...coordinates: readonly (readonly Coordinate[])[]): Geometry => ({
  type: 'MultiLineString',
  coordinates,
});
const polygon = (...coordinates: readonly (readonly Coordinate[])[]): Geometry => ({ type: 'Polygon', coordinates });
const polygons = (...coordinates: readonly (readonly (readonly Coordinate[])[])[]): Geometry => ({
  type: 'MultiPolygon',
  coordinates,
});

type Corners = readonly [number, number, number, number];

/** The ring around west, south, east and north. */
const ring = (...[west, south, east, north]: Corners): readonly Coordinate[] => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
];
const square = (...corners: Corners): Geometry => polygon(ring(...corners));

function holds(relation: Relation, geometry: Geometry, reference: Geometry): boolean {
  beginSteps();
  return compileGeo({ relation, geometry: reference, geoproperty: 'urn:x:location' })(geometry);
}

const isNear = (metres: number, geometry: Geometry, reference: Geometry): boolean =>
  holds({ georel: 'near', maxDistanceMetres: metres }, geometry, reference);

const relationsOf = (geometry: Geometry, reference: Geometry): string =>
  names.filter((georel) => holds({ georel }, geometry, reference)).join(' ');

const shapes = {
  centre: point(5, 5),
  corner: point(0, 0),
  'on the edge': point(0, 3),
  'on the hole': point(4, 5),
  outside: point(11, 5),
  'centre and outside': points([5, 5], [11, 5]),
  'edge and centre': points([0, 3], [5, 5]),
  'two on the edge': points([0, 3], [10, 3]),
  'one point': points([5, 5]),
  'outside and far': points([11, 5], [20, 5]),
  square: square(0, 0, 10, 10),
  'square again': polygon([
    [10, 0],
    [10, 10],
    [0, 10],
    [0, 0],
    [5, 0],
    [10, 0],
  ]),
  holed: polygon(ring(0, 0, 10, 10), ring(4, 4, 6, 6)),
  'hole filler': square(4, 4, 6, 6),
  'in the hole': square(4.5, 4.5, 5.5, 5.5),
  'around the hole': square(3, 3, 7, 7),
  inner: square(1, 1, 3, 3),
  neighbour: square(10, 0, 20, 10),
  'at the corner': square(10, 10, 20, 20),
  shifted: square(5, 5, 15, 15),
  'along an edge': square(0, 2, 5, 4),
  'crossing bar': square(-5, 4, 15, 6),
  'two squares': polygons([ring(0, 0, 10, 10)], [ring(20, 0, 30, 10)]),
  'two others': polygons([ring(0, 0, 10, 10)], [ring(40, 0, 50, 10)]),
  'far square': square(40, 0, 50, 10),
  diagonal: line([0, 0], [10, 10]),
  'long diagonal': line([-5, -5], [15, 15]),
  'through the hole': line([1, 5], [9, 5]),
  'up to the hole': line([1, 5], [4, 5]),
  'edge line': line([0, 0], [10, 0]),
  'half edge': line([0, 0], [5, 0]),
  'second half': line([5, 0], [10, 0]),
  'middle of edge': line([3, 0], [8, 0]),
  'beyond edge': line([5, 0], [15, 0]),
  'touching line': line([-5, 5], [0, 5]),
  passing: line([-5, 5], [15, 45]),
  'other diagonal': line([0, 10], [10, 0]),
  'both diagonals': lines(
    [
      [0, 0],
      [10, 10],
    ],
    [
      [0, 10],
      [10, 0],
    ],
  ),
  'bent at the centre': line([0, 0], [5, 5], [10, 0]),
  'ring line': line(...ring(0, 0, 10, 10)),
  halves: lines(
    [
      [0, 0],
      [5, 0],
    ],
    [
      [5, 0],
      [10, 0],
    ],
  ),
};

/** All relations that the first has to the second. These are the answers of GEOS, the library behind PostGIS. */
const known: readonly (readonly [keyof typeof shapes, keyof typeof shapes, string])[] = [
  ['centre', 'square', 'within intersects'],
  ['corner', 'square', 'intersects'],
  ['on the edge', 'square', 'intersects'],
  ['on the hole', 'holed', 'intersects'],
  ['centre', 'holed', 'disjoint'],
  ['outside', 'square', 'disjoint'],
  ['centre', 'centre', 'within contains intersects equals'],
  ['centre', 'one point', 'within contains intersects equals'],
  ['centre', 'edge and centre', 'within intersects'],
  ['centre and outside', 'edge and centre', 'overlaps intersects'],
  ['centre and outside', 'outside and far', 'overlaps intersects'],
  ['centre and outside', 'square', 'intersects'],
  ['edge and centre', 'square', 'within intersects'],
  ['two on the edge', 'square', 'intersects'],
  ['outside and far', 'square', 'disjoint'],
  ['centre', 'diagonal', 'within intersects'],
  ['corner', 'diagonal', 'intersects'],
  ['corner', 'ring line', 'within intersects'],
  ['outside', 'diagonal', 'disjoint'],
  ['centre and outside', 'diagonal', 'intersects'],
  ['square', 'square again', 'within contains intersects equals'],
  ['square', 'holed', 'contains intersects'],
  ['hole filler', 'holed', 'intersects'],
  ['in the hole', 'holed', 'disjoint'],
  ['around the hole', 'holed', 'overlaps intersects'],
  ['around the hole', 'square', 'within intersects'],
  ['inner', 'holed', 'within intersects'],
  ['neighbour', 'square', 'intersects'],
  ['at the corner', 'square', 'intersects'],
  ['shifted', 'square', 'overlaps intersects'],
  ['along an edge', 'square', 'within intersects'],
  ['crossing bar', 'square', 'overlaps intersects'],
  ['two squares', 'square', 'contains intersects'],
  ['two squares', 'two others', 'overlaps intersects'],
  ['two squares', 'far square', 'disjoint'],
  ['crossing bar', 'two squares', 'overlaps intersects'],
  ['diagonal', 'square', 'within intersects'],
  ['long diagonal', 'square', 'intersects'],
  ['through the hole', 'holed', 'intersects'],
  ['through the hole', 'square', 'within intersects'],
  ['up to the hole', 'holed', 'within intersects'],
  ['edge line', 'square', 'intersects'],
  ['touching line', 'square', 'intersects'],
  ['passing', 'square', 'disjoint'],
  ['ring line', 'square', 'intersects'],
  ['diagonal', 'holed', 'intersects'],
  ['diagonal', 'inner', 'intersects'],
  ['edge line', 'two squares', 'intersects'],
  ['half edge', 'edge line', 'within intersects'],
  ['half edge', 'second half', 'intersects'],
  ['half edge', 'middle of edge', 'overlaps intersects'],
  ['beyond edge', 'edge line', 'overlaps intersects'],
  ['halves', 'edge line', 'within contains intersects equals'],
  ['diagonal', 'other diagonal', 'intersects'],
  ['diagonal', 'both diagonals', 'within intersects'],
  ['bent at the centre', 'both diagonals', 'within intersects'],
  ['passing', 'diagonal', 'disjoint'],
  ['edge line', 'ring line', 'within intersects'],
];

/** What the second is to the first. */
const turned = (relations: string): string =>
  names
    .filter((name) => relations.split(' ').includes({ within: 'contains', contains: 'within' }[name as string] ?? name))
    .join(' ');

describe('relations', () => {
  test.each(known)('%s, %s: %s', (a, b, relations) => {
    expect(relationsOf(shapes[a], shapes[b])).toBe(relations);
    expect(relationsOf(shapes[b], shapes[a])).toBe(turned(relations));
  });

  test('forgive what no map can show', () => {
    expect(holds({ georel: 'intersects' }, point(3, 1 + 1e-10), line([0, 0], [9, 3]))).toBe(true);
    expect(holds({ georel: 'intersects' }, point(3, 1 + 1e-7), line([0, 0], [9, 3]))).toBe(false);
    expect(holds({ georel: 'equals' }, point(14.1 + 0.2, 46), point(14.3, 46))).toBe(true);
  });

  test('know a position that is repeated', () => {
    const halting = line([0, 0], [5, 5], [5, 5], [10, 10]);
    expect(relationsOf(halting, shapes.diagonal)).toBe('within contains intersects equals');
    expect(relationsOf(halting, shapes['other diagonal'])).toBe('intersects');
    expect(relationsOf(line([3, 3], [3, 3]), shapes.square)).toBe('within intersects');
  });

  test('of altitudes do not speak', () => {
    expect(holds({ georel: 'equals' }, point(1, 2, 300), point(1, 2))).toBe(true);
  });

  test('of a part that touches another do not confuse the two', () => {
    const touched = polygons(
      [ring(1, 0, 7, 4)],
      [
        [
          [1, 2],
          [-2, -2],
          [-3, -3],
          [1, 2],
        ],
      ],
    );
    expect(relationsOf(square(1, 1, 4, 3), touched)).toBe('within intersects');
  });
});

/** Longitudes and latitudes; the metres between them on the ellipsoid, as GeographicLib has them. */
const journeys: readonly (readonly [string, Coordinate, Coordinate, number])[] = [
  ['Kranj to Ljubljana', [14.3556, 46.2389], [14.5058, 46.0569], 23_322],
  ['Ljubljana to Maribor', [14.5058, 46.0569], [15.6467, 46.5547], 103_856],
  ['London to Paris', [-0.1278, 51.5074], [2.3522, 48.8566], 343_923],
  ['New York to London', [-74.006, 40.7128], [-0.1278, 51.5074], 5_585_234],
  ['Sydney to Santiago', [151.2093, -33.8688], [-70.6693, -33.4489], 11_368_984],
  ['Auckland to Honolulu', [174.7633, -36.8485], [-157.8583, 21.3069], 7_050_148],
  ['Longyearbyen to Utqiagvik', [15.6267, 78.2232], [-156.7886, 71.2906], 3_396_974],
];

/** A degree of a great circle, in metres. */
const degree = (6_371_008.8 * Math.PI) / 180;

describe('distances', () => {
  test.each(journeys)('from %s', (...[, from, to, metres]) => {
    expect(isNear(metres * 0.995, point(...from), point(...to))).toBe(false);
    expect(isNear(metres * 1.005, point(...from), point(...to))).toBe(true);
    expect(isNear(metres * 1.005, point(...to), point(...from))).toBe(true);
  });

  const big = square(0, 0, 10, 10);
  test.each<readonly [string, Geometry, Geometry, number]>([
    ['a point above a side', point(5, 11), big, degree],
    ['a point beside a side, on the side of its latitude', point(11, 5), big, degree * Math.cos((5 * Math.PI) / 180)],
    ['a point off a corner', point(10, 12), big, 2 * degree],
    ['a point in the hole', point(5, 4.5), shapes.holed, degree / 2],
    ['two squares', square(0, 12, 10, 15), big, 2 * degree],
    ['a square in the hole', square(4.9, 4.25, 5.1, 5), shapes.holed, degree / 4],
    [
      'the nearest of many',
      points([50, 50], [5, 13], [5, 11]),
      polygons([ring(0, 0, 10, 10)], [ring(-50, 0, -40, 10)]),
      degree,
    ],
    ['lines that do not cross', line([0, 1], [10, 1]), line([5, 0], [5, -5]), degree],
    ['across the antimeridian', point(179.5, 0), point(-179.5, 0), degree],
    ['a line across the antimeridian', point(179.5, 0), line([-179.5, -1], [-179.5, 1]), degree],
    [
      'a square across the antimeridian',
      square(178, -1, 179, 1),
      square(-179, -1, -178, 1),
      2 * degree * Math.cos(Math.PI / 180),
    ],
    ['a line the long way round', point(180, 0), line([-170, 0], [170, 0]), 10 * degree],
    ['across a pole', point(0, 89), point(180, 89), 2 * degree],
    ['a parallel near a pole', point(90, 89.9), line([0, 89.9], [180, 89.9]), 0],
    ['nothing', point(5, 5), big, 0],
  ])('to %s', (...[, geometry, reference, metres]) => {
    for (const [a, b] of [
      [geometry, reference],
      [reference, geometry],
    ] as const) {
      expect(isNear(metres * 1.001 + 0.001, a, b)).toBe(true);
      if (metres > 0) expect(isNear(metres * 0.999, a, b)).toBe(false);
      expect(holds({ georel: 'near', minDistanceMetres: metres * 1.001 + 0.001 }, a, b)).toBe(false);
      if (metres > 0) expect(holds({ georel: 'near', minDistanceMetres: metres * 0.999 }, a, b)).toBe(true);
    }
  });
});

/** A ring of many positions around a place, wavy so that nothing about it is simple. */
function wave(positions: number, east: number, radius: number): Geometry {
  const around = Array.from({ length: positions - 1 }, (_, index): Coordinate => {
    const angle = (2 * Math.PI * index) / (positions - 1);
    const reach = radius * (1 + 0.2 * Math.sin(40 * angle));
    return [east + reach * Math.cos(angle), reach * Math.sin(angle)];
  });
  return polygon([...around, around[0] ?? [0, 0]]);
}

describe('geometries of many positions', () => {
  // Comparing every edge with every other one would take minutes.
  const [small, large, beside] = [wave(20_000, 0, 5), wave(20_000, 0, 8), wave(20_000, 14.05, 5)];

  test('are told apart in the time of a request', () => {
    expect(relationsOf(small, large)).toBe('within intersects');
    expect(isNear(1000, beside, large)).toBe(true);
    expect(isNear(1000, wave(20_000, 30, 5), large)).toBe(false);
  });

  test('are too complex where each edge lies beside each of the other', () => {
    const beside = (shift: number): Geometry =>
      lines(
        ...Array.from({ length: 2000 }, (_, n): Coordinate[] => [
          [13, 45 + (n + shift) / 2000],
          [15, 47 + (n + shift) / 2000],
        ]),
      );
    expect(() => holds({ georel: 'intersects' }, beside(0), beside(0.5))).toThrow('too many steps to compare');
  });

  test('are found to be equal', () => {
    expect(holds({ georel: 'equals' }, large, wave(20_000, 0, 8))).toBe(true);
  });
});

const grid = fc.integer({ min: -6, max: 6 });
const spot = fc.tuple(grid, grid).map(([x, y]): Coordinate => [x, y]);
const path = fc.array(spot, { minLength: 2, maxLength: 4 });
const size = fc.integer({ min: 3, max: 8 });
const corners = fc.tuple(spot, size, size).map(([[x, y], w, h]): Corners => [x, y, x + w, y + h]);
const plain = corners.map((at) => [ring(...at)]);
const holed = corners.map(([west, south, east, north]) => [
  ring(west, south, east, north),
  ring(west + 1, south + 1, east - 1, north - 1),
]);
/** East of all others by as much as it takes not to touch them. */
const apart = plain.map((rings) => rings.map((one) => one.map(([x, y]): Coordinate => [x + 25, y])));

const shape: fc.Arbitrary<Geometry> = fc.oneof(
  spot.map((at) => point(...at)),
  fc.array(spot, { minLength: 1, maxLength: 4 }).map((all) => points(...all)),
  path.map((way) => line(...way)),
  fc.array(path, { minLength: 1, maxLength: 3 }).map((all) => lines(...all)),
  fc.oneof(plain, holed).map((rings) => polygon(...rings)),
  fc.tuple(fc.oneof(plain, holed), apart).map((parts) => polygons(...parts)),
);

describe('lines that go nowhere', () => {
  test('share no length with a line through them', () => {
    const [spots, way] = [
      lines(
        [
          [6, 3],
          [6, 3],
        ],
        [
          [0, 0],
          [0, 0],
        ],
      ),
      lines(
        [
          [6, 3],
          [0, 1],
        ],
        [
          [1, 0],
          [0, -1],
        ],
      ),
    ];
    expect(relationsOf(spots, way)).toBe('intersects');
    expect(relationsOf(way, spots)).toBe('intersects');
  });
});

describe('any two shapes', () => {
  const is = (georel: (typeof names)[number]) => (a: Geometry, b: Geometry) => holds({ georel }, a, b);
  const [within, contains, overlaps, meet, equal, disjoint] = names.map(is);
  if (!within || !contains || !overlaps || !meet || !equal || !disjoint) throw new Error('A relation has no name.');

  test('have relations that go together', () => {
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        expect(disjoint(a, b)).toBe(!meet(a, b));
        expect(meet(b, a)).toBe(meet(a, b));
        expect(within(a, b)).toBe(contains(b, a));
        expect(overlaps(b, a)).toBe(overlaps(a, b));
        expect(equal(a, b)).toBe(within(a, b) && within(b, a));
        if (within(a, b) || overlaps(a, b)) expect(meet(a, b)).toBe(true);
        expect(overlaps(a, b) && (within(a, b) || contains(a, b))).toBe(false);
        expect(isNear(1, a, b)).toBe(meet(a, b));
        expect(holds({ georel: 'near', minDistanceMetres: 1 }, a, b)).toBe(!meet(a, b));
      }),
      { numRuns: 3000 },
    );
  });

  test('are equal to themselves, and to themselves from the other end', () => {
    const reversed = (geometry: Geometry): Geometry => {
      if (geometry.type === 'LineString') return line(...geometry.coordinates.toReversed());
      return geometry.type === 'Polygon' ? polygon(...geometry.coordinates.map((one) => one.toReversed())) : geometry;
    };
    fc.assert(
      fc.property(shape, (a) => {
        expect(relationsOf(a, a)).toBe('within contains intersects equals');
        expect(equal(reversed(a), a)).toBe(true);
      }),
    );
  });

  test('lie within whatever that lies within which they lie', () => {
    fc.assert(
      fc.property(shape, shape, shape, (a, b, c) => {
        const all = polygon(ring(-50, -50, 50, 50));
        expect(within(a, all)).toBe(true);
        if (within(a, b) && within(b, c)) expect(within(a, c)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

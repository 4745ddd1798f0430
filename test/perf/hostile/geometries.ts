/** Defines geometries with many positions, for writes and comparisons. */
import { each, entity, found, type HostileInput, type HostileRequest, many } from './input.ts';

/** A ring of so many positions. */
const ring = (size: number, radius = 1, first = 0): string => {
  const at = (n: number): string => {
    const angle = (2 * Math.PI * ((n + first) % size)) / size;
    return `[${(14 + radius * Math.cos(angle)).toFixed(9)},${(46 + radius * Math.sin(angle)).toFixed(9)}]`;
  };
  return `[${each(size + 1, at)}]`;
};

/** A line that goes to and fro, so that every part of it meets the box of every other. */
const zigzag = (size: number, shift = 0): string =>
  `[${each(size, (n) => `[${n % 2 === 0 ? 13 : 15},${(45 + shift + n / size).toFixed(9)}]`)}]`;

const located = (value: string): readonly HostileRequest[] => [entity(`"location":${value}`)];

const near = (georel: string, type: string, coordinates: string): HostileRequest =>
  found(`"geoQ":{"georel":"${georel}","geometry":"${type}","coordinates":${coordinates}}`);

const polygons = (what: string, georel: string, radius: number): HostileInput => ({
  what: `polygon ${what}`,
  size: 9900,
  prepare: (n) => located(`{"type":"Polygon","coordinates":[${ring(n, radius)}]}`),
  // From another position on: the same order of positions is equal at once.
  request: (n) => near(georel, 'Polygon', `[${ring(n, 1, 1)}]`),
});

export const geometries: readonly HostileInput[] = [
  {
    what: 'polygon written',
    size: 96_000,
    request: (n) => entity(`"location":{"type":"Polygon","coordinates":[${ring(n)}]}`),
  },
  polygons('within another', 'within', 0.9),
  polygons('equal to another', 'equals', 1),
  polygons('that overlaps another', 'overlaps', 1.0000001),
  {
    what: 'large polygon that meets another',
    size: 96_000,
    prepare: (n) => located(`{"type":"Polygon","coordinates":[${ring(n, 1.0000001)}]}`),
    request: (n) => near('intersects', 'Polygon', `[${ring(n / 10)}]`),
  },
  {
    what: 'zigzags that do not meet',
    size: 9900,
    prepare: (n) => located(`{"type":"LineString","coordinates":${zigzag(n)}}`),
    request: (n) => near('intersects', 'LineString', zigzag(n, 0.25 / n)),
  },
  {
    what: 'zigzags near',
    size: 9900,
    prepare: (n) => located(`{"type":"LineString","coordinates":${zigzag(n)}}`),
    request: (n) => near('near;maxDistance==1', 'LineString', zigzag(n, 1.1)),
  },
  {
    what: 'points near a polygon',
    size: 9900,
    prepare: () => many(1000, () => '"location":{"type":"Point","coordinates":[14,46]}'),
    request: (n) => near('near;minDistance==100', 'Polygon', `[${ring(n)}]`),
  },
  {
    what: 'georel of many digits',
    size: 300,
    request: (n) => near(`near;maxDistance==${'1'.repeat(n)}`, 'Point', '[14,46]'),
  },
];

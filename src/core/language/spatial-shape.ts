/** A geometry as points, segments and rings on the plane of longitude and latitude, and what lies in it. */
import { type BoundingBox, boundingBox, type Coordinate, type Geometry, positionsOf } from '../model/geometry.ts';

/** Longitude and latitude in degrees; what is more of a position does not count. */
export type Point = Coordinate;
export type Segment = readonly [Point, Point];
/** The outer ring, then the holes. */
export type Polygon = readonly (readonly Point[])[];

export interface Shape {
  readonly dimension: 0 | 1 | 2;
  readonly box: BoundingBox;
  /** Every position. */
  readonly points: readonly Point[];
  /** Of lines and rings. */
  readonly segments: readonly Segment[];
  readonly polygons: readonly Polygon[];
}

export function shapeOf(geometry: Geometry): Shape {
  const polygons = polygonsOf(geometry);
  const lines = polygons.length > 0 ? polygons.flat() : linesOf(geometry);
  return {
    dimension: polygons.length > 0 ? 2 : lines.length > 0 ? 1 : 0,
    box: boundingBox(geometry),
    points: positionsOf(geometry),
    segments: lines.flatMap(segmentsOf),
    polygons,
  };
}

function polygonsOf(geometry: Geometry): readonly Polygon[] {
  if (geometry.type === 'Polygon') return [geometry.coordinates];
  return geometry.type === 'MultiPolygon' ? geometry.coordinates : [];
}

function linesOf(geometry: Geometry): readonly (readonly Point[])[] {
  if (geometry.type === 'LineString') return [geometry.coordinates];
  return geometry.type === 'MultiLineString' ? geometry.coordinates : [];
}

const segmentsOf = (line: readonly Point[]): readonly Segment[] =>
  line.slice(1).map((end, index): Segment => [line[index] ?? end, end]);

/** What is nearer than this many degrees is the same: a tenth of a millimetre. */
const tolerance = 1e-9;

const cross = (from: Point, to: Point, point: Point): number => (to[0] - from[0]) * (point[1] - from[1]) - (to[1] - from[1]) * (point[0] - from[0]);

export const isSamePoint = (a: Point, b: Point): boolean => Math.abs(a[0] - b[0]) <= tolerance && Math.abs(a[1] - b[1]) <= tolerance;

/** True for a point on the segment, ends included. */
export function isOnSegment(point: Point, [from, to]: Segment): boolean {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  if (length <= tolerance) return isSamePoint(point, from);
  if (Math.abs(cross(from, to, point)) > tolerance * length) return false;
  const along = ((point[0] - from[0]) * (to[0] - from[0]) + (point[1] - from[1]) * (to[1] - from[1])) / length;
  return along >= -tolerance && along <= length + tolerance;
}

/** Where the first segment meets the second: shares of its length, from 0 to 1. Where they run together, both ends of that. */
export function meetings([from, to]: Segment, other: Segment): readonly number[] {
  const [start, end] = other;
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const turn = dx * (end[1] - start[1]) - dy * (end[0] - start[0]);
  const shareOf = (point: Point): number => ((point[0] - from[0]) * dx + (point[1] - from[1]) * dy) / (dx * dx + dy * dy || 1);
  const shared = [start, end].filter((point) => isOnSegment(point, [from, to])).map(shareOf);
  const ends = [from, to].filter((point) => isOnSegment(point, other)).map(shareOf);
  if (turn === 0) return [...shared, ...ends];
  const share = ((start[0] - from[0]) * (end[1] - start[1]) - (start[1] - from[1]) * (end[0] - start[0])) / turn;
  const otherShare = ((start[0] - from[0]) * dy - (start[1] - from[1]) * dx) / turn;
  const isCrossing = share >= 0 && share <= 1 && otherShare >= 0 && otherShare <= 1;
  return [...shared, ...ends, ...(isCrossing ? [share] : [])];
}

/** Where a point is, seen from polygons: the boundary of one counts as boundary. */
export function placeOf(point: Point, polygons: readonly Polygon[]): 'inside' | 'boundary' | 'outside' {
  let isInside = false;
  for (const polygon of polygons) {
    let isOdd = false;
    for (const ring of polygon) {
      for (const segment of segmentsOf(ring)) {
        if (isOnSegment(point, segment)) return 'boundary';
        if (isLeftOf(point, segment)) isOdd = !isOdd;
      }
    }
    isInside ||= isOdd;
  }
  return isInside ? 'inside' : 'outside';
}

/** True when a ray from the point to the east crosses the segment. */
function isLeftOf([x, y]: Point, [from, to]: Segment): boolean {
  if (from[1] > y === to[1] > y) return false;
  return x < ((to[0] - from[0]) * (y - from[1])) / (to[1] - from[1]) + from[0];
}

/** True for a point that belongs to the shape, its boundary included. */
export function covers(shape: Shape, point: Point): boolean {
  if (shape.dimension === 2) return placeOf(point, shape.polygons) !== 'outside';
  if (shape.dimension === 1) return shape.segments.some((segment) => isOnSegment(point, segment));
  return shape.points.some((own) => isSamePoint(own, point));
}

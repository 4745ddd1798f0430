/** Computes with points and edges on the plane of longitude and latitude: whether a point is on an edge, and where two edges meet. */
import type { BoundingBox } from '../../model/geometry.ts';
import type { Edge, Point } from './spatial-tree.ts';

/** Points nearer than this many degrees are equal: a tenth of a millimetre. */
export const tolerance = 1e-9;

/** True for points at the same position. */
export const isSamePoint = (a: Point, b: Point): boolean =>
  Math.abs(a[0] - b[0]) <= tolerance && Math.abs(a[1] - b[1]) <= tolerance;

/** True for boxes that have a common point within the tolerance. */
export const areBoxesMeeting = (a: BoundingBox, b: BoundingBox): boolean =>
  a[0] <= b[2] + tolerance && b[0] <= a[2] + tolerance && a[1] <= b[3] + tolerance && b[1] <= a[3] + tolerance;

const cross = (from: Point, to: Point, point: Point): number =>
  (to[0] - from[0]) * (point[1] - from[1]) - (to[1] - from[1]) * (point[0] - from[0]);

/** True for a point on the edge, ends included. */
export function isOnEdge(point: Point, { from, to }: Edge): boolean {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  if (length <= tolerance) return isSamePoint(point, from);
  if (Math.abs(cross(from, to, point)) > tolerance * length) return false;
  const along = ((point[0] - from[0]) * (to[0] - from[0]) + (point[1] - from[1]) * (to[1] - from[1])) / length;
  return along >= -tolerance && along <= length + tolerance;
}

/**
 * True when a ray from the point to the east crosses the edge. When two edges share a vertex on the ray, one, none or both of them count,
 * so that the parity stays correct.
 */
export function isEastOf({ from, to }: Edge, [x, y]: Point): boolean {
  if (from[1] > y === to[1] > y) return false;
  return x < ((to[0] - from[0]) * (y - from[1])) / (to[1] - from[1]) + from[0];
}

/** The point at a share of the edge's length. */
export const pointAt = ({ from, to }: Edge, share: number): Point => [
  from[0] + share * (to[0] - from[0]),
  from[1] + share * (to[1] - from[1]),
];

/** True for edges that have a common point. */
export const areMeeting = (edge: Edge, other: Edge): boolean => meetings(edge, other).length > 0;

/** The shares (0 to 1) of the edge's length at which it meets the other edge. For overlapping edges, both ends of the common part. */
export function meetings(edge: Edge, other: Edge): readonly number[] {
  const touches = [other.from, other.to].filter((point) => isOnEdge(point, edge)).map((point) => shareOf(point, edge));
  if (isOnEdge(edge.from, other)) touches.push(0);
  if (isOnEdge(edge.to, other)) touches.push(1);
  const crossing = crossingOf(edge, other);
  return crossing === undefined ? touches : [...touches, crossing];
}

function shareOf(point: Point, { from, to }: Edge): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const share = ((point[0] - from[0]) * dx + (point[1] - from[1]) * dy) / (dx * dx + dy * dy || 1);
  return Math.min(1, Math.max(0, share));
}

function crossingOf({ from, to }: Edge, { from: start, to: end }: Edge): number | undefined {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const [ex, ey] = [end[0] - start[0], end[1] - start[1]];
  const turn = dx * ey - dy * ex;
  if (turn === 0) return undefined;
  const share = ((start[0] - from[0]) * ey - (start[1] - from[1]) * ex) / turn;
  const otherShare = ((start[0] - from[0]) * dy - (start[1] - from[1]) * dx) / turn;
  return isShare(share) && isShare(otherShare) ? share : undefined;
}

const isShare = (number: number): boolean => number >= 0 && number <= 1;

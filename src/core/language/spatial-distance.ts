/** Distances on the sphere between shapes, in metres (clause 4.10). */
import { intersects } from './spatial-relation.ts';
import type { Point, Segment, Shape } from './spatial-shape.ts';

/** Mean radius of the earth. */
const radiusMetres = 6_371_008.8;
const radians = Math.PI / 180;

/** The great-circle distance of two points by the haversine formula. */
export function haversine([longitude, latitude]: Point, [otherLongitude, otherLatitude]: Point): number {
  const sinLatitude = Math.sin(((otherLatitude - latitude) * radians) / 2);
  const sinLongitude = Math.sin(((otherLongitude - longitude) * radians) / 2);
  const chord = sinLatitude ** 2 + Math.cos(latitude * radians) * Math.cos(otherLatitude * radians) * sinLongitude ** 2;
  return 2 * radiusMetres * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/** The shortest distance of two shapes; 0 when they have a point in common. */
export function distance(a: Shape, b: Shape): number {
  const [one, other] = [a.points[0], b.points[0]];
  if (one && other && a.points.length === 1 && b.points.length === 1) return haversine(one, other);
  if (intersects(a, b)) return 0;
  return Math.min(nearest(a, b), nearest(b, a));
}

/** From the positions of one to all of the other: one of the two ends of the shortest way is a position. */
function nearest(a: Shape, b: Shape): number {
  let best = Number.POSITIVE_INFINITY;
  for (const point of a.points) {
    for (const other of b.points) best = Math.min(best, haversine(point, other));
    for (const segment of b.segments) best = Math.min(best, haversine(point, footOn(segment, point)));
  }
  return best;
}

/** The point of a segment that is nearest to a point, on a plane around that point. */
function footOn([from, to]: Segment, point: Point): Point {
  const scale = Math.cos(point[1] * radians);
  const [ax, ay] = [eastOf(from, point) * scale, from[1] - point[1]];
  const [bx, by] = [eastOf(to, point) * scale, to[1] - point[1]];
  const length = (bx - ax) ** 2 + (by - ay) ** 2;
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, -(ax * (bx - ax) + ay * (by - ay)) / length));
  return [from[0] + share * eastOf(to, from), from[1] + share * (to[1] - from[1])];
}

/** Degrees from the second to the first, the short way round. */
function eastOf([longitude]: Point, [origin]: Point): number {
  const degrees = longitude - origin;
  return degrees > 180 ? degrees - 360 : degrees < -180 ? degrees + 360 : degrees;
}

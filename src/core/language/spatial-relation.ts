/** How two shapes lie to each other, after OGC Simple Features; what lies on a boundary counts as within (clause 4.10). */
import { covers, isSamePoint, meetings, type Point, placeOf, type Segment, type Shape } from './spatial-shape.ts';

/** True when they have a point in common. */
export function intersects(a: Shape, b: Shape): boolean {
  if (areApart(a, b)) return false;
  if (a.points.some((point) => covers(b, point)) || b.points.some((point) => covers(a, point))) return true;
  return a.segments.some((segment) => b.segments.some((other) => meetings(segment, other).length > 0));
}

/** True when every point of the first belongs to the second. */
export function isWithinShape(a: Shape, b: Shape): boolean {
  if (a.dimension > b.dimension || areApart(a, b)) return false;
  if (!a.points.every((point) => covers(b, point))) return false;
  if (!a.segments.every((segment) => piecesOf(segment, b.segments).every((middle) => covers(b, middle)))) return false;
  // A hole or gap of the second inside the first leaves its boundary there.
  return a.dimension < 2 || !b.segments.some((segment) => piecesOf(segment, a.segments).some((middle) => placeOf(middle, a.polygons) === 'inside'));
}

/** True when both have the same points. */
export const isEqualShape = (a: Shape, b: Shape): boolean => a.dimension === b.dimension && isWithinShape(a, b) && isWithinShape(b, a);

/** True when they are of one dimension and share some of their inside, but neither is within the other. */
export function overlaps(a: Shape, b: Shape): boolean {
  if (a.dimension !== b.dimension || !intersects(a, b) || isWithinShape(a, b) || isWithinShape(b, a)) return false;
  if (a.dimension === 0) return true;
  if (a.dimension === 1) return a.segments.some((segment) => piecesOf(segment, b.segments).some((middle) => covers(b, middle)));
  return shareInside(a, b) || shareInside(b, a);
}

/** True when a piece of the boundary of one runs through the inside of the other. */
const shareInside = (a: Shape, b: Shape): boolean =>
  a.segments.some((segment) => piecesOf(segment, b.segments).some((middle) => placeOf(middle, b.polygons) === 'inside'));

/** The middles of the pieces into which others cut a segment: between two cuts a piece does not change sides. */
function piecesOf([from, to]: Segment, others: readonly Segment[]): readonly Point[] {
  if (isSamePoint(from, to)) return [from];
  const cuts = [0, 1, ...others.flatMap((other) => meetings([from, to], other))].sort((a, b) => a - b);
  const middles = cuts.slice(1).flatMap((cut, index) => {
    const before = cuts[index] ?? 0;
    return cut - before > 1e-12 ? [(cut + before) / 2] : [];
  });
  return middles.map((share): Point => [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]);
}

function areApart({ box: a }: Shape, { box: b }: Shape): boolean {
  return a[0] > b[2] || b[0] > a[2] || a[1] > b[3] || b[1] > a[3];
}

/** Tests how two shapes relate: the named relations of OGC Simple Features (clause 4.10). */
import { areBoxesMeeting, areMeeting, isSamePoint, meetings, pointAt, tolerance } from './spatial-edge.ts';
import { insidePoints, placeOf, type Shape } from './spatial-shape.ts';
import { type Edge, type Point, search, somePair } from './spatial-tree.ts';

/** True when they have a common point. */
export function intersects(a: Shape, b: Shape): boolean {
  if (!areBoxesMeeting(a.box, b.box)) return false;
  if (somePair(a.tree(), b.tree(), { enters: areBoxesMeeting, holds: areMeeting })) return true;
  // When no edges meet, a line is either completely inside a polygon or completely outside.
  return hasHeadIn(a, b) || hasHeadIn(b, a);
}

const hasHeadIn = (a: Shape, b: Shape): boolean =>
  b.dimension === 2 && a.lines.some(([edge]) => edge !== undefined && placeOf(edge.from, b) !== 'outside');

/** True when the first is within the second, and not only on its boundary. */
export function isWithinShape(a: Shape, b: Shape): boolean {
  if (!isCovered(a, b)) return false;
  if (a.dimension === 0) return a.lines.some(([edge]) => edge !== undefined && placeOf(edge.from, b) === 'inside');
  return a.dimension === b.dimension || hasPiece(a, b, (place) => place === 'inside');
}

/** True when both have the same points. */
export const isEqualShape = (a: Shape, b: Shape): boolean =>
  a.dimension === b.dimension && isCovered(a, b) && isCovered(b, a);

/** True when they have the same dimension and their interiors intersect, but neither is within the other. */
export function overlaps(a: Shape, b: Shape): boolean {
  if (a.dimension !== b.dimension || !intersects(a, b) || isCovered(a, b) || isCovered(b, a)) return false;
  if (a.dimension === 0) return true;
  // Overlapping lines share a length, not only a point. A line without length shares none, and no part of the other line is on it.
  if (a.dimension === 1) return hasPieceOn(a, b) && hasPieceOn(b, a);
  return (
    hasPieceInside(a, b) || hasPieceInside(b, a) || insidePoints(a).some((point) => placeOf(point, b) === 'inside')
  );
}

/** True when every point of the first is a point of the second, boundary included. */
function isCovered(a: Shape, b: Shape): boolean {
  if (a.dimension > b.dimension || !areBoxesMeeting(a.box, b.box)) return false;
  if (hasPiece(a, b, (place) => place === 'outside')) return false;
  if (a.dimension < 2) return true;
  // The first can cover a hole or gap of the second, or surround one.
  return !hasPieceInside(b, a) && insidePoints(a).every((point) => placeOf(point, b) !== 'outside');
}

const hasPieceInside = (a: Shape, b: Shape): boolean => hasPiece(a, b, (place) => place === 'inside');

const hasPieceOn = (a: Shape, b: Shape): boolean => hasPiece(a, b, (place) => place !== 'outside');

/** True when a piece of the lines, rings or points of the first has a matching location relative to the second. */
function hasPiece(a: Shape, b: Shape, isWanted: (place: ReturnType<typeof placeOf>) => boolean): boolean {
  return a.lines.some((line) => {
    let isStarted = false;
    return line.some((edge) => {
      const cuts = cutsOf(edge, b);
      // A line changes its location only where it meets the other shape. Until then the location of the last piece applies.
      if (isStarted && cuts.length === 0) return false;
      isStarted = true;
      return middlesOf(edge, cuts).some((middle) => isWanted(placeOf(middle, b)));
    });
  });
}

/** The shares of an edge's length at which the edges of a shape meet it. */
function cutsOf(edge: Edge, shape: Shape): readonly number[] {
  const cuts: number[] = [];
  const box = [
    Math.min(edge.from[0], edge.to[0]),
    Math.min(edge.from[1], edge.to[1]),
    Math.max(edge.from[0], edge.to[0]),
    Math.max(edge.from[1], edge.to[1]),
  ] as const;
  search(shape.tree(), {
    enters: (other) => areBoxesMeeting(box, other),
    visit(other) {
      cuts.push(...meetings(edge, other));
      return false;
    },
  });
  return cuts;
}

/** The midpoints of the pieces of a divided edge. The location of a piece does not change between two cuts. */
function middlesOf(edge: Edge, cuts: readonly number[]): readonly Point[] {
  const { from, to } = edge;
  if (isSamePoint(from, to)) return [from];
  const least = (2 * tolerance) / Math.hypot(to[0] - from[0], to[1] - from[1]);
  const sorted = [0, ...cuts, 1].sort((a, b) => a - b);
  return sorted.slice(1).flatMap((cut, index) => {
    const before = sorted[index] ?? 0;
    return cut - before > least ? [pointAt(edge, (cut + before) / 2)] : [];
  });
}

/** Computes distances between shapes on the sphere (clause 4.10). Edges are straight lines on the plane, according to RFC 7946. */
import type { BoundingBox } from '../../model/geometry.ts';
import { isSamePoint, pointAt } from './spatial-edge.ts';
import { intersects } from './spatial-relation.ts';
import type { Shape } from './spatial-shape.ts';
import { type Edge, type Point, somePair } from './spatial-tree.ts';

/** The mean radius of the earth. */
const radiusMetres = 6_371_008.8;
const radians = Math.PI / 180;

/**
 * True when a point of one shape and a point of the other are close according to `isClose`. `isClose` takes metres; when it is true for a
 * distance, it must be true for every shorter distance. Shapes with a common point are 0 metres apart.
 */
export function isNear(a: Shape, b: Shape, isClose: (metres: number) => boolean): boolean {
  if (!isClose(leastDistance(a.box, b.box))) return false;
  if (isClose(0) && intersects(a, b)) return true;
  return somePair(a.tree(), b.tree(), {
    enters: (box, other) => isClose(leastDistance(box, other)),
    holds: (edge, other) => isClose(edgeDistance(edge, other)),
  });
}

/** The shortest distance between two shapes in metres; 0 when they have a common point. Throws TooComplexQuery. */
export function distance(a: Shape, b: Shape): number {
  if (intersects(a, b)) return 0;
  let best = Number.POSITIVE_INFINITY;
  somePair(a.tree(), b.tree(), {
    enters: (box, other) => leastDistance(box, other) < best,
    holds: (edge, other) => {
      best = Math.min(best, edgeDistance(edge, other));
      return false;
    },
  });
  return best;
}

/** A lower bound of the distance between points of two boxes, in metres. */
function leastDistance(a: BoundingBox, b: BoundingBox): number {
  const latitudes = Math.max(0, a[1] - b[3], b[1] - a[3]);
  const inside = Math.max(0, a[0] - b[2], b[0] - a[2]);
  const around = 360 - Math.max(a[2], b[2]) + Math.min(a[0], b[0]);
  return metresOf(latitudes, Math.min(inside, around), leastCosine(a) * leastCosine(b));
}

const leastCosine = ([, south, , north]: BoundingBox): number => cosine(Math.max(Math.abs(south), Math.abs(north)));

/** The great-circle distance by the haversine formula. The inputs are differences in degrees and the product of the latitudes' cosines. */
function metresOf(latitudes: number, longitudes: number, cosines: number): number {
  const chord = Math.sin((latitudes * radians) / 2) ** 2 + cosines * Math.sin((longitudes * radians) / 2) ** 2;
  return 2 * radiusMetres * Math.asin(Math.min(1, Math.sqrt(chord)));
}

const cosine = (degrees: number): number => Math.cos(degrees * radians);

const pointDistance = (a: Point, b: Point): number => metresOf(a[1] - b[1], a[0] - b[0], cosine(a[1]) * cosine(b[1]));

/** The shortest distance between edges that do not meet. An end of one edge is always involved. */
function edgeDistance(edge: Edge, other: Edge): number {
  if (isSamePoint(edge.from, edge.to)) return distanceTo(edge.from, other);
  if (isSamePoint(other.from, other.to)) return distanceTo(other.from, edge);
  return Math.min(
    distanceTo(edge.from, other),
    distanceTo(edge.to, other),
    distanceTo(other.from, edge),
    distanceTo(other.to, edge),
  );
}

function distanceTo(point: Point, edge: Edge): number {
  const toEnds = Math.min(pointDistance(point, edge.from), pointDistance(point, edge.to));
  if (isSamePoint(edge.from, edge.to)) return toEnds;
  const turned: Point = [point[0] > 0 ? point[0] - 360 : point[0] + 360, point[1]];
  const toFeet = [point, turned]
    .filter((one) => isOnThisSide(one, edge))
    .map((one) => pointDistance(one, pointAt(edge, footOf(one, edge))));
  return Math.min(toEnds, ...toFeet);
}

/** False when the shorter way to every point of the edge is around the other side of the earth. */
const isOnThisSide = ([longitude]: Point, { from, to }: Edge): boolean =>
  longitude - Math.max(from[0], to[0]) < 180 && Math.min(from[0], to[0]) - longitude < 180;

/**
 * The number of corrections of the nearest point. For a few metres the first result is exact. For thousands of kilometres these corrections
 * give an accuracy of a thousandth.
 */
const corrections = 5;

/** The share of an edge at its nearest point to a given point. It is computed on a plane around the point, then corrected on the sphere. */
function footOf(point: Point, edge: Edge): number {
  const { from, to } = edge;
  const scale = cosine(point[1]);
  const [east, north] = [(to[0] - from[0]) * scale, to[1] - from[1]];
  const along = (point[0] - from[0]) * scale * east + (point[1] - from[1]) * north;
  let share = bounded(along / (east ** 2 + north ** 2 || 1));
  for (let round = 0; round < corrections; round += 1) share = bounded(share - excess(point, edge, share));
  return share;
}

const bounded = (share: number): number => Math.min(1, Math.max(0, share));

/** The distance of a share from the nearest point (Newton): the slope of the squared chord, divided by the rate of change of the slope. */
function excess(point: Point, edge: Edge, share: number): number {
  const place = pointAt(edge, share);
  const [east, north] = [(place[0] - point[0]) * radians, (place[1] - point[1]) * radians];
  const [goesEast, goesNorth] = [(edge.to[0] - edge.from[0]) * radians, (edge.to[1] - edge.from[1]) * radians];
  const latitude = place[1] * radians;
  const narrowing = Math.sin(latitude) * goesNorth * Math.sin(east / 2) ** 2;
  const widening = (Math.cos(latitude) * Math.sin(east) * goesEast) / 2;
  const slope = (Math.sin(north) * goesNorth) / 2 + cosine(point[1]) * (widening - narrowing);
  return slope / (((Math.cos(latitude) * goesEast) ** 2 + goesNorth ** 2) / 2 || 1);
}

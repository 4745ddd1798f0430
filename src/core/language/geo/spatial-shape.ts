/** Prepares a geometry for comparisons: its lines, a tree of its edges, and the location of points relative to it. */
import { type BoundingBox, boundingBox, type Geometry, positionsOf } from '../../model/geometry.ts';
import { isEastOf, isOnEdge, tolerance } from './spatial-edge.ts';
import { type Edge, type Point, search, type Tree, treeOf } from './spatial-tree.ts';
import { countSteps } from '../step-count.ts';

export interface Shape {
  readonly dimension: 0 | 1 | 2;
  readonly box: BoundingBox;
  /** The edges of each line and ring. A point is a line of one edge without length. */
  readonly lines: readonly (readonly Edge[])[];
  /** The number of its polygons. */
  readonly polygons: number;
  /** All edges. Built on first use, because the bounding boxes decide most comparisons. */
  readonly tree: () => Tree;
  /** The ends of lines that belong to the boundary: points where an odd number of lines end. Format: `keyOf`. */
  readonly ends: () => ReadonlySet<string>;
}

type PointLocation = 'inside' | 'boundary' | 'outside';

export function shapeOf(geometry: Geometry): Shape {
  const rings = polygonsOf(geometry).flatMap((polygon, part) => polygon.map((ring) => edgesOf(ring, part)));
  const lines = linesOf(geometry).map((line) => edgesOf(line, 0));
  const isPoints = rings.length === 0 && lines.length === 0;
  const all = isPoints
    ? positionsOf(geometry).map((point) => [{ from: point, to: point, part: 0 }])
    : [...rings, ...lines];
  return {
    dimension: isPoints ? 0 : rings.length > 0 ? 2 : 1,
    box: boundingBox(geometry),
    lines: all,
    polygons: polygonsOf(geometry).length,
    tree: once(() => treeOf(all)),
    ends: once(() => endsOf(lines)),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function polygonsOf(geometry: Geometry): readonly (readonly (readonly Point[])[])[] {
  if (geometry.type === 'Polygon') return [geometry.coordinates];
  return geometry.type === 'MultiPolygon' ? geometry.coordinates : [];
}

function linesOf(geometry: Geometry): readonly (readonly Point[])[] {
  if (geometry.type === 'LineString') return [geometry.coordinates];
  return geometry.type === 'MultiLineString' ? geometry.coordinates : [];
}

/** The number of steps for a position of a line. */
const lineSteps = 30;

/** Repeated positions make no edges, unless the line has no other positions. */
function edgesOf(line: readonly Point[], part: number): readonly Edge[] {
  countSteps(line.length * lineSteps);
  const edges: Edge[] = [];
  let [from] = line;
  for (const to of line) {
    if (from !== undefined && (from[0] !== to[0] || from[1] !== to[1])) edges.push({ from, to, part });
    from = to;
  }
  return edges.length > 0 || from === undefined ? edges : [{ from, to: from, part }];
}

const keyOf = ([longitude, latitude]: Point): string => `${longitude} ${latitude}`;

function endsOf(lines: readonly (readonly Edge[])[]): ReadonlySet<string> {
  const odd = new Set<string>();
  for (const key of lines
    .flatMap((line) => [line[0]?.from, line.at(-1)?.to])
    .flatMap((end) => (end ? [keyOf(end)] : []))) {
    if (!odd.delete(key)) odd.add(key);
  }
  return odd;
}

/** The location of a point relative to a shape. Points have no boundary; the boundary of lines is their ends. */
export function placeOf(point: Point, shape: Shape): PointLocation {
  const isOn = search(shape.tree(), { enters: (box) => isInBox(point, box), visit: (edge) => isOnEdge(point, edge) });
  if (shape.dimension === 2) return isOn ? 'boundary' : isInPolygons(point, shape) ? 'inside' : 'outside';
  if (!isOn) return 'outside';
  return shape.dimension === 1 && shape.ends().has(keyOf(point)) ? 'boundary' : 'inside';
}

/** A point is inside a polygon when a ray from it crosses the rings an odd number of times. */
function isInPolygons(point: Point, shape: Shape): boolean {
  const odd = new Set<number>();
  search(shape.tree(), {
    enters: (box) => isOnLatitude(point, box) && point[0] <= box[2],
    visit(edge) {
      if (isEastOf(edge, point) && !odd.delete(edge.part)) odd.add(edge.part);
      return false;
    },
  });
  return odd.size > 0;
}

const isInBox = (point: Point, box: BoundingBox): boolean =>
  isOnLatitude(point, box) && point[0] >= box[0] - tolerance && point[0] <= box[2] + tolerance;

const isOnLatitude = ([, latitude]: Point, box: BoundingBox): boolean =>
  latitude >= box[1] - tolerance && latitude <= box[3] + tolerance;

/** A point inside each polygon with an interior. It is the middle of the widest part on a latitude without vertices. */
export function insidePoints(shape: Shape): readonly Point[] {
  const parts = Array.from({ length: shape.polygons }, (): Edge[] => []);
  for (const edge of shape.lines.flat()) parts[edge.part]?.push(edge);
  return parts.flatMap((edges) => {
    const latitude = middleOfWidest(
      edges.map(({ from }) => from[1]).sort((a, b) => a - b),
      1,
    );
    if (latitude === undefined) return [];
    const crossings = edges
      .filter(({ from, to }) => from[1] > latitude !== to[1] > latitude)
      .map(({ from, to }) => from[0] + ((to[0] - from[0]) * (latitude - from[1])) / (to[1] - from[1]));
    const longitude = middleOfWidest(
      crossings.sort((a, b) => a - b),
      2,
    );
    return longitude === undefined ? [] : [[longitude, latitude] as const];
  });
}

/** The middle of the widest gap between sorted numbers; undefined when all are equal. With step 2, only every other gap counts. */
function middleOfWidest(sorted: readonly number[], step: 1 | 2): number | undefined {
  let [middle, widest]: [number | undefined, number] = [undefined, 0];
  for (let index = 0; index + 1 < sorted.length; index += step) {
    const [low = 0, high = 0] = [sorted[index], sorted[index + 1]];
    if (high - low > widest) [middle, widest] = [(low + high) / 2, high - low];
  }
  return middle;
}

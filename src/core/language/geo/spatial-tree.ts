/** Finds the relevant edges among many: a tree of bounding boxes. */
import type { BoundingBox, Coordinate } from '../../model/geometry.ts';
import { countSteps } from '../step-count.ts';

/** Longitude and latitude in degrees; an altitude is ignored. */
export type Point = Coordinate;

/** A straight segment of a line or ring. For a single point, both ends are that point. */
export interface Edge {
  readonly from: Point;
  readonly to: Point;
  /** The index of its polygon in the shape. */
  readonly part: number;
}

export type Tree =
  | { readonly box: BoundingBox; readonly edge: Edge }
  | { readonly box: BoundingBox; readonly children: readonly Tree[] };

/** The maximum number of children per node. */
const fanOut = 8;

/** The number of steps to put an edge into a tree. */
const packSteps = 60;

/**
 * The tree of the edges of these lines. Edges that follow one another in a line are near one another already. The edges of many short lines
 * are sorted first, which takes longer. Every geometry has at least one edge.
 */
export function treeOf(lines: readonly (readonly Edge[])[]): Tree {
  const leaves = lines.flat().map((edge): Tree => ({ box: boxOf(edge), edge }));
  const isSorted = leaves.length >= lines.length * fanOut;
  countSteps(leaves.length * (isSorted ? packSteps : 3 * packSteps));
  return packed(isSorted ? leaves : tiled(leaves));
}

const boxOf = ({ from, to }: Edge): BoundingBox => [
  Math.min(from[0], to[0]),
  Math.min(from[1], to[1]),
  Math.max(from[0], to[0]),
  Math.max(from[1], to[1]),
];

/** Makes parents of neighbours until one node is left. */
function packed(nodes: readonly Tree[]): Tree {
  const [only] = nodes;
  return only && nodes.length === 1 ? only : packed(runsOf(nodes, fanOut).map(parentOf));
}

/**
 * Sorts nodes so that neighbours are near one another (sort-tile-recursive packing). Latitude first: the test whether a point is inside
 * searches along its latitude.
 */
function tiled(nodes: readonly Tree[]): readonly Tree[] {
  const slab = fanOut * Math.ceil(Math.sqrt(nodes.length / fanOut));
  return runsOf(nodes.toSorted(byLatitude), slab).flatMap((run) => run.toSorted(byLongitude));
}

const byLongitude = ({ box: a }: Tree, { box: b }: Tree): number => a[0] + a[2] - b[0] - b[2];
const byLatitude = ({ box: a }: Tree, { box: b }: Tree): number => a[1] + a[3] - b[1] - b[3];

function runsOf<T>(items: readonly T[], length: number): readonly (readonly T[])[] {
  const runs: (readonly T[])[] = [];
  for (let start = 0; start < items.length; start += length) runs.push(items.slice(start, start + length));
  return runs;
}

function parentOf(children: readonly Tree[]): Tree {
  let [west, south, east, north] = [180, 90, -180, -90];
  for (const { box } of children) {
    west = Math.min(west, box[0]);
    south = Math.min(south, box[1]);
    east = Math.max(east, box[2]);
    north = Math.max(north, box[3]);
  }
  return { box: [west, south, east, north], children };
}

/** The number of steps for a box, and for an edge that is compared with a point or an edge. */
const boxSteps = 20;
const edgeSteps = 180;

/**
 * The number of steps for a pair of boxes whose edges may be compared: a pair takes as long as this many single boxes. The number of edge
 * pairs can reach the product of the lengths of two lines that cross often.
 */
const pairSteps = 20;

/** `enters` selects the boxes to descend into. `visit` handles a found edge and returns true to end the search. */
export interface Search {
  readonly enters: (box: BoundingBox) => boolean;
  readonly visit: (edge: Edge) => boolean;
}

/** True when `visit` ended the search. */
export function search(tree: Tree, how: Search): boolean {
  countSteps(boxSteps);
  if (!how.enters(tree.box)) return false;
  if ('edge' in tree) {
    countSteps(edgeSteps);
    return how.visit(tree.edge);
  }
  return tree.children.some((child) => search(child, how));
}

/** `enters` selects the pairs of boxes to descend into. `holds` tests a pair of edges. */
export interface PairSearch {
  readonly enters: (box: BoundingBox, other: BoundingBox) => boolean;
  readonly holds: (edge: Edge, other: Edge) => boolean;
}

/** True when `holds` is true for an edge of the first tree and an edge of the second. */
export function somePair(tree: Tree, other: Tree, how: PairSearch): boolean {
  countSteps(pairSteps);
  if (!how.enters(tree.box, other.box)) return false;
  if ('children' in tree && ('edge' in other || isLarger(tree.box, other.box))) {
    return tree.children.some((child) => somePair(child, other, how));
  }
  if ('children' in other) return other.children.some((child) => somePair(tree, child, how));
  return 'edge' in tree && how.holds(tree.edge, other.edge);
}

const isLarger = (a: BoundingBox, b: BoundingBox): boolean => a[2] - a[0] + a[3] - a[1] >= b[2] - b[0] + b[3] - b[1];

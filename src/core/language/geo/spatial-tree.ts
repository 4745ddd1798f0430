/** Finds the few among many segments that matter: a tree of boxes (sort-tile-recursive packing). */
import type { BoundingBox, Coordinate } from '../../model/geometry.ts';
import { countSteps } from '../steps.ts';

/** Longitude and latitude in degrees; what is more of a position does not count. */
export type Point = Coordinate;

/** A straight piece of a line or ring; of a single point, both ends are that point. */
export interface Edge {
  readonly from: Point;
  readonly to: Point;
  /** Which polygon of the shape it bounds. */
  readonly part: number;
}

export type Tree =
  | { readonly box: BoundingBox; readonly edge: Edge }
  | { readonly box: BoundingBox; readonly children: readonly Tree[] };

/** Most children of a node. */
const fanOut = 8;

/** The tree of some edges, of which there is at least one in every geometry. */
export const treeOf = (edges: readonly Edge[]): Tree => packed(edges.map((edge) => ({ box: boxOf(edge), edge })));

const boxOf = ({ from, to }: Edge): BoundingBox => [
  Math.min(from[0], to[0]),
  Math.min(from[1], to[1]),
  Math.max(from[0], to[0]),
  Math.max(from[1], to[1]),
];

function packed(nodes: readonly Tree[]): Tree {
  const [only] = nodes;
  if (only && nodes.length === 1) return only;
  if (nodes.length <= fanOut) return parentOf(nodes);
  const slab = fanOut * Math.ceil(Math.sqrt(nodes.length / fanOut));
  // Latitude first: to see whether a point is inside, one looks along its latitude.
  const tiles = runsOf(nodes.toSorted(byLatitude), slab).flatMap((run) => runsOf(run.toSorted(byLongitude), fanOut));
  return packed(tiles.map(parentOf));
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

/**
 * What a pair of boxes counts for, whose edges may have to be compared: it takes as long as so many boxes. Lines that run to and fro
 * across each other can have as many pairs of edges as the product of their lengths.
 */
const pairSteps = 20;

/** Which boxes to look into, and what to do with the edges found; `visit` ends the search by giving true. */
export interface Search {
  readonly enters: (box: BoundingBox) => boolean;
  readonly visit: (edge: Edge) => boolean;
}

/** True when a visit ended the search. */
export function search(tree: Tree, how: Search): boolean {
  countSteps(1);
  if (!how.enters(tree.box)) return false;
  return 'edge' in tree ? how.visit(tree.edge) : tree.children.some((child) => search(child, how));
}

/** Which pairs of boxes to look into, and what to look for in a pair of edges. */
export interface PairSearch {
  readonly enters: (box: BoundingBox, other: BoundingBox) => boolean;
  readonly holds: (edge: Edge, other: Edge) => boolean;
}

/** True when some edge of one and some edge of the other are what is looked for. */
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

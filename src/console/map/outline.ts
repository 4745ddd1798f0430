/** Makes a base map of the data itself: an outline around the entities of each area, and the streets that entities lie along. */
import { positionOf, type Position } from '../data/entity.ts';
import type { Shown } from '../data/selection.ts';
import { collectionOf, type Feature, type FeatureCollection, type FeatureGeometry } from './features.ts';

type Point = readonly [number, number];

const marginM = 140;
const metresPerDegree = 111_320;
/** An area with fewer entities has no outline. */
const entitiesLeast = 4;

export interface Outline {
  readonly areas: FeatureCollection;
  readonly streets: FeatureCollection;
  readonly labels: FeatureCollection;
}

export function outlineOf(items: readonly Shown[]): Outline {
  const byArea = new Map<string, Position[]>();
  const streets: Feature[] = [];
  for (const { area, thing, title } of items) {
    const position = positionOf(thing.geometry);
    if (position && area !== '') byArea.set(area, [...(byArea.get(area) ?? []), position]);
    const line = lineOf(thing.geometry?.type, thing.geometry?.coordinates);
    if (line) streets.push({ type: 'Feature', properties: { name: title }, geometry: line });
  }
  const areas = [...byArea]
    .map(([name, positions]) => ({ name, hull: hullOf(withoutStray(positions).flatMap(around)) }))
    .filter(({ name }) => (byArea.get(name)?.length ?? 0) >= entitiesLeast);
  return {
    areas: collectionOf(
      areas.map(({ name, hull }) => ({
        type: 'Feature',
        properties: { name },
        geometry: { type: 'Polygon', coordinates: [hull.map(([x, y]) => [x, y])] },
      })),
    ),
    streets: collectionOf(streets),
    labels: collectionOf(
      areas.map(({ name, hull }) => ({
        type: 'Feature',
        properties: { name },
        geometry: { type: 'Point', coordinates: [...northernmost(hull)] },
      })),
    ),
  };
}

const northernmost = (hull: readonly Point[]): Point =>
  hull.reduce<Point>((top, point) => (point[1] > top[1] ? point : top), [0, -90]);

/** How many times the usual distance from the middle of the area an entity may be away to belong to its outline. */
const strayDistances = 3;

function withoutStray(positions: readonly Position[]): readonly Position[] {
  const longitude = median(positions.map((position) => position.longitude));
  const latitude = median(positions.map((position) => position.latitude));
  const distance = (position: Position): number =>
    Math.hypot((position.longitude - longitude) * Math.cos((latitude * Math.PI) / 180), position.latitude - latitude);
  const usual = median(positions.map(distance));
  return positions.filter((position) => distance(position) <= usual * strayDistances);
}

function lineOf(type: string | undefined, coordinates: unknown): FeatureGeometry | undefined {
  if (type !== 'LineString' || !Array.isArray(coordinates)) return undefined;
  const line = coordinates.filter((point): point is number[] => Array.isArray(point) && point.length >= 2);
  return { type: 'LineString', coordinates: line };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Points on a circle around a position, so that the outline keeps a distance and has round corners. */
function around({ longitude, latitude }: Position): readonly Point[] {
  const dy = marginM / metresPerDegree;
  const dx = dy / Math.cos((latitude * Math.PI) / 180);
  return Array.from({ length: 16 }, (_, n) => {
    const angle = (n / 16) * 2 * Math.PI;
    return [longitude + dx * Math.cos(angle), latitude + dy * Math.sin(angle)] as const;
  });
}

/** The convex hull of points, closed (Andrew's monotone chain). */
function hullOf(points: readonly Point[]): readonly Point[] {
  const sorted = [...points].sort(([ax, ay], [bx, by]) => ax - bx || ay - by);
  const lower = chainOf(sorted);
  const upper = chainOf(sorted.reverse());
  const hull = [...lower.slice(0, -1), ...upper.slice(0, -1)];
  const [first] = hull;
  return first ? [...hull, first] : [];
}

function chainOf(points: readonly Point[]): readonly Point[] {
  const chain: Point[] = [];
  for (const point of points) {
    while (chain.length >= 2 && !turnsLeft(chain.at(-2), chain.at(-1), point)) chain.pop();
    chain.push(point);
  }
  return chain;
}

const turnsLeft = (a: Point | undefined, b: Point | undefined, c: Point): boolean =>
  a !== undefined && b !== undefined && (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) > 0;

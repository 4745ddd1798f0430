/** Shapes around geometries that an index of MongoDB takes, which knows no planes: its lines are the shortest on a sphere. */
import type { BoundingBox } from '../../core/model/geometry.ts';
import type { CoverShape } from './schema.ts';

/** Boxes are made larger by this, in degrees: what is only a line or a point is then a surface. A tenth of a metre. */
const margin = 1e-6;

/** Nearer to the poles, and wider than this, boxes have no such shape. */
const latitudeMax = 88;
const widthMax = 120;

const radians = Math.PI / 180;

/**
 * A shape that has every point of a box in it, and little else; undefined when there is none. The shortest way between two
 * points of a circle of latitude leads nearer to the pole: the side of the box that is nearer to the equator is moved so far
 * that the middle of that way still is below the box.
 */
export function coverOf([west, south, east, north]: BoundingBox): CoverShape | undefined {
  if (west === east && south === north) return { type: 'Point', coordinates: [west, south] };
  const [left, right] = [west - margin, east + margin];
  const [low, high] = [south - margin, north + margin];
  if (low < -latitudeMax || high > latitudeMax || right - left > widthMax || left < -180 || right > 180)
    return undefined;
  const half = Math.cos(((right - left) / 2) * radians);
  const [bottom, top] = [Math.min(low, below(low, half)), Math.max(high, below(high, half))];
  const ring = [
    [left, bottom],
    [right, bottom],
    [right, top],
    [left, top],
    [left, bottom],
  ] as const;
  return { type: 'Polygon', coordinates: [ring] };
}

/** The latitude at which a way must begin and end whose middle is at a latitude. */
const below = (latitude: number, cosineOfHalfWidth: number): number =>
  Math.atan(Math.tan(latitude * radians) * cosineOfHalfWidth) / radians;

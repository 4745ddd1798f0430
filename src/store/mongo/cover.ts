/** Shapes that cover bounding boxes, for a MongoDB index. The index has no planar geometry: its lines are geodesics on a sphere. */
import type { BoundingBox } from '../../core/model/geometry.ts';
import type { CoveringShape } from './schema.ts';

/** Boxes are enlarged by this, in degrees, so that lines and points become areas. A tenth of a metre. */
const margin = 1e-6;

/** Boxes nearer to the poles, or wider than this, have no such shape. */
const latitudeMax = 88;
const widthMax = 120;

const radians = Math.PI / 180;

/**
 * A shape that contains every point of a box, and little else; undefined when there is none. The geodesic between two points of a
 * circle of latitude runs nearer to the pole. So the side of the box that is nearer to the equator is moved until the middle of its
 * geodesic is outside the box.
 */
export function coveringShape([west, south, east, north]: BoundingBox): CoveringShape | undefined {
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

/** The latitude at which a geodesic must begin and end, so that its middle is at `latitude`. */
const below = (latitude: number, cosineOfHalfWidth: number): number =>
  Math.atan(Math.tan(latitude * radians) * cosineOfHalfWidth) / radians;

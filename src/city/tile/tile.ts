/** Makes vector tiles (Mapbox Vector Tile 2.1) of points, without I/O. Points that lie close together are one point with their number. */
import { fromGeojsonVt } from '@maplibre/vt-pbf';
import Supercluster from 'supercluster';

/** Where a tile lies: zoom level, column and row (Web Mercator, rows from the north). */
export interface TilePlace {
  readonly z: number;
  readonly x: number;
  readonly y: number;
}

export const zoomMax = 22;

/** Points closer than this many pixels of a tile of 256 are one, up to the zoom level at which each is drawn alone. */
const clusterPixels = 24;
const clusterZoomMax = 15;
const extent = 4096;

/** What a feature of a tile says: texts and numbers by name. */
type PointProperties = Readonly<Record<string, string | number | boolean>>;

export interface TilePoint {
  readonly longitude: number;
  readonly latitude: number;
  readonly properties: PointProperties;
}

/** Makes tiles of one set of points. */
export type Tiles = (place: TilePlace) => Uint8Array;

/** The layer that contains the points. */
const layerName = 'entities';

export function createTiles(points: readonly TilePoint[]): Tiles {
  const index = new Supercluster<PointProperties>({
    radius: (clusterPixels * extent) / 256,
    extent,
    maxZoom: clusterZoomMax,
  });
  index.load(
    points.map(({ longitude, latitude, properties }) => ({
      type: 'Feature' as const,
      properties,
      geometry: { type: 'Point' as const, coordinates: [longitude, latitude] },
    })),
  );
  return ({ z, x, y }) => {
    const tile = index.getTile(z, x, y) ?? { features: [] };
    return fromGeojsonVt({ [layerName]: tile }, { version: 2, extent });
  };
}

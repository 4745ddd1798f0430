/** Describes the GeoJSON (RFC 7946) that the map is given. */
type Position = number[];

export type FeatureGeometry =
  | { type: 'Point'; coordinates: Position }
  | { type: 'LineString'; coordinates: Position[] }
  | { type: 'Polygon'; coordinates: Position[][] };

export interface Feature {
  type: 'Feature';
  properties: Record<string, string>;
  geometry: FeatureGeometry;
}

export interface FeatureCollection {
  type: 'FeatureCollection';
  features: Feature[];
}

export const collectionOf = (features: readonly Feature[]): FeatureCollection => ({
  type: 'FeatureCollection',
  features: [...features],
});

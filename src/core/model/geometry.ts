/** GeoJSON geometries that NGSI-LD allows (CIM 009 clause 4.7): RFC 7946 without GeometryCollection. */

/** Longitude, latitude and, where given, altitude: degrees and metres on WGS 84. */
export type Coordinate = readonly [number, number] | readonly [number, number, number];

export type Geometry =
  | { readonly type: 'Point'; readonly coordinates: Coordinate }
  | { readonly type: 'MultiPoint' | 'LineString'; readonly coordinates: readonly Coordinate[] }
  | { readonly type: 'MultiLineString' | 'Polygon'; readonly coordinates: readonly (readonly Coordinate[])[] }
  | { readonly type: 'MultiPolygon'; readonly coordinates: readonly (readonly (readonly Coordinate[])[])[] };

/** West, south, east, north, in degrees. West is never greater than east: a box does not cross the antimeridian. */
export type BoundingBox = readonly [number, number, number, number];

/** Compiles geo-queries to tests of geometries (clause 4.10). */
import type { Geometry } from '../../model/geometry.ts';
import { sameJson } from '../../model/json.ts';
import type { GeoQuery } from '../filter.ts';
import { beginSteps } from '../step-count.ts';
import { isNear } from './spatial-distance.ts';
import { intersects, isEqualShape, isWithinShape, overlaps } from './spatial-relation.ts';
import { type Shape, shapeOf } from './spatial-shape.ts';

/**
 * A test of geometries against the query's geometry, which is prepared once. The test counts its steps and throws TooComplexQuery when the
 * entity takes too many.
 */
export function compileGeo({ relation, geometry }: GeoQuery): (geometry: Geometry) => boolean {
  beginSteps();
  const reference = shapeOf(geometry);
  const test = compileRelation(relation, reference);
  // The same positions in the same order: the comparison of shapes takes far longer.
  const isSame = (candidate: Geometry): boolean =>
    relation.georel === 'equals' && sameJson({ ...candidate }, { ...geometry });
  return (candidate) => isSame(candidate) || test(shapeOf(candidate));
}

function compileRelation(relation: GeoQuery['relation'], reference: Shape): (shape: Shape) => boolean {
  switch (relation.georel) {
    case 'near':
      return 'maxDistanceMetres' in relation
        ? (shape) => isNear(shape, reference, (metres) => metres <= relation.maxDistanceMetres)
        : (shape) => !isNear(shape, reference, (metres) => metres < relation.minDistanceMetres);
    case 'within':
      return (shape) => isWithinShape(shape, reference);
    case 'contains':
      return (shape) => isWithinShape(reference, shape);
    case 'overlaps':
      return (shape) => overlaps(shape, reference);
    case 'intersects':
      return (shape) => intersects(shape, reference);
    case 'equals':
      return (shape) => isEqualShape(shape, reference);
    case 'disjoint':
      return (shape) => !intersects(shape, reference);
  }
}

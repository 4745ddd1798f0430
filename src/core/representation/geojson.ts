/** Writes entities as GeoJSON features (CIM 009 clauses 4.5.16, 4.5.17). */
import type { Entity } from '../model/entity.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { hasAsked, isEmpty, renderHead, renderShownAttributes } from './render.ts';
import type { View } from './view.ts';

export interface GeoView extends View {
  /** The expanded name of the GeoProperty to use as the geometry. */
  readonly geometryProperty: string;
}

/** The entity as a Feature without an @context; undefined when the projection leaves nothing of it. */
export function renderFeature(entity: Entity, view: GeoView): JsonObject | undefined {
  if (!hasAsked(entity, view)) return undefined;
  const attributes = renderShownAttributes(entity, view);
  if (isEmpty(entity, attributes, view)) return undefined;
  const { id, ...head } = renderHead(entity, view);
  const properties = { ...head, ...attributes };
  return {
    ...(id === undefined ? undefined : { id }),
    type: 'Feature',
    geometry: geometryOf(entity, view),
    properties,
  };
}

/** The geometry value of the instance that `datasetId` selects, else of the default instance; null when there is none. */
function geometryOf({ attrs }: Entity, { geometryProperty, datasetIds }: GeoView): Json {
  const instances = attrs[geometryProperty] ?? [];
  const chosen = instances.find(({ datasetId = '@none' }) => datasetIds?.has(datasetId) ?? datasetId === '@none');
  return chosen?.kind === 'GeoProperty' ? chosen.value : null;
}

/** The JSON text of a FeatureCollection. `features`: JSON texts of its features. `context`: JSON text of its @context, if it has one. */
export function featureCollectionText(features: readonly string[], context: string | undefined): string {
  const { open, close } = featureCollectionFrame(context);
  return `${open}${features.join(',')}${close}`;
}

/** The text before and after the features of a FeatureCollection. `context`: JSON text of its @context, if it has one. */
export const featureCollectionFrame = (
  context: string | undefined,
): { readonly open: string; readonly close: string } => ({
  open: '{"type":"FeatureCollection","features":[',
  close: `]${context === undefined ? '' : `,"@context":${context}`}}`,
});

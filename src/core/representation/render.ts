/** Writes an entity as a view wants it: normalized, concise or simplified (CIM 009 clauses 4.5.1 to 4.5.4). */
import { isShown } from '../language/projection.ts';
import type { Instance } from '../model/attribute.ts';
import type { Entity, Terms } from '../model/entity.ts';
import type { JsonObject } from '../model/json.ts';
import { entityStamps } from '../model/stamps.ts';
import { expiryOf, renderInstances } from './instance.ts';
import type { Linked, View } from './view.ts';

/** The entity without an @context; undefined when the projection leaves nothing of it (clause 4.21). */
export function renderEntity(entity: Entity, view: View): JsonObject | undefined {
  if (!hasAsked(entity, view)) return undefined;
  const document = { ...renderHead(entity, view), ...renderShownAttributes(entity, view) };
  return Object.keys(document).length === 0 ? undefined : document;
}

/** True when the entity has one of the attributes that `attrs` asks for (clause 5.7.1). */
export const hasAsked = ({ attrs }: Entity, { projection }: View): boolean =>
  projection.attrs === undefined || Object.keys(attrs).some((name) => projection.attrs?.has(name));

/** id, type, scope and the time stamps, as far as they are shown. */
export function renderHead(entity: Entity, { terms, projection, sysAttrs }: View): JsonObject {
  const { id, types, scope } = entity;
  return {
    ...(isShown(projection, 'id') ? { id } : undefined),
    ...(isShown(projection, 'type') ? { type: renderTypes(types, terms) } : undefined),
    ...(scope !== undefined && isShown(projection, 'scope') ? { scope } : undefined),
    ...(sysAttrs ? { ...entityStamps(entity), ...expiryOf(entity) } : undefined),
  };
}

/** One type as a string, several as an array. */
export function renderTypes(types: readonly string[], terms: Terms): string | readonly string[] {
  const [first] = types;
  return first !== undefined && types.length === 1 ? terms.compact(first) : types.map((type) => terms.compact(type));
}

/** The attributes that projection and datasets leave, under their short names. */
export function renderShownAttributes({ attrs, createdAt }: Entity, view: View): JsonObject {
  const { terms, projection, datasetIds } = view;
  const shown: [string, JsonObject[string]][] = [];
  for (const [name, instances] of Object.entries(attrs)) {
    if (!isShown(projection, name)) continue;
    const chosen = datasetIds ? instancesOf(instances, datasetIds) : instances;
    if (chosen.length === 0) continue;
    const link = view.linked && linkedBy(name, view, view.linked);
    shown.push([terms.compact(name), renderInstances(chosen, link ? { ...view, link } : view, createdAt)]);
  }
  return Object.fromEntries(shown);
}

/** Writes the entity that a relationship leads to, in the projection that holds for it. */
function linkedBy(
  name: string,
  { linked: _, ...view }: View,
  { entities, level }: Linked,
): (id: string) => JsonObject | undefined {
  const projection = view.projection.linked?.get(name) ?? {};
  const further = level > 1 ? { linked: { entities, level: level - 1 } } : undefined;
  return (id) => {
    const entity = entities.get(id);
    return entity && renderEntity(entity, { ...view, projection, ...further });
  };
}

/** The instances of some datasets (clause 4.5.5); `@none` is the default instance. */
export const instancesOf = <T extends Instance>(instances: readonly T[], datasetIds: readonly string[]): readonly T[] =>
  instances.filter(({ datasetId = '@none' }) => datasetIds.includes(datasetId));

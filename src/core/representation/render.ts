/** Writes an entity in the representation of a view: normalized, concise or simplified (CIM 009 clauses 4.5.1 to 4.5.4). */
import { isShown, type Projection } from '../language/projection.ts';
import type { Instance } from '../model/attribute.ts';
import type { Entity, Terms } from '../model/entity.ts';
import type { JsonObject } from '../model/json.ts';
import { entityStamps } from '../model/stamps.ts';
import { expiryOf, renderInstances } from './instance.ts';
import type { Linked, View } from './view.ts';

/** The entity without an @context; undefined when the projection leaves nothing of it (clause 4.21). */
export function renderEntity(entity: Entity, view: View): JsonObject | undefined {
  if (!hasAsked(entity, view)) return undefined;
  const attributes = renderShownAttributes(entity, view);
  return isEmpty(entity, attributes, view) ? undefined : { ...renderHead(entity, view), ...attributes };
}

/** True when the entity has at least one of the attributes in `attrs` (clause 5.7.1). */
export const hasAsked = ({ attrs }: Entity, { projection }: View): boolean =>
  projection.attrs === undefined || Object.keys(attrs).some((name) => projection.attrs?.has(name));

/** True when nothing of the entity is shown. Timestamps do not count: they are only shown with other members. */
export const isEmpty = ({ scope }: Entity, attributes: JsonObject, { projection }: View): boolean =>
  Object.keys(attributes).length === 0 &&
  !isShown(projection, 'id') &&
  !isShown(projection, 'type') &&
  (scope === undefined || !isShown(projection, 'scope'));

/** id, type, scope and timestamps, as far as they are shown. */
export function renderHead(entity: Entity, { terms, projection, sysAttrs }: View): JsonObject {
  const { id, types, scope } = entity;
  return {
    ...(isShown(projection, 'id') ? { id } : undefined),
    ...(isShown(projection, 'type') ? { type: renderTypes(types, terms) } : undefined),
    ...(scope !== undefined && isShown(projection, 'scope') ? { scope } : undefined),
    ...(sysAttrs ? shownStamps(entity, projection) : undefined),
  };
}

/** `sysAttrs` adds the timestamps, whatever `pick` contains; `omit` can remove them. */
const shownStamps = (entity: Entity, { omit }: Projection): JsonObject =>
  Object.fromEntries(
    Object.entries({ ...entityStamps(entity), ...expiryOf(entity) }).filter(([name]) => !omit?.has(name)),
  );

/** One type as a string, several as an array. */
export function renderTypes(types: readonly string[], terms: Terms): string | readonly string[] {
  const [first] = types;
  return first !== undefined && types.length === 1 ? terms.compact(first) : types.map((type) => terms.compact(type));
}

/** The attributes in the projection and the requested datasets, under their short names. */
export function renderShownAttributes({ id, attrs, createdAt }: Entity, view: View): JsonObject {
  const { terms, projection, datasetIds } = view;
  const linkOf = view.linked && linkWriter(id, view, view.linked);
  const shown: [string, JsonObject[string]][] = [];
  for (const [name, instances] of Object.entries(attrs)) {
    if (!isShown(projection, name)) continue;
    const chosen = datasetIds ? instancesOf(instances, datasetIds) : instances;
    if (chosen.length === 0) continue;
    const own = linkOf ? { ...view, link: linkOf(name) } : view;
    shown.push([terms.compact(name), renderInstances(chosen, own, createdAt)]);
  }
  return Object.fromEntries(shown);
}

/** Writes the target entities of an entity's relationships, each in its own projection, and never an entity within itself. */
function linkWriter(
  container: string,
  { linked: _, ...view }: View,
  { entityOf, containedBy, level }: Linked,
): (name: string) => (id: string) => JsonObject | undefined {
  const around = new Set([...containedBy, container]);
  const further = level > 1 ? { linked: { entityOf, containedBy: around, level: level - 1 } } : undefined;
  return (name) => {
    const projection = view.projection.linked?.get(name) ?? {};
    return (id) => {
      const entity = around.has(id) ? undefined : entityOf(id);
      return entity && renderEntity(entity, { ...view, projection, ...further });
    };
  };
}

/** The instances of some datasets (clause 4.5.5); `@none` is the default instance. */
export const instancesOf = <T extends Instance>(
  instances: readonly T[],
  datasetIds: ReadonlySet<string>,
): readonly T[] => instances.filter(({ datasetId = '@none' }) => datasetIds.has(datasetId));

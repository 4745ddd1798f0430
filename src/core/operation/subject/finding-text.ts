/** Writes what was found of a subject as JSON for exports, in the normalized representation. Names of types and attributes are IRIs. */
import type { AttributeChange, Change } from '../../model/change.ts';
import type { Instance } from '../../model/attribute.ts';
import type { Entity, Terms } from '../../model/entity.ts';
import type { HistoricInstance } from '../../model/history.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Named } from '../../model/subject/named.ts';
import { redactInstance } from '../../model/subject/redact.ts';
import { renderObject } from '../../representation/instance.ts';
import { renderEntity } from '../../representation/render.ts';

const terms: Terms = {
  expand: (term) => term,
  compact: (iri) => iri,
  compactVocab: (iri) => iri,
  defines: () => false,
};
const view = { terms, format: 'normalized', sysAttrs: true, projection: {} } as const;

/** An entity. With `isNamed`, only its attributes that name the subject. */
export function entityText(entity: Entity, isNamed?: Named): JsonObject {
  return renderEntity(isNamed ? { ...entity, attrs: namingAttributes(entity, isNamed) } : entity, view) ?? {};
}

const namingAttributes = ({ attrs }: Entity, isNamed: Named): Entity['attrs'] =>
  Object.fromEntries(
    Object.entries(attrs).flatMap(([name, instances]) => {
      const naming = instances.filter((one) => redactInstance(one, isNamed) !== one);
      return naming.length === 0 ? [] : [[name, naming]];
    }),
  );

/** An instance of a history. */
export const instanceText = ({ deletedAt, instanceId, ...instance }: HistoricInstance): JsonObject => ({
  ...renderObject(instance, view, instance.createdAt),
  instanceId,
  ...(deletedAt === undefined ? undefined : { deletedAt }),
});

/** A record of the change log. */
export const changeText = ({
  position,
  at,
  event,
  entity,
  attrs,
}: Change & { readonly position: number }): JsonObject => ({
  ...{ position, at, event },
  entity: entityText(entity),
  attrs: attrs.map((one) => attributeChangeText(one, entity)),
});

const attributeChangeText = (
  { name, datasetId, event, before, after }: AttributeChange,
  { createdAt }: Entity,
): JsonObject => {
  const text = (instance: Instance): JsonObject => renderObject(instance, view, createdAt);
  return {
    ...{ name, event },
    ...(datasetId === undefined ? undefined : { datasetId }),
    ...(before ? { before: text(before) } : undefined),
    ...(after ? { after: text(after) } : undefined),
  };
};

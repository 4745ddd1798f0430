/** Writes what was found of a subject as JSON for exports, in the normalized representation. Names of types and attributes are IRIs. */
import type { AttributeChange, Change } from '../../model/change.ts';
import type { Instance } from '../../model/attribute.ts';
import type { Entity, Terms } from '../../model/entity.ts';
import type { HistoricInstance } from '../../model/history.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import { maskSecrets, maskSnapshot } from '../../model/secret.ts';
import type { Named } from '../../model/subject/named.ts';
import { redactInstance } from '../../model/subject/redact.ts';
import { renderObject } from '../../representation/instance.ts';
import { renderEntity } from '../../representation/render.ts';
import { subscriptionCollection } from '../../port/subscriptions.ts';
import { registrationCollectionOf } from '../../federation/registration-store.ts';
import { copyCollection, sourceCollectionOf } from '../../federation/source-store.ts';
import { registrationCollection } from '../../federation/registration.ts';
import { withoutSecrets } from '../../federation/registration-secrets.ts';
import { maskSecretsV2 } from '../../v2/subscription/secrets.ts';
import { snapshotCollection } from './subject-context.ts';

const terms: Terms = {
  expand: (term) => term,
  compact: (iri) => iri,
  compactVocab: (iri) => iri,
  defines: () => false,
};
const view = { terms, format: 'normalized', sysAttrs: true, projection: {} } as const;

/** An entity. With `isNamed`, only its attributes that name the subject, and the owner if that is the subject. */
export function entityText(entity: Entity, isNamed?: Named): JsonObject {
  if (!isNamed) return renderEntity(entity, view) ?? {};
  const { owner } = entity;
  return {
    ...renderEntity({ ...entity, attrs: namingAttributes(entity, isNamed) }, view),
    ...(owner !== undefined && isNamed(owner) ? { owner } : undefined),
  };
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

/** A document without the secrets for receivers and sources, which no answer shows: exports are given away. */
export function documentText(collection: string, document: Json): Json {
  if (isObject(document) && collection === sourceCollectionOf(copyCollection)) {
    const { registration = null, ...copy } = document;
    return { ...copy, registration: documentText(registrationCollection, registration) };
  }
  const { members, v2 } = isObject(document) ? document : {};
  const mask = v2 === undefined ? masks[collection] : maskSecretsV2;
  return isObject(document) && isObject(members) && mask ? { ...document, members: mask(members) } : document;
}

const masks: Readonly<Record<string, (members: JsonObject) => JsonObject>> = {
  [subscriptionCollection]: maskSecrets,
  [registrationCollectionOf(subscriptionCollection)]: maskSecrets,
  [sourceCollectionOf(subscriptionCollection)]: maskSecrets,
  [registrationCollection]: withoutSecrets,
  [snapshotCollection]: maskSnapshot,
};

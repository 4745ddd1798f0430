/** Renders the entity of a v2 notification: the attributes and metadata that the subscription shows, in normalized form. */
import type { Instance } from '../../model/attribute.ts';
import type { AttributeChange, Change } from '../../model/change.ts';
import type { Terms } from '../../model/entity.ts';
import { microsOfInstant } from '../../model/instant.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import { allOfUsers, builtinAttributes, builtinMetadata } from '../../v2/builtins.ts';
import type { JexlContext } from '../../v2/jexl/evaluate.ts';
import { attributeName } from '../../v2/names.ts';
import { shownInstance, typedValue } from '../../v2/render-attribute.ts';
import { renderV2Entity, servicePathOf, type V2View } from '../../v2/render-entity.ts';
import { patchedEntity } from '../../v2/subscription/ngsi-patch.ts';
import type { AlterationType, SubscriptionNotification } from '../../v2/subscription/subscription.ts';
import { counts } from './alteration.ts';

/** A change, why it is notified, and what the rendering of it depends on. */
export interface NotifiedChange {
  readonly change: Change;
  readonly alteration: AlterationType;
  readonly terms: Terms;
  /** The expanded types that the subscription names. */
  readonly types: readonly string[];
  readonly tenant: string;
  readonly isMetadataCounted: boolean;
}

/** The entity in normalized form, with the attributes that the subscription shows, in its order. */
export function notifiedEntity(
  notified: NotifiedChange,
  notification: SubscriptionNotification,
  context: JexlContext,
): JsonObject {
  const { terms, change } = notified;
  const whole = renderWhole(notified, notification.metadata);
  const users = Object.keys(change.entity.attrs).map((iri) => attributeName(iri, terms));
  const fragment = fragmentOf(notification);
  const patched = fragment ? patchedEntity(whole, fragment, context) : whole;
  const added = Object.keys(fragment ?? {}).filter((name) => name !== 'id' && name !== 'type');
  const names = chosenNames(notification, [...new Set([...users, ...added])]);
  const shown = notification.onlyChangedAttrs ? names.filter(changedTest(notified, [users, added])) : names;
  const { id = '', type = '' } = patched;
  return { id, type, ...Object.fromEntries(shown.flatMap((name) => shownAs(name, patched, notification))) };
}

/** All attributes, built-in ones too. */
function renderWhole(notified: NotifiedChange, metadata: readonly string[] | undefined): JsonObject {
  const { change, alteration, terms, types } = notified;
  const view: V2View = {
    terms,
    types,
    metadata,
    format: 'normalized',
    attrs: [allOfUsers, ...builtinAttributes],
    ofChange: (iri) => changeMetadata(change, iri, terms),
    changeAttrs: { alterationType: { type: 'Text', value: alteration, metadata: {} } },
  };
  const whole = renderV2Entity(change.entity, view);
  return isObject(whole) ? whole : {};
}

function fragmentOf({ transport: { custom } }: SubscriptionNotification): JsonObject | undefined {
  const content = custom?.content;
  return content?.kind === 'ngsi' ? content.fragment : undefined;
}

/** `previousValue`, and of attributes that the request wrote `actionType`. */
function changeMetadata({ attrs, entity }: Change, iri: string, terms: Terms): JsonObject {
  const written = attrs.find(({ name, datasetId }) => name === iri && datasetId === undefined);
  if (!written) return unchangedMetadata(entity.attrs[iri] ?? [], terms);
  const previous = previousOf(written);
  return {
    ...(previous ? { previousValue: { ...typedValue(previous, terms) } } : undefined),
    actionType: { type: 'Text', value: written.event === 'created' ? 'append' : 'update' },
  };
}

/** The value of an attribute that the request did not write is the previous one too. */
function unchangedMetadata(instances: readonly Instance[], terms: Terms): JsonObject {
  const shown = shownInstance(instances);
  return shown ? { previousValue: { ...typedValue(shown, terms) } } : {};
}

const previousOf = ({ event, before, after }: AttributeChange): AttributeChange['before'] =>
  before ?? (event === 'rewritten' ? after : undefined);

/** The names of the attributes to show. `*` stands for all of users; built-in ones alone hide these. */
function chosenNames({ attrs, exceptAttrs }: SubscriptionNotification, users: readonly string[]): readonly string[] {
  if (exceptAttrs) return users.filter((name) => !exceptAttrs.includes(name));
  if (attrs.length === 0) return users;
  return [...new Set(attrs.flatMap((name) => (name === allOfUsers ? users : [name])))];
}

/** False when a notification of changed attributes only would show none of them. */
export function showsChange(notified: NotifiedChange, notification: SubscriptionNotification): boolean {
  if (!notification.onlyChangedAttrs) return true;
  const users = Object.keys(notified.change.entity.attrs).map((iri) => attributeName(iri, notified.terms));
  const added = Object.keys(fragmentOf(notification) ?? {});
  const names = chosenNames(notification, [...new Set([...users, ...added])]);
  const own = names.filter((name) => users.includes(name) || !unchanging.includes(name));
  return own.length === 0 || own.some(changedTest(notified, [users, added]));
}

/** Built-in attributes that are shown although only changed attributes are. */
const unchanging = ['alterationType', 'dateCreated', 'dateModified'];

function changedTest(
  { change, alteration, terms, isMetadataCounted: notifyOnMetadataChange }: NotifiedChange,
  [users, added]: readonly [readonly string[], readonly string[]],
): (name: string) => boolean {
  const isWhole = alteration === 'entityUpdate';
  const changed = change.attrs.filter((one) => isWhole || counts(one, { notifyOnMetadataChange }));
  const names = new Set([...changed.map(({ name }) => attributeName(name, terms)), ...added]);
  return (name) => names.has(name) || (unchanging.includes(name) && !users.includes(name));
}

const nothing: Json = { type: 'None', value: null, metadata: {} };

function shownAs(
  name: string,
  entity: JsonObject,
  { covered }: SubscriptionNotification,
): readonly (readonly [string, Json])[] {
  if (name !== 'id' && name !== 'type' && Object.hasOwn(entity, name)) return [[name, entity[name] ?? null]];
  return covered ? [[name, nothing]] : [];
}

/** The values that macros and expressions can name: those of the entity, and of the request. */
export function macroContext(notified: Omit<NotifiedChange, 'isMetadataCounted'>): JexlContext {
  const { change, tenant } = notified;
  const whole = renderWhole({ ...notified, isMetadataCounted: true }, [allOfUsers, ...builtinMetadata]);
  const { id = '', type = '', ...attributes } = whole;
  const metadata = Object.entries(attributes).map(([name, attribute]): [string, Json] => [name, metadataOf(attribute)]);
  return {
    names: {
      service: tenant,
      servicePath: servicePathOf(change.entity),
      metadata: Object.fromEntries(metadata),
      ...valuesOf(attributes),
      id,
      type,
    },
    now: microsOfInstant(change.at),
    used: { steps: 0, characters: 0 },
  };
}

const metadataOf = (attribute: Json): JsonObject => {
  const { metadata = {} } = isObject(attribute) ? attribute : {};
  return isObject(metadata) ? valuesOf(metadata) : {};
};

/** The values of attributes or metadata items, by name. */
export const valuesOf = (items: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(items).map(([name, item]) => [name, isObject(item) ? (item['value'] ?? null) : null]),
  );

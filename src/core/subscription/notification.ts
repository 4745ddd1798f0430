/** Renders changes as the entities in a Notification, with deletions and previous values if requested (clauses 5.3.1, 5.8.6). */
import { isShown } from '../language/projection.ts';
import { type Instance, type Kind, ngsildNull, nullOf, valueMember } from '../model/attribute.ts';
import type { AttributeChange, Change } from '../model/change.ts';
import { instanceOf } from '../model/dataset.ts';
import type { Instant } from '../model/instant.ts';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { entityStamps, instanceStamps } from '../model/stamps.ts';
import { conform, conformChange, ownVersion } from '../representation/conform.ts';
import { instancesOf, renderEntity, renderTypes } from '../representation/render.ts';
import { renderInstance } from '../representation/instance.ts';
import type { View } from '../representation/view.ts';
import type { Entity } from '../model/entity.ts';
import type { ChangeView } from './plan.ts';

/** Renders changes as JSON text, once for all subscriptions with equal views. */
export interface ChangeRenderer {
  render(change: Change, changeView: ChangeView): string;
}

/** Each text is cached as long as its change is in memory. */
export function createChangeRenderer(): ChangeRenderer {
  const texts = new WeakMap<Change, Map<string, string>>();
  return {
    render(change, changeView) {
      const known = texts.get(change) ?? new Map<string, string>();
      const text = known.get(changeView.key) ?? JSON.stringify(renderChange(change, changeView));
      known.set(changeView.key, text);
      texts.set(change, known);
      return text;
    },
  };
}

/** The content of a Notification. `entities` are the JSON texts of its `data`. */
export interface NotificationParts {
  readonly id: string;
  readonly subscriptionId: string;
  readonly notifiedAt: Instant;
  readonly entities: readonly string[];
}

/**
 * The id of the notification of a change. It is the same for the same change and subscription, so that a receiver can detect a repeat, and
 * different for any other subscription. `at` is the text of the position of the change.
 */
export function notificationId(subscriptionId: string, at: string, type = 'Notification'): string {
  const short = /^urn:ngsi-ld:Subscription:([\w.~-]+)$/.exec(subscriptionId)?.[1];
  // A short name has no colon and a whole id has one, so they never collide.
  return `urn:ngsi-ld:${type}:${short ?? encodeURI(subscriptionId).replace(/[#?]/g, encodeURIComponent)}:${at}`;
}

/**
 * The JSON text of a Notification (clause 5.3.1) in three parts, to be joined. A single entity is the second part, so that all notifications
 * of a change share its text.
 */
export function notificationTexts({ entities, ...head }: NotificationParts): readonly string[] {
  const start = notificationTextWith(head, '').slice(0, -1);
  return [`${start}[`, entities.join(','), ']}'];
}

/** The JSON text of a Notification, with the JSON text of its `data`. */
export const notificationTextWith = (
  { id, subscriptionId, notifiedAt }: Omit<NotificationParts, 'entities'>,
  data: string,
): string =>
  `{"id":${JSON.stringify(id)},"type":"Notification","subscriptionId":${JSON.stringify(subscriptionId)},"notifiedAt":"${notifiedAt}","data":${data}}`;

/** Renders an entity that has not changed. Id and type stay when the projection leaves nothing else. */
export function renderPresent(entity: Entity, { view, version = ownVersion }: ChangeView): JsonObject {
  const known = conform(entity, version, view.terms);
  return renderEntity(known, view) ?? nameOf(known, view);
}

/** Renders the entity of a change for the `data` of a Notification. */
export function renderChange(made: Change, changeView: ChangeView): JsonObject {
  const { view, version = ownVersion } = changeView;
  const change = conformChange(made, version, view.terms);
  const { entity, event, at } = change;
  if (event !== 'deleted')
    return { ...renderPresent(entity, changeView), ...renderChangedAttributes(change, changeView) };
  const lost = { ...nameOf(entity, view), ...(view.sysAttrs ? entityStamps(entity) : undefined) };
  if (changeView.loss === 'entity')
    return {
      ...lost,
      deletedAt: at,
      ...(changeView.showChanges ? renderLostAttributes(change, changeView) : undefined),
    };
  return { ...lost, deletedAt: at, ...renderLostAttributes(change, changeView) };
}

const nameOf = ({ id, types }: Entity, { terms }: View): JsonObject => ({ id, type: renderTypes(types, terms) });

/** The attributes that differ from an unchanged entity: with a deleted instance, or with previous values. */
function renderChangedAttributes({ attrs, entity, at }: Change, changeView: ChangeView): JsonObject {
  const rendering = attrs.filter(
    ({ event }) => (event === 'deleted' && changeView.showsDeleted) || (event === 'updated' && changeView.showChanges),
  );
  return renderAttributes(rendering, (name) => entity.attrs[name] ?? [], {
    changeView,
    at,
    entityCreatedAt: entity.createdAt,
  });
}

/**
 * The attributes that were deleted with their entity. When the subscription does not notify deleted entities as such, only watched ones.
 */
function renderLostAttributes({ attrs, entity, at }: Change, changeView: ChangeView): JsonObject {
  const counts = (name: string): boolean => changeView.loss === 'entity' || (changeView.watched?.has(name) ?? true);
  const lost = attrs.filter(({ name, event }) => event === 'deleted' && counts(name));
  return renderAttributes(lost, () => [], { changeView, at, entityCreatedAt: entity.createdAt });
}

interface Rendering {
  readonly changeView: ChangeView;
  readonly at: Instant;
  readonly entityCreatedAt: Instant;
}

function renderAttributes(
  changes: readonly AttributeChange[],
  present: (name: string) => readonly Instance[],
  rendering: Rendering,
): JsonObject {
  const { view } = rendering.changeView;
  const names = [...new Set(changes.map(({ name }) => name))].filter((name) => isShown(view.projection, name));
  const byName = Map.groupBy(changes, ({ name }) => name);
  const attributes = names.flatMap((name): [string, Json][] => {
    const shown = renderAttribute(byName.get(name) ?? [], present(name), rendering);
    return shown === undefined ? [] : [[view.terms.compact(name), shown]];
  });
  return Object.fromEntries(attributes);
}

/** Renders one attribute: first its present instances, with previous values, then the deleted ones. */
function renderAttribute(
  changes: readonly AttributeChange[],
  present: readonly Instance[],
  rendering: Rendering,
): Json | undefined {
  const { view } = rendering.changeView;
  const isThere = ({ datasetId }: AttributeChange): boolean => instanceOf(present, datasetId) !== undefined;
  const updated = new Map(changes.flatMap((one) => (one.event === 'updated' ? [[one.datasetId, one.before]] : [])));
  const gone = changes.flatMap((change) =>
    change.event === 'deleted' && change.before && !isThere(change) ? [change.before] : [],
  );
  const chosen = (instances: readonly Instance[]): readonly Instance[] =>
    view.datasetIds ? instancesOf(instances, view.datasetIds) : instances;
  const shown = [
    ...chosen(present).map((instance) => ({
      ...place(instance),
      json: renderUpdated(instance, updated.get(instance.datasetId), rendering),
    })),
    ...leastOf(chosen(gone), present, rendering.changeView).map((instance) => ({
      ...place(instance),
      json: renderGone(instance, rendering),
    })),
  ];
  const [first] = shown;
  if (shown.length < 2) return first?.json;
  if (view.format !== 'simplified') return shown.map(({ json }) => json);
  return { dataset: Object.fromEntries(shown.map(({ datasetId, json }) => [datasetId, json])) };
}

/** When an attribute lost all its instances, the default instance alone stands for them, unless each must show its previous value. */
function leastOf(
  gone: readonly Instance[],
  present: readonly Instance[],
  { view, showChanges }: ChangeView,
): readonly Instance[] {
  const whole = gone.find(({ datasetId }) => datasetId === undefined);
  return present.length === 0 && whole && view.format !== 'simplified' && !showChanges ? [whole] : gone;
}

const place = ({ datasetId = '@none' }: Instance): { readonly datasetId: string } => ({ datasetId });

/** Renders a present instance, with its previous value if requested. */
function renderUpdated(
  instance: Instance,
  before: Instance | undefined,
  { changeView, entityCreatedAt }: Rendering,
): Json {
  const shown = renderInstance(instance, changeView.view, entityCreatedAt);
  if (!before || !changeView.showChanges) return shown;
  const member = memberOf(instance.kind, changeView.view);
  const whole = isObject(shown) && member in shown ? shown : { [member]: shown };
  return { ...whole, ...previousOf(before, changeView.view, entityCreatedAt) };
}

/**
 * Renders a deleted instance: its value is the NGSI-LD Null. It is a bare value where the format allows this and it has no other member.
 */
function renderGone(before: Instance, rendering: Rendering): Json {
  const { view, showChanges } = rendering.changeView;
  const { kind, datasetId } = before;
  const isBare = view.format === 'concise' && datasetId === undefined && !view.sysAttrs && !showChanges;
  if (view.format === 'simplified' || isBare) return ngsildNull;
  return {
    ...(view.format === 'normalized' ? { type: kind } : undefined),
    [valueMember[kind]]: nullOf(kind),
    ...(datasetId === undefined ? undefined : { datasetId }),
    ...lastWords(before, rendering),
  };
}

/** The other members of a deleted instance: time stamps and previous value. */
const lastWords = (
  before: Instance,
  { changeView: { view, showChanges }, at, entityCreatedAt }: Rendering,
): JsonObject => ({
  ...(view.sysAttrs ? { ...instanceStamps(before, entityCreatedAt), deletedAt: at } : undefined),
  ...(showChanges ? previousOf(before, view, entityCreatedAt) : undefined),
});

/** `previousValue`, `previousObject`, ... (clause 5.2.14). */
function previousOf(before: Instance, view: View, entityCreatedAt: Instant): JsonObject {
  const member = memberOf(before.kind, view);
  const shown = renderInstance(before, view, entityCreatedAt);
  const value = isObject(shown) && member in shown ? shown[member] : shown;
  return { [`previous${member.charAt(0).toUpperCase()}${member.slice(1)}`]: value ?? null };
}

/** The member that shows the value of an instance of this kind. */
const memberOf = (kind: Kind, { lang }: View): string =>
  kind === 'LanguageProperty' && lang ? 'value' : valueMember[kind];

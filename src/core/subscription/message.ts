/** Serializes notifications: body, media type and headers (clauses 5.3.1, 6.3.8). */
import type { Projection } from '../language/projection.ts';
import type { Change } from '../model/change.ts';
import type { Entity } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import type { JsonObject } from '../model/json.ts';
import type { SerializedNotification } from '../port/dead-letters.ts';
import type { Message } from '../port/messenger.ts';
import { conform, ownVersion } from '../representation/conform.ts';
import { featureCollectionText } from '../representation/geojson.ts';
import { linkedTo } from '../representation/linked.ts';
import { notificationTextWith, renderChange, renderPresent, type ChangeRenderer } from './notification.ts';
import type { ChangeView } from './plan.ts';
import type { Endpoint } from './read-endpoint.ts';
import type { RegistrationNews } from './registration-interest.ts';
import type { StoredPlan } from './read-stored.ts';

/** Whose data a message is about. `snapshot`: the id of the snapshot that has them. */
export interface MessageOrigin {
  readonly tenant: string;
  readonly snapshot?: string;
}

/** The content of a message. */
export interface MessageParts {
  readonly id: string;
  readonly subscriptionId: string;
  readonly origin: MessageOrigin;
  readonly notifiedAt: Instant;
  /** JSON texts of entities, as `writeChangeData` and `writePresentData` write them. */
  readonly data: readonly string[];
}

export function messageOf(stored: StoredPlan, { origin, data, ...head }: MessageParts): Message {
  const { endpoint, notified } = stored;
  const isInLink = isContextInLink(stored);
  const isGeo = endpoint.accept === 'application/geo+json';
  const text = notificationTextWith(
    head,
    isGeo ? featureCollectionText(data, isInLink ? undefined : notified.writtenText) : `[${data.join(',')}]`,
  );
  return addressed(wordingOf(text, stored), endpoint, origin);
}

/** The JSON text of a notification with its media type and its @context. */
function wordingOf(text: string, stored: StoredPlan): SerializedNotification {
  const link = isContextInLink(stored) ? { link: contextLink(stored) } : undefined;
  return { contentType: stored.endpoint.accept, ...link, body: withContext(text, stored) };
}

/** The message about registrations (clause 5.3.2). It is never GeoJSON. */
export function registrationMessageOf(
  stored: StoredPlan,
  { origin, news: { reason, data }, ...head }: Omit<MessageParts, 'data'> & { readonly news: RegistrationNews },
): Message {
  const { id, subscriptionId, notifiedAt } = head;
  const text = JSON.stringify({
    id,
    type: 'ContextSourceNotification',
    subscriptionId,
    notifiedAt,
    triggerReason: reason,
    data,
  });
  const { endpoint } = stored;
  const isGeo = endpoint.accept === 'application/geo+json';
  const plain: StoredPlan = isGeo ? { ...stored, endpoint: { ...endpoint, accept: 'application/json' } } : stored;
  return addressed(wordingOf(text, plain), endpoint, origin);
}

/** The message for an endpoint, of a notification that was serialized now or before. */
export function addressed(
  { contentType, link, body }: SerializedNotification,
  endpoint: Endpoint,
  { tenant, snapshot }: MessageOrigin,
): Message {
  return {
    uri: endpoint.uri,
    contentType,
    headers: {
      ...(link === undefined ? undefined : { Link: link }),
      ...(tenant === '' ? undefined : { 'NGSILD-Tenant': tenant }),
      ...(snapshot === undefined ? undefined : { 'NGSILD-Snapshot': snapshot }),
      ...endpoint.receiverInfo,
    },
    notifierInfo: endpoint.notifierInfo,
    body,
    ...(endpoint.timeoutMs === undefined ? undefined : { timeoutMs: endpoint.timeoutMs }),
  };
}

/** The part of a message that does not depend on the endpoint. */
export function serializedOf({ contentType, headers, body }: Message): SerializedNotification {
  const { Link: link } = headers;
  return { contentType, ...(link === undefined ? undefined : { link }), body };
}

/** True when the @context goes into a Link header: always for plain JSON, for GeoJSON when the receiver prefers it so. */
function isContextInLink({ endpoint: { accept, receiverInfo } }: StoredPlan): boolean {
  if (accept !== 'application/geo+json') return accept === 'application/json';
  const prefer = Object.entries(receiverInfo).find(([key]) => key.toLowerCase() === 'prefer');
  return prefer !== undefined && /(?:^|,)\s*body\s*=\s*"?json"?\s*(?:[,;]|$)/i.test(prefer[1]);
}

const contextLink = ({ notified: { url = '' } }: StoredPlan): string =>
  `<${url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`;

/** An entity that relationships lead to, with the projection to apply to it. */
export interface LinkedEntity {
  readonly entity: Entity;
  readonly projection: Projection;
}

/** The `data` of a notification of a change: the entity of the change, and the entities that it links to. */
export function writeChangeData(
  change: Change,
  stored: StoredPlan,
  { renderer, reached }: { renderer: ChangeRenderer; reached: readonly LinkedEntity[] },
): readonly string[] {
  const { changeView } = stored.plan;
  const isPlain = reached.length === 0 && stored.endpoint.accept !== 'application/geo+json';
  if (isPlain) return [withContext(renderer.render(change, changeView), stored)];
  return withReached((view) => [textOf(renderChange(change, view), change.entity, stored)], stored, {
    entities: [change.entity],
    reached,
  });
}

/** The `data` of a notification without a change: these entities, and the entities that they link to. */
export const writePresentData = (
  entities: readonly Entity[],
  stored: StoredPlan,
  reached: readonly LinkedEntity[],
): readonly string[] =>
  withReached((view) => entities.map((entity) => textOf(renderPresent(entity, view), entity, stored)), stored, {
    entities,
    reached,
  });

interface Group {
  readonly entities: readonly Entity[];
  readonly reached: readonly LinkedEntity[];
}

function withReached(
  write: (view: ChangeView) => readonly string[],
  stored: StoredPlan,
  { entities, reached }: Group,
): readonly string[] {
  const { join, plan } = stored;
  const { changeView } = plan;
  if (!join || reached.length === 0) return write(changeView);
  if (join.how === 'inline') {
    const { version = ownVersion, view } = changeView;
    const all = [...entities, ...reached.map(({ entity }) => entity)];
    const known = all.map((entity) => conform(entity, version, view.terms));
    const linked = linkedTo(known, {
      level: join.level,
      beyond: () => undefined,
    });
    return write({ ...changeView, view: { ...changeView.view, linked } });
  }
  const others = reached.map(({ entity, projection }) =>
    textOf(renderPresent(entity, { ...changeView, view: { ...changeView.view, projection } }), entity, stored),
  );
  return [...write(changeView), ...others];
}

const textOf = (shown: JsonObject, entity: Entity, stored: StoredPlan): string =>
  stored.endpoint.accept === 'application/geo+json'
    ? JSON.stringify(featureOf(shown, entity))
    : withContext(JSON.stringify(shown), stored);

/** With `application/ld+json`, each entity and the notification around them has the @context. */
const withContext = (text: string, { endpoint, notified }: StoredPlan): string =>
  endpoint.accept === 'application/ld+json' ? `${text.slice(0, -1)},"@context":${notified.writtenText}}` : text;

const location = 'https://uri.etsi.org/ngsi-ld/location';

function featureOf({ id, ...properties }: JsonObject, { attrs }: Entity): JsonObject {
  const place = attrs[location]?.find(({ datasetId, kind }) => datasetId === undefined && kind === 'GeoProperty');
  return { ...(id === undefined ? undefined : { id }), type: 'Feature', geometry: place?.value ?? null, properties };
}

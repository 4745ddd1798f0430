/** Puts notifications into the form in which they are sent: body, media type, headers (clauses 5.3.1, 6.3.8). */
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
import type { StoredPlan } from './read-stored.ts';

/** What a message is made of. */
export interface MessageParts {
  readonly id: string;
  readonly subscriptionId: string;
  readonly tenant: string;
  readonly notifiedAt: Instant;
  /** JSON texts of entities, as `tellChange` and `tellPresent` write them. */
  readonly data: readonly string[];
}

export function messageOf(stored: StoredPlan, { tenant, data, ...head }: MessageParts): Message {
  const { endpoint, notified } = stored;
  const isInLink = isContextInLink(stored);
  const isGeo = endpoint.accept === 'application/geo+json';
  const text = notificationTextWith(
    head,
    isGeo ? featureCollectionText(data, isInLink ? undefined : notified.writtenText) : `[${data.join(',')}]`,
  );
  const link = isInLink ? { link: contextLink(stored) } : undefined;
  const wording = { contentType: endpoint.accept, ...link, body: withContext(text, stored) };
  return addressed(wording, endpoint, tenant);
}

/** A notification on its way to an endpoint, whenever it was written. */
export function addressed(
  { contentType, link, body }: SerializedNotification,
  endpoint: Endpoint,
  tenant: string,
): Message {
  return {
    uri: endpoint.uri,
    contentType,
    headers: {
      ...(link === undefined ? undefined : { Link: link }),
      ...(tenant === '' ? undefined : { 'NGSILD-Tenant': tenant }),
      ...endpoint.receiverInfo,
    },
    notifierInfo: endpoint.notifierInfo,
    body,
    ...(endpoint.timeoutMs === undefined ? undefined : { timeoutMs: endpoint.timeoutMs }),
  };
}

/** What a message says, wherever it goes. */
export function serializedOf({ contentType, headers, body }: Message): SerializedNotification {
  const { Link: link } = headers;
  return { contentType, ...(link === undefined ? undefined : { link }), body };
}

/** True when the @context goes into a Link header: always with plain JSON, with GeoJSON when the receiver wants it so. */
function isContextInLink({ endpoint: { accept, receiverInfo } }: StoredPlan): boolean {
  if (accept !== 'application/geo+json') return accept === 'application/json';
  const prefer = Object.entries(receiverInfo).find(([key]) => key.toLowerCase() === 'prefer');
  return prefer !== undefined && /(?:^|,)\s*body\s*=\s*"?json"?\s*(?:[,;]|$)/i.test(prefer[1]);
}

const contextLink = ({ notified: { url = '' } }: StoredPlan): string =>
  `<${url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`;

/** An entity that relationships lead to, and what is shown of it. */
export interface LinkedEntity {
  readonly entity: Entity;
  readonly projection: Projection;
}

/** The entity of a change, and those that it leads to, as they stand in the data. */
export function writeChangeData(
  change: Change,
  stored: StoredPlan,
  { renderer, reached }: { renderer: ChangeRenderer; reached: readonly LinkedEntity[] },
): readonly string[] {
  const { changeView: told } = stored.plan;
  const isPlain = reached.length === 0 && stored.endpoint.accept !== 'application/geo+json';
  if (isPlain) return [withContext(renderer.render(change, told), stored)];
  return withReached((view) => [textOf(renderChange(change, view), change.entity, stored)], stored, {
    entities: [change.entity],
    reached,
  });
}

/** Entities that have not changed, and those that they lead to, as they stand in the data. */
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
  const { changeView: told } = plan;
  if (!join || reached.length === 0) return write(told);
  if (join.how === 'inline') {
    const { version = ownVersion, view } = told;
    const all = [...entities, ...reached.map(({ entity }) => entity)];
    const known = all.map((entity) => conform(entity, version, view.terms));
    const linked = linkedTo(known, {
      level: join.level,
      beyond: () => undefined,
    });
    return write({ ...told, view: { ...told.view, linked } });
  }
  const others = reached.map(({ entity, projection }) =>
    textOf(renderPresent(entity, { ...told, view: { ...told.view, projection } }), entity, stored),
  );
  return [...write(told), ...others];
}

const textOf = (shown: JsonObject, entity: Entity, stored: StoredPlan): string =>
  stored.endpoint.accept === 'application/geo+json'
    ? JSON.stringify(featureOf(shown, entity))
    : withContext(JSON.stringify(shown), stored);

/** With `application/ld+json` the @context stands in each entity and in the notification itself, which names the members around them. */
const withContext = (text: string, { endpoint, notified }: StoredPlan): string =>
  endpoint.accept === 'application/ld+json' ? `${text.slice(0, -1)},"@context":${notified.writtenText}}` : text;

const location = 'https://uri.etsi.org/ngsi-ld/location';

function featureOf({ id, ...properties }: JsonObject, { attrs }: Entity): JsonObject {
  const place = attrs[location]?.find(({ datasetId, kind }) => datasetId === undefined && kind === 'GeoProperty');
  return { ...(id === undefined ? undefined : { id }), type: 'Feature', geometry: place?.value ?? null, properties };
}

/** Puts notifications into the form in which they are sent: body, media type, headers (clauses 5.3.1, 6.3.8). */
import type { Change } from '../model/change.ts';
import type { Entity } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { Message } from '../port/messenger.ts';
import { notificationTextWith, renderChange, renderPresent, type Teller } from './notification.ts';
import type { StoredPlan } from './read-stored.ts';

/** What a message is made of. `data` are JSON texts of entities, as `changeText` and `presentText` write them. */
export interface MessageParts {
  readonly id: string;
  readonly subscriptionId: string;
  readonly tenant: string;
  readonly notifiedAt: Instant;
  readonly data: readonly string[];
}

export function messageOf(stored: StoredPlan, { id, subscriptionId, tenant, notifiedAt, data }: MessageParts): Message {
  const { endpoint } = stored;
  const isGeo = endpoint.accept === 'application/geo+json';
  const list = isGeo ? collectionText(stored, data) : `[${data.join(',')}]`;
  return {
    uri: endpoint.uri,
    contentType: endpoint.accept,
    headers: {
      ...(isContextInLink(stored) ? { Link: contextLink(stored) } : undefined),
      ...(tenant === '' ? undefined : { 'NGSILD-Tenant': tenant }),
      ...endpoint.receiverInfo,
    },
    notifierInfo: endpoint.notifierInfo,
    body: notificationTextWith({ id, subscriptionId, notifiedAt }, list),
    ...(endpoint.timeoutMs === undefined ? undefined : { timeoutMs: endpoint.timeoutMs }),
  };
}

/** True when the @context goes into a Link header: always with plain JSON, with GeoJSON when the receiver wants it so. */
export function isContextInLink({ endpoint: { accept, receiverInfo } }: Pick<StoredPlan, 'endpoint'>): boolean {
  if (accept !== 'application/geo+json') return accept === 'application/json';
  const prefer = Object.entries(receiverInfo).find(([key]) => key.toLowerCase() === 'prefer');
  return prefer !== undefined && /(?:^|,)\s*body\s*=\s*"?json"?\s*(?:[,;]|$)/i.test(prefer[1]);
}

const contextLink = ({ notified: { url = '' } }: StoredPlan): string =>
  `<${url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`;

const collectionText = (stored: StoredPlan, features: readonly string[]): string => {
  const context = isContextInLink(stored) ? '' : `,"@context":${JSON.stringify(stored.notified.echo)}`;
  return `{"type":"FeatureCollection","features":[${features.join(',')}]${context}}`;
};

/** The entity of a change as it stands in the data. */
export function changeText(change: Change, stored: StoredPlan, teller: Teller): string {
  const { told } = stored.plan;
  if (stored.endpoint.accept === 'application/geo+json') return featureText(renderChange(change, told), change.entity);
  return withContext(teller.tell(change, told), stored);
}

/** An entity that has not changed, as it stands in the data. */
export function presentText(entity: Entity, stored: StoredPlan): string {
  const shown = renderPresent(entity, stored.plan.told);
  return stored.endpoint.accept === 'application/geo+json' ? featureText(shown, entity) : withContext(JSON.stringify(shown), stored);
}

const withContext = (text: string, { endpoint, notified }: StoredPlan): string =>
  endpoint.accept === 'application/ld+json' ? `${text.slice(0, -1)},"@context":${JSON.stringify(notified.echo)}}` : text;

const location = 'https://uri.etsi.org/ngsi-ld/location';

function featureText({ id = null, ...properties }: JsonObject, { attrs }: Entity): string {
  const place = attrs[location]?.find(({ datasetId, kind }) => datasetId === undefined && kind === 'GeoProperty');
  const geometry: Json = place?.value ?? null;
  return JSON.stringify({ ...(id === null ? undefined : { id }), type: 'Feature', geometry, properties });
}

/** Writes the documents of a backup to a broker, and reads each one back to verify it. */
import { withoutSecrets } from '../../core/federation/registration-secrets.ts';
import { instantOf, microsOf } from '../../core/model/instant.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';
import { maskSecrets } from '../../core/model/secret.ts';
import { type Client, detailOf } from '../command/client.ts';
import { createSubscriptionCopier } from '../command/v2-import/subscriptions.ts';
import type { V2Client } from '../command/v2-import/v2-client.ts';
import { asWritten, unexpired } from '../command/written.ts';
import { readHistories } from '../history/read-history.ts';
import { sorted } from './checksum.ts';
import type { Kind } from './line.ts';
import { NoTenant, showingSecrets, takeContexts } from './take.ts';

/** A document that was not written, or that differs from the backup. */
export interface Flaw {
  readonly kind: Kind;
  readonly id: string;
  readonly reason: string;
}

/** Writes documents of one kind, and returns those that are missing or different in the broker. */
export type Put = (documents: readonly JsonObject[]) => Promise<readonly Flaw[]>;

const idOf = ({ id }: JsonObject): string => (typeof id === 'string' ? id : '');
const jsonType = 'application/json';

/** The broker at `url` by both of its APIs. */
interface Target {
  readonly client: Client;
  readonly v2: V2Client;
  readonly url: string;
}

/** The writers by kind. @contexts get new URLs, and references to the old URLs are replaced. */
export function createPuts({ client, v2, url }: Target): Readonly<Record<Kind, Put>> {
  const renamed = new Map<string, string>();
  const one =
    (kind: Kind, put: (document: JsonObject) => Promise<string | undefined>): Put =>
    async (documents) => {
      const flaws: Flaw[] = [];
      for (const document of documents) {
        const reason = await put(document);
        if (reason !== undefined) flaws.push({ kind, id: idOf(document), reason });
      }
      return flaws;
    };
  return {
    context: one('context', async (document) => {
      const place = (await placeOf(client, document)) ?? (await putContext(client, document));
      if (typeof place !== 'string') return place.reason;
      if (typeof document['url'] !== 'string') return undefined;
      // Subscriptions can name it without its tenant.
      const [whole, short] = [document['url'], document['url'].replace(/\?tenant=[^?#&]+$/, '')];
      for (const name of [whole, short]) renamed.set(name, new URL(place, url).href);
      return undefined;
    }),
    history: one('history', (part) => putHistory(client, part)),
    entity: (entities) => putEntities(client, entities),
    registration: one('registration', (document) => putOne(client, '/csourceRegistrations', document)),
    subscription: one('subscription', (document) => putOne(client, '/subscriptions', rename(document, renamed))),
    registrationSubscription: one('registrationSubscription', (document) =>
      putOne(client, '/csourceSubscriptions', rename(document, renamed)),
    ),
    v2Subscription: one('v2Subscription', createSubscriptionCopier(v2)),
  };
}

/** The URL of an identical @context that the broker already has. */
async function placeOf(client: Client, { '@context': wanted = {} }: JsonObject): Promise<string | undefined> {
  try {
    for await (const { url, '@context': there = null } of takeContexts(client))
      if (typeof url === 'string' && holds(there, wanted) && holds(wanted, there)) return url;
  } catch (error) {
    if (!(error instanceof NoTenant)) throw error;
  }
  return undefined;
}

async function putContext(
  client: Client,
  { '@context': context = {} }: JsonObject,
): Promise<string | { readonly reason: string }> {
  const json = { '@context': context };
  const { status, body, headers } = await client.send('POST', '/jsonldContexts', { json, type: jsonType });
  const place = headers.get('Location');
  return status === 201 && place !== null ? place : { reason: `${status}: ${detailOf(body)}` };
}

function rename(subscription: JsonObject, renamed: ReadonlyMap<string, string>): JsonObject {
  const { jsonldContext } = subscription;
  const name = typeof jsonldContext === 'string' ? renamed.get(jsonldContext) : undefined;
  return name === undefined ? subscription : { ...subscription, jsonldContext: name };
}

/** An existing document counts as written if it is identical. */
async function putOne(client: Client, path: string, document: JsonObject): Promise<string | undefined> {
  const { status, body } = await client.send('POST', path, { json: document, type: jsonType });
  if (status !== 201 && status !== 409) return `${status}: ${detailOf(body)}`;
  const found = await client.send(
    'GET',
    `${path}/${encodeURIComponent(idOf(document))}?${await showingSecrets(client, path)}`,
  );
  const there = found.body ?? null;
  if (holds(there, document)) return undefined;
  return `it is there, but as ${JSON.stringify(isObject(there) ? withoutSecrets(maskSecrets(there)) : there)}`;
}

async function putEntities(client: Client, entities: readonly JsonObject[]): Promise<readonly Flaw[]> {
  const refusals = await client.batch('entityOperations/upsert?options=replace', entities);
  const flaws = refusals.map(({ id, reason }): Flaw => ({ kind: 'entity', id, reason }));
  const refused = new Set(refusals.map(({ id }) => id));
  const asked = entities.filter((entity) => !refused.has(idOf(entity)));
  const query = { type: 'Query', entities: asked.map((entity) => ({ id: idOf(entity), type: '*' })) };
  const path = `/entityOperations/query?limit=${asked.length}&options=sysAttrs`;
  const { body } = asked.length === 0 ? { body: [] } : await client.send('POST', path, { json: query, type: jsonType });
  const found = new Map(
    (isArray(body) ? body : []).filter(isObject).map((entity) => [idOf(entity), asWritten(entity)]),
  );
  const nowMs = Date.now();
  const isSame = (entity: JsonObject): boolean => {
    // An entity that has expired since the backup must be missing.
    const [there, wanted] = [found.get(idOf(entity)), unexpired(entity, nowMs)];
    if (there === undefined || wanted === undefined) return there === wanted;
    return holds(there, wanted) && holds(wanted, there);
  };
  const changed = asked.filter((entity) => !isSame(entity));
  return [
    ...flaws,
    ...changed.map((entity): Flaw => ({ kind: 'entity', id: idOf(entity), reason: 'it is not the same' })),
  ];
}

async function putHistory(client: Client, part: JsonObject): Promise<string | undefined> {
  const { status, body } = await client.send('POST', '/temporal/entities', { json: part, type: jsonType });
  if (status !== 201 && status !== 204) return `${status}: ${detailOf(body)}`;
  const times = attributesOf(part).flatMap(([, instances]) =>
    instances.flatMap(({ observedAt }) => (typeof observedAt === 'string' ? (microsOf(observedAt) ?? []) : [])),
  );
  const first = times.reduce((least, time) => Math.min(least, time), Infinity);
  const wanted = {
    type: '*',
    id: idOf(part),
    attrs: '',
    from: first === Infinity ? '' : instantOf(first),
    to: '',
    timeproperty: 'observedAt',
  };
  const there = new Set<string>();
  for await (const found of readHistories(client, wanted)) {
    if (isObject(found)) for (const key of keysOf(asWritten(found))) there.add(key);
  }
  const missing = keysOf(part).filter((key) => !there.has(key));
  return missing.length === 0 ? undefined : `${missing.length} instances are not the same, such as ${missing[0] ?? ''}`;
}

/** Attributes with their instances. */
const attributesOf = (part: JsonObject): readonly (readonly [string, readonly JsonObject[]])[] =>
  Object.entries(part)
    .filter(([name]) => name !== 'id' && name !== 'type')
    .map(([name, given]) => [name, (isArray(given) ? given : [given]).filter(isObject)]);

/** One text per instance: its content with sorted members. */
const keysOf = (part: JsonObject): readonly string[] =>
  attributesOf(part).flatMap(([name, instances]) =>
    instances.map((instance) => JSON.stringify([name, sorted(instance)])),
  );

/** True when the first value contains everything in the second. */
function holds(there: Json, wanted: Json): boolean {
  if (isArray(wanted))
    return isArray(there) && there.length === wanted.length && wanted.every((one, n) => holds(there[n] ?? null, one));
  if (!isObject(wanted)) return there === wanted;
  return (
    isObject(there) &&
    Object.entries(wanted).every(([name, value]) => name in there && holds(there[name] ?? null, value))
  );
}

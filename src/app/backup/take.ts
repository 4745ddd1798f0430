/** Reads all documents of a tenant through the public API. This works with any NGSI-LD broker. */
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';
import { type Client, detailOf } from '../command/client.ts';
import { asWritten } from '../command/written.ts';
import { readLocated, wholeOption, writable } from '../command/v2-import/subscriptions.ts';
import type { V2Client } from '../command/v2-import/v2-client.ts';
import { readHistories } from '../history/read-history.ts';
import type { Kind } from './line.ts';

/**
 * Reads the documents of one kind in the form in which another broker accepts them. Throws NotOffered when the broker does not have this
 * kind.
 */
export type Take = (client: Client, v2: V2Client) => AsyncIterable<JsonObject>;

/** The broker does not implement the part of the API that serves a kind. */
export class NotOffered extends Error {}
/** The broker does not have the tenant. */
export class NoTenant extends Error {}

export const takes: Readonly<Record<Kind, Take>> = {
  context: takeContexts,
  history: takeHistory,
  entity: takeEntities,
  registration: takeRegistrations,
  subscription: (client) => takeGiven(client, '/subscriptions'),
  registrationSubscription: (client) => takeGiven(client, '/csourceSubscriptions'),
  v2Subscription: (_, v2) => takeV2Subscriptions(v2),
};

const pageSize = 500;
/** Types per request: their names must fit in a URL. */
const typesAtOnce = 20;

/** `{url, @context}` of each @context that clients gave to the broker. */
export async function* takeContexts(client: Client): AsyncGenerator<JsonObject> {
  for (const kind of ['Hosted', 'ImplicitlyCreated']) {
    for (const entry of await listOf(client, `/jsonldContexts?details=true&kind=${kind}`)) {
      const { URL: url, localId } = isObject(entry) ? entry : {};
      if (typeof url !== 'string' || typeof localId !== 'string') continue;
      const { body } = await ask(client, `/jsonldContexts/${encodeURIComponent(localId)}`);
      if (isObject(body)) yield { url, '@context': body['@context'] ?? body };
    }
  }
}

async function* takeEntities(client: Client): AsyncGenerator<JsonObject> {
  const seen = new Set<string>();
  for (const types of await typesOf(client)) {
    for await (const entity of takeList(client, `/entities?type=${encodeURIComponent(types)}&options=sysAttrs&`)) {
      const { id, type } = entity;
      // A query for each of its types returns an entity of several types.
      if (isArray(type) && typeof id === 'string' && seen.size === seen.add(id).size) continue;
      yield asWritten(entity);
    }
  }
}

/** Reads instances that have an `observedAt`. Of the others, another broker accepts only the current one, which is part of the entity. */
async function* takeHistory(client: Client): AsyncGenerator<JsonObject> {
  const all = { id: '', attrs: '', from: '', to: '', timeproperty: 'observedAt' };
  await ask(client, `/temporal/entities?type=*&timerel=before&timeAt=1970-01-01T00:00:00Z&limit=1`);
  for (const type of await typesOf(client)) {
    for await (const part of readHistories(client, { ...all, type })) if (isObject(part)) yield asWritten(part);
  }
}

/** The types to query, several per text. A broker that does not support `*` is queried for the types of its present entities. */
async function typesOf(client: Client): Promise<readonly string[]> {
  const { headers } = await ask(client, '/entities?type=*&limit=1');
  if (headers.has('Mlaka-Position')) return ['*'];
  const { body } = await ask(client, '/types');
  const list = isObject(body) ? body['typeList'] : undefined;
  const types = (isArray(list) ? list : []).filter((type) => typeof type === 'string');
  return types.flatMap((_, n) => (n % typesAtOnce === 0 ? [types.slice(n, n + typesAtOnce).join(',')] : []));
}

/**
 * A query finds registrations without an interval, or those with one interval: three queries find all.
 */
async function* takeRegistrations(client: Client): AsyncGenerator<JsonObject> {
  const always = 'timerel=between&timeAt=0001-01-01T00:00:00Z&endTimeAt=9999-12-31T23:59:59Z';
  const seen = new Set<Json | undefined>();
  for (const time of ['', `&${always}&timeproperty=observedAt`, `&${always}&timeproperty=modifiedAt`]) {
    for await (const document of takeGiven(client, registrationsPath, `type=*${time}&`)) {
      if (!seen.has(document['id'])) yield document;
      seen.add(document['id']);
    }
  }
}

async function* takeGiven(client: Client, path: string, query = ''): AsyncGenerator<JsonObject> {
  const options = await showingSecrets(client, path);
  for await (const document of takeList(client, `${path}?${query}${options}`)) yield objectAsGiven(document);
}

/** Subscriptions of NGSI v2 with their service paths. Other brokers do not show these, nor the secrets. */
async function* takeV2Subscriptions(client: V2Client): AsyncGenerator<JsonObject> {
  const { status } = await client.send('GET /v2/subscriptions?limit=1');
  if (status !== 200) throw new NotOffered('The broker does not have /v2/subscriptions.');
  if ((await wholeOption(client)) === '')
    throw new NotOffered('The broker does not show subscriptions of NGSI v2 as a whole; mlaka import-v2 copies them.');
  for (const { subscription, servicePath } of await readLocated(client, new Set()))
    yield { servicePath, ...writable(subscription) };
}

/**
 * The parameter by which this broker returns the secrets of subscriptions and registrations; empty for brokers that do not know the option.
 */
export async function showingSecrets(client: Client, path: string): Promise<string> {
  const options = 'options=secrets&';
  const all = path === registrationsPath ? 'type=*&' : '';
  const { status } = await client.send('GET', `${path}?${all}${options}limit=1`);
  return status === 400 ? '' : options;
}

/** A query for registrations needs a condition. */
const registrationsPath = '/csourceRegistrations';

async function* takeList(client: Client, path: string): AsyncGenerator<JsonObject> {
  for (let offset = 0; ; offset += pageSize) {
    const page = await listOf(client, `${path}limit=${pageSize}&offset=${offset}`);
    yield* page.filter(isObject);
    if (page.length < pageSize) return;
  }
}

async function listOf(client: Client, path: string): Promise<readonly Json[]> {
  const { body } = await ask(client, path);
  if (!isArray(body)) throw new Error(`The broker answered no list to ${path}: ${detailOf(body)}`);
  return body;
}

async function ask(client: Client, path: string) {
  const answer = await client.send('GET', path);
  if (answer.status === 200 || answer.status === 206) return answer;
  const { pathname } = new URL(path, 'http://broker');
  if (JSON.stringify(answer.body ?? '').includes('/NonexistentTenant"')) throw new NoTenant(detailOf(answer.body));
  if ([404, 405, 501].includes(answer.status)) throw new NotOffered(`The broker does not have ${pathname}.`);
  throw new Error(`The broker answered ${answer.status} to ${pathname}: ${detailOf(answer.body)}`);
}

/**
 * Members of subscriptions and registrations that brokers generate and do not accept from clients (CIM 009 clauses 5.2.12, 5.2.14, 5.2.15).
 */
const outputs = new Set([
  ...['createdAt', 'modifiedAt', 'deletedAt'],
  ...['status', 'timesSent', 'timesFailed', 'lastNotification', 'lastFailure', 'lastSuccess'],
]);

/** A subscription or registration without the members that the broker generates. */
function asGiven(document: Json): Json {
  if (isArray(document)) return document.map(asGiven);
  return isObject(document) ? objectAsGiven(document) : document;
}

const objectAsGiven = (object: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(object)
      .filter(([name]) => !outputs.has(name))
      .map(([name, value]) => [name, asGiven(value)]),
  );

/** Reads everything that a broker holds of a tenant through its public API, as any NGSI-LD broker has it. */
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';
import { type Client, detailOf } from '../command/client.ts';
import { asWritten } from '../command/written.ts';
import { readHistories } from '../history/read-history.ts';
import type { Kind } from './line.ts';

/** Documents of one kind, as they are to be put into another broker. Throws NotOffered when the broker has no such kind. */
export type Take = (client: Client) => AsyncIterable<JsonObject>;

/** The broker does not have the part of the API that a kind is read from. */
export class NotOffered extends Error {}
/** The broker does not have the tenant. */
export class NoTenant extends Error {}

export const takes: Readonly<Record<Kind, Take>> = {
  context: takeContexts,
  history: takeHistory,
  entity: takeEntities,
  registration: (client) => takeGiven(client, '/csourceRegistrations'),
  subscription: (client) => takeGiven(client, '/subscriptions'),
};

const pageSize = 500;
/** Types that are asked for together: their names must fit in a URL. */
const typesAtOnce = 20;

/** `{url, @context}` of each @context that was given to the broker. */
async function* takeContexts(client: Client): AsyncGenerator<JsonObject> {
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
      // An entity of several types is found by each of them.
      if (isArray(type) && typeof id === 'string' && seen.size === seen.add(id).size) continue;
      yield asWritten(entity);
    }
  }
}

/** Instances that were observed at a time. Of others, only the present one can be put elsewhere: it is in the entity. */
async function* takeHistory(client: Client): AsyncGenerator<JsonObject> {
  const all = { id: '', attrs: '', from: '', to: '', timeproperty: 'observedAt' };
  await ask(client, `/temporal/entities?type=*&timerel=before&timeAt=1970-01-01T00:00:00Z&limit=1`);
  for (const type of await typesOf(client)) {
    for await (const part of readHistories(client, { ...all, type })) if (isObject(part)) yield asWritten(part);
  }
}

/** Types to ask for, several in a text. Where `*` is not known to mean all of them, those of present entities. */
async function typesOf(client: Client): Promise<readonly string[]> {
  const { headers } = await ask(client, '/entities?type=*&limit=1');
  if (headers.has('Mlaka-Position')) return ['*'];
  const { body } = await ask(client, '/types');
  const list = isObject(body) ? body['typeList'] : undefined;
  const types = (isArray(list) ? list : []).filter((type) => typeof type === 'string');
  return types.flatMap((_, n) => (n % typesAtOnce === 0 ? [types.slice(n, n + typesAtOnce).join(',')] : []));
}

async function* takeGiven(client: Client, path: string): AsyncGenerator<JsonObject> {
  const options = await showingSecrets(client, path);
  for await (const document of takeList(client, `${path}?${options}`)) yield objectAsGiven(document);
}

/** What a query for subscriptions begins with so that this broker shows their secrets; nothing for brokers that do not know it. */
export async function showingSecrets(client: Client, path: string): Promise<string> {
  const options = 'options=secrets&';
  const { status } = await client.send('GET', `${path}?${options}limit=1`);
  return status === 400 ? '' : options;
}

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

/** What brokers say of subscriptions and registrations by themselves, and do not take from others (CIM 009 clauses 5.2.12, 5.2.14, 5.2.15). */
const outputs = new Set([
  ...['createdAt', 'modifiedAt', 'deletedAt'],
  ...['status', 'timesSent', 'timesFailed', 'lastNotification', 'lastFailure', 'lastSuccess'],
]);

/** A subscription or registration without what is the broker's own to say. */
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

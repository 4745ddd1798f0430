/** Fills a broker with every kind of document that a store keeps, through the API, and reads all of it back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startReceiver } from '../../edge/deliver/receiver.ts';

/** Answers by path, with the tenant before it. */
export type Answers = Readonly<Record<string, unknown>>;

const json = { 'Content-Type': 'application/json' };

type Headers = Readonly<Record<string, string>>;

/** Sends a request below /ngsi-ld/v1, or below /v2, and returns the answer. Throws an Error unless it succeeds. */
async function ask(url: string, line: string, { body, headers = json }: { body?: unknown; headers?: Headers } = {}) {
  const [method = 'GET', path = ''] = line.split(' ');
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const answer = await fetch(`${url}${path.startsWith('/v2/') ? '' : '/ngsi-ld/v1'}${path}`, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${line}: ${answer.status} ${text}`);
  return { headers: answer.headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

const everyKind = {
  id: 'urn:a:all',
  type: ['All', 'Everything'],
  scope: ['/a/b', '/c'],
  expiresAt: '2999-01-01T00:00:00Z',
  number: {
    type: 'Property',
    value: 1.5,
    unitCode: 'CEL',
    observedAt: '2026-01-01T00:00:00Z',
    expiresAt: '2998-01-01T00:00:00Z',
    accuracy: { type: 'Property', value: 0.1, deeper: { type: 'Relationship', object: 'urn:a:x' } },
  },
  many: [
    { type: 'Property', value: true },
    { type: 'Property', value: 'two', datasetId: 'urn:d:1' },
  ],
  nested: { type: 'Property', value: { a: [1, 'b', { c: false }] } },
  place: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.35, 46.24] } },
  says: { type: 'LanguageProperty', languageMap: { sl: 'dan', en: 'day' } },
  state: { type: 'VocabProperty', vocab: 'stopped' },
  raw: { type: 'JsonProperty', json: { x: [1, { y: 2 }] } },
  list: { type: 'ListProperty', valueList: [1, 'x'] },
  ref: { type: 'Relationship', object: 'urn:a:x', objectType: 'Thing' },
  refs: { type: 'ListRelationship', objectList: [{ object: 'urn:a:x' }, { object: 'urn:a:y' }] },
};

const subscription = (id: string, uri: string, more: object = {}): object => ({
  id,
  type: 'Subscription',
  entities: [{ type: 'Told' }],
  notification: { endpoint: { uri, accept: 'application/json' } },
  ...more,
});

/** A subscription with every member. It matches nothing. */
const everyMember = (uri: string): object => ({
  '@context': { Named: 'https://example.org/Named', size: 'https://example.org/size' },
  id: 'urn:s:all',
  type: 'Subscription',
  subscriptionName: 'all',
  description: 'every member',
  entities: [
    { type: 'Named', id: 'urn:a:never' },
    { type: 'Named', idPattern: 'never.*' },
  ],
  watchedAttributes: ['size'],
  notificationTrigger: ['attributeUpdated', 'entityDeleted'],
  q: 'size>5',
  geoQ: { georel: 'near;maxDistance==10', geometry: 'Point', coordinates: [14.35, 46.24], geoproperty: 'location' },
  scopeQ: '/a/#',
  isActive: true,
  expiresAt: '2999-01-01T00:00:00Z',
  throttling: 5,
  lang: 'sl',
  datasetId: ['urn:d:1'],
  notification: {
    attributes: ['size'],
    format: 'keyValues',
    showChanges: false,
    sysAttrs: true,
    endpoint: {
      uri,
      accept: 'application/ld+json',
      timeout: 3000,
      cooldown: 60_000,
      receiverInfo: [{ key: 'X-Note', value: 'a' }],
      notifierInfo: [{ key: 'MQTT-QoS', value: '1' }],
    },
  },
});

/** A subscription and a registration of NGSI v2 with every member. They match nothing. */
const v2Subscription = {
  description: 'every member',
  subject: {
    entities: [
      { id: 'Never', type: 'Named' },
      { idPattern: 'never.*', typePattern: 'N.*' },
    ],
    condition: {
      attrs: ['size'],
      alterationTypes: ['entityCreate', 'entityChange'],
      notifyOnMetadataChange: false,
      jexlExpression: 'size > 4',
      expression: {
        q: 'size>5',
        mq: 'size.m<2',
        georel: 'near;maxDistance:10',
        geometry: 'point',
        coords: '46.24,14.35',
      },
    },
  },
  notification: {
    httpCustom: {
      url: 'https://example.org/${id}',
      timeout: 3000,
      headers: { 'X-Note': 'a' },
      qs: { n: '${size}' },
      method: 'PUT',
      ngsi: { size: { type: 'Number', value: '${size * 2}' } },
    },
    attrs: ['size', 'dateModified'],
    metadata: ['*', 'previousValue'],
    attrsFormat: 'normalized',
    onlyChangedAttrs: true,
    covered: false,
    maxFailsLimit: 9,
  },
  expires: '2999-01-01T00:00:00Z',
  status: 'active',
  throttling: 5,
};
const v2Registration = {
  description: 'every member',
  dataProvided: {
    entities: [
      { id: 'Never', type: 'Named' },
      { idPattern: '.*', type: 'Other' },
    ],
    attrs: ['lamp'],
  },
  provider: { http: { url: 'https://example.org/v2' }, supportedForwardingMode: 'update', legacyForwarding: false },
  expires: '2999-01-01T00:00:00Z',
  status: 'active',
};

const moment = (day: number, minute: number): string => new Date(Date.UTC(2026, 0, day, 0, minute)).toISOString();
const series = (day: number, value: (at: number) => unknown): readonly object[] =>
  Array.from({ length: 12 }, (_, at) => ({ type: 'Property', value: value(at), observedAt: moment(day, at * 70) }));

/** Days of numbers, of texts, and of a dataset. */
const past = {
  id: 'urn:a:past',
  type: 'Past',
  level: [...series(1, (at) => at), ...series(2, (at) => (at === 7 ? 'seven' : -at)), ...series(3, (at) => at / 8)],
  word: series(1, (at) => `w${at % 3}`),
  other: series(1, (at) => at).map((one) => ({ ...one, datasetId: 'urn:d:1' })),
};

/** Fills a broker, waits until what follows the writes by itself is stored, and returns all answers. */
export async function filled(url: string, isSettled: () => boolean | Promise<boolean>): Promise<Answers> {
  await fill(url);
  while (!(await isSettled())) await sleep(100);
  return answersOf(url);
}

async function fill(url: string): Promise<void> {
  const [good, bad] = [await startReceiver(200), await startReceiver(400)];
  const ld = { 'Content-Type': 'application/ld+json' };
  await ask(url, 'POST /jsonldContexts', { body: { '@context': { A: 'https://example.org/A' } } });
  await ask(url, 'POST /subscriptions', { body: subscription('urn:s:good', good.url) });
  await ask(url, 'POST /subscriptions', { body: subscription('urn:s:bad', bad.url) });
  await ask(url, 'POST /subscriptions', { body: subscription('urn:s:interval', good.url, { timeInterval: 86_400 }) });
  await ask(url, 'POST /subscriptions', { body: everyMember(good.url), headers: ld });
  await ask(url, 'POST /v2/subscriptions', { body: v2Subscription });
  await ask(url, 'POST /v2/registrations', { body: v2Registration });
  await ask(url, 'POST /entities', {
    body: { id: 'urn:a:told', type: 'Told', n: 1 },
    headers: { ...json, 'Fiware-Correlator': 'c-1' },
  });
  await Promise.all(
    [good, bad].map((one) => one.until((received) => received.some(({ body }) => body.data.length > 0))),
  );
  await fillEntities(url);
  await fillHistory(url);
  await acknowledge(url);
}

async function fillEntities(url: string): Promise<void> {
  await ask(url, 'POST /entities', { body: everyKind });
  for (const value of [2, 3])
    await ask(url, 'PATCH /entities/urn:a:all/attrs', {
      body: { number: { type: 'Property', value, observedAt: moment(value, 0) }, says: { languageMap: { sl: 'noč' } } },
    });
  await ask(url, 'DELETE /entities/urn:a:all/attrs/nested');
  await ask(url, 'DELETE /entities/urn:a:all/attrs/many?datasetId=urn:d:1');
  await ask(url, 'POST /entities', { body: { id: 'urn:a:gone', type: 'Gone', n: 1 } });
  await ask(url, 'DELETE /entities/urn:a:gone');
  // So large that the log keeps only what is changed.
  await ask(url, 'POST /entities', { body: { id: 'urn:a:large', type: 'Large', text: 'x'.repeat(70_000), n: 1 } });
  await ask(url, 'PATCH /entities/urn:a:large/attrs', { body: { n: { value: 2 } } });
  await ask(url, 'DELETE /entities/urn:a:large');
  await ask(url, 'POST /entities', {
    body: { id: 'urn:a:all', type: 'All', number: 7 },
    headers: { ...json, 'NGSILD-Tenant': 'other' },
  });
}

async function fillHistory(url: string): Promise<void> {
  await ask(url, 'POST /temporal/entities', { body: past });
  const { body } = await ask(
    url,
    `GET /temporal/entities/urn:a:past?attrs=level&timerel=before&timeAt=${moment(1, 100)}`,
  );
  const [first, second] = (body as { level: readonly { instanceId: string }[] }).level;
  const place = '/temporal/entities/urn:a:past/attrs/level';
  await ask(url, `PATCH ${place}/${first?.instanceId}`, { body: { level: { value: 5, observedAt: moment(1, 5) } } });
  await ask(url, `DELETE ${place}/${second?.instanceId}`);
  await ask(url, 'POST /temporal/entities', { body: { ...past, id: 'urn:a:pruned', other: [] } });
  await ask(url, 'DELETE /temporal/entities/urn:a:pruned/attrs/word');
}

/** Acknowledges a notification of a stored subscription on the stream. */
async function acknowledge(url: string): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ngsi-ld/v1/stream`, 'ngsi-ld-ws.v1');
  await new Promise<void>((resolve, reject) => {
    socket.onerror = () => reject(new Error('The stream could not be opened.'));
    socket.onclose = ({ reason }) => reject(new Error(`The stream was closed: ${reason}`));
    socket.onopen = () => socket.send(JSON.stringify({ op: 'subscribe', id: 's1', subscriptionId: 'urn:s:good' }));
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(String(data)) as { op: string; position?: string };
      if (frame.op === 'notification') socket.send(JSON.stringify({ op: 'ack', id: 's1', position: frame.position }));
      if (frame.op === 'error') reject(new Error(String(data)));
      if (frame.op === 'acked') resolve();
    };
  });
  socket.close();
}

const reads = [
  ...['all', 'told', 'past'].map((name) => `GET /entities/urn:a:${name}?options=sysAttrs`),
  ...['all', 'told', 'past', 'gone', 'large', 'pruned'].map(
    (name) => `GET /temporal/entities/urn:a:${name}?options=sysAttrs`,
  ),
  'GET /entities?type=*&q=number>1&options=sysAttrs,count',
  'GET /entities?type=*&georel=near;maxDistance==10&geometry=Point&coordinates=[14.35,46.24]&geoproperty=place',
  'GET /entities?type=*&scopeQ=/a/%23',
  'GET /subscriptions?options=sysAttrs,secrets',
  'GET /subscriptions/urn:s:bad/deadLetters',
  'GET /v2/subscriptions',
  'GET /v2/registrations',
  'GET /jsonldContexts?details=true&kind=Hosted',
  'GET /jsonldContexts?details=true&kind=ImplicitlyCreated',
  'GET /types?details=true',
  'GET /attributes?details=true',
  ...['PT1H', 'P1D', 'P1M'].map(
    (period) =>
      `GET /temporal/entities?type=Past&format=aggregatedValues&aggrMethods=totalCount,avg,max,stddev&aggrPeriodDuration=${period}&timerel=after&timeAt=2025-12-01T00:00:00Z`,
  ),
];

/** What the broker answers about everything in it. */
export async function answersOf(url: string): Promise<Answers> {
  const entries: (readonly [string, unknown])[] = [];
  for (const line of reads) entries.push([line, (await ask(url, line)).body]);
  const headers = { 'NGSILD-Tenant': 'other' };
  entries.push(['other', (await ask(url, 'GET /entities?type=All&options=sysAttrs', { headers })).body]);
  return Object.fromEntries(entries);
}

/** Requests that are made to cost much, each of any size: for `hostile.ts`. */

export interface HostileRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: string;
  /** Of the body; absent: JSON. */
  readonly type?: string;
}

export interface HostileInput {
  readonly what: string;
  /** The largest, of which a quarter is measured too. */
  readonly size: number;
  /** What must be there before. */
  readonly prepare?: (size: number) => readonly HostileRequest[];
  readonly request: (size: number) => HostileRequest;
}

const api = '/ngsi-ld/v1';
const id = 'urn:hostile:1';

const each = (size: number, text: (n: number) => string, between = ','): string =>
  Array.from({ length: size }, (_, n) => text(n)).join(between);

const post = (path: string, body: string, type?: string): HostileRequest => ({
  method: 'POST',
  path: `${api}${path}`,
  body,
  ...(type === undefined ? undefined : { type }),
});

const entity = (members: string): HostileRequest => post('/entities', `{"id":"${id}","type":"X",${members}}`);

const datasets = (size: number, value = 1): string =>
  `[${each(size, (n) => `{"value":${value},"datasetId":"urn:d:${n}"}`)}]`;

const attributes = (size: number, value = 1): string => each(size, (n) => `"k${n}":${value}`);

const query = (members: string): HostileRequest => post('/entityOperations/query', `{"type":"Query",${members}}`);

const found = (members: string): HostileRequest => query(`"entities":[{"type":"X"}],${members}`);

const subscription = (members: string): HostileRequest =>
  post(
    '/subscriptions',
    `{"type":"Subscription",${members},"notification":{"endpoint":{"uri":"http://127.0.0.1:9/none"}}}`,
  );

const inContext = (context: string): HostileRequest =>
  post('/entities', `{"@context":${context},"id":"${id}","type":"X","a":1}`, 'application/ld+json');

/** A ring of so many positions. */
const ring = (size: number, radius = 1): string => {
  const at = (n: number): string => {
    const angle = (2 * Math.PI * (n % size)) / size;
    return `[${(14 + radius * Math.cos(angle)).toFixed(9)},${(46 + radius * Math.sin(angle)).toFixed(9)}]`;
  };
  return `[${each(size + 1, at)}]`;
};

/** A line that goes to and fro, so that every part of it meets the box of every other. */
const zigzag = (size: number, shift = 0): string =>
  `[${each(size, (n) => `[${n % 2 === 0 ? 13 : 15},${(45 + shift + n / size).toFixed(9)}]`)}]`;

const geo = (value: string): readonly HostileRequest[] => [entity(`"location":${value}`)];

const near = (georel: string, type: string, coordinates: string): HostileRequest =>
  found(`"geoQ":{"georel":"${georel}","geometry":"${type}","coordinates":${coordinates}}`);

const point = '{"type":"Point","coordinates":[14,46]}';

const moment = (n: number): string => new Date(1.7e12 + n * 1000).toISOString();

const writes: readonly HostileInput[] = [
  { what: 'entity with many datasets', size: 24_000, request: (n) => entity(`"a":${datasets(n)}`) },
  {
    what: 'simplified fragment with many datasets',
    size: 24_000,
    prepare: () => [entity('"a":1')],
    request: (n) => ({
      method: 'PATCH',
      path: `${api}/entities/${id}?options=keyValues`,
      body: `{"a":{"dataset":{${each(n, (one) => `"urn:d:${one}":1`)}}}}`,
    }),
  },
  {
    what: 'many datasets written again',
    size: 24_000,
    prepare: (n) => [entity(`"a":${datasets(n)}`)],
    request: (n) => post(`/entities/${id}/attrs`, `{"a":${datasets(n, 2)}}`),
  },
  {
    what: 'many datasets merged',
    size: 24_000,
    prepare: (n) => [entity(`"a":${datasets(n)}`)],
    request: (n) => ({ method: 'PATCH', path: `${api}/entities/${id}`, body: `{"a":${datasets(n, 2)}}` }),
  },
  {
    what: 'many datasets replaced (PUT)',
    size: 24_000,
    prepare: (n) => [entity(`"a":${datasets(n)}`)],
    request: (n) => ({ method: 'PUT', path: `${api}/entities/${id}`, body: `{"type":"X","a":${datasets(n, 2)}}` }),
  },
  {
    what: 'many datasets of a sub-attribute merged',
    size: 24_000,
    prepare: (n) => [entity(`"a":{"value":1,"b":${datasets(n)}}`)],
    request: (n) => ({
      method: 'PATCH',
      path: `${api}/entities/${id}`,
      body: `{"a":{"value":1,"b":${datasets(n, 2)}}}`,
    }),
  },
  {
    what: 'history of many datasets',
    size: 12_000,
    request: (n) =>
      post(
        '/temporal/entities',
        `{"id":"${id}","type":"X","a":[${each(n, (one) => `{"value":1,"datasetId":"urn:d:${one}","observedAt":"2026-01-01T00:00:00Z"}`)}]}`,
      ),
  },
  {
    what: 'history of many moments',
    size: 16_000,
    request: (n) =>
      post(
        '/temporal/entities',
        `{"id":"${id}","type":"X","a":[${each(n, (one) => `{"value":1,"observedAt":"${moment(one)}"}`)}]}`,
      ),
  },
  { what: 'entity with many attributes', size: 48_000, request: (n) => entity(attributes(n)) },
  {
    what: 'many attributes written again',
    size: 48_000,
    prepare: (n) => [entity(attributes(n))],
    request: (n) => ({ method: 'PATCH', path: `${api}/entities/${id}/attrs`, body: `{${attributes(n, 2)}}` }),
  },
  {
    what: 'entity with many types',
    size: 48_000,
    request: (n) => post('/entities', `{"id":"${id}","type":[${each(n, (one) => `"T${one}"`)}],"a":1}`),
  },
  {
    what: 'entity with many scopes',
    size: 48_000,
    request: (n) => entity(`"scope":[${each(n, (one) => `"/a/${one}"`)}]`),
  },
  {
    what: 'relationship to many',
    size: 200_000,
    request: (n) => entity(`"a":{"object":[${each(n, (one) => `"urn:e:${one}"`)}]}`),
  },
  { what: 'long list of numbers', size: 900_000, request: (n) => entity(`"a":[${each(n, () => '1')}]`) },
  { what: 'text of many bytes', size: 8_000_000, request: (n) => entity(`"a":"${'x'.repeat(n)}"`) },
  {
    what: 'blanks before the body',
    size: 8_000_000,
    request: (n) => post('/entities', `${' '.repeat(n)}{"id":"${id}","type":"X"}`),
  },
  {
    what: 'batch of many entities',
    size: 8_000,
    request: (n) => post('/entityOperations/upsert', `[${each(n, (one) => `{"id":"urn:e:${one}","type":"X","a":1}`)}]`),
  },
];

const queries: readonly HostileInput[] = [
  { what: 'attrs', size: 500_000, request: (n) => found(`"attrs":[${each(n, (one) => `"a${one}"`)}]`) },
  { what: 'pick', size: 500_000, request: (n) => found(`"pick":[${each(n, (one) => `"a${one}"`)}]`) },
  { what: 'omit', size: 500_000, request: (n) => found(`"omit":[${each(n, (one) => `"a${one}"`)}]`) },
  {
    what: 'pick with braces',
    size: 100_000,
    request: (n) => found(`"join":"flat","pick":["${each(n, (one) => `a{b${one}}`)}"]`),
  },
  { what: 'datasetId', size: 500_000, request: (n) => found(`"datasetId":[${each(n, (one) => `"urn:d:${one}"`)}]`) },
  {
    what: 'datasetId of an entity with many',
    size: 8000,
    prepare: (n) => [entity(`"a":${datasets(n)}`)],
    request: (n) => found(`"datasetId":[${each(n, (one) => `"urn:e:${one}"`)}]`),
  },
  {
    what: 'ids',
    size: 500_000,
    request: (n) => query(`"entities":[{"id":[${each(n, (one) => `"urn:e:${one}"`)}],"type":"X"}]`),
  },
  { what: 'selectors', size: 16_000, request: (n) => query(`"entities":[${each(n, (one) => `{"type":"T${one}"}`)}]`) },
  {
    what: 'selectors with patterns',
    size: 16_000,
    prepare: () => [post('/entityOperations/create', `[${each(1000, (one) => `{"id":"urn:e:${one}","type":"X"}`)}]`)],
    request: (n) => query(`"entities":[${each(n, (one) => `{"type":"X","idPattern":"b${one}$"}`)}]`),
  },
  {
    what: 'type selection',
    size: 500_000,
    request: (n) => query(`"entities":[{"type":"${each(n, (one) => `T${one}`)}"}]`),
  },
  {
    what: 'containedBy',
    size: 500_000,
    request: (n) => found(`"join":"flat","containedBy":[${each(n, (one) => `"urn:e:${one}"`)}]`),
  },
  {
    what: 'orderBy',
    size: 500_000,
    request: (n) => found(`"ordering":{"orderBy":[${each(n, (one) => `"a${one}"`)}]}`),
  },
  {
    what: 'expandValues',
    size: 500_000,
    request: (n) => found(`"q":"a==1","expandValues":[${each(n, (one) => `"a${one}"`)}]`),
  },
  { what: 'q of many terms', size: 160_000, request: (n) => found(`"q":"${each(n, (one) => `a${one}==1`, ';')}"`) },
  { what: 'q of many parentheses', size: 1_000_000, request: (n) => found(`"q":"${'('.repeat(n)}a${')'.repeat(n)}"`) },
  { what: 'q of a long list', size: 160_000, request: (n) => found(`"q":"a==${each(n, String)}"`) },
  { what: 'q of a long text', size: 16_000, request: (n) => found(`"q":"a==\\"${'x'.repeat(n)}\\""`) },
  { what: 'scopeQ', size: 160_000, request: (n) => found(`"scopeQ":"${each(n, (one) => `/a/${one}`)}"`) },
  { what: 'lang', size: 500_000, request: (n) => found(`"lang":"${each(n, (one) => `l${one}`)}"`) },
  {
    what: 'idPattern',
    size: 16_000,
    request: (n) => query(`"entities":[{"type":"X","idPattern":"${'(a*)*'.repeat(n / 8)}b"}]`),
  },
  { what: 'georel', size: 1_000_000, request: (n) => near(`near;maxDistance==${'1'.repeat(n)}`, 'Point', '[14,46]') },
  {
    what: 'attrs by GET',
    size: 3000,
    request: (n) => ({ method: 'GET', path: `${api}/entities?attrs=${each(n, (one) => `a${one}`)}` }),
  },
  {
    what: 'temporal attrs',
    size: 500_000,
    request: (n) =>
      post(
        '/temporal/entityOperations/query',
        `{"type":"Query","entities":[{"type":"X"}],"temporalQ":{"timerel":"after","timeAt":"2020-01-01T00:00:00Z"},"attrs":[${each(n, (one) => `"a${one}"`)}]}`,
      ),
  },
];

const geometries: readonly HostileInput[] = [
  {
    what: 'polygon written',
    size: 96_000,
    request: (n) => geo(`{"type":"Polygon","coordinates":[${ring(n)}]}`)[0] ?? query(''),
  },
  {
    what: 'polygon of many positions within another',
    size: 96_000,
    prepare: (n) => geo(`{"type":"Polygon","coordinates":[${ring(n, 0.9)}]}`),
    request: (n) => near('within', 'Polygon', `[${ring(n)}]`),
  },
  {
    what: 'polygon equals',
    size: 96_000,
    prepare: (n) => geo(`{"type":"Polygon","coordinates":[${ring(n)}]}`),
    request: (n) => near('equals', 'Polygon', `[${ring(n)}]`),
  },
  {
    what: 'polygon overlaps',
    size: 96_000,
    prepare: (n) => geo(`{"type":"Polygon","coordinates":[${ring(n)}]}`),
    request: (n) => near('overlaps', 'Polygon', `[${ring(n, 1.0000001)}]`),
  },
  {
    what: 'zigzags that do not meet',
    size: 48_000,
    prepare: (n) => geo(`{"type":"LineString","coordinates":${zigzag(n)}}`),
    request: (n) => near('intersects', 'LineString', zigzag(n, 0.25 / n)),
  },
  {
    what: 'zigzags near',
    size: 12_000,
    prepare: (n) => geo(`{"type":"LineString","coordinates":${zigzag(n)}}`),
    request: (n) => near('near;maxDistance==1', 'LineString', zigzag(n, 1.1)),
  },
  {
    what: 'points near a polygon',
    size: 96_000,
    prepare: () => geo(point),
    request: (n) => near('near;minDistance==100', 'Polygon', `[${ring(n)}]`),
  },
];

const contexts: readonly HostileInput[] = [
  {
    what: '@context of many terms',
    size: 48_000,
    request: (n) => inContext(`{${each(n, (one) => `"t${one}":"urn:t:${one}"`)}}`),
  },
  {
    what: '@context of a long chain',
    size: 48_000,
    request: (n) => inContext(`{"t0":"urn:t:",${each(n, (one) => `"t${one + 1}":"t${one}:x"`)}}`),
  },
  {
    what: '@context of growing prefixes',
    size: 90,
    request: (n) =>
      inContext(
        `{"t0":"urn:t:${'x'.repeat(10_000)}/",${each(n, (one) => `"t${one + 1}":"t${one}:${'y'.repeat(10_000)}/"`)}}`,
      ),
  },
  {
    what: '@context of many references',
    size: 16_000,
    request: (n) => inContext(`[${each(n, (one) => `"http://127.0.0.1:9/${one}"`)}]`),
  },
  {
    what: '@context of many parts',
    size: 16_000,
    request: (n) => inContext(`[${each(n, (one) => `{"t${one}":"urn:t:${one}"}`)}]`),
  },
  { what: '@context of many nulls', size: 160_000, request: (n) => inContext(`[${each(n, () => 'null')}]`) },
];

const subscriptions: readonly HostileInput[] = [
  {
    what: 'subscription to many types',
    size: 24_000,
    request: (n) => subscription(`"entities":[${each(n, (one) => `{"type":"T${one}"}`)}]`),
  },
  {
    what: 'subscription to many attributes',
    size: 500_000,
    request: (n) => subscription(`"watchedAttributes":[${each(n, (one) => `"a${one}"`)}]`),
  },
  {
    what: 'subscription to many types and attributes',
    size: 10_000,
    request: (n) =>
      subscription(
        `"entities":[${each(n / 2, (one) => `{"type":"T${one}"}`)}],"watchedAttributes":[${each(n / 2, (one) => `"a${one}"`)}]`,
      ),
  },
  {
    what: 'many datasets that are notified of',
    size: 24_000,
    prepare: (n) => [
      entity(`"a":${datasets(n)}`),
      post(
        '/subscriptions',
        `{"type":"Subscription","entities":[{"type":"X"}],"notificationTrigger":["attributeUpdated","attributeDeleted"],"notification":{"showChanges":true,"endpoint":{"uri":"http://127.0.0.1:9/none"}}}`,
      ),
    ],
    request: (n) => post(`/entities/${id}/attrs`, `{"a":${datasets(n, 2)}}`),
  },
];

export const hostileInputs: readonly HostileInput[] = [
  ...writes,
  ...queries,
  ...geometries,
  ...contexts,
  ...subscriptions,
];

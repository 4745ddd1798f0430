/**
 * Tests that histories, files, entity maps and the compatibility APIs tell nothing about hidden attributes and entities: two brokers that
 * differ only in these answer the same.
 */
import { expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { startRequiredBroker } from './required-broker.ts';

const ld = '/ngsi-ld/v1';
const always = 'timerel=after&timeAt=2020-01-01T00:00:00Z';
const models = 'https://smart-data-models.mlaka.si';
const dataset = 'https://smartdatamodels.org/dataModel.DCAT-AP/Dataset';

const at = (value: unknown, day: number): JsonObject =>
  ({ type: 'Property', value, observedAt: `2026-03-0${day}T08:00:00Z` }) as JsonObject;
const lamp = (n: number, hidden: JsonObject): JsonObject => ({
  ...{ id: `urn:x:${n}`, type: 'Lamp', n: at(n, 5) },
  ...hidden,
});
const place = (x: number): JsonObject => ({ type: 'GeoProperty', value: { type: 'Point', coordinates: [x, 46] } });
const words = (members: Readonly<Record<string, string | readonly string[]>>): JsonObject =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [name, { type: 'Property', value }])) as JsonObject;
const described = (slug: string, accessRights: string): JsonObject => ({
  ...{ '@context': `${models}/catalogue/context.jsonld`, id: `urn:ngsi-ld:Dataset:${slug}`, type: 'Dataset' },
  title: { type: 'LanguageProperty', languageMap: { en: slug } },
  ...words({ slug, accessRights, entityTypes: ['Lamp'], personalData: 'none' }),
});

/** Each is a list of batches that are written one after the other. */
const worlds: readonly (readonly (readonly JsonObject[])[])[] = [
  [
    [
      lamp(1, { secret: at(1, 1), location: place(1), '@context': [] }),
      lamp(2, { secret: at(2, 1), location: place(2) }),
      { id: 'urn:m:1', type: 'Meter', n: at(1, 1) },
    ],
    [lamp(1, { secret: at(9, 3), location: place(1) })],
  ],
  [
    [
      lamp(1, { secret: at(77, 2), location: place(2) }),
      lamp(2, { other: at('text', 7), location: place(1) }),
      { id: 'urn:m:1', type: 'Meter', n: at(88, 9), more: at(1, 9) },
      { id: 'urn:m:2', type: 'Meter', n: at(3, 9) },
    ],
    [lamp(1, { location: place(2) })],
  ],
];

const near = 'georel=near;maxDistance:90000&geometry=point&coords=46,1';
const lastRows = {
  entities: [
    { id: 'urn:x:1', type: 'Lamp' },
    { id: 'urn:m:1', type: 'Meter' },
  ],
};
const roads: readonly (readonly [string, JsonObject?])[] = [
  ...[
    ...['', '/urn:x:1', '/urn:x:1/value', '/urn:x:1/attrs/n', '/urn:x:1/attrs/secret', '/urn:m:1', '/urn:m:1/attrs/n'],
    ...['/urn:x:1?lastN=1', '/urn:x:1?limit=1', '/urn:x:1?fromDate=2026-03-01T00:00:00Z&toDate=2026-03-04T00:00:00Z'],
    ...['/urn:x:1?aggrMethod=max&attrs=secret', '/urn:x:1?aggrMethod=count&attrs=n', `/urn:x:1?${near}`],
  ].map((path): [string] => [`GET /ql/v2/entities${path}`]),
  ...[
    ...[
      'types/Lamp',
      'types/Lamp/value',
      'types/Lamp/attrs/n',
      'types/Lamp/attrs/secret?aggrMethod=sum',
      'types/Meter',
    ],
    ...[`types/Lamp?${near}`, `types/Lamp/attrs/n?${near}&aggrMethod=sum`, 'types/Meter/attrs/n?aggrMethod=count'],
    ...['attrs', 'attrs/value', 'attrs/n', 'attrs/n/value?aggrMethod=sum', 'attrs/secret', 'attrs/secret/value'],
    ...['attrs/more?type=Meter', 'attrs/other?aggrMethod=count', 'attrs/n?limit=1&offset=1', 'attrs/n?lastN=1'],
  ].map((path): [string] => [`GET /ql/v2/${path}`]),
  ['POST /ql/v2/op/query', lastRows],
  ['POST /ql/v2/op/query', { ...lastRows, attrs: ['secret'] }],
  ...['urn:x:1/attrs/n?type=Lamp', 'urn:x:1/attrs/secret?type=Lamp', 'urn:m:1/attrs/n?type=Meter'].flatMap((path) =>
    [
      'lastN=3&count=true',
      'hLimit=2&hOffset=0&count=true',
      'aggrMethod=sum&aggrPeriod=day',
      'aggrMethod=occur&aggrPeriod=month',
    ].map((how): [string] => [`GET /STH/v2/entities/${path}&${how}`]),
  ),
  ...[
    ...[
      `temporal/entities?type=Lamp&${always}`,
      `temporal/entities?type=Meter&${always}`,
      `temporal/entities/urn:x:1?${always}`,
    ],
    ...[
      `temporal/entities?type=Lamp&${always}&q=secret>2`,
      `temporal/entities?type=Lamp&${always}&q=!secret&count=true`,
    ],
    ...[`temporal/entities/urn:x:1?${always}&lastN=1`, `temporal/entities/urn:x:1?${always}&attrs=secret`],
    `temporal/entities/urn:x:1?${always}&format=aggregatedValues&aggrMethods=max,totalCount&aggrPeriodDuration=PT0S`,
    ...['entityMaps?type=Lamp,Meter', 'entityMaps?type=Lamp&q=secret>2', 'entityMaps?type=Lamp&q=!secret'],
    ...['entities?type=Lamp,Meter&entityMap=true&count=true', 'entities?type=Lamp&orderBy=secret&entityMap=true'],
    ...['jobs', 'jobs/sweep', 'csourceRegistrations?type=Lamp'],
  ].map((path): [string] => [`GET ${ld}/${path}`]),
  ...[
    '/v2/registrations',
    '/v2/registrations?options=count',
    '/dcat/catalog',
    '/dcat/dataset/lamps',
    '/dcat/dataset/inner',
  ].map((path): [string] => [`GET ${path}`]),
  ...['package_list', 'package_show?id=lamps', 'package_show?id=inner', 'package_search', 'package_search?q=n'].map(
    (action): [string] => [`GET /api/3/action/${action}`],
  ),
  ...['lamps', 'inner'].flatMap((slug) =>
    ['csv', 'geojson', 'ndjson'].map((form): [string] => [`GET /data/${slug}.${form}`]),
  ),
];

/** Times that brokers make, ids, ports and tags are not the same in any two brokers. The times of the tests are in March 2026. */
const masked = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)?/g, (time) => (time.startsWith('2026-03') ? time : 'TIME'))
    .replaceAll(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, 'UUID')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST');

/** What a key with a part of the data, and what an anonymous caller with the same part, is answered. */
async function answersIn(world: (typeof worlds)[number]): Promise<readonly (readonly unknown[])[]> {
  const broker = await startRequiredBroker();
  const app = await broker.key('app');
  const part = { types: ['Lamp'], attrs: ['n'] };
  for (const to of ['role:app', 'public']) {
    await broker.grant({ to, operations: ['read', 'history'], ...part });
    await broker.grant({ to, operations: ['read'], types: [dataset] });
  }
  const sent = { key: broker.administrator, headers: { 'Content-Type': 'application/ld+json' } };
  const core = 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld';
  const datasets = [described('lamps', 'PUBLIC'), described('inner', 'RESTRICTED')];
  for (const batch of [datasets, ...world]) {
    const body = batch.map((one) => ({ ...one, '@context': batch === datasets ? one['@context'] : core }));
    const { status } = await broker.send(`POST ${ld}/entityOperations/upsert`, { ...sent, body });
    expect([201, 204]).toContain(status);
  }
  const answers = [];
  for (const key of [app, undefined])
    for (const [request, body] of roads) {
      const asked = request.replaceAll(/[<>!]/g, encodeURIComponent);
      const got = await broker.send(asked, { ...(key === undefined ? {} : { key }), ...(body ? { body } : {}) });
      const counts = ['NGSILD-Results-Count', 'Fiware-Total-Count', 'Content-Range', 'Link'].map((name) =>
        masked(got.headers.get(name) ?? ''),
      );
      answers.push([key === undefined ? 'anonymous' : 'app', request, got.status, masked(got.text), counts]);
    }
  await broker.stop();
  return answers;
}

test('two worlds that differ only in what is hidden look the same, to a key and to everybody', async () => {
  const [one = [], other = []] = worlds;
  const answers = await answersIn(one);
  // A road that is refused as malformed would tell nothing by itself.
  expect(answers.filter(([, , status]) => Number(status) === 400 || Number(status) >= 500)).toEqual([]);
  expect(answers.filter(([, , status]) => status === 200).length).toBeGreaterThan(60);
  const others = await answersIn(other);
  for (const [index, answer] of answers.entries()) expect(others[index]).toEqual(answer);
});

/** Tests requests with several instances of one attribute, and what is refused as a value, a type or a dataset. */
import { expect } from '@jest/globals';
import { problem, scenarios, type Step } from './scenario.ts';

const nil = 'urn:ngsi-ld:null';
const literal = { '@type': '@json', '@value': null };
const urn = (name: string): string => `urn:i:${name}`;
const refused = (does: string, send: string, body?: unknown): Step => ({
  does,
  send,
  ...(body === undefined ? undefined : { body }),
  answers: 400,
  has: problem('BadRequestData'),
});
const done = (does: string, send: string, body: unknown): Step => ({ does, send, body, answers: 204 });
const create = (name: string, attrs: object): Step => ({
  does: 'createEntity',
  send: 'POST /entities',
  body: { id: urn(name), type: 'T', ...attrs },
  answers: 201,
});
const get = (name: string, attrs: object, query = ''): Step => ({
  does: 'retrieveEntity',
  send: `GET /entities/${urn(name)}${query}`,
  answers: 200,
  gives: { id: urn(name), type: 'T', ...attrs },
});
const property = (value: unknown, more: object = {}): object => ({ type: 'Property', value, ...more });
const two = (a: number, b: number, more: object = {}): readonly object[] => [
  property(a, more),
  property(b, { datasetId: 'urn:d:1', ...more }),
];
const reading = (value: unknown, hour: number): object => property(value, { observedAt: `2026-01-01T0${hour}:00:00Z` });
const ownName = 'https://uri.etsi.org/ngsi-ld/default-context/v';

scenarios('a request on one attribute', {
  'replaces each of several instances': [
    create('put', { v: two(1, 2) }),
    done('replaceAttribute', `PUT /entities/${urn('put')}/attrs/v`, two(7, 8)),
    get('put', { v: two(7, 8) }),
    {
      does: 'replaceAttribute',
      send: `PUT /entities/${urn('put')}/attrs/v`,
      body: [property(9), property(9, { datasetId: 'urn:d:none' })],
      answers: 404,
      has: problem('ResourceNotFound'),
    },
    refused('replaceAttribute', `PUT /entities/${urn('put')}/attrs/v`, [property(1), property(2)]),
    get('put', { v: two(7, 8) }),
  ],
  'updates a part of each of several instances': [
    create('patch', { v: two(1, 2) }),
    done('partialUpdateAttribute', `PATCH /entities/${urn('patch')}/attrs/v`, [
      { unitCode: 'CEL' },
      { datasetId: 'urn:d:1', unitCode: 'CEL' },
    ]),
    get('patch', { v: two(1, 2, { unitCode: 'CEL' }) }),
  ],
  'is not wrapped into the name of the attribute': [
    create('wrap', { v: 1, w: property(2, { w: property(3) }) }),
    refused('partialUpdateAttribute', `PATCH /entities/${urn('wrap')}/attrs/v`, { v: { value: 2 } }),
    refused('partialUpdateAttribute', `PATCH /entities/${urn('wrap')}/attrs/v`, { [ownName]: { value: 2 } }),
    refused('replaceAttribute', `PUT /entities/${urn('wrap')}/attrs/v`, { v: { type: 'Property', value: 2 } }),
    done('partialUpdateAttribute', `PATCH /entities/${urn('wrap')}/attrs/w`, { w: { value: 4 } }),
    get('wrap', { v: property(1), w: property(2, { w: property(4) }) }),
  ],
  'keeps the kind of sub-attributes': [
    create('sub', { v: property(1, { by: { type: 'Relationship', object: 'urn:b:1' } }) }),
    refused('partialUpdateAttribute', `PATCH /entities/${urn('sub')}/attrs/v`, { by: { value: 2 } }),
    done('partialUpdateAttribute', `PATCH /entities/${urn('sub')}/attrs/v`, { by: { since: 2020 } }),
    get('sub', { v: property(1, { by: { type: 'Relationship', object: 'urn:b:1', since: property(2020) } }) }),
  ],
  'makes a location no text': [
    create('place', { location: { type: 'Point', coordinates: [14, 46] } }),
    ...['"Kranj"', property('Kranj'), { object: 'urn:b:1' }].flatMap((body) => [
      refused('replaceAttribute', `PUT /entities/${urn('place')}/attrs/location`, body),
      refused('partialUpdateAttribute', `PATCH /entities/${urn('place')}/attrs/location`, body),
      refused('mergeEntity', `PATCH /entities/${urn('place')}`, {
        location: typeof body === 'string' ? 'Kranj' : body,
      }),
      refused('updateAttributes', `PATCH /entities/${urn('place')}/attrs`, {
        location: typeof body === 'string' ? 'Kranj' : body,
      }),
      refused('appendAttributes', `POST /entities/${urn('place')}/attrs`, {
        location: typeof body === 'string' ? 'Kranj' : body,
      }),
    ]),
    get('place', { location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14, 46] } } }),
  ],
  'half a geometry is not completed by what is there': [
    create('half', { g: { type: 'Point', coordinates: [14, 46] } }),
    ...[{ type: 'GeoProperty', value: { coordinates: [1, 2] } }, { value: { coordinates: [1, 2] } }].flatMap((body) => [
      refused('partialUpdateAttribute', `PATCH /entities/${urn('half')}/attrs/g`, body),
    ]),
    get('half', { g: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14, 46] } } }),
  ],
});

const instance = `/temporal/entities/${urn('past')}/attrs/v/{{first}}`;

scenarios('a request on one instance of a history', {
  'is about that attribute, under any of its names': [
    {
      does: 'upsertTemporal',
      send: 'POST /temporal/entities',
      body: { id: urn('past'), type: 'T', v: [reading(1, 1)] },
      answers: 201,
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${urn('past')}?options=sysAttrs`,
      answers: 200,
      keeps: { first: /"instanceId":"([^"]+)"/ },
    },
    refused('updateTemporalInstance', `PATCH ${instance}`, { w: [reading(2, 2)] }),
    refused('updateTemporalInstance', `PATCH ${instance}`, { v: [reading(2, 2)], w: [reading(2, 2)] }),
    refused('updateTemporalInstance', `PATCH ${instance}`, { v: [reading(2, 2), reading(3, 3)] }),
    refused('updateTemporalInstance', `PATCH ${instance}`, {}),
    refused('updateTemporalInstance', `PATCH ${instance}`, { v: [] }),
    refused('updateTemporalInstance', `PATCH ${instance}`, { v: [{ note: { value: 'x' } }] }),
    refused('updateTemporalInstance', `PATCH ${instance}`, { v: [7] }),
    ...[{ v: [reading(3, 3)] }, { [ownName]: [reading(4, 4)] }, reading(5, 5)].flatMap((body, n) => [
      done('updateTemporalInstance', `PATCH ${instance}`, body),
      {
        does: 'retrieveTemporal',
        send: `GET /temporal/entities/${urn('past')}?format=temporalValues`,
        answers: 200,
        has: { v: { values: [[n + 3, `2026-01-01T0${n + 3}:00:00Z`]] } },
      },
    ]),
  ],
  'changes neither its type nor its datasetId': [
    {
      does: 'upsertTemporal',
      send: 'POST /temporal/entities',
      body: {
        id: urn('kept'),
        type: 'T',
        v: [{ ...reading(1, 1), datasetId: 'urn:d:1' }],
        r: [{ type: 'Relationship', object: 'urn:b:1', observedAt: '2026-01-01T01:00:00Z' }],
      },
      answers: 201,
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${urn('kept')}`,
      answers: 200,
      keeps: { v: /"v":.*?"instanceId":"([^"]+)"/, r: /"r":.*?"instanceId":"([^"]+)"/ },
    },
    ...[
      { ...reading(2, 1), datasetId: 'urn:d:2' },
      { ...reading(2, 1), datasetId: '@none' },
      { type: 'Relationship', object: 'urn:b:1', datasetId: 'urn:d:1' },
      { type: 'ListProperty', valueList: [1] },
      { type: 'Relationship', object: nil },
    ].flatMap((one) => [
      refused('updateTemporalInstance', `PATCH /temporal/entities/${urn('kept')}/attrs/v/{{v}}`, { v: [one] }),
      refused('updateTemporalInstance', `PATCH /temporal/entities/${urn('kept')}/attrs/v/{{v}}`, one),
    ]),
    refused('updateTemporalInstance', `PATCH /temporal/entities/${urn('kept')}/attrs/r/{{r}}`, { r: [reading(2, 1)] }),
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${urn('kept')}?format=temporalValues`,
      answers: 200,
      has: { v: { values: [[1, '2026-01-01T01:00:00Z']] }, r: { objects: [['urn:b:1', '2026-01-01T01:00:00Z']] } },
    },
    done('updateTemporalInstance', `PATCH /temporal/entities/${urn('kept')}/attrs/v/{{v}}`, {
      v: [{ ...reading(3, 1), datasetId: 'urn:d:1' }],
    }),
    done('updateTemporalInstance', `PATCH /temporal/entities/${urn('kept')}/attrs/v/{{v}}`, { v: reading(4, 1) }),
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${urn('kept')}?attrs=v`,
      answers: 200,
      has: { v: [{ value: 4, datasetId: 'urn:d:1', instanceId: '{{v}}' }] },
    },
  ],
  'makes a deletion of it by the NGSI-LD Null': [
    {
      does: 'upsertTemporal',
      send: 'POST /temporal/entities',
      body: { id: urn('nulled'), type: 'T', v: [reading(1, 1), reading(2, 2)] },
      answers: 201,
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${urn('nulled')}?lastN=1`,
      answers: 200,
      keeps: { second: /"instanceId":"([^"]+)"/ },
    },
    done('updateTemporalInstance', `PATCH /temporal/entities/${urn('nulled')}/attrs/v/{{second}}`, {
      v: [reading(nil, 2)],
    }),
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${urn('nulled')}?timeproperty=deletedAt`,
      answers: 200,
      gives: {
        id: urn('nulled'),
        type: 'T',
        v: [
          {
            type: 'Property',
            value: nil,
            observedAt: '2026-01-01T02:00:00Z',
            deletedAt: expect.any(String),
            instanceId: '{{second}}',
          },
        ],
      },
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${urn('nulled')}?format=temporalValues`,
      answers: 200,
      has: { v: { values: [[1, '2026-01-01T01:00:00Z']] } },
    },
  ],
});

const withNull: Readonly<Record<string, object>> = {
  p: { type: 'Property', value: nil },
  r: { type: 'Relationship', object: nil },
  g: { type: 'GeoProperty', value: nil },
  l: { type: 'LanguageProperty', languageMap: { '@none': nil } },
  o: { type: 'VocabProperty', vocab: nil },
  j: { type: 'JsonProperty', json: nil },
  lp: { type: 'ListProperty', valueList: [nil] },
  lr: { type: 'ListRelationship', objectList: [nil] },
};
const deletions = Object.entries(withNull).map(([name, instance]) => [
  name,
  [{ ...instance, deletedAt: expect.any(String), instanceId: expect.any(String) }],
]);

scenarios('a temporal representation', {
  'has instances in its arrays, and nothing else': [
    ...[
      [{ note: 'x' }],
      [{ note: { value: 'x' } }],
      [reading(1, 1), { note: 'x' }],
      [reading(1, 1), 7],
      [{ type: 'Point', coordinates: [1, 2] }],
      [{ '@type': 'Date', '@value': '2026-01-01' }],
      { value: 1, note: nil },
      { value: 1, unitCode: nil },
      { value: 1, note: [property(1), property(2)] },
    ].flatMap((v) => [
      refused('upsertTemporal', 'POST /temporal/entities', { id: urn('no-value'), type: 'T', v }),
      {
        does: 'upsertTemporalBatch',
        send: 'POST /temporal/entityOperations/upsert',
        body: [{ id: urn('no-value'), type: 'T', v }],
        answers: 207,
        has: { success: [] },
      },
    ]),
    {
      does: 'upsertTemporal',
      send: 'POST /temporal/entities',
      body: { id: urn('arrays'), type: 'T', v: [reading(1, 1)], list: [1, 2], note: [{ value: [{ note: 'x' }] }] },
      answers: 201,
    },
    refused('appendTemporal', `POST /temporal/entities/${urn('arrays')}/attrs`, { v: [{ note: 'x' }] }),
    get('arrays', { v: reading(1, 1), list: property([1, 2]), note: property([{ note: 'x' }]) }),
  ],
  'may tell of deletions of any kind': [
    {
      does: 'upsertTemporal',
      send: 'POST /temporal/entities',
      body: { id: urn('deletions'), type: 'T', ...withNull },
      answers: 201,
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${urn('deletions')}?timeproperty=deletedAt`,
      answers: 200,
      gives: { id: urn('deletions'), type: 'T', ...Object.fromEntries(deletions) },
    },
  ],
});

const bodies = [{ type: nil }, { type: ['T', nil] }, { '@type': nil }];

scenarios('the NGSI-LD Null', {
  'is no type, whatever is written': [
    create('typed', { v: 1 }),
    ...bodies.flatMap((type) => [
      refused('createEntity', 'POST /entities', { id: urn('none'), ...type }),
      refused('replaceEntity', `PUT /entities/${urn('typed')}`, { ...type }),
      refused('mergeEntity', `PATCH /entities/${urn('typed')}`, { ...type, v: 2 }),
      refused('updateAttributes', `PATCH /entities/${urn('typed')}/attrs`, { ...type, v: 2 }),
      refused('appendAttributes', `POST /entities/${urn('typed')}/attrs`, { ...type, v: 2 }),
      refused('upsertTemporal', 'POST /temporal/entities', { id: urn('typed'), ...type, v: [reading(1, 1)] }),
      ...['create', 'upsert', 'update', 'merge'].map((name) => ({
        does: `${name}Batch`,
        send: `POST /entityOperations/${name}`,
        body: [{ id: urn('typed'), ...type, v: 2 }],
        answers: 207,
        has: { success: [] },
      })),
    ]),
    get('typed', { v: property(1) }),
  ],
  'is no kind, no name and no type of a target': [
    ...[
      { v: { type: nil, value: 1 } },
      { [nil]: 1 },
      { v: { object: 'urn:b:1', objectType: [nil] } },
      { v: { object: [nil] } },
      { v: { vocab: [nil] } },
      { v: { languageMap: { sl: [nil] } } },
      { v: { value: 1, datasetId: nil } },
      { scope: nil },
      { expiresAt: nil },
      { v: nil },
      { v: { value: { a: nil } } },
    ].map((attrs) => refused('createEntity', 'POST /entities', { id: urn('none'), type: 'T', ...attrs })),
  ],
  'is no name of a new subscription': [
    refused('createSubscription', 'POST /subscriptions', {
      type: 'Subscription',
      entities: [{ type: 'T' }],
      subscriptionName: nil,
      notification: { endpoint: { uri: 'https://receiver.example/' } },
    }),
  ],
});

scenarios('a JSON null literal', {
  'is a value, on every road': [
    create('literal', { v: property(literal), w: literal, l: { valueList: [literal, 1] } }),
    get('literal', {
      v: property(literal),
      w: property(literal),
      l: { type: 'ListProperty', valueList: [literal, 1] },
    }),
    done('mergeEntity', `PATCH /entities/${urn('literal')}`, { w: property(literal), n: literal }),
    done('updateAttributes', `PATCH /entities/${urn('literal')}/attrs`, { w: property(literal) }),
    done('partialUpdateAttribute', `PATCH /entities/${urn('literal')}/attrs/w`, { value: literal }),
    done('replaceAttribute', `PUT /entities/${urn('literal')}/attrs/w`, property(literal)),
    done('appendAttributes', `POST /entities/${urn('literal')}/attrs`, { o: property({ a: literal }) }),
    get('literal', { v: { value: literal }, o: { value: { a: literal } } }, '?format=concise&pick=id,type,v,o'),
    ...['v', '!v', 'v==1', 'v==""', 'v~=a', 'v>1'].map((q) => ({
      does: 'queryEntities',
      send: `GET /entities?type=T&id=${urn('literal')}&q=${encodeURIComponent(q)}`,
      answers: 200,
      ...(q === 'v' ? { has: [{ id: urn('literal') }] } : { gives: [] }),
    })),
    {
      does: 'upsertTemporal',
      send: 'POST /temporal/entities',
      body: { id: urn('literal'), type: 'T', p: [reading(literal, 1), reading({ a: 1 }, 2)] },
      answers: 204,
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${urn('literal')}?format=temporalValues&attrs=p`,
      answers: 200,
      has: {
        p: {
          values: [
            [literal, '2026-01-01T01:00:00Z'],
            [{ a: 1 }, '2026-01-01T02:00:00Z'],
          ],
        },
      },
    },
  ],
  'is what null alone is not': [
    refused('createEntity', 'POST /entities', { id: urn('none'), type: 'T', v: property(null) }),
    refused('createEntity', 'POST /entities', { id: urn('none'), type: 'T', v: property({ a: [null] }) }),
    refused('createEntity', 'POST /entities', { id: urn('none'), type: 'T', v: { json: null } }),
    create('json', { v: { json: { a: null, b: [null] } } }),
    get('json', { v: { type: 'JsonProperty', json: { a: null, b: [null] } } }),
  ],
});

scenarios('datasets', {
  'are named by URIs': [
    create('data', { v: two(1, 2) }),
    get('data', { v: two(1, 2) }, '?datasetId=@none,urn:d:1'),
    ...['14', 'urn:d:1,14', '@nobody', ''].flatMap((list) => [
      refused('queryEntities', `GET /entities?type=T&datasetId=${list}`),
      refused('retrieveEntity', `GET /entities/${urn('data')}?datasetId=${list}`),
      refused('retrieveTemporal', `GET /temporal/entities/${urn('data')}?datasetId=${list}`),
      refused(
        'queryTemporal',
        `GET /temporal/entities?type=T&timerel=after&timeAt=2020-01-01T00:00:00Z&datasetId=${list}`,
      ),
    ]),
    refused('deleteAttribute', `DELETE /entities/${urn('data')}/attrs/v?datasetId=14`),
    refused('deleteTemporalAttribute', `DELETE /temporal/entities/${urn('data')}/attrs/v?datasetId=14`),
    refused('createEntity', 'POST /entities', { id: urn('none'), type: 'T', v: { value: 1, datasetId: '14' } }),
    refused('queryByPost', 'POST /entityOperations/query', {
      type: 'Query',
      entities: [{ type: 'T' }],
      datasetId: ['14'],
    }),
  ],
});

scenarios('a batch upsert that updates', {
  'needs no type of what is there': [
    create('typeless', { v: 1 }),
    {
      does: 'upsertBatch',
      send: 'POST /entityOperations/upsert?options=update',
      body: [
        { id: urn('typeless'), v: 2 },
        { id: urn('nowhere'), v: 2 },
      ],
      answers: 207,
      has: { success: [urn('typeless')], errors: [{ entityId: urn('nowhere') }] },
    },
    get('typeless', { v: property(2) }),
    {
      does: 'upsertBatch',
      send: 'POST /entityOperations/upsert',
      body: [{ id: urn('typeless'), v: 3 }],
      answers: 207,
      has: { success: [] },
    },
  ],
});

const big = '9007199254740993';
const withNumber = (id: string, attribute: string): string => `{"id":"${id}","type":"T","v":${attribute}}`;

scenarios('a number that cannot be kept to its last digit', {
  'is refused wherever it stands': [
    create('number', { v: 1 }),
    ...[
      big,
      `{"value":${big}}`,
      `{"value":-${big}.0}`,
      `{"value":{"a":[${big}]}}`,
      `{"valueList":[1,${big}]}`,
      `{"json":{"a":${big}}}`,
      '{"json":[1e400]}',
      `{"value":{"@type":"@json","@value":${big}}}`,
      `{"value":1,"sub":${big}}`,
      `{"type":"GeoProperty","value":{"type":"Point","coordinates":[1,2,${big}]}}`,
    ].flatMap((attribute) => [
      {
        ...refused('createEntity', 'POST /entities', withNumber(urn('none'), attribute)),
        has: { detail: expect.stringContaining(' v') },
      },
      refused('mergeEntity', `PATCH /entities/${urn('number')}`, withNumber(urn('number'), attribute)),
      refused('partialUpdateAttribute', `PATCH /entities/${urn('number')}/attrs/v`, attribute),
      refused('upsertTemporal', 'POST /temporal/entities', withNumber(urn('number'), attribute)),
      {
        does: 'upsertBatch',
        send: 'POST /entityOperations/upsert',
        body: `[${withNumber(urn('number'), attribute)},${withNumber(urn('fine'), '1')}]`,
        answers: 207,
        has: { success: [urn('fine')], errors: [{ entityId: urn('number') }] },
      },
    ]),
    get('number', { v: property(1) }),
    create('long', { v: 'x'.repeat(100_000), w: [9007199254740992, 0.1234567890123456] }),
    get('long', { w: property([9007199254740992, 0.1234567890123456]) }, '?pick=id,type,w'),
  ],
});

const far = [
  '2255-07-01T00:00:00.123457Z',
  '2300-01-01T00:00:00.123456Z',
  '9999-12-31T23:59:59.999Z',
  '9999-12-31T23:59:59.999999Z',
  '1600-01-01T00:00:00.000001Z',
] as const;

scenarios('a time far away', {
  'is given back to the last digit': far.flatMap((observedAt, n): Step[] => [
    create(`far${n}`, { v: property(1, { observedAt }) }),
    get(`far${n}`, { v: property(1, { observedAt }) }),
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${urn(`far${n}`)}?format=temporalValues`,
      answers: 200,
      has: { v: { values: [[1, observedAt]] } },
    },
    {
      does: 'queryTemporal',
      send: `GET /temporal/entities?type=T&id=${urn(`far${n}`)}&timerel=after&timeAt=1500-01-01T00:00:00Z`,
      answers: 200,
      has: [{ v: [{ observedAt }] }],
    },
    ...[['==', observedAt, 1] as const, ['>', observedAt, 0] as const].map(
      ([operator, time, count]): Step => ({
        does: 'queryEntities',
        send: `GET /entities?type=T&id=${urn(`far${n}`)}&q=v.observedAt${encodeURIComponent(operator)}${time}&count=true`,
        answers: 200,
        with: { 'NGSILD-Results-Count': String(count) },
      }),
    ),
  ]),
  'is compared to the last digit': [
    create('farther', { v: property(1, { observedAt: '9999-12-31T23:59:59.999999Z' }) }),
    {
      does: 'queryEntities',
      send: `GET /entities?type=T&id=${urn('farther')}&q=v.observedAt%3E9999-12-31T23:59:59.999998Z`,
      answers: 200,
      has: [{ id: urn('farther') }],
    },
    {
      does: 'upsertTemporal',
      send: 'POST /temporal/entities',
      body: { id: urn('farther'), type: 'T', v: [property(2, { observedAt: '9999-12-31T23:59:59.999998Z' })] },
      answers: 204,
    },
    get('farther', { v: property(1, { observedAt: '9999-12-31T23:59:59.999999Z' }) }),
  ],
});

const stamp = expect.stringMatching(/^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

scenarios('a time stamp of the broker', {
  'has three digits of a second': [
    create('stamp', { v: 1 }),
    {
      does: 'retrieveEntity',
      send: `GET /entities/${urn('stamp')}?options=sysAttrs`,
      answers: 200,
      has: { createdAt: stamp, modifiedAt: stamp, v: { createdAt: stamp, modifiedAt: stamp } },
    },
    { does: 'deleteAttribute', send: `DELETE /entities/${urn('stamp')}/attrs/v`, answers: 204 },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${urn('stamp')}?options=sysAttrs&timeproperty=modifiedAt`,
      answers: 200,
      has: {
        v: [
          { createdAt: stamp, modifiedAt: stamp },
          { createdAt: stamp, modifiedAt: stamp, deletedAt: stamp },
        ],
      },
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${urn('stamp')}?format=temporalValues&timeproperty=deletedAt`,
      answers: 200,
      has: { v: { values: [[nil, stamp]] } },
    },
  ],
});
